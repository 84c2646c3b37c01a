// Something a page asks for: what was told, whether it is on its way, and what went wrong.

import { shallowRef, type ShallowRef } from "vue";
import { messageOf } from "@/api/problem";

export interface Asked<T> {
  told: ShallowRef<T | null>;
  /** Empty when nothing went wrong. */
  problem: ShallowRef<string>;
  busy: ShallowRef<boolean>;
  again: () => Promise<void>;
}

/** Ask when `again` is called; only the answer to the latest question counts. (Text is what a CSV would be: never asked for here.) */
export function asking<T>(ask: () => Promise<T>): Asked<Exclude<T, string>> {
  const told: Asked<Exclude<T, string>>["told"] = shallowRef(null);
  const problem = shallowRef("");
  const busy = shallowRef(false);
  let latest = 0;
  async function again(): Promise<void> {
    const mine = ++latest;
    busy.value = true;
    try {
      const answer = await ask();
      if (mine !== latest) return;
      told.value = answer as Exclude<T, string>;
      problem.value = "";
    } catch (thrown) {
      if (mine === latest) problem.value = messageOf(thrown);
    } finally {
      if (mine === latest) busy.value = false;
    }
  }
  return { told, problem, busy, again };
}
