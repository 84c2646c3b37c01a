import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { setLanguage } from "@/words";
import { clocks } from "./clocks";
import { ago, dayIn, moment, today } from "./time";

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse("2026-11-23T04:02:00+08:00") });
  setLanguage("zh");
});
afterEach(() => vi.useRealTimers());

test("what came at once has one clock, what came late has both", () => {
  expect(clocks({ at: "2026-11-22T20:01:30Z", client_at: null })).toBe("04:01");
  expect(clocks({ at: "2026-11-22T20:01:30Z", client_at: "2026-11-22T20:01:05Z" })).toBe("04:01");
  expect(clocks({ at: "2026-11-22T20:01:30Z", client_at: "2026-11-22T19:45:00Z" })).toBe("手机 03:45 · 04:01 收到");
  // A phone that is ahead is told of just the same.
  expect(clocks({ at: "2026-11-22T20:01:30Z", client_at: "2026-11-22T20:31:00Z" })).toBe("手机 04:31 · 04:01 收到");
  setLanguage("en");
  expect(clocks({ at: "2026-11-22T20:01:30Z", client_at: "2026-11-22T19:45:00Z" })).toBe("phone 03:45 · received 04:01");
});

test("times are the station's, with the day when it is another", () => {
  expect(moment("2026-11-22T19:45:00Z")).toBe("03:45");
  expect(moment("2026-11-22T15:59:00Z")).toBe("11/22 23:59");
  expect(moment(null)).toBe("—");
  expect(dayIn("2026-11-22T16:00:00Z")).toBe("11/23");
  expect(today()).toBe("2026-11-23");
  expect(today(1)).toBe("2026-11-24");
});

test("ages are in whole minutes", () => {
  expect(ago("2026-11-23T04:01:30+08:00")).toBe("刚刚");
  expect(ago("2026-11-23T03:49:10+08:00")).toBe("12 分前");
  expect(ago("2026-11-23T01:30:00+08:00")).toBe("2 小时 32 分前");
  setLanguage("en");
  expect(ago("2026-11-23T03:49:10+08:00")).toBe("12 min ago");
});
