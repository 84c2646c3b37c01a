// How a route stands, and how far a round has come.

import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Route = Schemas["PatrolStanding"];
export type Round = Schemas["PatrolRound"];
export type Walk = Schemas["PatrolRoundWhole"];
export type Look = Schemas["PatrolLook"];
export type PatrolPoint = Route["points"][number];
export type Code = NonNullable<Look["code"]>;
export const CODES: readonly Code[] = ["fire_exit_blocked", "hazard", "camera_blind", "crowd", "other"];

/** What a route wants: somebody walks it, it is due, it was missed of late, later, or whenever there is time. */
export type Stand = "under_way" | "due" | "missed" | "later" | "free";
const ORDER: readonly Stand[] = ["due", "under_way", "missed", "later", "free"];

/** How a route stands at a moment (ms). What was due when it was fetched may be over by now. */
export function standOf(route: Route, now: number): Stand {
  if (route.last?.state === "under_way" && Date.parse(route.last.ends_by) > now) return "under_way";
  if (route.due && Date.parse(route.due.ends) > now) return "due";
  if (route.next !== null && Date.parse(route.next) <= now) return "due";
  if (route.missed.length > 0) return "missed";
  return route.next === null ? "free" : "later";
}

/** What is due first, the sooner it ends; then what is next; then by name. */
export const byStand = (now: number) => (a: Route, b: Route): number =>
  ORDER.indexOf(standOf(a, now)) - ORDER.indexOf(standOf(b, now)) ||
  (a.due?.ends ?? "").localeCompare(b.due?.ends ?? "") || (a.next ?? "~").localeCompare(b.next ?? "~") || a.name.localeCompare(b.name);

/** The last look at each point, by its number from 1: that is the one that counts. */
export function seenAt(looks: readonly Look[]): Map<number, Look> {
  return new Map(looks.map((look) => [look.point, look]));
}

/** The point (from 1) that nobody has looked at yet, after `from` and then from the beginning; null when all are done. */
export function nextPoint(count: number, seen: ReadonlyMap<number, Look>, from = 0): number | null {
  for (let step = 1; step <= count; step++) {
    const point = ((from + step - 1) % count) + 1;
    if (!seen.has(point)) return point;
  }
  return null;
}

/** A list with one of its things somewhere else: `by` places further, or as far as it goes. */
export function movedBy<T>(list: readonly T[], index: number, by: number): T[] {
  const to = Math.max(0, Math.min(list.length - 1, index + by));
  const rest = list.filter((_, one) => one !== index);
  const thing = list[index];
  return thing === undefined ? [...list] : [...rest.slice(0, to), thing, ...rest.slice(to)];
}

/** The times of day a route is due at, in order, each once; what is no time is left out. */
export const timesOf = (told: readonly string[]): string[] =>
  [...new Set(told.map((time) => time.trim()).filter((time) => /^([01]\d|2[0-3]):[0-5]\d$/.test(time)))].sort();
