// What a row of a list is made from.

import type { Alert, Incident, Priority } from "@/api/types";
import { isUnacknowledged, type Case } from "@/live/cases";
import type { Chosen } from "./chosen";

export interface Row {
  key: string;
  chosen: Chosen;
  priority: Priority;
  drill: boolean;
  /** The alert that speaks for the case; null when only the incident is left. */
  alert: Alert | null;
  incident: Incident | null;
  alerts: readonly Alert[];
  /** Its border blinks until somebody acknowledges. */
  striking: boolean;
  look: "case" | "work" | "ended";
}

export function rowOfCase(one: Case): Row {
  const alert = one.alerts[0] ?? null;
  return {
    key: one.key,
    chosen: one.incident ? { incident: one.incident.id } : { alert: alert?.id ?? 0 },
    priority: one.priority,
    drill: one.drill,
    alert,
    incident: one.incident,
    alerts: one.alerts,
    striking: one.shelf !== "quiet" && (one.unacknowledged || one.alerts.some(isUnacknowledged)),
    look: "case",
  };
}

export function rowOfAlert(alert: Alert, look: "work" | "ended"): Row {
  return {
    key: `${look}-${alert.id}`, chosen: { alert: alert.id }, priority: alert.priority as Priority, drill: alert.drill,
    alert, incident: null, alerts: [alert], striking: false, look,
  };
}
