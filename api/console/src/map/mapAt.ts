// The way to the map from elsewhere, and from the map to a case.

import type { LocationQuery, RouteLocationRaw } from "vue-router";
import type { Case } from "@/live/cases";
import type { Chosen } from "@/triage/chosen";

/** The map with this case in its middle: for a router link, or `router.push`. */
export function mapAt(what: Chosen | null): RouteLocationRaw {
  if (what?.incident !== undefined) return { path: "/map", query: { incident: what.incident } };
  return what?.alert !== undefined ? { path: "/map", query: { alert: what.alert } } : { path: "/map" };
}

/** The case that an address asks for, by its key: `incident-12`, `alert-7`; null when it asks for none. */
export function keyOf(query: LocationQuery): string | null {
  for (const kind of ["incident", "alert"] as const) if (/^\d+$/.test(String(query[kind] ?? ""))) return `${kind}-${String(query[kind])}`;
  return null;
}

/** The case of a key. An alert that has been taken into an incident is found there. */
export const caseOf = (cases: readonly Case[], key: string | null): Case | undefined =>
  cases.find((one) => one.key === key) ?? cases.find((one) => one.alerts.some((alert) => `alert-${alert.id}` === key));

/** What triage opens for a case. */
export const chosenOf = (one: Case): Chosen => (one.incident ? { incident: one.incident.id } : { alert: one.alerts[0]?.id ?? 0 });
