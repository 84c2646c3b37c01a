// The incidents on the phone: fetched, followed while the page is looked at, and the last copy of them without a network.

import { computed, shallowRef } from "vue";
import { all, api, got } from "@/api/client";
import { now } from "@/api/clock";
import { messageOf } from "@/api/problem";
import { isOver } from "@/api/states";
import type { Alert, Area, Incident, IncidentWhole, Place, User } from "@/api/types";
import { may, me } from "@/session/session";
import { fetchedOrKept, isAway, keep, kept, prune, type Found } from "./copies";
import { isMine, ordered } from "./next";

/** What is shown of an incident that is opened. */
export interface Opened {
  incident: IncidentWhole;
  alerts: Alert[];
}
export type { Found };

const MOST = 200;
const MOST_ALERTS = 3;
const AHEAD = 8;
const SOON_MS = 300;

const incidents = shallowRef<ReadonlyMap<number, Incident>>(new Map());
/** When the list was true, and whether that is now; null before anything is known. */
export const asOf = shallowRef<{ at: number; fresh: boolean } | null>(null);
export const problem = shallowRef("");
/** Grows when an opened incident may have changed. */
export const changed = shallowRef<{ id: number | "all"; n: number }>({ id: "all", n: 0 });
const places = shallowRef<ReadonlyMap<string, Place>>(new Map());
const areas = shallowRef<ReadonlyMap<string, Area>>(new Map());
const users = shallowRef<ReadonlyMap<string, User>>(new Map());

export const lists = computed(() => ordered([...incidents.value.values()], me.value?.username ?? ""));
export const areaName = (id: string | null): string => (id === null ? "" : areas.value.get(id)?.name ?? id);
export const userName = (id: string): string => users.value.get(id)?.name ?? (id === me.value?.username ? me.value.name : id);
export const placeOf = (id: string | null): Place | undefined => (id === null ? undefined : places.value.get(id));
export const allAreas = computed(() => [...areas.value.values()]);
export const allUsers = computed(() => [...users.value.values()]);
export const incidentOf = (id: number): Incident | undefined => incidents.value.get(id);

/** What was said since the lists were asked for. */
let said = new Map<number, Incident>();
let source: EventSource | null = null;
let loading: Promise<void> | null = null;
let loadsAgain = false;
let soon: ReturnType<typeof setTimeout> | undefined;

/** Follow what happens from log-in to `stop`. */
export function start(): void {
  document.addEventListener("visibilitychange", onLook);
  addEventListener("online", onLook);
  void onLook();
}

/** Follow no more and forget what was shown. */
export function stop(): void {
  document.removeEventListener("visibilitychange", onLook);
  removeEventListener("online", onLook);
  source?.close();
  source = null;
  clearTimeout(soon);
  for (const shelf of [incidents, places, areas, users]) shelf.value = new Map<never, never>();
  asOf.value = null;
  problem.value = "";
}

/** Looked at: fetch and follow. Put away: a connection nobody looks at only empties the battery. */
async function onLook(): Promise<void> {
  if (document.visibilityState !== "visible") {
    source?.close();
    source = null;
    return;
  }
  follow();
  await load();
}

/** Fetch the lists anew; what cannot be fetched is shown as it was. Asked for while it happens, it happens once more. */
export async function load(): Promise<void> {
  if (loading !== null) {
    loadsAgain = true;
    return loading;
  }
  loading = (async () => {
    do {
      loadsAgain = false;
      await fetchLists();
    } while (loadsAgain);
  })().finally(() => (loading = null));
  return loading;
}

async function fetchLists(): Promise<void> {
  const user = me.value?.username;
  if (user === undefined) return;
  said = new Map();
  try {
    const found = await fetchedOrKept(user, "incidents", async () => {
      // In a flood the newest are not the most urgent: mine and every P1 are asked for by themselves.
      const [open, mine, urgent] = await Promise.all([
        got(api.GET("/api/v1/incidents", { params: { query: { state: "open", limit: MOST } } })),
        got(api.GET("/api/v1/incidents", { params: { query: { state: "open", assignee: "me", limit: MOST } } })),
        got(api.GET("/api/v1/incidents", { params: { query: { state: "open", priority: "P1", limit: MOST } } })),
      ]);
      return [...new Map([...open.items, ...urgent.items, ...mine.items].map((one) => [one.id, one])).values()];
    });
    if (me.value?.username !== user) return;
    incidents.value = new Map(found.body.map((incident) => [incident.id, incident]));
    asOf.value = found;
    // What was said while they were on their way, an answer or a frame, is newer than they are, or told in them.
    for (const incident of said.values()) put(incident);
    problem.value = "";
    changed.value = { id: "all", n: changed.value.n + 1 };
    await names(user);
    if (found.fresh) void ahead(user);
  } catch (failed) {
    problem.value = messageOf(failed);
  }
}

/** Names of areas, people, and of the places of what is on the list: a phone fetches little. */
async function names(user: string): Promise<void> {
  if (areas.value.size === 0 || asOf.value?.fresh) {
    const found = await fetchedOrKept(user, "areas", async () => (await got(api.GET("/api/v1/areas"))).items).catch(() => null);
    if (found !== null) areas.value = new Map(found.body.map((area) => [area.id, area]));
  }
  if (users.value.size === 0 && may("incidents.note")) {
    const found = await fetchedOrKept(user, "users", async () => (await got(api.GET("/api/v1/users"))).items).catch(() => null);
    if (found !== null) users.value = new Map(found.body.map((one) => [one.id, one]));
  }
  await Promise.all([...new Set([...incidents.value.values()].filter((one) => one.place && !places.value.has(one.place)).map((one) => one.area))]
    .map((area) => (area === null ? undefined : placesOf(area).catch(() => undefined))));
}

/** The places of an area: the last copy when there is one from today, fetched otherwise. Throws `Problem`. */
export async function placesOf(area: string): Promise<Place[]> {
  const user = me.value?.username ?? "";
  const copy = await kept<Place[]>(user, `places ${area}`);
  const found = copy !== null && now() - copy.at < 86_400_000 ? copy
    : await fetchedOrKept(user, `places ${area}`, () => all((after) => api.GET("/api/v1/places", { params: { query: { area, limit: 1000, after } } })));
  places.value = new Map([...places.value, ...found.body.map((place) => [place.id, place] as const)]);
  return found.body;
}

/** An incident with its alerts; without a network as it was when it was last fetched. Throws `Problem`. */
export async function open(id: number): Promise<Found<Opened>> {
  const user = me.value?.username ?? "";
  const found = await fetchedOrKept(user, `incident ${id}`, () => whole(id));
  const { area, place } = found.body.incident;
  if (area !== null && place !== null && !places.value.has(place)) await placesOf(area).catch(() => []);
  return found;
}

async function whole(id: number): Promise<Opened> {
  const incident = await got(api.GET("/api/v1/incidents/{incident_id}", { params: { path: { incident_id: id } } }));
  const alerts = await Promise.all(incident.alerts.slice(-MOST_ALERTS).map((alert_id) =>
    got(api.GET("/api/v1/alerts/{alert_id}", { params: { path: { alert_id } } }))));
  return { incident, alerts };
}

/** Have what is mine at hand before the stairwell: it opens without a network then. */
async function ahead(user: string): Promise<void> {
  const wanted = new Set([...incidents.value.keys()].map((id) => `incident ${id}`));
  await prune(user, (name) => name.startsWith("incident ") && !wanted.has(name));
  for (const one of lists.value.mine.slice(0, AHEAD)) {
    const copy = await kept<Opened>(user, `incident ${one.id}`);
    if (copy !== null && copy.body.incident.version >= one.version) continue;
    try {
      await keep(user, `incident ${one.id}`, await whole(one.id), now());
    } catch (failed) {
      if (isAway(failed)) return;
    }
  }
}

/** Something was said about an incident: take over the answer, have what is opened fetched anew. */
export function heard(id: number, answer: unknown): void {
  if (answer !== undefined) apply(answer as Incident);
  else changed.value = { id, n: changed.value.n + 1 };
}

/** Put an incident onto the list, or take it off, unless what is there is newer; returns whether it was not. */
function put(incident: Incident): boolean {
  const known = incidents.value.get(incident.id);
  if (known !== undefined && known.version > incident.version) return false;
  const next = new Map(incidents.value);
  if (isOver(incident.state)) next.delete(incident.id);
  else next.set(incident.id, incident);
  incidents.value = next;
  return true;
}

/** Take over an incident as the stream or an answer says it. */
function apply(incident: Incident): void {
  if (loading !== null && (said.get(incident.id)?.version ?? -1) <= incident.version) said.set(incident.id, incident);
  if (!put(incident)) return;
  // One that is new makes no old list new.
  if (asOf.value?.fresh) asOf.value = { at: now(), fresh: true };
  changed.value = { id: incident.id, n: changed.value.n + 1 };
  clearTimeout(soon);
  const user = me.value?.username;
  if (user === undefined) return;
  soon = setTimeout(() => {
    void keep(user, "incidents", [...incidents.value.values()], now());
    void names(user);
    if (isMine(incident, user)) void ahead(user);
  }, SOON_MS);
}

function follow(): void {
  source?.close();
  const opened = new EventSource("/api/v1/stream");
  source = opened;
  let broken = false;
  opened.addEventListener("incident", (event) => source === opened && apply(JSON.parse((event as MessageEvent<string>).data) as Incident));
  for (const anew of ["hello", "reset"]) opened.addEventListener(anew, () => source === opened && broken && void load());
  opened.addEventListener("heartbeat", () => (asOf.value = asOf.value?.fresh ? { at: now(), fresh: true } : asOf.value));
  opened.onopen = () => {
    if (broken && source === opened) void load();
    broken = false;
  };
  opened.onerror = () => {
    if (source !== opened) return;
    broken = true;
    if (asOf.value !== null) asOf.value = { ...asOf.value, fresh: false };
    if (opened.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    source = null;
    setTimeout(() => {
      if (source !== null || document.visibilityState !== "visible" || !me.value) return;
      follow();
      void load();
    }, 5000);
  };
}
