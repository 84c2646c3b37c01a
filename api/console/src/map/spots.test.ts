import { describe, expect, it } from "vitest";
import type { Alert, Area, Place } from "@/api/types";
import type { Case } from "@/live/cases";
import { cornersOf, cornersTold, laidAround, opposite } from "./plans";
import { isCrowd, middleOf, placed, pointOf } from "./spots";

const shape = { type: "Polygon" as const, coordinates: [[[109, 33], [109.2, 33], [109.2, 33.4], [109, 33]]] };
const areas: Record<string, Area> = {
  beat: { id: "beat", kind: "beat", name: "beat", parent: null, shape },
  grid: { id: "grid", kind: "grid", name: "grid", parent: "beat", shape: null },
};
const place = (id: string, more: Partial<Place>): Place => ({ id, kind: "flat", area: "grid", name: id, lat: null, lon: null, parent: null, plan: null, ...more });
const places: Record<string, Place> = {
  school: place("school", { lat: 33.1, lon: 109.1 }),
  building: place("building", { lat: 33.2, lon: 109.2 }),
  flat: place("flat", { parent: "building" }),
  loop: place("loop", { parent: "loop" }),
};
const known = { place: (id?: string | null) => places[id ?? ""], area: (id?: string | null) => areas[id ?? ""] };

describe("where a case is", () => {
  it("is at its place, else where that lies in, else in the middle of the area, roughly", () => {
    expect(pointOf({ place: "school", area: "grid" }, known)).toEqual({ lat: 33.1, lon: 109.1, roughly: false });
    expect(pointOf({ place: "flat", area: "grid" }, known)).toEqual({ lat: 33.2, lon: 109.2, roughly: false });
    expect(pointOf({ place: "loop", area: "grid" }, known)).toMatchObject({ lat: 33.2, roughly: true });
    expect(pointOf({ place: null, area: null }, known)).toBeNull();
  });

  it("leaves out what nobody can place", () => {
    const at = (id: string | null): Case => ({ key: `k-${id}`, incident: null, alerts: [{ place: id, area: null } as Alert] }) as unknown as Case;
    expect(placed([at("school"), at(null), at("flat")], known).map((one) => one.one.key)).toEqual(["k-school", "k-flat"]);
  });

  it("has a middle only with an outline", () => {
    expect(middleOf(shape)).toEqual({ lat: 33.2, lon: 109.1 });
    expect(middleOf(null)).toBeNull();
  });

  it("is about a crowd by its rule or by what was seen", () => {
    const of = (rule: string, facts: object): Case => ({ alerts: [{ rule, explanation: { facts } }] }) as unknown as Case;
    expect(isCrowd(of("crowding", {}))).toBe(true);
    expect(isCrowd(of("own-rule", { kind: "camera.crowding" }))).toBe(true);
    expect(isCrowd(of("school-panic", { kind: "alarm.pressed" }))).toBe(false);
  });
});

describe("the corners of a plan", () => {
  it("are three, whether two or three were given", () => {
    expect(cornersOf({ corners: [[2, 1], [1, 3]], version: "" })).toEqual([{ lat: 2, lon: 1 }, { lat: 2, lon: 3 }, { lat: 1, lon: 1 }]);
    expect(cornersOf({ corners: [[2, 1], [2, 3], [1, 1]], version: "" })).toEqual([{ lat: 2, lon: 1 }, { lat: 2, lon: 3 }, { lat: 1, lon: 1 }]);
  });

  it("begin around the place, as wide as asked and as high as the picture is", () => {
    const laid = laidAround({ lat: 33.15, lon: 109.1 }, 400, 200, 100);
    expect((laid[0].lat - laid[2].lat) * 111_320).toBeCloseTo(50, 3);
    expect((laid[0].lat + laid[2].lat) / 2).toBeCloseTo(33.15, 9);
    expect(opposite(laid).lon).toBeCloseTo(laid[1].lon, 9);
    expect(cornersTold(laid)).toMatch(/^33\.15\d{5},109\.09\d{5};33\.15\d{5},109\.10\d{5};33\.14\d{5},109\.09\d{5}$/);
  });
});
