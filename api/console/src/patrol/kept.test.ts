import { expect, it } from "vitest";
import { keptOf } from "./kept";

it("sends a picture byte for byte, with when it was taken", async () => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, number) => number % 256);
  const told = await keptOf(new Blob([bytes]), 1_795_460_000_000);
  expect(told?.taken_at).toBe("2026-11-23T18:53:20.000Z");
  expect(Uint8Array.from(atob(told?.content ?? ""), (sign) => sign.charCodeAt(0))).toEqual(bytes);
});

it("sends none where there is none", async () => {
  expect(await keptOf(null, 0)).toBeNull();
  expect(await keptOf(new Blob(["x"]), null)).toBeNull();
});
