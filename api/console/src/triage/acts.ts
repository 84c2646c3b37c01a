// What an operator does about a case: each act is sent with the version seen, and said to be done once it is.

import { ref, shallowRef, watchEffect } from "vue";
import { now } from "@/api/clock";
import { api, got } from "@/api/client";
import { messageOf, Problem } from "@/api/problem";
import type { Alert, Incident } from "@/api/types";
import { announces, isUnacknowledged } from "@/live/cases";
import { alertOf, apply, cases, incidentOf, touch, userName, where } from "@/live/station";
import { may } from "@/session/session";
import { notice } from "@/shell/notices";
import { known, named, said, t } from "@/words";
import { moment } from "@/words/time";
import { chosen, type Chosen } from "./chosen";

/** The API takes an acknowledgement back within 30 s; the button stands for 10. */
const UNDO_MS = 10_000;

/** An act is on its way. */
export const busy = ref(false);
/** What went wrong with the last one; empty when nothing did. */
export const complaint = ref("");
/** What the key U takes back; null when nothing can be. */
export const undoing = shallowRef<(() => void) | null>(null);

/** What goes with every step: the version seen, and when it was done by this desk's clock. */
export const step = (incident: Incident): { version: number; client_at: string } => ({
  version: incident.version, client_at: new Date(now()).toISOString(),
});

/** A refusal in words: of one who was slower, who was faster, with what, and when. */
export function refusal(problem: unknown): string {
  if (!(problem instanceof Problem) || problem.status !== 409 || typeof problem.told["by"] !== "string") return messageOf(problem);
  const { by, act, at, state, merged_into } = problem.told as Record<string, string | number | undefined>;
  const told = { who: userName(String(by)), act: named("step", String(act)), at: moment(String(at)), state: named("incident", String(state)) };
  return merged_into === undefined ? t("act.overtaken", told) : t("act.overtaken_merged", { ...told, into: merged_into });
}

/** What a notice calls a thing. */
export const nameOf = (about: Alert | Incident): string => `${said(about.title)}${t("comma")}${where(about)}`;

/**
 * Do an act, take its answer over, and say that it is done: `act.done.<name>`, or what `tell` makes of the answer.
 * Returns whether it was. Whatever happened, here or at another desk, what shows `about` is fetched anew.
 */
export async function run<T>(name: string, about: Alert | Incident, doing: () => Promise<T>, tell?: (done: T) => string): Promise<boolean> {
  if (busy.value) return false;
  busy.value = true;
  complaint.value = "";
  try {
    const done = await doing();
    takeOver(done);
    const key = `act.done.${name}`;
    const told = tell ? tell(done) : known(key) ? t(key, { what: nameOf(about) }) : "";
    if (told) notice(told);
    return true;
  } catch (problem) {
    complaint.value = refusal(problem);
    if (!(problem instanceof Problem)) throw problem;
    return false;
  } finally {
    busy.value = false;
    touch("stream" in about ? "alert" : "incident", about.id);
  }
}

function takeOver(done: unknown): void {
  if (typeof done !== "object" || done === null || !("version" in done)) return;
  if ("stream" in done) apply("alert", done as Alert);
  else if ("alerts" in done && "state" in done) apply("incident", done as Incident);
}

/** Whether there is something to acknowledge: an alert nobody has, or an incident nobody has taken. */
export const canAcknowledge = (alerts: readonly Alert[], incident: Incident | null): boolean =>
  may("alerts.ack") && (alerts.some((alert) => alert.stream === "alert" && isUnacknowledged(alert)) || incident?.state === "new");

/** Acknowledge a case: every alert of it that nobody has; an incident without one is acknowledged itself. For ten seconds it can be undone. */
export async function acknowledge(alerts: readonly Alert[], incident: Incident | null): Promise<void> {
  if (!canAcknowledge(alerts, incident)) return;
  const open = alerts.filter((alert) => alert.stream === "alert" && isUnacknowledged(alert));
  const about = open[0] ?? incident;
  if (!about) return;
  const acknowledged = await run("", about, async () => {
    if (open.length === 0 && incident) {
      return got(api.POST("/api/v1/incidents/{incident_id}/ack", { params: { path: { incident_id: incident.id } }, body: step(incident) }));
    }
    for (const alert of open) apply("alert", await got(api.POST("/api/v1/alerts/{alert_id}/ack", { params: { path: { alert_id: alert.id } } })));
    return undefined;
  });
  if (!acknowledged) return;
  const act = (): void => void takeBack(open, incident, about);
  undoing.value = act;
  setTimeout(() => {
    if (undoing.value === act) undoing.value = null;
  }, UNDO_MS);
  notice(t("act.done.ack", { what: nameOf(about) }), { label: t("act.undo"), act }, UNDO_MS);
}

async function takeBack(open: readonly Alert[], incident: Incident | null, about: Alert | Incident): Promise<void> {
  undoing.value = null;
  const taken = await run("unack", about, async () => {
    if (open.length === 0 && incident) {
      return got(api.POST("/api/v1/incidents/{incident_id}/unack", { params: { path: { incident_id: incident.id } } }));
    }
    for (const alert of open) apply("alert", await got(api.POST("/api/v1/alerts/{alert_id}/unack", { params: { path: { alert_id: alert.id } } })));
    return undefined;
  });
  if (!taken) notice(complaint.value);
}

/** Wait until no act is under way. */
const free = (): Promise<void> => new Promise((done) => {
  const stop = watchEffect(() => {
    if (busy.value) return;
    done();
    void Promise.resolve().then(() => stop());
  }, { flush: "sync" });
});

/** Acknowledge a case: what the list's cursor, or the details, are on. What is refused is told wherever one looks. */
export async function acknowledgeRow(what: Chosen | null): Promise<void> {
  if (what === null) return;
  await free(); // no key gets lost because another act is under way
  const one = cases.value.find((known) => (what.incident === undefined ? known.alerts[0]?.id === what.alert && !known.incident : known.incident?.id === what.incident));
  const alert = what.alert === undefined ? undefined : alertOf(what.alert);
  const incident = what.incident === undefined ? undefined : incidentOf(what.incident);
  const loud = one?.alerts.filter((known) => announces(known) || isUnacknowledged(known));
  const before = complaint.value;
  await acknowledge(loud ?? (alert ? [alert] : []), one?.incident ?? incident ?? null);
  if (complaint.value !== "" && complaint.value !== before && chosen.value === null) notice(complaint.value);
}
