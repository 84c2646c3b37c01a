import { describe, expect, it } from "vitest";
import { thinned } from "./thin";

const at = (thing: { x: number; y: number }) => thing;
const APART = { x: 20, y: 10 };

describe("thinning", () => {
  it("draws what would be covered as one, led by what came first", () => {
    const things = [{ x: 100, y: 100, name: "school" }, { x: 110, y: 105, name: "shop" }, { x: 300, y: 100, name: "far" }];
    const bunches = thinned(things, at, APART);
    expect(bunches.map((bunch) => bunch.members.map((one) => one.name))).toEqual([["school", "shop"], ["far"]]);
    expect(bunches[0]?.lead.name).toBe("school");
  });

  it("looks beyond the border of a cell: no two leads are too near", () => {
    const bunches = thinned([{ x: 19, y: 9 }, { x: 21, y: 11 }, { x: 39, y: 9 }], at, APART);
    expect(bunches.map((bunch) => bunch.members.length)).toEqual([2, 1]);
  });

  it("keeps apart what is far enough in one direction", () => {
    expect(thinned([{ x: 0, y: 0 }, { x: 1, y: 10 }], at, APART)).toHaveLength(2);
  });

  it("loses nothing of a county town, and leaves a few hundred of it", () => {
    const town = Array.from({ length: 2400 }, (_, index) => ({ x: (index * 7919) % 1200, y: (index * 104_729) % 800 }));
    const bunches = thinned(town, at, { x: 36, y: 36 });
    expect(bunches.flatMap((bunch) => bunch.members)).toHaveLength(2400);
    expect(bunches.length).toBeLessThan(700);
    const isNear = (one: { x: number; y: number }, other: { x: number; y: number }) => Math.abs(one.x - other.x) < 36 && Math.abs(one.y - other.y) < 36;
    expect(bunches.filter((one) => bunches.some((other) => one !== other && isNear(one.at, other.at)))).toEqual([]);
  });
});
