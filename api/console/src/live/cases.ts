// A case: an open incident with its alerts, or an alert that has none. In which order they want to be seen.

import { now } from "@/api/clock";
import { isUnanswered } from "@/api/states";
import type { Alert, Incident, Priority } from "@/api/types";

export interface Case {
  /** `incident-12` or `alert-7`: stays while the case stands. */
  key: string;
  incident: Incident | null;
  /** Open alerts, the most urgent first; empty when all have ended, or somebody has opened the incident by hand. */
  alerts: Alert[];
  priority: Priority;
  drill: boolean;
  /** Somebody has to look: an alert, or an incident without one, that nobody has acknowledged. */
  unacknowledged: boolean;
  /** When it last wanted to be heard, ms. */
  calledMs: number;
  shelf: Shelf;
}
/** Which list a case stands in. */
export type Shelf = "open" | "closing" | "quiet";

/** Whether nobody has acknowledged an alert that stands. */
export const isUnacknowledged = (alert: Alert): boolean => alert.state !== "ended" && !alert.acknowledged;

/** Whether somebody put an alert aside, or a reason keeps it quiet. */
export const isQuiet = (alert: Alert): boolean => Boolean(alert.suppressed_by) || Date.parse(alert.shelved_until ?? "") > now();

/** Whether an alert wants to be heard. */
export const announces = (alert: Alert): boolean => isUnacknowledged(alert) && !isQuiet(alert);

/** Whether an incident wants to be heard for itself: no alert of it stands, and nobody has acknowledged it. */
const calls = (incident: Incident | null, alerts: readonly Alert[]): incident is Incident =>
  incident !== null && alerts.length === 0 && incident.state === "new";

/** What of a case wants to be heard. */
export const calling = (one: Case): (Alert | Incident)[] => (calls(one.incident, one.alerts) ? [one.incident] : one.alerts.filter(announces));

/** Whether what is left of an incident is to finish it: its alerts are over and somebody has it in hand. */
const isToFinish = (incident: Incident, alerts: readonly Alert[]): boolean =>
  alerts.length === 0 && !isUnanswered(incident.state) && (incident.alerts.length > 0 || incident.state === "handled");

/** When an alert last wanted to be heard. */
export const calledAt = (alert: Alert): string => (alert.sounded > 1 && alert.last_sounded_at) || alert.raised_at;

/** Cases from what is open. `settled` are alerts whose incident is over. */
export function grouped(
  alerts: Iterable<Alert>, incidents: Iterable<Incident>, incidentByAlert: ReadonlyMap<number, number>, settled: ReadonlySet<number>,
): Case[] {
  const own = new Map<number, Alert[]>();
  const made: Case[] = [];
  for (const alert of alerts) {
    const incident = incidentByAlert.get(alert.id);
    if (incident === undefined) made.push(caseOf(null, [alert], settled));
    else {
      const known = own.get(incident);
      if (known) known.push(alert);
      else own.set(incident, [alert]);
    }
  }
  for (const incident of incidents) made.push(caseOf(incident, own.get(incident.id) ?? [], settled));
  return made;
}

function caseOf(incident: Incident | null, alerts: Alert[], settled: ReadonlySet<number>): Case {
  const called = new Map(alerts.map((alert) => [alert.id, Date.parse(calledAt(alert))]));
  alerts.sort((a, b) => compare(a.priority, b.priority) || (called.get(b.id) ?? 0) - (called.get(a.id) ?? 0) || b.id - a.id);
  const first = alerts[0];
  const done = incident === null && alerts.every((alert) => alert.acknowledged && settled.has(alert.id));
  const quiet = incident === null && alerts.every(isQuiet);
  return {
    key: incident === null ? `alert-${first?.id}` : `incident-${incident.id}`,
    incident,
    alerts,
    priority: (incident?.priority ?? first?.priority ?? "P4") as Priority,
    drill: incident?.drill ?? first?.drill ?? false,
    unacknowledged: alerts.some(announces) || calls(incident, alerts),
    calledMs: alerts.length > 0 ? Math.max(...called.values()) : Date.parse(incident?.opened_at ?? ""),
    shelf: quiet ? "quiet" : done || (incident !== null && isToFinish(incident, alerts)) ? "closing" : "open",
  };
}

/** By code: thousands are compared with each change, and `localeCompare` would take its time. */
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The most urgent first, real before practised, what nobody has acknowledged before what somebody has; then what called last. */
export const byUrgency = (a: Case, b: Case): number =>
  compare(a.priority, b.priority) || Number(a.drill) - Number(b.drill) ||
  Number(b.unacknowledged) - Number(a.unacknowledged) || b.calledMs - a.calledMs || compare(b.key, a.key);
