// Last-known copies of what was fetched, by user: the phone opens without a network and says how old they are.
// Persons are never among them. All of a user's are gone after log-out.

import { now } from "@/api/clock";
import { Problem } from "@/api/problem";
import { me } from "@/session/session";
import { store } from "./store";

/** What was found, when it was fetched (server's ms), and whether that was just now. */
export interface Found<T> {
  body: T;
  at: number;
  fresh: boolean;
}

/** Fetch something and keep it; without a network the last copy of it. Throws `Problem` when there is neither. */
export async function fetchedOrKept<T>(user: string, name: string, fetch: () => Promise<T>): Promise<Found<T>> {
  try {
    const body = await fetch();
    const at = now();
    await keep(user, name, body, at);
    return { body, at, fresh: true };
  } catch (problem) {
    if (!isAway(problem)) throw problem;
    const copy = await kept<T>(user, name);
    if (copy === null) throw problem;
    return copy;
  }
}

/** Nobody answered, or somebody who cannot at the moment. */
export const isAway = (problem: unknown): boolean => problem instanceof Problem && (problem.status === 0 || problem.status >= 500);

/** Keep a copy; a phone without room for it goes on without. */
export async function keep(user: string, name: string, body: unknown, at: number): Promise<void> {
  try {
    const kept = await store();
    // What comes back after log-out is nobody's to keep.
    if (me.value?.username === user) await kept.put("copies", { user, name, at, body });
  } catch {
    // shown now, not kept for later
  }
}

/** The last copy, or null. */
export async function kept<T>(user: string, name: string): Promise<Found<T> | null> {
  try {
    const copy = await (await store()).get("copies", [user, name]);
    return copy === undefined ? null : { body: copy.body as T, at: copy.at, fresh: false };
  } catch {
    return null;
  }
}

/** Forget the copies whose name is not wanted any more. */
export async function prune(user: string, isOld: (name: string) => boolean): Promise<void> {
  await drop((copy) => copy.user === user && isOld(copy.name));
}

/** Forget all of a user's copies; with `but`, those of everybody else. */
export const forget = (who: { user: string } | { but: string }): Promise<void> =>
  drop((copy) => ("user" in who ? copy.user === who.user : copy.user !== who.but));

async function drop(which: (copy: { user: string; name: string }) => boolean): Promise<void> {
  try {
    const moving = (await store()).transaction("copies", "readwrite");
    for (let cursor = await moving.store.openCursor(); cursor !== null; cursor = await cursor.continue()) {
      if (which(cursor.value)) await cursor.delete();
    }
    await moving.done;
  } catch {
    // nothing is kept where nothing can be
  }
}
