// The queue as the page shows it, and when it is sent: at once, when the network is back, on focus, every few seconds.

import { computed, shallowRef } from "vue";
import { Problem } from "@/api/problem";
import { me } from "@/session/session";
import type { Done, Entry } from "./entry";
import * as queue from "./queue";
import { send, whoIsIn } from "./send";

const AGAIN_MS = 10_000;
export const SYNC = "anxin-queue";

/** What I did that the station does not know yet, refused things included; oldest first. */
export const entries = shallowRef<Entry[]>([]);
export const waiting = computed(() => entries.value.filter((entry) => entry.refused === null));
export const refused = computed(() => entries.value.filter((entry) => entry.refused !== null));
/** What was said of a refused entry, in words. */
export const sentence = (entry: Entry): string =>
  entry.refused === null ? "" : new Problem(entry.refused.status, entry.refused.told).message;

type Taken = (incident: number, answer: unknown) => void;
let onTaken: Taken = () => {};
let onLogin: () => void = () => {};
let onOther: () => void = () => {};
let timer: ReturnType<typeof setInterval> | undefined;
let running: Promise<void> | null = null;
let again = false;
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("anxin.phone");

/** Begin to send what waits; `taken` hears what was said about which incident, and its answer; `login` that nobody is in, `other` that somebody else is. */
export function start(heard: { taken: Taken; login(): void; other(): void }): void {
  stop();
  onOther = heard.other;
  onTaken = heard.taken;
  onLogin = heard.login;
  timer = setInterval(() => waiting.value.length > 0 && document.visibilityState === "visible" && void flush(), AGAIN_MS);
  for (const event of ["online", "focus"]) addEventListener(event, flushed);
  // The service worker, or another window, has sent something of mine.
  if (channel !== null) channel.onmessage = () => void reread();
  void reread().then(flush);
}

/** Show and send nothing more; what waits stays for its owner. */
export function stop(): void {
  clearInterval(timer);
  for (const event of ["online", "focus"]) removeEventListener(event, flushed);
  if (channel !== null) channel.onmessage = null;
  entries.value = [];
}

/** Do something, all of it or nothing: kept first, then sent when that is possible. Rejects when the phone has no room for it. */
export async function act(...dones: readonly Omit<Done, "user">[]): Promise<void> {
  const user = me.value?.username;
  if (user === undefined) throw new Problem(401, null);
  await queue.putAll(dones.map((done) => ({ ...done, user })));
  await reread();
  void flush();
  void inBackground();
}

/** I have read why it was refused. */
export async function dismiss(entry: Entry): Promise<void> {
  if (entry.n !== undefined) await queue.dismiss(entry.user, entry.n);
  await reread();
}

/** Send what waits now; a call meanwhile sends once more. */
export async function flush(): Promise<void> {
  if (running !== null) {
    again = true;
    return running;
  }
  running = run().finally(() => (running = null));
  await running;
  if (again) {
    again = false;
    await flush();
  }
}

async function run(): Promise<void> {
  const user = me.value?.username;
  if (user === undefined) return;
  await reread(); // another window may have sent it
  if (waiting.value.length === 0) return;
  const who = await whoIsIn();
  if (who === "nobody") return onLogin();
  if (who === null) return; // no network
  if (who.username !== user) return onOther(); // it waits for its owner
  const ended = await queue.replay(user, async (entry) => {
    const outcome = await send(entry);
    const incident = outcome.what === "taken" ? outcome.incident ?? entry.incident : outcome.what === "refused" ? entry.incident : null;
    // Before it leaves the queue: what is shown never falls back to the state before.
    if (incident !== null) onTaken(incident, outcome.what === "taken" ? outcome.answer : undefined);
    return outcome;
  });
  await reread();
  channel?.postMessage("sent");
  if (ended === "login" && me.value?.username === user) onLogin();
}

async function reread(): Promise<void> {
  const user = me.value?.username;
  const found = user === undefined ? [] : await queue.entriesOf(user).catch(() => []);
  if (me.value?.username === user) entries.value = found;
}

const flushed = (): void => void flush();

/** Let the browser send it even when this page is closed, where it can. */
async function inBackground(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration("/m");
    await (registration as { sync?: { register(tag: string): Promise<void> } } | undefined)?.sync?.register(SYNC);
  } catch {
    // not on this phone
  }
}
