import { describe, expect, it } from "vitest";
import { gapDays, lanesOf, mondayOf, type Gap, type Turn } from "./calendar";
import { sentences } from "./gaps";
import { differences, draftOf, moved, onTurn, rebased, withTheirs, type Draft, type Shift } from "./roster";
import { hoursSaid } from "./said";

const shift = (id: string, more: Partial<Shift> = {}): Shift => ({
  id, duty_as: "deputy", people: ["a", "b", "c"], area: "grid-1", hours: {}, since: "2026-11-02", turn_days: 1, place: null, ...more,
});
const turn = (shiftId: string, user: string, begins: string, more: Partial<Turn> = {}): Turn => ({
  shift: shiftId, duty_as: "guard", area: "grid-1", place: "school", user, name: user, reachable: true, instead_of: null,
  hours: [{ begins, ends: begins }], ...more,
});

describe("whose turn it is", () => {
  it("goes by the order of the people, each for as many days as a turn has", () => {
    expect(["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"].map((day) => onTurn(shift("s"), day))).toEqual(["a", "b", "c", "a"]);
    expect(["2026-11-08", "2026-11-09", "2026-11-23"].map((day) => onTurn(shift("s", { turn_days: 7 }), day))).toEqual(["a", "b", "a"]);
  });

  it("is nobody's before the shift begins", () => expect(onTurn(shift("s"), "2026-11-01")).toBeNull());
});

describe("the week as lanes", () => {
  const items = [
    { day: "2026-11-23", workday: true, turns: [turn("afternoon", "b", "2026-11-23T08:00:00Z"), turn("morning", "a", "2026-11-22T23:20:00Z"), turn("night", "c", "2026-11-23T12:00:00Z", { duty_as: "officer", place: null })] },
    { day: "2026-11-24", workday: true, turns: [turn("morning", "b", "2026-11-23T23:20:00Z")] },
  ];

  it("puts shifts of one post into one lane, by the clock, with a cell for each day", () => {
    const lanes = lanesOf({ items });
    expect(lanes.map((lane) => [lane.duty_as, lane.cells.map((cell) => cell.map((one) => one.shift))])).toEqual([
      ["officer", [["night"], []]],
      ["guard", [["morning", "afternoon"], ["morning"]]],
    ]);
  });

  it("begins on the Monday", () => expect(["2026-11-23", "2026-11-29", "2026-11-30"].map(mondayOf)).toEqual(["2026-11-23", "2026-11-23", "2026-11-30"]));
});

describe("gaps", () => {
  const night = (day: number): Gap => ({ area: "grid-1", from: `2026-11-${day}T10:00:00Z`, until: `2026-11-${day + 1}T00:00:00Z`, why: { code: "nobody", people: [] } });

  it("lie on each of the station's days that they touch, and on no other", () => {
    // 18:00 on the 24th until 08:00 on the 25th in China.
    const [row] = gapDays([night(24)], "2026-11-23", 4);
    expect(row?.area).toBe("grid-1");
    expect(row?.days.map((day) => day.length)).toEqual([0, 1, 1, 0]);
    expect(gapDays([{ ...night(24), until: "2026-11-24T16:00:00.000000Z" }], "2026-11-23", 4)[0]?.days.map((day) => day.length)).toEqual([0, 1, 0, 0]);
    expect(gapDays([night(24)], "2026-12-01", 7)).toEqual([]);
  });

  it("that come back at the same hours are one sentence; another area or reason is another", () => {
    const told = sentences([night(24), night(25), night(26), { ...night(24), why: { code: "unreachable", people: ["mute"] } }, { ...night(24), area: null }], () => "王静");
    expect(told.map((one) => one.gaps.length)).toEqual([3, 1, 1]);
    expect(told[0]?.says).toContain("18:00–08:00");
    expect(told[0]?.says).toContain("3");
    expect(told[1]?.says).toContain("王静");
    expect(told[1]?.todo).toContain("登记联系方式");
    expect(told[2]?.says).toContain("全所");
  });

  it("of several areas at the same times share a sentence, at other times they do not", () => {
    const told = sentences([night(24), night(25), { ...night(24), area: "grid-2" }, { ...night(25), area: "grid-2" }, { ...night(26), area: "grid-3" }]);
    expect(told.map((one) => [one.areas, one.gaps.length])).toEqual([[["grid-1", "grid-2"], 2], [["grid-3"], 1]]);
    expect(told[0]?.says).toContain("grid-1、grid-2");
  });
});

describe("a roster that two people edit", () => {
  const duty = (area: string | null, officer: string) => ({ area, officer, deputy: null, commander: null, leader: null });
  const base: Draft = { duty: [duty(null, "a"), duty("grid-1", "b")], shifts: [shift("room"), shift("night")] };

  it("says what is new, gone and different, and in which field", () => {
    const is: Draft = { duty: [duty(null, "c"), duty("grid-1", "b")], shifts: [shift("room"), shift("gate")] };
    expect(differences(base, is).map((one) => [one.what, one.key, one.fields, one.was === undefined, one.is === undefined])).toEqual([
      ["duty", "", ["officer"], false, false], ["shift", "night", [], false, true], ["shift", "gate", [], true, false],
    ]);
    expect(differences(base, structuredClone(base))).toEqual([]);
  });

  it("keeps mine on top of theirs, and names what both changed", () => {
    const mine: Draft = { duty: [duty(null, "x"), duty("grid-1", "b")], shifts: [shift("room", { people: ["a"] })] };
    const theirs: Draft = { duty: [duty(null, "y"), duty("grid-1", "z")], shifts: [shift("room"), shift("night"), shift("gate")] };
    const { draft, both } = rebased(base, mine, theirs);
    expect(draft.duty).toEqual([duty(null, "x"), duty("grid-1", "z")]);
    expect(draft.shifts.map((one) => [one.id, one.people.length])).toEqual([["room", 1], ["gate", 3]]);
    expect(both.map((one) => [one.key, (one.was as { officer: string }).officer, (one.is as { officer: string }).officer])).toEqual([["", "y", "x"]]);
  });

  it("puts different fields of one thing together, and asks about the same field only", () => {
    const mine: Draft = { ...base, duty: [{ ...duty(null, "x"), leader: "l" }, duty("grid-1", "b")] };
    const theirs: Draft = { ...base, duty: [{ ...duty(null, "y"), deputy: "d" }, duty("grid-1", "b")] };
    const { draft, both } = rebased(base, mine, theirs);
    expect(draft.duty[0]).toEqual({ area: null, officer: "x", deputy: "d", commander: null, leader: "l" });
    expect(both.map((one) => one.fields)).toEqual([["officer"]]);
    const [clash] = both;
    expect(clash && withTheirs(draft, clash).duty.find((one) => one.area === null)).toEqual({ area: null, officer: "y", deputy: "d", commander: null, leader: "l" });
  });

  it("is not in conflict where both did the same", () => {
    const same: Draft = { duty: base.duty, shifts: [shift("room")] };
    expect(rebased(base, same, structuredClone(same))).toEqual({ draft: same, both: [] });
  });

  it("of an area is that area's alone", () => expect(draftOf({ duty: base.duty, shifts: [shift("room"), shift("all", { area: null })] }, "grid-1")).toEqual({ duty: [duty("grid-1", "b")], shifts: [shift("room")] }));
});

it("moves somebody in the order of turns, and not beyond its ends", () => {
  expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
});

it("says hours as they are meant", () => {
  expect(hoursSaid({})).toBe("每天 全天");
  expect(hoursSaid({ days: ["mon", "sat"], from: "20:00", to: "06:00" })).toBe("周一、周六 20:00–次日 06:00");
  expect(hoursSaid({ days: "workdays", from: "07:20", to: "08:10", except: [["07-05", "08-31"]] })).toBe("工作日（含调休上班日） 07:20–08:10（07-05–08-31 除外）");
});
