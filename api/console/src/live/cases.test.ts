import { describe, expect, it } from "vitest";
import type { Alert, Incident } from "@/api/types";
import { announces, byUrgency, calling, grouped, isQuiet } from "./cases";

const alert = (id: number, more: Partial<Alert> = {}): Alert => ({
  id, priority: "P2", state: "active", active: true, acknowledged: false, stream: "alert", drill: false, sounded: 1, last_sounded_at: null,
  raised_at: `2026-11-23T08:00:${String(id % 60).padStart(2, "0")}Z`, suppressed_by: null, shelved_until: null, ...more,
} as Alert);
const incident = (id: number, alerts: number[], more: Partial<Incident> = {}): Incident => ({
  id, alerts, priority: "P2", state: "new", drill: false, opened_at: "2026-11-23T08:00:00Z", ...more,
} as Incident);
const of = (alerts: Alert[], incidents: Incident[] = [], settled: number[] = []) => {
  const byAlert = new Map(incidents.flatMap((one) => one.alerts.map((id) => [id, one.id] as const)));
  return grouped(alerts, incidents, byAlert, new Set(settled)).sort(byUrgency);
};
const keys = (...given: Parameters<typeof of>) => of(...given).map((one) => one.key);

describe("cases", () => {
  it("are an incident with its alerts, or an alert that has none", () => {
    const made = of([alert(1), alert(2), alert(3)], [incident(7, [1, 3])]);
    expect(made.map((one) => [one.key, one.alerts.map((own) => own.id)])).toEqual([["incident-7", [3, 1]], ["alert-2", [2]]]);
  });

  it("come by priority, real before practised, unacknowledged before acknowledged, what called last first", () => {
    expect(keys([
      alert(1, { priority: "P3" }),
      alert(2, { acknowledged: true }),
      alert(3),
      alert(4, { drill: true }),
      alert(5, { priority: "P1" }),
      alert(6),
    ])).toEqual(["alert-5", "alert-6", "alert-3", "alert-2", "alert-4", "alert-1"]);
  });

  it("that sounded again come before what was raised later", () => {
    expect(keys([alert(1, { sounded: 2, last_sounded_at: "2026-11-23T09:00:00Z" }), alert(2)])).toEqual(["alert-1", "alert-2"]);
  });

  it("stand with what is quiet when nothing of them may be heard", () => {
    const [quiet, loud] = of([alert(1, { suppressed_by: "flood" }), alert(2, { priority: "P1" })]).reverse();
    expect([quiet?.shelf, loud?.shelf]).toEqual(["quiet", "open"]);
    expect(isQuiet(alert(1, { shelved_until: "2000-01-01T00:00:00Z" }))).toBe(false);
    expect(announces(alert(1, { shelved_until: "2999-01-01T00:00:00Z" }))).toBe(false);
  });

  it("are to be closed when their alerts are over, and done when theirs is closed", () => {
    for (const state of ["signed", "departed", "on_scene", "handled"] as const) {
      expect(of([], [incident(7, [1], { state })])[0]?.shelf).toBe("closing");
    }
    expect(of([alert(1, { acknowledged: true })], [], [1])[0]?.shelf).toBe("closing");
    expect(of([alert(1)], [], [1])[0]?.shelf).toBe("open");
  });

  it("that nobody has signed for are open, whether an alert stands or not", () => {
    for (const state of ["new", "acknowledged", "dispatched", "reopened"] as const) {
      expect(of([], [incident(7, [1], { state })])[0]?.shelf).toBe("open"); // its alert ended while nobody answered
      expect(of([], [incident(7, [], { state })])[0]?.shelf).toBe("open"); // somebody rang, an officer met with it
    }
  });

  it("that never had an alert are open until they are handled", () => {
    expect(["signed", "departed", "on_scene", "handled"].map((state) => of([], [incident(7, [], { state: state as "new" })])[0]?.shelf))
      .toEqual(["open", "open", "open", "closing"]);
  });

  it("without an alert call for themselves until somebody acknowledges", () => {
    const [fresh, taken] = of([], [incident(8, []), incident(7, [], { state: "acknowledged" })]);
    expect([fresh, taken].map((one) => [one?.key, one?.unacknowledged, calling(one!).map(({ id }) => id)]))
      .toEqual([["incident-8", true, [8]], ["incident-7", false, []]]);
    // Where an alert stands, that is what is heard, and acknowledged.
    expect(calling(of([alert(1, { acknowledged: true })], [incident(9, [1])])[0]!)).toEqual([]);
  });

  it("of a flood are put together in no time", () => {
    const many = Array.from({ length: 20_000 }, (_, n) => alert(n + 1));
    const began = performance.now();
    of(many, [incident(1, many.map((one) => one.id))]);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
