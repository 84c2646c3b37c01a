// What a backtest would have fired, as rows of a chart: beside it the running version, where one was compared.

import type { BacktestReport } from "@/api/types";

export interface Fired {
  label: string;
  /** What the version would have raised. */
  tried: number;
  /** What the running version would have; null when none was compared. */
  running: number | null;
}

const DAY_MS = 86_400_000;

/** By the station's days; a day with nothing stands there with nothing. */
export function byDay(report: BacktestReport): Fired[] {
  const [tried, running] = both(report, "by_day");
  const told = [...Object.keys(tried), ...Object.keys(running ?? {})].sort();
  const first = told[0] ?? dayIn(report.since, report.time_zone);
  const last = maximum([told.at(-1) ?? "", dayIn(new Date(Date.parse(report.until) - 1).toISOString(), report.time_zone)]);
  const from = minimum([first, dayIn(report.since, report.time_zone)]);
  const days: string[] = [];
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${last}T00:00:00Z`); at += DAY_MS) days.push(new Date(at).toISOString().slice(0, 10));
  return days.map((day) => ({ label: day, tried: tried[day] ?? 0, running: running && (running[day] ?? 0) }));
}

/** By the hour of the station's day, all twenty-four. */
export function byHour(report: BacktestReport): Fired[] {
  const [tried, running] = both(report, "by_hour");
  return Array.from({ length: 24 }, (_, hour) =>
    ({ label: String(hour).padStart(2, "0"), tried: tried[hour] ?? 0, running: running && (running[hour] ?? 0) }));
}

/** By area, the busiest first; `nowhere` is what an alert without an area is called. */
export function byArea(report: BacktestReport, nowhere: string): Fired[] {
  const [tried, running] = both(report, "by_area");
  return [...new Set([...Object.keys(tried), ...Object.keys(running ?? {})])]
    .map((id) => ({ label: id === "" ? nowhere : (report.areas[id] ?? id), tried: tried[id] ?? 0, running: running && (running[id] ?? 0) }))
    .sort((a, b) => Math.max(b.tried, b.running ?? 0) - Math.max(a.tried, a.running ?? 0) || a.label.localeCompare(b.label));
}

type Counts = Record<string, number>;

function both(report: BacktestReport, what: "by_day" | "by_hour" | "by_area"): [Counts, Counts | null] {
  return [report.tally[what], report.compared?.running[what] ?? null];
}

/** The calendar day of a moment in a time zone, `2026-11-23`. */
function dayIn(iso: string, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone }).format(new Date(iso));
}

const maximum = (texts: string[]): string => texts.reduce((a, b) => (b > a ? b : a));
const minimum = (texts: string[]): string => texts.reduce((a, b) => (b < a ? b : a));
