import { describe, expect, it } from "vitest";
import { byStand, movedBy, nextPoint, seenAt, standOf, timesOf, type Look, type Round, type Route } from "./standing";

const NOW = Date.parse("2026-11-23T12:00:00Z");
const at = (hour: number): string => `2026-11-23T${String(hour).padStart(2, "0")}:00:00Z`;
const route = (name: string, more: Partial<Route> = {}): Route =>
  ({ id: name, area: "grid", name, points: [], at: [], within_min: 60, shift: null, last: null, due: null, next: null, missed: [], ...more });
const round = (more: Partial<Round>): Round => ({ state: "under_way", ends_by: at(13), ...more }) as Round;
const look = (point: number, seen: Look["seen"]): Look => ({ point, seen }) as Look;

describe("how a route stands", () => {
  it("is due within its time and no longer", () => {
    const due = route("r", { due: { begins: at(11), ends: at(13) }, next: at(20) });
    expect(standOf(due, NOW)).toBe("due");
    expect(standOf(due, Date.parse(at(13)))).toBe("later");
  });

  it("becomes due by itself when its time comes", () => {
    expect(standOf(route("r", { next: at(12) }), NOW)).toBe("due");
    expect(standOf(route("r", { next: at(12) }), NOW - 1)).toBe("later");
  });

  it("is walked until the round is over by itself", () => {
    const walked = route("r", { last: round({}), missed: [{ begins: at(1), ends: at(2) }] });
    expect(standOf(walked, NOW)).toBe("under_way");
    expect(standOf(walked, Date.parse(at(13)))).toBe("missed");
    expect(standOf(route("r", { last: round({ state: "done" }) }), NOW)).toBe("free");
  });

  it("puts what is due first, what ends sooner before, what nobody waits for last", () => {
    const routes = [
      route("free"), route("later", { next: at(20) }), route("sooner", { next: at(19) }), route("missed", { missed: [{ begins: at(1), ends: at(2) }] }),
      route("due late", { due: { begins: at(11), ends: at(14) } }), route("due", { due: { begins: at(11), ends: at(13) } }), route("walked", { last: round({}) }),
    ];
    expect(routes.sort(byStand(NOW)).map((one) => one.name)).toEqual(["due", "due late", "walked", "missed", "sooner", "later", "free"]);
  });
});

describe("a round", () => {
  it("goes on at the next point that nobody has looked at", () => {
    const seen = seenAt([look(1, "ok"), look(3, "finding")]);
    expect([nextPoint(4, seen), nextPoint(4, seen, 2), nextPoint(4, seen, 4)]).toEqual([2, 4, 2]);
    expect(nextPoint(2, seenAt([look(1, "ok"), look(2, "ok")]))).toBeNull();
  });

  it("counts the last look at a point", () => {
    expect(seenAt([look(1, "finding"), look(1, "ok")]).get(1)?.seen).toBe("ok");
  });
});

describe("drawing a route", () => {
  it("moves a point as far as it goes", () => {
    expect(movedBy(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(movedBy(["a", "b", "c"], 2, -2)).toEqual(["c", "a", "b"]);
    expect(movedBy(["a", "b", "c"], 0, -1)).toEqual(["a", "b", "c"]);
    expect(movedBy(["a", "b"], 5, 1)).toEqual(["a", "b"]);
  });

  it("takes times of day only", () => {
    expect(timesOf(["20:00", "08:30", "20:00", "", "24:00", "8:3"])).toEqual(["08:30", "20:00"]);
  });
});
