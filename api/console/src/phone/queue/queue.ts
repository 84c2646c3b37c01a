// The offline queue: what was done on the phone, in order, until the station has it or its owner has read why not.
//
// An entry leaves the queue in two ways only: the API took it, or its owner dismissed it after it was refused. A crash
// between being taken and leaving sends it again, which the API answers as the first time.

import { store } from "../store";
import { entryOf, type Done, type Entry, type Refused } from "./entry";

/** What became of one attempt. `later`: nobody answered, or somebody who cannot now; `login`: nobody is logged in. */
export type Outcome =
  | { what: "taken"; incident?: number; answer?: unknown }
  | { what: "refused"; refused: Refused }
  | { what: "later" }
  | { what: "failed"; refused: Refused }
  | { what: "login" };
export type Send = (entry: Entry) => Promise<Outcome>;
/** How a replay ended: everything settled, something still waits, or somebody has to log in. */
export type Replayed = "settled" | "waiting" | "login";

/** A server that fails over one entry this often is told nothing more of it: the others wait behind it. */
const MOST_FAILURES = 5;
const LOCK = "anxin.phone.queue";
let alone: Promise<unknown> = Promise.resolve();

/** Put something at the end of the queue. Rejects when the phone cannot keep it. */
export async function put(done: Done): Promise<Entry> {
  const [entry] = await putAll([done]);
  return entry!;
}

/** Put several things there, all of them or none. */
export async function putAll(dones: readonly Done[]): Promise<Entry[]> {
  const moving = (await store()).transaction("queue", "readwrite");
  const put: Entry[] = [];
  try {
    for (const entry of dones.map(entryOf)) put.push({ ...entry, n: await moving.store.add(entry) });
  } catch (problem) {
    moving.done.catch(() => {}); // it is this problem that is told
    moving.abort();
    throw problem;
  }
  await moving.done;
  return put;
}

/** What somebody has in the queue, oldest first, refused ones included. */
export async function entriesOf(user: string): Promise<Entry[]> {
  const found = await (await store()).getAllFromIndex("queue", "user", user);
  return found.sort((a, b) => (a.n ?? 0) - (b.n ?? 0));
}

/** Let go of a refused entry its owner has read about; one that waits is not let go of. */
export async function dismiss(user: string, n: number): Promise<void> {
  const moving = (await store()).transaction("queue", "readwrite");
  const entry = await moving.store.get(n);
  if (entry?.user === user && entry.refused !== null) await moving.store.delete(n);
  await moving.done;
}

/** Let go of everything somebody has in it, because they said so. */
export async function discard(user: string): Promise<void> {
  const moving = (await store()).transaction("queue", "readwrite");
  for (const n of await moving.store.index("user").getAllKeys(user)) await moving.store.delete(n);
  await moving.done;
}

/** Send what waits of somebody, one after the other; page and service worker never both at once. */
export function replay(user: string, send: Send): Promise<Replayed> {
  return exclusively(async () => {
    let ended: Replayed = "settled";
    for (let last = 0; ; ) {
      // A picture of a report that has no number yet waits for that.
      const entry = (await entriesOf(user)).find((one) => one.refused === null && (one.n ?? 0) > last && !(one.kind === "attachment" && one.incident === null));
      if (entry?.n === undefined) return ended;
      last = entry.n;
      const outcome = await send(entry);
      if (outcome.what === "login") return "login";
      if (outcome.what === "later") {
        if (entry.kind !== "attachment") return "waiting";
        // A picture that does not get through a thin line keeps no step waiting: nothing is done on top of it.
        ended = "waiting";
        continue;
      }
      if (outcome.what === "failed" && entry.failures + 1 < MOST_FAILURES) {
        await change(entry.n, (one) => ({ ...one, failures: one.failures + 1 }));
        return "waiting";
      }
      if (outcome.what === "taken") await settle(entry, outcome.incident);
      else await refuse(entry, outcome.refused);
    }
  });
}

/** It was taken: let go of it, and let what belongs to a report follow the number it got. */
async function settle(entry: Entry, incident: number | undefined): Promise<void> {
  const moving = (await store()).transaction("queue", "readwrite");
  await moving.store.delete(entry.n ?? 0);
  for (let cursor = await moving.store.index("user").openCursor(entry.user); cursor !== null; cursor = await cursor.continue()) {
    const next = follows(cursor.value, entry, incident);
    if (next !== null) await cursor.update(next);
  }
  await moving.done;
}

function follows(one: Entry, taken: Entry, incident: number | undefined): Entry | null {
  if (taken.kind === "report" && one.report === taken.clientId && incident !== undefined) return { ...one, incident, report: null };
  return null;
}

/** It was refused: keep it and what hangs on it, with the reason, until its owner has read that. */
async function refuse(entry: Entry, refused: Refused): Promise<void> {
  const moving = (await store()).transaction("queue", "readwrite");
  for (let cursor = await moving.store.index("user").openCursor(entry.user); cursor !== null; cursor = await cursor.continue()) {
    const one = cursor.value;
    if (one.n === entry.n || (entry.kind === "report" && one.report === entry.clientId)) await cursor.update({ ...one, refused });
  }
  await moving.done;
}

async function change(n: number, how: (entry: Entry) => Entry): Promise<void> {
  const moving = (await store()).transaction("queue", "readwrite");
  const entry = await moving.store.get(n);
  if (entry !== undefined) await moving.store.put(how(entry));
  await moving.done;
}

function exclusively<T>(act: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks as LockManager | null | undefined; // plain http from another machine has none
  if (locks) return locks.request(LOCK, act) as Promise<T>;
  const mine = alone.then(act, act);
  alone = mine.catch(() => undefined);
  return mine;
}
