import { describe, expect, it } from "vitest";
import { dayIn, daysLater, monthLater, periodOf, startOf } from "./period";

const SHANGHAI = "Asia/Shanghai";
const at = (text: string): number => Date.parse(text);

describe("days of the station", () => {
  it("begin at its midnight, not at Greenwich's", () => {
    expect(dayIn(at("2026-11-21T16:00:00Z"), SHANGHAI)).toBe("2026-11-22");
    expect(dayIn(at("2026-11-21T15:59:59Z"), SHANGHAI)).toBe("2026-11-21");
    expect(startOf("2026-11-22", SHANGHAI)).toBe(at("2026-11-22T00:00:00+08:00"));
  });
  it("are found where clocks are put forward and back", () => {
    expect(startOf("2026-03-29", "Europe/Berlin")).toBe(at("2026-03-29T00:00:00+01:00"));
    expect(startOf("2026-03-30", "Europe/Berlin")).toBe(at("2026-03-30T00:00:00+02:00"));
    expect(startOf("2026-10-26", "Europe/Berlin")).toBe(at("2026-10-26T00:00:00+01:00"));
  });
  it("go over the ends of months and years", () => {
    expect(daysLater("2026-02-28", 1)).toBe("2026-03-01");
    expect(monthLater("2026-01-31", -1)).toBe("2025-12-01");
    expect(monthLater("2026-12-15", 1)).toBe("2027-01-01");
  });
});

describe("a period", () => {
  const now = at("2026-11-23T01:30:00+08:00"); // still the 22nd at Greenwich

  it("that still runs ends now", () => {
    expect(periodOf("today", now, SHANGHAI)).toEqual({ since: "2026-11-22T16:00:00.000Z", until: "2026-11-22T17:30:00.000Z" });
    expect(periodOf("week", now, SHANGHAI)?.since).toBe("2026-11-16T16:00:00.000Z");
    expect(periodOf("month", now, SHANGHAI)?.since).toBe("2026-10-31T16:00:00.000Z");
  });
  it("of last month is a whole calendar month, so that it is compared with one", () => {
    expect(periodOf("last_month", now, SHANGHAI)).toEqual({ since: "2026-09-30T16:00:00.000Z", until: "2026-10-31T16:00:00.000Z" });
  });
  it("of one's own counts both days, and never what is to come", () => {
    expect(periodOf("own", now, SHANGHAI, "2026-11-01", "2026-11-02"))
      .toEqual({ since: "2026-10-31T16:00:00.000Z", until: "2026-11-02T16:00:00.000Z" });
    expect(periodOf("own", now, SHANGHAI, "2026-11-20", "2026-11-30")?.until).toBe(new Date(now).toISOString());
  });
  it("is none when it is empty, turned round, too long or all ahead", () => {
    expect(periodOf("own", now, SHANGHAI)).toBeNull();
    expect(periodOf("own", now, SHANGHAI, "2026-11-02", "2026-11-01")).toBeNull();
    expect(periodOf("own", now, SHANGHAI, "2025-01-01", "2026-11-01")).toBeNull();
    expect(periodOf("own", now, SHANGHAI, "2026-12-01", "2026-12-02")).toBeNull();
  });
});
