// Where and when: incidents by grid and hour of the day.

import type { components } from "@/api/schema";

export type HeatCell = components["schemas"]["HeatCell"];

export interface Heat {
  /** Areas that have any, most first; null is nowhere. */
  areas: (string | null)[];
  /** `[hour, row of the area, incidents]`, none of them zero. */
  cells: [hour: number, row: number, incidents: number][];
  /** The most in one cell. */
  most: number;
  /** Incidents by area and hour, as a table has them: a row for each area. */
  table: number[][];
}

/** Sum the cells of one day of the week (1 Monday), or of all of them (0). */
export function heatOf(told: readonly HeatCell[], weekday: number): Heat {
  const rows = new Map<string | null, number[]>();
  for (const cell of told) {
    if (weekday !== 0 && cell.weekday !== weekday) continue;
    const hours = rows.get(cell.area) ?? Array.from({ length: 24 }, () => 0);
    hours[cell.hour] = (hours[cell.hour] ?? 0) + cell.incidents;
    rows.set(cell.area, hours);
  }
  const sum = (hours: readonly number[]): number => hours.reduce((whole, one) => whole + one, 0);
  const sorted = [...rows].sort(([a, first], [b, second]) => sum(second) - sum(first) || String(a).localeCompare(String(b)));
  const cells = sorted.flatMap(([, hours], row) =>
    hours.flatMap((incidents, hour): Heat["cells"] => (incidents > 0 ? [[hour, row, incidents]] : [])));
  return {
    areas: sorted.map(([area]) => area),
    cells,
    most: Math.max(0, ...cells.map(([, , incidents]) => incidents)),
    table: sorted.map(([, hours]) => hours),
  };
}
