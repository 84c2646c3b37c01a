// The week of a roster as lanes of cells: one lane for each post, one cell for each day.

import type { components } from "@/api/schema";
import { DUTIES, dayAfter, type DutyAs } from "./roster";

type Schemas = components["schemas"];
export type Calendar = Omit<Schemas["DutyCalendar"], "next">;
export type Turn = Schemas["DutyTurn"];
export type Gap = Pick<Schemas["RosterGap"], "area" | "from" | "until" | "why">;

/** A post with hours: who takes turns for the same area, at the same place, in the same capacity. */
export interface Lane {
  key: string;
  duty_as: DutyAs;
  area: string | null;
  place: string | null;
  /** One for each day of the calendar. */
  cells: Turn[][];
}

/** The shifts' lanes, in the order of capacities: leader and commander, officers, deputies, guards. */
export function lanesOf(calendar: Pick<Calendar, "items">): Lane[] {
  const lanes = new Map<string, Lane>();
  calendar.items.forEach((day, at) => {
    for (const turn of day.turns) {
      const key = `${turn.duty_as} ${turn.area ?? ""} ${turn.place ?? ""}`;
      const lane = lanes.get(key) ?? { key, duty_as: turn.duty_as, area: turn.area, place: turn.place, cells: calendar.items.map(() => []) };
      lane.cells[at]?.push(turn);
      lanes.set(key, lane);
    }
  });
  for (const lane of lanes.values()) for (const cell of lane.cells) cell.sort((a, b) => begins(a) - begins(b) || a.shift.localeCompare(b.shift));
  return [...lanes.values()].sort((a, b) => DUTIES.indexOf(a.duty_as) - DUTIES.indexOf(b.duty_as) || a.key.localeCompare(b.key));
}

/** On which of some days (from `first`, by the station's clock) an area has nobody, for each area that is concerned. */
export function gapDays(gaps: readonly Gap[], first: string, days: number): { area: string | null; days: Gap[][] }[] {
  const areas = new Map<string, { area: string | null; days: Gap[][] }>();
  for (const gap of gaps) {
    for (let at = 0; at < days; at++) {
      if (Date.parse(gap.from) >= startOf(dayAfter(first, at + 1)) || Date.parse(gap.until) <= startOf(dayAfter(first, at))) continue;
      const key = gap.area ?? "";
      const row = areas.get(key) ?? { area: gap.area, days: Array.from({ length: days }, () => []) };
      row.days[at]?.push(gap);
      areas.set(key, row);
    }
  }
  return [...areas.values()];
}

/** The Monday of the week of a day. */
export const mondayOf = (day: string): string => dayAfter(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));

/** When a day begins at the station (ms). China has one time zone, without summer time. */
const startOf = (day: string): number => Date.parse(`${day}T00:00:00+08:00`);

const begins = (turn: Turn): number => Date.parse(turn.hours[0]?.begins ?? "");
