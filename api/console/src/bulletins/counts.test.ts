import { describe, expect, it } from "vitest";
import { countsOf, fieldOf, topmost, treeOf } from "./counts";

const areas = [{ id: "grid-102", name: "河滨", parent: "beat-1" }, { id: "beat-1", name: "一", parent: null }, { id: "grid-101", name: "东街", parent: "beat-1" }, { id: "market", name: "夜市", parent: "grid-999" }];

describe("how far a bulletin got", () => {
  it("counts messages by medium, the furthest state first; what screens show is not counted twice", () => {
    expect(countsOf({ staff: { queued: 1, delivered: 2, refused: 1 }, screens: { shown: 2, accepted: 3, stopped: 0 } })).toEqual([
      { medium: "screens", total: 3, states: [{ state: "shown", n: 2 }, { state: "accepted", n: 3 }], failed: 0 },
      { medium: "staff", total: 4, states: [{ state: "delivered", n: 2 }, { state: "queued", n: 1 }, { state: "refused", n: 1 }], failed: 1 },
    ]);
  });
});

describe("areas", () => {
  it("are a tree; one whose parent is out of sight stands at the top", () =>
    expect(treeOf(areas).map((one) => [one.id, one.children.map((child) => child.id)])).toEqual([["beat-1", ["grid-101", "grid-102"]], ["market", []]]));

  it("that another chosen one holds are left out", () => {
    expect(topmost(["grid-101", "beat-1", "market"], areas)).toEqual(["beat-1", "market"]);
    expect(topmost(["grid-101", "grid-102"], areas)).toEqual(["grid-101", "grid-102"]);
  });
});

it("a refusal stands at its field", () => expect(["personal", "ends_at", "gone", undefined].map(fieldOf)).toEqual(["text", "ends_at", "", ""]));
