// How times, ages and places are written.

import { now } from "./api.js";
import { language, t } from "./texts.js";

/** China has one time zone; the page shows it wherever the browser thinks it is. */
const ZONE = "Asia/Shanghai";
const OFFSET = "+08:00";
const OFFSET_MS = 8 * 3600000;

/** A time of day, with the date when it is not today. */
export function moment(iso) {
  if (!iso) return "—";
  const at = new Date(iso);
  const time = written(at, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return day(at) === day(new Date(now())) ? time : `${day(at)} ${time}`;
}

/** A moment (ms) as the value of a date-time field, in the station's time. */
export const fieldOf = (ms) => new Date(ms + OFFSET_MS).toISOString().slice(0, 16);

/** What stands in a date-time field, as the API takes it. */
export const momentOf = (value) => `${value.length === 16 ? `${value}:00` : value}${OFFSET}`;

/** The clock on the wall. */
export const wallClock = () =>
  written(new Date(now()), {
    month: "2-digit", day: "2-digit", weekday: "short", hour: "2-digit", minute: "2-digit", second: "2-digit",
  });

/** How long ago, in two units at most. */
export const age = (iso) => span(Math.max(0, (now() - Date.parse(iso)) / 1000));

/** A number of seconds in words. */
export function span(seconds) {
  const whole = Math.floor(seconds);
  if (whole < 60) return t("age.s", { s: whole });
  if (whole < 3600) {
    const s = whole % 60;
    return t(s ? "age.ms" : "age.m", { m: Math.floor(whole / 60), s });
  }
  if (whole < 86400) {
    const m = Math.floor((whole % 3600) / 60);
    return t(m ? "age.hm" : "age.h", { h: Math.floor(whole / 3600), m });
  }
  const h = Math.floor((whole % 86400) / 3600);
  return t(h ? "age.dh" : "age.d", { d: Math.floor(whole / 86400), h });
}

/** How long from one moment to another, in words. */
export const spanOf = (from, to) => span(Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000));

/** Say by how much a moment is over, and nothing before it is. */
export function tickOverdue(shown) {
  const late = (now() - Date.parse(shown.dataset.overdue)) / 1000;
  const text = late > 0 ? t("detail.overdue", { span: span(late) }) : "";
  if (shown.textContent !== text) shown.textContent = text;
}

/** Write every age on the page anew. */
export function tick() {
  for (const shown of document.querySelectorAll("time[data-age]")) {
    const text = age(shown.dataset.age);
    if (shown.textContent !== text) shown.textContent = text;
  }
  for (const shown of document.querySelectorAll("[data-overdue]")) tickOverdue(shown);
}

const day = (at) => written(at, { year: "numeric", month: "2-digit", day: "2-digit" });

function written(at, parts) {
  const locale = language() === "zh" ? "zh-CN" : "en-GB";
  return new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: "h23", ...parts }).format(at);
}
