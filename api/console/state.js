// What the console knows: open alerts, open incidents, work items, and names. Lists replace it, frames change it.

import { all, get } from "./api.js";
import { span } from "./format.js";
import * as session from "./session.js";
import { named, t } from "./texts.js";

const MOST_ENDED = 20;
const OVER = new Set(["closed", "merged", "cancelled"]);
const KINDS = { alert: "alerts", incident: "incidents", work_item: "work" };

const alerts = new Map();
const incidents = new Map();
const work = new Map();
const known = { alerts, incidents, work };
/** Names by id: places, areas, devices, rules, users. */
const names = { places: new Map(), areas: new Map(), devices: new Map(), rules: new Map(), users: new Map() };
/** Open alerts whose incident is over: what is left is to reset them, or to wait for them to clear. */
const settled = new Set();
let ended = [];

const listeners = { change: [], raise: [] };
/** Frames that came while lists were being fetched; null when none are. */
let waiting = null;
let loads = 0;
let loaded = false;
/** How often each alert has sounded, as far as this console has told its operator. */
const sounded = new Map();
let notifying = false;

/** Call `listener` after something changed, once for many changes, with the set of what did: "alert 7", or "all". */
export const onChange = (listener) => listeners.change.push(listener);
/** Call `listener(alert)` at once for each alert that sounds: a new one, or an old one again. */
export const onRaise = (listener) => listeners.raise.push(listener);

/** Fetch everything anew. Frames that come meanwhile are applied to what was fetched. */
export async function load() {
  const mine = ++loads;
  waiting ??= [];
  const fetched = await Promise.all([
    all("alerts?state=open&limit=500", "before"),
    all("incidents?state=open&limit=500", "before"),
    all("work-items?state=open&limit=500", "before"),
    get(`alerts?state=ended&limit=${MOST_ENDED}`),
    all("places?limit=1000", "after"),
    all("devices?limit=1000", "after"),
    get("areas"),
    get("rules"),
    // Names of people are for those who act on incidents; everybody else sees ids.
    session.may("incidents.sign") ? get("users") : { items: [] },
  ]);
  if (mine !== loads) return; // a newer load is under way
  const [openAlerts, openIncidents, openWork, lately, places, devices, areas, rules, users] = fetched;
  fill(alerts, openAlerts);
  fill(incidents, openIncidents);
  fill(work, openWork);
  ended = lately.items;
  fill(names.places, places);
  fill(names.devices, devices);
  fill(names.areas, areas.items);
  fill(names.rules, rules.items);
  fill(names.users, users.items);
  settled.clear();
  for (const alert of openAlerts) if (alert.sounded > 0 && !openIncidentOf(alert.id)) settled.add(alert.id);
  const raised = openAlerts.filter((alert) => hears(alert));
  const first = !loaded;
  loaded = true;
  const late = waiting;
  waiting = null;
  // What stood when the shift began is on the list and in the repeating tones; only what is new is told as news.
  for (const alert of raised) if (!first) tell("raise", alert);
  for (const [kind, body] of late) apply(kind, body);
  changed();
}

/** Take over one frame of the stream, or the API's answer to an act. Older news than what is known is ignored. */
export function apply(kind, body) {
  if (waiting !== null) {
    waiting.push([kind, body]);
    return;
  }
  const shelf = known[KINDS[kind]];
  const before = shelf.get(body.id) ?? (kind === "alert" ? ended.find((alert) => alert.id === body.id) : undefined);
  if (before !== undefined && before.version > body.version) return;
  if (kind === "incident") {
    OVER.has(body.state) ? shelf.delete(body.id) : shelf.set(body.id, body);
    for (const id of body.alerts) openIncidentOf(id) ? settled.delete(id) : settled.add(id);
  }
  if (body.state === "ended" && kind !== "incident") shelf.delete(body.id);
  else if (kind !== "incident") shelf.set(body.id, body);
  if (kind === "alert") {
    ended = ended.filter((alert) => alert.id !== body.id);
    if (body.state === "ended") ended = [body, ...ended].slice(0, MOST_ENDED);
    if (hears(body)) tell("raise", body);
  }
  changed(kind, body);
}

/** Have whatever shows this alert fetched anew. */
export const touch = (id) => changed("alert", { id });

/** Forget everything: nobody is logged in. */
export function forget() {
  loads += 1;
  waiting = null;
  loaded = false;
  ended = [];
  for (const shelf of [alerts, incidents, work, sounded, settled]) shelf.clear();
  changed();
}

export const isLoaded = () => loaded;
export const alertOf = (id) => alerts.get(id) ?? ended.find((alert) => alert.id === id);
export const incidentOf = (id) => incidents.get(id);
export const ruleOf = (id) => names.rules.get(id)?.definition;
export const deviceName = (id) => names.devices.get(id)?.name ?? id ?? "";

/** A person by name and role, where one may know it; else by id. */
export function userName(id) {
  const user = names.users.get(id);
  return user ? t("user", { name: user.name, role: named("role", user.role) }) : named("actor", id);
}

/** Whether an alert misses a sign of life: then being away explains it. */
export const isOfSilence = (alert) => ["absence", "baseline"].includes(ruleOf(alert.rule)?.kind);

/**
 * Since when somebody of whom an alert misses a sign of life has been silent; null for any other alert. The alert's
 * own sentence stops at the limit that raised it.
 */
export function silentSince(alert) {
  const last = alert.explanation.facts?.last_seen;
  if (!alert.active || !isOfSilence(alert) || !/^[\d-]{10} [\d:]{8}$/.test(last)) return null;
  return `${last.replace(" ", "T")}+08:00`; // the station's own time, as the rule writes it
}

/** When an alert last wanted to be heard. */
export const calledAt = (alert) => (alert.sounded > 1 && alert.last_sounded_at) || alert.raised_at;

/** Whether an alert's incident is over while the alert itself still stands. */
export const isSettled = (alert) => settled.has(alert.id) && alert.state !== "ended";

/**
 * Open alerts: what is acknowledged and closed last; the most urgent first, real before practised, what nobody has
 * acknowledged before what somebody has; then what sounded last.
 */
export const openAlerts = () =>
  [...alerts.values()].sort(
    (a, b) =>
      isDone(a) - isDone(b) || a.priority.localeCompare(b.priority) || a.drill - b.drill ||
      a.acknowledged - b.acknowledged || Date.parse(calledAt(b)) - Date.parse(calledAt(a)) || b.id - a.id,
  );

const isDone = (alert) => alert.acknowledged && isSettled(alert);

/** Open alerts nobody has acknowledged, unless somebody put them aside. */
export const unacknowledged = () => openAlerts().filter((alert) => annunciates(alert));

/** Open incidents none of whose alerts is open any more: off the triage list, but still somebody's work. */
export const pendingIncidents = () =>
  [...incidents.values()]
    .filter((incident) => !incident.alerts.some((id) => alerts.has(id)))
    .sort((a, b) => a.priority.localeCompare(b.priority) || b.id - a.id);

export const endedAlerts = () => ended;
export const workItems = () => [...work.values()].sort((a, b) => b.id - a.id);

/** The open incident of an alert, if there is one. */
export const openIncidentOf = (id) => [...incidents.values()].find((incident) => incident.alerts.includes(id));

export const isUnacknowledged = (alert) => alert.state !== "ended" && !alert.acknowledged;

/** Where something is: the place, then its areas from the inside out. */
export function where(thing) {
  const parts = [names.places.get(thing.place)?.name ?? thing.place ?? t("where.unknown")];
  const met = new Set();
  for (let area = thing.area; area && !met.has(area); area = names.areas.get(area)?.parent) {
    met.add(area);
    // Areas above one's own are not everybody's to see: they are left out, not shown as codes.
    if (names.areas.has(area) || met.size === 1) parts.push(names.areas.get(area)?.name ?? area);
  }
  // A mall is a place and a grid of the same name: said once.
  return [...new Set(parts)].join(" · ");
}

function annunciates(alert) {
  return isUnacknowledged(alert) && !alert.suppressed_by && !(Date.parse(alert.shelved_until ?? "") > Date.now());
}

/** How long the phones' ladder waits for a signature, in words: by the newest incident's ladder, else as it ships. */
export const deadlines = () => ({ p1: span(lastRungOf("P1") || 30), p2: span(lastRungOf("P2") || 120) });

const lastRungOf = (priority) =>
  [...incidents.values()].findLast((incident) => incident.priority === priority)?.ladder.at(-1)?.after_s;

/** Whether this is a sounding the operator has not been told of; from now on they have. */
function hears(alert) {
  const fresh = annunciates(alert) && (sounded.get(alert.id) ?? 0) < alert.sounded;
  if (alert.state === "ended") sounded.delete(alert.id);
  else sounded.set(alert.id, Math.max(alert.sounded, sounded.get(alert.id) ?? 0));
  return fresh;
}

function fill(shelf, items) {
  shelf.clear();
  for (const item of items) shelf.set(item.id, item);
}

function tell(what, ...about) {
  for (const listener of listeners[what]) listener(...about);
}

let touched = [];

function changed(kind, body) {
  touched.push(kind === undefined ? "all" : `${kind} ${body.id}`);
  if (notifying) return;
  notifying = true;
  // Many frames in a row (a replay, a flood) are drawn once.
  setTimeout(() => {
    notifying = false;
    const what = new Set(touched);
    touched = [];
    tell("change", what);
  }, 0);
}
