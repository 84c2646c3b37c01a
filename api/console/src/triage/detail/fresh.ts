// What a part of the details has fetched beside the case itself.

import { onBeforeUnmount, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { messageOf } from "@/api/problem";

export interface Fetched<T> {
  found: ShallowRef<T | null>;
  /** Why it could not be fetched; empty when it could. */
  failed: Ref<string>;
  again: () => void;
}

/** Fetch when `key` changes, not more often than every `calm` ms; what was found stays until there is something newer. */
export function useFetched<T>(key: () => string, fetch: () => Promise<T>, calm = 1500): Fetched<T> {
  const found: ShallowRef<T | null> = shallowRef(null);
  const failed = ref("");
  let due: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;
  let lastAt = 0;

  async function go(): Promise<void> {
    const mine = ++turn;
    lastAt = Date.now();
    try {
      const got = await fetch();
      if (mine !== turn) return;
      found.value = got;
      failed.value = "";
    } catch (problem) {
      if (mine === turn) failed.value = messageOf(problem);
    }
  }
  function again(): void {
    clearTimeout(due);
    due = setTimeout(() => void go(), Math.max(0, lastAt + calm - Date.now()));
  }
  watch(key, again, { immediate: true });
  onBeforeUnmount(() => {
    clearTimeout(due);
    turn += 1;
  });
  return { found, failed, again };
}
