import { expect, it } from "vitest";
import { firstPassword } from "./password";

it("makes passwords that are long enough, readable aloud, and never the same", () => {
  const made = new Set(Array.from({ length: 200 }, () => firstPassword()));
  expect(made.size).toBe(200);
  for (const one of made) expect(one).toMatch(/^[a-hjkmnp-zA-HJKMNP-Z2-9]{14}$/);
});

it("leaves bytes out that would make some letters likelier", () => {
  let turn = 0;
  const bytes = [new Uint8Array(14).fill(255), new Uint8Array(14).fill(0)];
  expect(firstPassword(() => bytes[turn++] ?? new Uint8Array())).toBe("a".repeat(14));
});
