// Alerts that miss a sign of life.

import type { Alert } from "@/api/types";
import { ruleOf } from "@/live/station";

/** Whether an alert misses a sign of life: then being away explains it. */
export const isOfSilence = (alert: Alert): boolean => ["absence", "baseline"].includes(String(ruleOf(alert.rule)?.kind));

/**
 * Since when somebody of whom an alert misses a sign of life has been silent; null for any other alert. The alert's
 * own sentence stops at the limit that raised it.
 */
export function silentSince(alert: Alert): string | null {
  const last = alert.explanation.facts["last_seen"];
  if (!alert.active || !isOfSilence(alert) || typeof last !== "string" || !/^[\d-]{10} [\d:]{8}$/.test(last)) return null;
  return `${last.replace(" ", "T")}+08:00`; // the station's own time, as the rule writes it
}
