// A list that a page shows: its first page when it opens, more when asked for, and what went wrong.

import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from "vue";
import { messageOf } from "@/api/problem";

interface Turn<T, C> {
  items: readonly T[];
  next?: C | null;
}

export interface List<T> {
  items: ShallowRef<readonly T[]>;
  loading: Ref<boolean>;
  /** Empty when nothing went wrong. */
  problem: Ref<string>;
  /** There is a page after the last one shown. */
  more: ComputedRef<boolean>;
  /** From the beginning; what is shown stays until the answer is there. */
  load: () => Promise<void>;
  loadMore: () => Promise<void>;
}

/** A list fetched by `turn`, page after page; only the answer to the latest question counts. */
export function useList<T, C = never>(turn: (cursor: C | undefined) => Promise<Turn<T, C>>): List<T> {
  const items = shallowRef<readonly T[]>([]);
  const next = shallowRef<C | null>(null);
  const loading = ref(false);
  const problem = ref("");
  let latest = 0;

  async function ask(cursor: C | undefined): Promise<void> {
    const mine = ++latest;
    loading.value = true;
    try {
      const page = await turn(cursor);
      if (mine !== latest) return;
      items.value = cursor === undefined ? page.items : [...items.value, ...page.items];
      next.value = page.next ?? null;
      problem.value = "";
    } catch (thrown) {
      if (mine === latest) problem.value = messageOf(thrown);
    } finally {
      if (mine === latest) loading.value = false;
    }
  }

  return {
    items, loading, problem,
    more: computed(() => next.value !== null),
    load: () => ask(undefined),
    loadMore: () => (next.value === null ? Promise.resolve() : ask(next.value)),
  };
}

/** One thing that a page shows: asked for anew by `load`, null before the first answer. */
export function useOne<T>(ask: () => Promise<T>): { it: ShallowRef<T | null>; loading: Ref<boolean>; problem: Ref<string>; load: () => Promise<void> } {
  const it: ShallowRef<T | null> = shallowRef(null);
  const { loading, problem, load } = useList<T>(async () => {
    it.value = await ask();
    return { items: [] };
  });
  return { it, loading, problem, load };
}

/** An act under way: `run` returns whether it was done; what went wrong stands in `problem`. */
export function useAct(): { busy: Ref<boolean>; problem: Ref<string>; run: (act: () => Promise<unknown>) => Promise<boolean> } {
  const busy = ref(false);
  const problem = ref("");
  async function run(act: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    problem.value = "";
    try {
      await act();
      return true;
    } catch (thrown) {
      problem.value = messageOf(thrown);
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, run };
}
