import { describe, expect, it } from "vitest";
import type { Case } from "@/live/cases";
import { wallAsked, withoutToken } from "./asked";
import { byArea, counted, fitting, unsignedFor, urgent } from "./show";

const at = Date.parse("2026-11-22T08:00:00+08:00");
const one = (key: string, priority: string, state: string | null, more: object = {}, ageMs = 0): Case => ({
  key, priority, drill: false, unacknowledged: true, shelf: "open", alerts: [], calledMs: at,
  incident: state === null ? null : { state, opened_at: new Date(at - ageMs).toISOString(), area: "grid-1" }, ...more,
}) as unknown as Case;

describe("a wall's address", () => {
  it("is one by its mode", () => {
    expect(wallAsked({ search: "", hash: "#token=x" })).toBeNull();
    expect(wallAsked({ search: "?mode=wall", hash: "" })).toEqual({ token: null, sound: false });
    expect(wallAsked({ search: "?mode=wall", hash: "#token=wall_a-b_c&sound=1" })).toEqual({ token: "wall_a-b_c", sound: true });
  });
  it("keeps everything but the token", () => {
    const address = { pathname: "/", search: "?mode=wall" };
    expect(withoutToken({ ...address, hash: "#token=wall_x" })).toBe("/?mode=wall");
    expect(withoutToken({ ...address, hash: "#token=wall_x&sound=1" })).toBe("/?mode=wall#sound=1");
  });
});

describe("what is urgent", () => {
  it("is a real P1, whoever waits longest for a signature first", () => {
    const cases = [
      one("signed", "P1", "signed", {}, 900_000), one("new", "P1", "new", {}, 10_000), one("old", "P1", "dispatched", {}, 200_000),
      one("drill", "P1", "new", { drill: true }, 500_000), one("p2", "P2", "new", {}, 900_000),
    ];
    expect(urgent(cases).map(({ key }) => key)).toEqual(["old", "new", "signed"]);
  });
  it("is loud after three minutes without a signature, not before and not after one", () => {
    expect(unsignedFor(one("a", "P1", "acknowledged", {}, 180_000), at)).toBeNull();
    expect(unsignedFor(one("a", "P1", "acknowledged", {}, 181_000), at)).toBe(181_000);
    expect(unsignedFor(one("a", "P1", "signed", {}, 999_000), at)).toBeNull();
  });
});

describe("counts", () => {
  const cases = [
    one("a", "P1", "new"), one("b", "P3", "signed"), one("c", "P3", null), one("d", "P2", "new", { drill: true }), one("e", "P2", "new", { shelf: "quiet" }),
  ];
  it("are of what is real and open", () => expect(counted(cases)).toEqual({ P1: 1, P2: 0, P3: 2, P4: 0 }));
  it("stand with their area, the most urgent first", () =>
    expect(byArea(cases).map(({ area, counts }) => [area, counts.P1, counts.P3])).toEqual([["grid-1", 1, 1], [null, 0, 1]]));
});

describe("cards", () => {
  const card = { width: 400, height: 100, gap: 10 };
  it("all stand when they fit", () => expect(fitting(6, { width: 830, height: 320 }, card)).toEqual({ columns: 2, rows: 3, shown: 6 }));
  it("leave a place for how many more there are", () => expect(fitting(7, { width: 830, height: 320 }, card)).toEqual({ columns: 2, rows: 3, shown: 5 }));
  it("are one at least on a screen that is too small", () => expect(fitting(1, { width: 10, height: 10 }, card)).toEqual({ columns: 1, rows: 1, shown: 1 }));
});
