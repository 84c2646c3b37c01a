import { expect, it } from "vitest";
import { setLanguage } from "@/words";
import { staysOf } from "./stays";

it("says why something stays, the most first", () => {
  setLanguage("zh");
  expect(staysOf({ stays: { open: 2, held: 3 } })).toBe("证据保全 3 · 未办结 2");
  expect(staysOf({ stays: {} })).toBe("—");
});

it("says a reason it has no word for as it is called", () => {
  setLanguage("en");
  expect(staysOf({ stays: { sealed: 1, held: 1 } })).toBe("sealed · 1 held");
});
