import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { fits, lies, useFilter } from "./filter";

const alert = (more: Partial<Alert> = {}): Alert =>
  ({ id: 31, priority: "P1", title: { zh: "一键报警", en: "Alarm" }, place: "School gate", area: "grid-1", device: "button-1", ...more } as Alert);

describe("the filter", () => {
  it("wants every word, in whatever order", () => {
    expect(fits("p1 31 一键报警 school gate", ["gate", "p1"])).toBe(true);
    expect(fits("p1 31 一键报警 school gate", ["gate", "p2"])).toBe(false);
  });
  it("knows what lies in an area, also when areas go round in a circle", () => {
    const parents: Record<string, string> = { grid: "beat", beat: "town", odd: "odder", odder: "odd" };
    expect(lies("grid", "town", (one) => parents[one])).toBe(true);
    expect(lies("beat", "grid", (one) => parents[one])).toBe(false);
    expect(lies("odd", "town", (one) => parents[one])).toBe(false);
    expect(lies(null, "town", (one) => parents[one])).toBe(false);
  });
  it("looks at title, place, number, device, priority and area together", () => {
    const filter = useFilter();
    expect(filter.passes(alert())).toBe(true);
    for (const text of ["报警", "GATE", "31", "button-1"]) {
      filter.text.value = text;
      expect(filter.passes(alert()), text).toBe(true);
    }
    filter.priority.value = "P2";
    expect(filter.passes(alert())).toBe(false);
    filter.clear();
    filter.area.value = "grid-2";
    expect(filter.passes(alert())).toBe(false);
    expect(filter.narrows.value).toBe(true);
    filter.clear();
    expect(filter.narrows.value).toBe(false);
  });
});
