// How moments, ages and spans are written.

import { now } from "@/api/clock";
import { language, t } from "@/words";

/** China has one time zone; the page shows it wherever the browser thinks it is. */
const ZONE = "Asia/Shanghai";
const OFFSET = "+08:00";
const OFFSET_MS = 8 * 3_600_000;

/** A time of day, with the date when it is not today's. */
export function moment(iso: string | number | null | undefined): string {
  if (iso === null || iso === undefined || iso === "") return "—";
  const at = new Date(iso);
  const time = written(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return dayOf(at) === dayOf(new Date(now())) ? time : `${dayOf(at)} ${time}`;
}

/** An hour and its minute. */
export const clockTime = (ms: number): string => written(new Date(ms), { hour: "2-digit", minute: "2-digit" });

/** A day and the minute of it. */
export function minute(iso: string | null | undefined): string {
  if (!iso) return "—";
  const at = new Date(iso);
  return `${dayOf(at)} ${written(at, { hour: "2-digit", minute: "2-digit" })}`;
}

/** The hour and minute of a moment, at the station. */
export const clock = (iso: string | number): string => written(new Date(iso), { hour: "2-digit", minute: "2-digit" });

/** The station's day of a moment (ms), as the API writes days. */
export const dateOf = (ms: number): string => fieldOf(ms).slice(0, 10);

/** Which day of the week a day is. */
export const weekday = (day: string): string => written(new Date(`${day}T04:00:00Z`), { weekday: "short" });

/** A moment (ms) as the value of a date-time field, in the station's time. */
export const fieldOf = (ms: number): string => new Date(ms + OFFSET_MS).toISOString().slice(0, 16);

/** What stands in a date-time field, as the API takes it. */
export const momentOf = (value: string): string => `${value.length === 16 ? `${value}:00` : value}${OFFSET}`;

/** The clock on the wall. */
export const wallClock = (ms: number): string =>
  written(new Date(ms), { month: "2-digit", day: "2-digit", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** How long ago a moment was, in two units at most. `at` (ms) is what is taken for now. */
export const age = (iso: string, at: number = now()): string => span(Math.max(0, (at - Date.parse(iso)) / 1000));

/** A number of seconds in words. */
export function span(seconds: number): string {
  const whole = Math.floor(seconds);
  if (whole < 60) return t("age.s", { s: whole });
  if (whole < 3600) {
    const s = whole % 60;
    return t(s ? "age.ms" : "age.m", { m: Math.floor(whole / 60), s });
  }
  if (whole < 86_400) {
    const m = Math.floor((whole % 3600) / 60);
    return t(m ? "age.hm" : "age.h", { h: Math.floor(whole / 3600), m });
  }
  const h = Math.floor((whole % 86_400) / 3600);
  return t(h ? "age.dh" : "age.d", { d: Math.floor(whole / 86_400), h });
}

const SECONDS = { s: 1, min: 60, h: 3600 };

/** A rule's limit with its times in words: `5.3 h`, `3 / 600 s`. */
export const limitSaid = (limit: string): string =>
  limit.replace(/([\d.]+) (s|min|h)\b/g, (_, count: string, unit: keyof typeof SECONDS) => span(Number(count) * SECONDS[unit]));

/** How long from one moment to another, in words. */
export const spanOf = (from: string, to: string): string => span(Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000));

/** The station's day of a moment, as it is written in the language shown. */
export const dayOf = (at: Date): string => written(at, { year: "numeric", month: "2-digit", day: "2-digit" });

function written(at: Date, parts: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", { timeZone: ZONE, hourCycle: "h23", ...parts }).format(at);
}
