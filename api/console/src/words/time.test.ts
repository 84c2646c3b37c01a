import { afterEach, describe, expect, it, vi } from "vitest";
import { setLanguage } from "@/words";
import { age, clockTime, fieldOf, limitSaid, minute, moment, momentOf, span, spanOf } from "./time";

afterEach(() => {
  vi.useRealTimers();
  setLanguage("zh");
});

describe("times", () => {
  it("are the station's wherever the browser is, with the date when it is not today's", () => {
    vi.useFakeTimers({ now: Date.parse("2026-11-23T17:00:00Z") }); // 01:00 of the 24th in China
    expect(moment("2026-11-23T16:30:05Z")).toBe("00:30:05");
    expect(moment("2026-11-23T15:59:59Z")).toBe("2026/11/23 23:59:59");
    expect(moment(null)).toBe("—");
    expect(minute("2026-11-23T15:59:59Z")).toBe("2026/11/23 23:59");
    expect(clockTime(Date.parse("2026-11-23T16:00:00Z"))).toBe("00:00");
    setLanguage("en");
    expect(moment("2026-11-23T15:59:59Z")).toBe("23/11/2026 23:59:59");
  });
  it("go into a field and come back as they were", () => {
    expect(fieldOf(Date.parse("2026-11-23T16:30:00Z"))).toBe("2026-11-24T00:30");
    expect(Date.parse(momentOf("2026-11-24T00:30"))).toBe(Date.parse("2026-11-23T16:30:00Z"));
  });
});

describe("spans", () => {
  it("says a rule's limit in words", () => {
    expect(["5.3 h", "3 / 600 s", "120 s", "P < 0.001", "12"].map(limitSaid)).toEqual(["5 小时 18 分", "3 / 10 分", "2 分", "P < 0.001", "12"]);
  });

  it("have two units at most", () => {
    expect([0, 59, 60, 61, 3600, 3660, 86_400, 90_000].map(span)).toEqual(["0 秒", "59 秒", "1 分", "1 分 1 秒", "1 小时", "1 小时 1 分", "1 天", "1 天 1 小时"]);
    setLanguage("en");
    expect(span(61)).toBe("1 min 1 s");
  });
  it("are never negative", () => {
    expect(age("2026-11-23T08:00:10Z", Date.parse("2026-11-23T08:00:00Z"))).toBe("0 秒");
    expect(spanOf("2026-11-23T08:00:00Z", "2026-11-23T08:01:00Z")).toBe("1 分");
  });
});
