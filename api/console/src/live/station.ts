// What the console knows: open alerts, open incidents, work items, and names. Lists replace it, frames change it.

import { computed, shallowRef } from "vue";
import { all, api, got } from "@/api/client";
import { now } from "@/api/clock";
import { isOver } from "@/api/states";
import type { Alert, Area, Device, Incident, PictureCame, Place, Rule, User } from "@/api/types";
import { may, me } from "@/session/session";
import { named, said, t, type Said } from "@/words";
import type { Kind } from "./stream";
import { announces, byUrgency, calling, grouped, type Case } from "./cases";

const MOST_ENDED = 20;
const LONGEST_WAIT_MS = 3_600_000;

const alerts = new Map<number, Alert>();
const incidents = new Map<number, Incident>();
const work = new Map<number, Alert>();
/** The open incident of an alert, by the alert's id. */
const incidentByAlert = new Map<number, number>();
/** Open alerts whose incident is over: what is left is to reset them, or to wait for them to clear. */
const settled = new Set<number>();
/** How often each alert has sounded, as far as this console has told its operator. */
const sounded = new Map<number, number>();
let ended: Alert[] = [];
const places = new Map<string, Place>();
const areas = new Map<string, Area>();
const devices = new Map<string, Device>();
const rules = new Map<string, Rule>();
const users = new Map<string, User>();

/** Grows with every change; whoever reads what is kept above through the functions below depends on it. */
const version = shallowRef(0);
export const isLoaded = shallowRef(false);

type Frame = [kind: Kind, body: never];
/** Frames that came while lists were being fetched, to be applied to those too; null when none are. */
let waiting: Frame[] | null = null;
let loads = 0;
let touched = new Set<string>();
let notifying = false;
const onChanges: ((what: ReadonlySet<string>) => void)[] = [];
const onRaises: ((what: Alert | Incident) => void)[] = [];
/** The incidents that call for themselves, as far as this console has told its operator. */
const called = new Set<number>();
/** Until when this console waits for the first shelf to run out. */
let shelved: ReturnType<typeof setTimeout> | undefined;

/** Call `listener` after something changed, once for many changes, with the set of what did: `alert 7`, or `all`. */
export function onChange(listener: (what: ReadonlySet<string>) => void): () => void {
  onChanges.push(listener);
  return () => onChanges.splice(onChanges.indexOf(listener), 1);
}

/** Call `listener` at once for each alert that sounds, a new one or an old one again, and for each incident that calls for itself. */
export function onRaise(listener: (what: Alert | Incident) => void): () => void {
  onRaises.push(listener);
  return () => onRaises.splice(onRaises.indexOf(listener), 1);
}

/** Fetch everything anew. Frames that come meanwhile are applied to what was fetched. Throws `Problem`. */
export async function load(): Promise<void> {
  const mine = ++loads;
  waiting ??= [];
  const [openAlerts, openIncidents, openWork, lately, allPlaces, allDevices, allAreas, allRules, allUsers] = await Promise.all([
    all((before) => api.GET("/api/v1/alerts", { params: { query: { state: "open", limit: 500, before } } })),
    all((before) => api.GET("/api/v1/incidents", { params: { query: { state: "open", limit: 500, before } } })),
    all((before) => api.GET("/api/v1/work-items", { params: { query: { state: "open", limit: 500, before } } })),
    got(api.GET("/api/v1/alerts", { params: { query: { state: "ended", limit: MOST_ENDED } } })),
    all((after) => api.GET("/api/v1/places", { params: { query: { limit: 1000, after } } })),
    all((after) => api.GET("/api/v1/devices", { params: { query: { limit: 1000, after } } })),
    got(api.GET("/api/v1/areas")),
    got(api.GET("/api/v1/rules")),
    // Names of people are for those who act on incidents; everybody else sees ids.
    may("incidents.sign") ? got(api.GET("/api/v1/users")) : Promise.resolve({ items: [] as User[] }),
  ]);
  if (mine !== loads) return; // a newer load is under way
  fill(alerts, openAlerts);
  fill(incidents, openIncidents);
  fill(work, openWork);
  ended = lately.items;
  fill(places, allPlaces);
  fill(devices, allDevices);
  fill(areas, allAreas.items);
  fill(rules, allRules.items);
  users.clear();
  for (const user of allUsers.items) users.set(user.id, user);
  incidentByAlert.clear();
  for (const incident of openIncidents) for (const id of incident.alerts) incidentByAlert.set(id, incident.id);
  settled.clear();
  for (const alert of openAlerts) if (alert.sounded > 0 && !incidentByAlert.has(alert.id)) settled.add(alert.id);
  const raised = [...openAlerts.filter((alert) => hears(alert)), ...openIncidents.filter((incident) => hearsOf(incident))];
  const first = !isLoaded.value;
  isLoaded.value = true;
  const late = waiting ?? [];
  waiting = null;
  // What stood when the shift began is on the list and in the repeating tones; only what is new is told as news.
  if (!first) for (const what of raised) raise(what);
  for (const [kind, body] of late) apply(kind, body);
  changed("all");
}

/** Fetch the rules that run anew: which those are is no news of the stream. Throws `Problem`. */
export async function loadRules(): Promise<void> {
  fill(rules, (await got(api.GET("/api/v1/rules"))).items);
  changed("rules");
}

/** Take over one frame of the stream, or the API's answer to an act. Older news than what is known is ignored. */
export function apply(kind: Kind, body: Alert | Incident | PictureCame): void {
  if (kind === "picture") {
    changed(`pictures ${(body as PictureCame).alert}`); // no list holds it: whoever shows that alert asks
    return;
  }
  waiting?.push([kind, body as never]);
  if (!isLoaded.value) return;
  // Lists that cannot be fetched anew keep nothing that is news from being heard.
  if (kind === "incident") applyIncident(body as Incident);
  else if (kind === "alert") applyAlert(body as Alert);
  else {
    const item = body as Alert;
    if ((work.get(item.id)?.version ?? -1) > item.version) return;
    if (item.state === "ended") work.delete(item.id);
    else work.set(item.id, item);
    changed(`work_item ${item.id}`);
  }
}

function applyIncident(incident: Incident): void {
  if ((incidents.get(incident.id)?.version ?? -1) > incident.version) return;
  const over = isOver(incident.state);
  if (over) incidents.delete(incident.id);
  else incidents.set(incident.id, incident);
  for (const id of incident.alerts) {
    if (!over) incidentByAlert.set(id, incident.id);
    else if (incidentByAlert.get(id) === incident.id) incidentByAlert.delete(id);
    if (incidentByAlert.has(id)) settled.delete(id);
    else settled.add(id);
  }
  if (hearsOf(incident)) raise(incident);
  changed(`incident ${incident.id}`);
}

function applyAlert(alert: Alert): void {
  const before = alerts.get(alert.id) ?? ended.find((known) => known.id === alert.id);
  if (before !== undefined && before.version > alert.version) return;
  ended = ended.filter((known) => known.id !== alert.id);
  if (alert.state === "ended") {
    alerts.delete(alert.id);
    ended = [alert, ...ended].slice(0, MOST_ENDED);
  } else alerts.set(alert.id, alert);
  if (hears(alert)) raise(alert);
  changed(`alert ${alert.id}`);
}

/** Have whatever shows this alert or incident fetched anew. */
export const touch = (kind: "alert" | "incident", id: number): void => changed(`${kind} ${id}`);

/** Forget everything: nobody is logged in. */
export function forget(): void {
  loads += 1;
  waiting = null;
  isLoaded.value = false;
  ended = [];
  for (const shelf of [alerts, incidents, work, incidentByAlert, settled, sounded, called]) shelf.clear();
  changed("all");
}

// ── what is known, reactive ─────────────────────────────────────────────────────────────────────────────

const following = <T>(read: () => T) => computed(() => (version.value, read()));

/** Open cases, the most urgent first: an incident with its alerts, or an alert without one. */
export const cases = following((): Case[] =>
  grouped([...alerts.values()], [...incidents.values()], incidentByAlert, settled).sort(byUrgency));
/** What wants to be heard, the most urgent first: open alerts, and incidents that nobody has taken and no alert speaks for. */
export const unacknowledged = following(() =>
  cases.value.flatMap(calling)
    .sort((a, b) => Number(a.priority > b.priority) - Number(a.priority < b.priority) || Number(a.drill) - Number(b.drill)));
export const endedAlerts = following(() => ended);
export const workItems = following(() => [...work.values()].sort((a, b) => b.id - a.id));
export const allPlaces = following(() => [...places.values()]);
export const allAreas = following(() => [...areas.values()]);
export const allDevices = following(() => [...devices.values()]);
export const allRules = following(() => [...rules.values()]);
export const allUsers = following(() => [...users.values()]);

const read = <T>(value: T): T => (void version.value, value);

export const alertOf = (id: number): Alert | undefined => read(alerts.get(id) ?? ended.find((alert) => alert.id === id));
export const incidentOf = (id: number): Incident | undefined => read(incidents.get(id));
export const openIncidentOf = (alert: number): Incident | undefined => read(incidents.get(incidentByAlert.get(alert) ?? -1));
export const placeOf = (id: string | null | undefined): Place | undefined => read(places.get(id ?? ""));
export const deviceOf = (id: string | null | undefined): Device | undefined => read(devices.get(id ?? ""));
export const areaOf = (id: string | null | undefined): Area | undefined => read(areas.get(id ?? ""));
/** A rule as it runs: its record, kind and words. */
export const ruleOf = (id: string): Rule["definition"] | undefined => read(rules.get(id)?.definition);
export const deviceName = (id: string | null | undefined): string => deviceOf(id)?.name ?? id ?? "";
/** Whether whoever is logged in has opened this incident by hand: they need not be told of it. */
export const isMine = (what: Alert | Incident): boolean => "opened_by" in what && what.opened_by !== null && what.opened_by === me.value?.username;
/** Whether an alert's incident is over while the alert itself still stands. */
export const isSettled = (alert: Alert): boolean => read(settled.has(alert.id)) && alert.state !== "ended";

/** A person by name and role, where one may know it; else by id. */
export function userName(id: string | null | undefined): string {
  const user = read(users.get(id ?? ""));
  return user ? t("user", { name: user.name, role: named("role", user.role) }) : named("actor", id);
}

/** Where something is: the place, then its areas from the inside out. */
export function where(thing: { place?: string | null; area?: string | null }): string {
  const parts = [placeOf(thing.place)?.name ?? thing.place ?? t("where.unknown")];
  const met = new Set<string>();
  for (let area = thing.area; area && !met.has(area); area = areas.get(area)?.parent) {
    met.add(area);
    // Areas above one's own are not everybody's to see: they are left out, not shown as codes.
    if (areas.has(area) || met.size === 1) parts.push(areas.get(area)?.name ?? area);
  }
  // A mall is a place and a grid of the same name: said once.
  return [...new Set(parts)].join(" · ");
}

/** Why an alert was kept quiet, in words: by a reason of ours, or by the alert of another rule. */
export function whyQuiet(reason: string): string {
  const told = named("quiet", reason);
  return told === reason ? said(ruleOf(reason)?.title as Said | undefined) || reason : told;
}

// ── inside ──────────────────────────────────────────────────────────────────────────────────────────────

/** Whether this is a sounding the operator has not been told of; from now on they have. */
function hears(alert: Alert): boolean {
  const fresh = announces(alert) && (sounded.get(alert.id) ?? 0) < alert.sounded;
  if (alert.state === "ended") sounded.delete(alert.id);
  else sounded.set(alert.id, Math.max(alert.sounded, sounded.get(alert.id) ?? 0));
  return fresh;
}

/** Whether this is an incident without an alert, opened by somebody else, of which the operator has not been told. */
function hearsOf(incident: Incident): boolean {
  if (incident.state !== "new") {
    called.delete(incident.id);
    return false;
  }
  if (incident.alerts.length > 0 || called.has(incident.id)) return false;
  called.add(incident.id);
  return !isMine(incident);
}

function raise(what: Alert | Incident): void {
  for (const listener of [...onRaises]) listener(what);
}

/** What was put aside comes back by the clock alone: the lists are made anew then. */
function wakeForShelves(): void {
  clearTimeout(shelved);
  let first = Infinity;
  for (const { shelved_until } of alerts.values()) {
    const at = shelved_until ? Date.parse(shelved_until) : 0;
    if (at > now()) first = Math.min(first, at);
  }
  if (first < Infinity) shelved = setTimeout(() => changed("shelves"), Math.min(first - now() + 1000, LONGEST_WAIT_MS));
}

function fill<K, T extends { id: K }>(shelf: Map<K, T>, items: readonly T[]): void {
  shelf.clear();
  for (const item of items) shelf.set(item.id, item);
}

function changed(what: string): void {
  touched.add(what);
  if (notifying) return;
  notifying = true;
  // Many frames in a row (a replay, a flood) are drawn once.
  setTimeout(() => {
    notifying = false;
    const told = touched;
    touched = new Set();
    version.value += 1;
    wakeForShelves();
    for (const listener of [...onChanges]) listener(told);
  }, 0);
}
