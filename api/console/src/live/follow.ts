// From log-in to log-out: the session, the stream into the station's store, and what is wrong with either.

import { shallowRef } from "vue";
import { api, got, whenSessionOver } from "@/api/client";
import { messageOf, Problem } from "@/api/problem";
import * as readiness from "./readiness";
import * as session from "@/session/session";
import type { Word } from "@/words";
import * as station from "./station";
import * as stream from "./stream";

const AGAIN_MS = 3000;

export const link = shallowRef<{ state: stream.Link; at?: number }>({ state: "connecting" });
/** What was caught up with after a loss: a number of changes, or everything; null when nothing was. */
export const caughtUp = shallowRef<{ n: number } | "anew" | null>(null);
/** Why the lists could not be fetched; null when they could. */
export const broken = shallowRef<string | null>(null);
/** Why the log-in form is shown to somebody who was in. */
export const leftBecause = shallowRef<Word | null>(null);

const onLost: ((what: "link" | "session") => void)[] = [];
/** Call `listener` when the link or the session is lost: silence from then on is not peace. */
export function whenLost(listener: (what: "link" | "session") => void): () => void {
  onLost.push(listener);
  return () => onLost.splice(onLost.indexOf(listener), 1);
}

/** Find out who is logged in, and go on from there. */
export async function begin(): Promise<void> {
  if (!session.mayBeOpen()) {
    leave(null); // asking would only be refused
    return;
  }
  try {
    enter(await got(api.GET("/api/v1/me")));
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 401) return; // the log-in form is up
    broken.value = messageOf(problem);
    setTimeout(() => void begin(), AGAIN_MS);
  }
}

/** Somebody is in: follow what happens. */
export function enter(who: NonNullable<typeof session.me.value>): void {
  session.set(who);
  broken.value = null;
  if (who.totp.must_enrol || who.role === "auditor") return; // nothing to follow yet, or ever
  follow();
}

/** Nobody is in any more. */
export function leave(why: Word | null): void {
  if (session.me.value && why === "login.over") for (const listener of [...onLost]) listener("session");
  session.set(null);
  stream.stop();
  readiness.stop();
  station.forget();
  link.value = { state: "connecting" };
  caughtUp.value = null;
  broken.value = null;
  leftBecause.value = why;
}

/** Log out. Throws `Problem`. */
export async function logOut(): Promise<void> {
  try {
    await got(api.POST("/api/v1/auth/logout"));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
  }
  leave("login.left");
}

function follow(): void {
  readiness.start();
  stream.start({
    frame: (kind, body) => station.apply(kind, body),
    anew: (first) => {
      if (!first) caughtUp.value = "anew";
      void load();
    },
    link: (next, told) => {
      if (next === "lost" && link.value.state !== "lost") for (const listener of [...onLost]) listener("link");
      link.value = { state: next, ...(told.at === undefined ? {} : { at: told.at }) };
      if (next === "lost") caughtUp.value = null;
      else if (told.replayed !== undefined) caughtUp.value = { n: told.replayed };
    },
    forbidden: (problem) => (broken.value = problem.message),
  });
}

async function load(): Promise<void> {
  const mine = session.me.value;
  try {
    await station.load();
    broken.value = null;
  } catch (problem) {
    if (session.me.value !== mine || !mine) return;
    broken.value = messageOf(problem);
    if (!(problem instanceof Problem) || problem.status !== 403) {
      setTimeout(() => session.me.value === mine && void load(), AGAIN_MS);
    }
  }
}

whenSessionOver(() => {
  if (session.me.value) leave("login.over");
  else if (session.me.value === undefined) leave(null);
});
