import { describe, expect, it } from "vitest";
import type { Alert, Area, Device } from "@/api/types";
import { ailsOf, itemsByDevice, within } from "./health";

const device = (told: Partial<Device>): Device =>
  ({ id: "d", kind: "camera", place: "p", area: "a", place_name: "p", name: "d", via: null, last_heard: "2026-11-23T00:00:00Z", online: true, battery: null, ...told }) as Device;

describe("what is wrong with a device", () => {
  it("is nothing for one that is heard and says no battery", () => expect(ailsOf(device({}), 0)).toEqual([]));
  it("is everything that is", () =>
    expect(ailsOf(device({ online: false, battery: 19, last_heard: null }), 1)).toEqual(["offline", "never", "battery", "item"]));
  it("is not that it has never said whether it is online", () => expect(ailsOf(device({ online: null, battery: 20 }), 0)).toEqual([]));
});

it("finds work items of a device by the device or by their subject", () => {
  const items = [{ id: 1, device: "a", subject: "x" }, { id: 2, device: null, subject: "device:a" }, { id: 3, device: null, subject: "area:b" }] as Alert[];
  expect(itemsByDevice(items).get("a")?.map((item) => item.id)).toEqual([1, 2]);
  expect(itemsByDevice(items).size).toBe(1);
});

it("takes an area with all below it, however deep", () => {
  const areas = [["b1", null], ["g1", "b1"], ["s1", "g1"], ["b2", null]].map(([id, parent]) => ({ id, parent }) as Area);
  expect([...within("b1", areas)].sort()).toEqual(["b1", "g1", "s1"]);
});
