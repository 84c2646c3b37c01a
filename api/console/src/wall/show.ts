// What a wall shows of the open cases: how many, which of them need somebody at once, and how many fit.

import { isUnanswered } from "@/api/states";
import type { Priority } from "@/api/types";
import type { Case } from "@/live/cases";

export const PRIORITIES: readonly Priority[] = ["P1", "P2", "P3", "P4"];
/** A P1 nobody has signed for so long is said in red. */
export const UNSIGNED_MS = 180_000;

/** Real open cases by priority. */
export function counted(cases: readonly Case[]): Record<Priority, number> {
  const counts: Record<Priority, number> = { P1: 0, P2: 0, P3: 0, P4: 0 };
  for (const one of cases) if (!one.drill && one.shelf === "open") counts[one.priority] += 1;
  return counts;
}

/** When a case began, ms. */
export const beganAt = (one: Case): number => Date.parse(one.incident?.opened_at ?? one.alerts[0]?.raised_at ?? "");

/** Whether nobody has signed a case yet. One without an incident has nobody to sign it. */
export const isUnsigned = (one: Case): boolean =>
  one.incident === null ? one.unacknowledged : isUnanswered(one.incident.state);

/** Real P1 cases, those that nobody has signed first, the longest waiting on top. */
export const urgent = (cases: readonly Case[]): Case[] =>
  cases.filter((one) => one.priority === "P1" && !one.drill && one.shelf === "open")
    .sort((a, b) => Number(isUnsigned(b)) - Number(isUnsigned(a)) || beganAt(a) - beganAt(b));

/** Since how long (ms) a P1 has had nobody who signed it, when that is too long; null when it is not. */
export function unsignedFor(one: Case, nowMs: number): number | null {
  const waits = nowMs - beganAt(one);
  return isUnsigned(one) && waits > UNSIGNED_MS ? waits : null;
}

interface Size {
  width: number;
  height: number;
}

/** How many cards fit into a box; all sizes in px. When not all do, the last place is for «n more». */
export function fitting(all: number, { width, height }: Size, card: Size & { gap: number }): { shown: number; columns: number; rows: number } {
  const columns = Math.max(1, Math.floor((width + card.gap) / (card.width + card.gap)));
  const rows = Math.max(1, Math.floor((height + card.gap) / (card.height + card.gap)));
  const places = columns * rows;
  return { columns, rows, shown: all <= places ? all : places - 1 };
}

/** Open cases by area, the most urgent area first; null is nowhere. */
export function byArea(cases: readonly Case[]): { area: string | null; counts: Record<Priority, number> }[] {
  const found = new Map<string | null, Case[]>();
  for (const one of cases) {
    if (one.shelf !== "open" || one.drill) continue;
    const area = one.incident?.area ?? one.alerts[0]?.area ?? null;
    found.set(area, [...(found.get(area) ?? []), one]);
  }
  const weigh = (counts: Record<Priority, number>): number => ((counts.P1 * 1000 + counts.P2) * 1000 + counts.P3) * 1000 + counts.P4;
  return [...found].map(([area, own]) => ({ area, counts: counted(own) })).sort((a, b) => weigh(b.counts) - weigh(a.counts));
}
