import { describe, expect, it } from "vitest";
import type { Alert, Area, Device, Place } from "@/api/types";
import type { Case } from "@/live/cases";
import { caseAt, found, isStale, MOST, screenOf, screensOf, shownOf, toggled, wallOf } from "./wall";

const camera = (id: string, told: Partial<Device> = {}): Device =>
  ({ id, kind: "camera", place: `${id}-place`, area: "g1", place_name: "", name: id, via: null, last_heard: null, online: true, battery: null, ...told }) as Device;

it("calls a still old after ten seconds", () => {
  expect(isStale(0, 10_000)).toBe(false);
  expect(isStale(0, 10_001)).toBe(true);
  expect(isStale(5000, 0)).toBe(false);
});

describe("a wall that was kept", () => {
  it("is read as it was", () => expect(wallOf('{"size":9,"cameras":["a","b"]}')).toEqual({ size: 9, cameras: ["a", "b"] }));
  it.each([null, "", "{", "null", "7", '"x"', '{"size":5,"cameras":"a"}'])("is empty when it says %s", (kept) =>
    expect(wallOf(kept)).toEqual({ size: 4, cameras: [] }));
  it("has each camera once, and no more than anybody looks at", () => {
    const many = [...Array(100).keys()].flatMap((n) => [`c${n}`, `c${n}`]);
    expect(wallOf(JSON.stringify({ size: 16, cameras: [...many, 7, null] })).cameras).toHaveLength(MOST);
  });
});

it("takes cameras on and off at its end", () => {
  expect(toggled(["a", "b"], "c")).toEqual(["a", "b", "c"]);
  expect(toggled(["a", "b", "c"], "b")).toEqual(["a", "c"]);
});

it("shows them screen by screen, never one beyond the last", () => {
  const wall = { size: 4, cameras: ["a", "b", "c", "d", "e"] } as const;
  expect(screensOf(wall)).toBe(2);
  expect(shownOf(wall, 1)).toEqual(["e"]);
  expect([screenOf(wall, 5), screenOf(wall, -1)]).toEqual([1, 0]);
  expect(screensOf({ size: 4, cameras: [] })).toBe(1);
});

it("finds cameras by name, place and area, in any order of words", () => {
  const devices = [camera("a", { name: "东门枪机" }), camera("b", { name: "西门球机", area: "g2" }), camera("door", { kind: "door_contact" })];
  const names = { place: (id: string) => ({ id, name: id === "a-place" ? "实验小学" : "商场" }) as Place, area: (id: string | null | undefined) => ({ id, name: id === "g1" ? "东街" : "西街" }) as Area };
  const ids = (text: string, areas: ReadonlySet<string> | null = null): string[] => found(devices, text, areas, names).map((one) => one.id);
  expect(ids("")).toHaveLength(2);
  expect(ids("小学 枪")).toEqual(["a"]);
  expect(ids("西街")).toEqual(["b"]);
  expect(ids("", new Set(["g2"]))).toEqual(["b"]);
  expect(ids("小学", new Set(["g2"]))).toEqual([]);
});

describe("the case where a camera looks", () => {
  const alert = (told: Partial<Alert>): Alert => ({ id: 1, device: "door", place: "x", ...told }) as Alert;
  const one = (key: string, alerts: Alert[], shelf = "open"): Case => ({ key, alerts, shelf }) as Case;
  const looks = camera("a");
  it("is that of its place, or its own", () => {
    expect(caseAt([one("1", [alert({})]), one("2", [alert({ place: "a-place" })])], looks)?.key).toBe("2");
    expect(caseAt([one("3", [alert({ device: "a", place: null })])], looks)?.key).toBe("3");
  });
  it("is none that is put aside, and none of a camera nobody knows", () => {
    expect(caseAt([one("1", [alert({ place: "a-place" })], "quiet")], looks)).toBeUndefined();
    expect(caseAt([one("1", [alert({ device: undefined as never, place: null })])], undefined)).toBeUndefined();
  });
});
