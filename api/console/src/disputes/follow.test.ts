import { expect, it } from "vitest";
import { changeOf, followUp, formOf } from "./follow";

it("sends of a dispute only what was changed; who has looked again sets no day", () => {
  const was = formOf({ detail: { dispute: { route: "police", places: [], parties: 2, outcome: "mediating" } }, follow_up_on: "2026-11-23" });
  expect(changeOf(was, { ...was })).toEqual({});
  expect(changeOf(was, { ...was, outcome: "agreed", text: " 已赔偿 ", parties: 3 })).toEqual({ outcome: "agreed", outcome_text: "已赔偿", parties: 3 });
  expect(changeOf(was, { ...was, follow_up_on: "2026-12-01" })).toEqual({ follow_up_on: "2026-12-01" });
  expect(changeOf(was, { ...was, follow_up_on: "2026-12-01", followed_up: true })).toEqual({ followed_up: true });
});

it("is due from the day itself on", () => expect([null, "2026-11-24", "2026-11-23", "2026-11-01"].map((day) => followUp(day, "2026-11-23"))).toEqual(["none", "later", "due", "due"]));
