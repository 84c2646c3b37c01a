import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Alert, Incident, Me } from "@/api/types";

/** What each list would answer; `away` makes every one of them fail. */
const lists = vi.hoisted(() => ({ alerts: [] as unknown[], incidents: [] as unknown[], away: false }));
vi.mock("@/api/client", () => {
  const items = async (path: string): Promise<unknown[]> => {
    if (lists.away) throw new Error("away");
    return path.endsWith("/alerts") ? [...lists.alerts] : path.endsWith("/incidents") ? [...lists.incidents] : [];
  };
  return {
    api: { GET: (path: string) => path },
    all: (turn: (cursor: undefined) => string) => items(turn(undefined)),
    // Of what has ended, the rules and the names nothing is asked here.
    got: async () => (lists.away ? Promise.reject(new Error("away")) : { items: [] }),
  };
});

const station = await import("./station");
const { me } = await import("@/session/session");

const alert = (id: number, more: Partial<Alert> = {}): Alert => ({
  id, version: 1, priority: "P1", state: "active", active: true, acknowledged: false, stream: "alert", drill: false, sounded: 1,
  last_sounded_at: null, raised_at: "2026-11-23T08:00:00Z", suppressed_by: null, shelved_until: null, ...more,
} as Alert);
const incident = (id: number, more: Partial<Incident> = {}): Incident => ({
  id, version: 1, alerts: [], priority: "P1", state: "new", drill: false, opened_at: "2026-11-23T08:00:00Z", opened_by: "li", ...more,
} as Incident);

let heard: string[] = [];
let unfollow = (): void => {};
const drawn = (): Promise<void> => new Promise((done) => setTimeout(done, 5));
const unacknowledged = (): number[] => station.unacknowledged.value.map(({ id }) => id);

beforeEach(() => {
  station.forget();
  [lists.alerts, lists.incidents, lists.away] = [[], [], false];
  heard = [];
  unfollow = station.onRaise((what) => heard.push("stream" in what ? `alert ${what.id}` : `incident ${what.id}`));
  me.value = { username: "desk", may: [] } as unknown as Me;
});
afterEach(() => {
  unfollow();
  vi.useRealTimers();
});

test("an incident that somebody else opens by hand is told once and stands until it is acknowledged", async () => {
  await station.load();
  station.apply("incident", incident(7));
  station.apply("incident", incident(7, { version: 2 }));
  await drawn();
  expect(heard).toEqual(["incident 7"]);
  expect(unacknowledged()).toEqual([7]);
  station.apply("incident", incident(7, { version: 3, state: "acknowledged" }));
  await drawn();
  expect(unacknowledged()).toEqual([]);
  expect(station.cases.value.map((one) => one.shelf)).toEqual(["open"]);
});

test("who opened it is not told of it, and one with an alert is told by that", async () => {
  await station.load();
  station.apply("incident", incident(7, { opened_by: "desk" }));
  station.apply("incident", incident(8, { alerts: [1], opened_by: null }));
  station.apply("alert", alert(1));
  expect(heard).toEqual(["alert 1"]);
});

test("what stood when the shift began is no news; what was opened while the line was cut is", async () => {
  lists.incidents = [incident(7)];
  await station.load();
  lists.incidents = [incident(7), incident(8)];
  await station.load();
  expect(heard).toEqual(["incident 8"]);
});

test("lists that cannot be fetched keep nothing that is news from being heard and shown", async () => {
  await station.load();
  lists.away = true;
  await expect(station.load()).rejects.toThrow("away");
  station.apply("alert", alert(1));
  await drawn();
  expect([heard, unacknowledged()]).toEqual([["alert 1"], [1]]);
  // The lists that come at last are older than what was said since: it stays, and rings no second time.
  lists.away = false;
  await station.load();
  await drawn();
  expect([heard, unacknowledged()]).toEqual([["alert 1"], [1]]);
});

test("frames that come before the first lists are applied to those", async () => {
  const loading = station.load();
  station.apply("alert", alert(1));
  expect(heard).toEqual([]);
  await loading;
  await drawn();
  expect([heard, unacknowledged()]).toEqual([["alert 1"], [1]]);
});

test("what was put aside is back when its time is up, though nobody says so", async () => {
  await drawn();
  vi.useFakeTimers({ now: Date.parse("2026-11-23T08:00:00Z") });
  lists.alerts = [alert(1, { shelved_until: "2026-11-23T08:15:00Z" })];
  await station.load();
  await vi.advanceTimersByTimeAsync(10);
  expect([unacknowledged(), station.cases.value[0]?.shelf]).toEqual([[], "quiet"]);
  await vi.advanceTimersByTimeAsync(14 * 60_000);
  expect(unacknowledged()).toEqual([]);
  await vi.advanceTimersByTimeAsync(62_000);
  expect([unacknowledged(), station.cases.value[0]?.shelf]).toEqual([[1], "open"]);
});
