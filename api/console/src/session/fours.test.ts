import { expect, it } from "vitest";
import { fours } from "./fours";

it("a key is read in groups of four", () => {
  expect(fours("ABCDEFGHIJ")).toBe("ABCD EFGH IJ");
  expect(fours("")).toBe("");
});
