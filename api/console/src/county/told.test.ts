import { beforeEach, expect, it } from "vitest";
import type { CountyLink } from "@/api/types";
import { setLanguage } from "@/words";
import { apart, became, dayOf, isWell, stateOf } from "./told";

beforeEach(() => setLanguage("zh"));

it("says that a process is gone, whatever it said last", () => {
  expect(stateOf({ state: "online", runs: false })).toBe("进程未运行");
  expect(stateOf({ state: "waiting", runs: true })).toBe("等待重试");
  expect(isWell({ state: "online", runs: false })).toBe(false);
  expect(isWell({ state: "online", runs: true })).toBe(true);
});

it("says a state it has no word for as it is called", () => {
  expect(stateOf({ state: "pushing", runs: true })).toBe("pushing");
});

it("counts a day's alarms without those there are none of", () => {
  const none = { waiting: 0, sent: 0, acknowledged: 0, refused: 0, expired: 0, contradicted: 0 } as CountyLink;
  expect(dayOf(none)).toBe("—");
  expect(dayOf({ ...none, sent: 2, refused: 1 })).toBe("已送达 2 · 被拒收 1");
});

it("says what became of an alarm, and when", () => {
  const alarm = { sent_at: "2026-03-01T14:31:05Z", acknowledged_at: null, next_try: null, expires_at: "2026-03-02T14:31:00Z" };
  expect(became({ ...alarm, state: "sent" })).toMatch(/^已送达 .*22:31:05$/);
  expect(became({ ...alarm, state: "refused" })).toBe("被拒收");
  expect(became({ ...alarm, state: "waiting", next_try: "2026-03-01T14:32:00Z" })).toMatch(/^等待中 · 下次 .*22:32:00$/);
  expect(became({ ...alarm, state: "expired" })).toMatch(/22:31:00$/);
});

it("sets a county's link apart from what else ails", () => {
  setLanguage("en");
  const found = apart(["the county's platform is out of reach: county since 2026-03-01T14:31:05+00:00", "something else"]);
  expect(found.county).toHaveLength(1);
  expect(found.county[0]).toMatch(/^county \(since .*22:31:05\)$/);
  expect(found.others).toEqual(["something else"]);
});
