import { describe, expect, it } from "vitest";
import { above, newAbove, scrollToHold } from "./holding";

describe("holding still", () => {
  it("scrolls by as much as the held row has moved", () => {
    expect(scrollToHold(["new", "a", "b"], 100, { key: "b", offset: 60 })).toBe(140);
    expect(scrollToHold(["b"], 100, { key: "b", offset: 60 })).toBe(-60);
  });
  it("does nothing when nothing is held or it is gone", () => {
    expect(scrollToHold(["a"], 100, null)).toBeNull();
    expect(scrollToHold(["a"], 100, { key: "b", offset: 0 })).toBeNull();
  });
  it("counts what is new above what is in sight, and nothing else", () => {
    const before = new Set(["a", "b", "c"]);
    expect(newAbove(["n", "a", "m", "b", "c"], before, 250, 100)).toEqual(["n", "m"]);
    expect(newAbove(["n", "a", "b", "c"], before, 0, 100)).toEqual([]);
    expect(newAbove(["a", "b", "c"], before, 250, 100)).toEqual([]);
  });
  it("counts what moved up past the held row, out of sight", () => {
    // The first row was acknowledged and is held; the second, which nobody has acknowledged, stands before it now.
    const before = new Set(above(["held", "urgent", "c"], 0, 100));
    const to = scrollToHold(["urgent", "held", "c"], 100, { key: "held", offset: 0 });
    expect(newAbove(["urgent", "held", "c"], before, to ?? 0, 100)).toEqual(["urgent"]);
  });
});
