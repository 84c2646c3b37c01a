import { describe, expect, it } from "vitest";
import type { BacktestReport, BacktestTally } from "@/api/types";
import { differences } from "./difference";
import { byArea, byDay, byHour } from "./fired";
import { lineOf } from "./line";
import { toYaml } from "./yaml";

const tally = (told: Partial<BacktestTally>): BacktestTally =>
  ({ raised: 0, retracted: 0, standing: 0, standing_before: 0, subjects: 0, per_day: 0, by_area: {}, by_hour: {}, by_day: {}, ...told });
const report = (told: Partial<BacktestTally>, running?: Partial<BacktestTally>): BacktestReport => ({
  since: "2026-11-01T16:00:00Z", until: "2026-11-04T16:00:00Z", time_zone: "Asia/Shanghai", areas: { g1: "东街网格", g2: "河滨网格" },
  tally: tally(told), compared: running ? { running: tally(running) } : null,
}) as unknown as BacktestReport;

describe("what differs between two versions", () => {
  it("names each field by its path, with what was not said as undefined", () => {
    const before = { params: { limit: 3, window_s: 120 }, latch: true, when: { kinds: ["a", "b"] } };
    const after = { params: { limit: 5, window_s: 120, distinct: "door" }, when: { kinds: ["a"] } };
    expect(differences(before, after)).toEqual([
      { path: "latch", before: true, after: undefined },
      { path: "params.distinct", before: undefined, after: "door" },
      { path: "params.limit", before: 3, after: 5 },
      { path: "when.kinds", before: ["a", "b"], after: ["a"] },
    ]);
  });
  it("is nothing for the same words", () => expect(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] })).toEqual([]));
});

describe("a backtest as a chart", () => {
  it("has every day of the stretch by the station's calendar, also those without an alert", () => {
    expect(byDay(report({ by_day: { "2026-11-03": 2 } }, { by_day: { "2026-11-02": 1 } }))).toEqual([
      { label: "2026-11-02", tried: 0, running: 1 }, { label: "2026-11-03", tried: 2, running: 0 }, { label: "2026-11-04", tried: 0, running: 0 },
    ]);
  });
  it("has no running version where none was compared", () => expect(byDay(report({}))[0]?.running).toBeNull());
  it("has all hours", () => {
    const hours = byHour(report({ by_hour: { 4: 7 } }));
    expect([hours.length, hours[4]]).toEqual([24, { label: "04", tried: 7, running: null }]);
  });
  it("has the busiest area first, by its name, and what lies nowhere", () => {
    expect(byArea(report({ by_area: { g1: 1, "": 2 } }, { by_area: { g2: 9 } }), "无").map((row) => row.label)).toEqual(["河滨网格", "无", "东街网格"]);
  });
});

describe("a definition as YAML", () => {
  it("quotes what YAML would take for something else", () => {
    expect(toYaml({ a: "22:00", b: "yes", c: "2027-05-01", d: "*", e: "{place} 的门", f: true, g: 1.5, h: null })).toBe(
      'a: "22:00"\nb: "yes"\nc: "2027-05-01"\nd: "*"\ne: "{place} 的门"\nf: true\ng: 1.5\nh: null\n');
  });
  it("writes maps in blocks and short lists in a line", () => {
    expect(toYaml({ when: { kinds: ["door.opened"], where: {} }, steps: [{ kinds: ["a.b"], x: { w: 1 } }, "z"] })).toBe(
      "when:\n  kinds: [door.opened]\n  where: {}\nsteps:\n  - kinds: [a.b]\n    x:\n      w: 1\n  - z\n");
  });
});

describe("the line an error is in", () => {
  it("is where YAML says, counted from one", () => {
    expect(lineOf('while parsing\n  in "<unicode string>", line 3, column 1:\nexpected, but found\n  in "<unicode string>", line 7, column 2')).toBe(7);
    expect(lineOf("priority: P1 does not follow")).toBeNull();
  });
});
