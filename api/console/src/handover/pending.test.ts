import { describe, expect, it } from "vitest";
import { STALE_MS, waiting, type HandoverLine } from "./pending";

const given = Date.parse("2026-11-22T08:00:00+08:00");
const line = (id: number, taken: string | null): HandoverLine => ({
  id, made_at: "", given_by: "a", given_at: new Date(given).toISOString(), taken_by: taken, taken_at: taken && new Date(given).toISOString(),
});

describe("the handover that waits", () => {
  it("is the newest, while nobody has signed for it", () => {
    expect(waiting([line(2, null), line(1, null)], given + 60_000)?.id).toBe(2);
    expect(waiting([line(2, "b"), line(1, null)], given + 60_000)).toBeNull();
    expect(waiting([], given)).toBeNull();
  });
  it("is none after a shift", () => expect(waiting([line(1, null)], given + STALE_MS)).toBeNull());
});
