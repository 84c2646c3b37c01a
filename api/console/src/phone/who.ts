// Who is logged in on this phone. It opens without a network as whoever was; the API still decides about everything.

import { shallowRef } from "vue";
import { api, got, whenSessionOver } from "@/api/client";
import { remember, remembered } from "@/api/memory";
import { Problem } from "@/api/problem";
import type { Me } from "@/api/types";
import * as session from "@/session/session";
import type { Word } from "@/words";
import { forget } from "./copies";
import { discard, entriesOf } from "./queue/queue";
import { toPage } from "./where";

const ME = "phone.me";
/** Why the log-in form is shown to somebody who was in. */
export const leftBecause = shallowRef<Word | null>(null);

/** Find out who is logged in: whoever was, until the API says otherwise. */
export async function begin(): Promise<void> {
  const was = read();
  if (was !== null) session.set(was);
  try {
    enter(await got(api.GET("/api/v1/me")));
  } catch (problem) {
    if (was === null && !(problem instanceof Problem && problem.status === 401)) session.set(null);
  }
}

/** Somebody is in. What another user of this phone had looked at is gone. */
export function enter(who: Me): void {
  remember(ME, JSON.stringify(who));
  leftBecause.value = null;
  void forget({ but: who.username });
  session.set(who);
}

/** How many things the user has done that were not sent; log-out asks about them. */
export const unsent = async (): Promise<number> => {
  const user = session.me.value?.username;
  return user === undefined ? 0 : (await entriesOf(user).catch(() => [])).length;
};

/** Log out and forget what was looked at; `keepsQueue`: what was not sent waits for the same user's next log-in. Throws `Problem`. */
export async function logOut(keepsQueue: boolean): Promise<void> {
  const user = session.me.value?.username;
  try {
    await got(api.POST("/api/v1/auth/logout"));
  } catch (problem) {
    if (!(problem instanceof Problem) || problem.status !== 401) throw problem;
  }
  leave("login.left");
  toPage("incidents");
  if (user === undefined) return;
  await forget({ user });
  if (!keepsQueue) await discard(user);
}

/** The session is over: the copies and the queue wait for the same user. */
export const over = (): void => {
  if (session.me.value !== null) leave(session.me.value === undefined ? null : "phone.login.over");
};

function leave(why: Word | null): void {
  remember(ME, null);
  leftBecause.value = why;
  session.set(null);
}

/** Who was in, when no other user has logged in on this phone since. */
function read(): Me | null {
  try {
    const was = JSON.parse(remembered(ME) ?? "null") as Me | null;
    return was !== null && session.wasIn(was.username) ? was : null;
  } catch {
    return null;
  }
}

whenSessionOver(over);
