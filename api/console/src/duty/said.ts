// The roster's own words: hours, turns and differences as people read them.

import { areaOf, placeOf } from "@/live/station";
import { known, named, t } from "@/words";
import type { Difference, Hours } from "./roster";

export const areaName = (area: string | null | undefined): string => (area ? (areaOf(area)?.name ?? area) : t("duty.station"));
export const placeName = (place: string | null | undefined): string => (place ? (placeOf(place)?.name ?? place) : "—");

/** A shift's hours in words: which days, from when to when, and what is left out. */
export function hoursSaid(hours: Hours): string {
  const days = typeof hours.days === "object" ? hours.days.map((day) => named("duty.day", day)).join(t("listed")) : named("duty.days", hours.days ?? "all");
  const [from, to] = [hours.from ?? "00:00", hours.to ?? "00:00"];
  const span = hours.hours ? t("duty.hours.of_place", { name: hours.hours }) : from === to && from === "00:00" ? t("duty.hours.whole") : t(from < to ? "duty.hours.span" : "duty.hours.over_night", { from, to });
  const said = `${days} ${hours.outside ? t("duty.hours.outside", { span }) : span}`;
  const left = (hours.except ?? []).map(([first, last]) => t("duty.hours.span", { from: first, to: last }));
  return left.length > 0 ? t("duty.hours.except", { said, left: left.join(t("listed")) }) : said;
}

/** One field of a duty or shift in words. */
export function fieldSaid(name: string, value: unknown, userName: (user: string) => string): string {
  if (value === null || value === undefined || value === "") return "—";
  if (name === "people") return (value as string[]).map(userName).join(t("listed"));
  if (["officer", "deputy", "commander", "leader"].includes(name)) return userName(String(value));
  if (name === "hours") return hoursSaid(value as Hours);
  if (name === "area") return areaName(String(value));
  if (name === "place") return placeName(String(value));
  if (name === "duty_as") return named("duty.as", String(value));
  return String(value);
}

/** What became of a duty or shift, in lines. */
export function differenceSaid(one: Difference, userName: (user: string) => string): string[] {
  const what = one.what === "duty" ? t("duty.diff.duty", { area: areaName(one.key || null) }) : t("duty.diff.shift", { id: one.key });
  if (one.is === undefined) return [t("duty.diff.gone", { what })];
  if (one.was === undefined) return [t("duty.diff.new", { what })];
  const [was, is] = [one.was, one.is].map((side) => side as unknown as Record<string, unknown>) as [Record<string, unknown>, Record<string, unknown>];
  return one.fields.map((name) => t("duty.diff.field", {
    what, field: known(`duty.field.${name}`) ? named("duty.field", name) : name,
    was: fieldSaid(name, was[name], userName), is: fieldSaid(name, is[name], userName),
  }));
}
