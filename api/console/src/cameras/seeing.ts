// What a camera's worker looks at: asked for every four seconds while the page can be seen. Asking keeps it telling.

import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { now } from "@/api/clock";
import { api, got } from "@/api/client";
import { messageOf, Problem } from "@/api/problem";
import type { CameraSeen } from "@/api/types";

const EVERY_MS = 4000;
const AT_FIRST_MS = 1000;
const REFUSED_MS = 15_000;

export interface Seeing {
  /** Null until the worker has told it, and when it no longer does. */
  seen: ShallowRef<CameraSeen | null>;
  /** Since when it is waited for, ms. */
  askedAt: Ref<number>;
  complaint: Ref<string>;
}

/** Ask what a camera looks at for as long as this component is shown. */
export function useSeeing(device: () => string): Seeing {
  const seen = shallowRef<CameraSeen | null>(null);
  const askedAt = ref(now());
  const complaint = ref("");
  let next: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  async function ask(): Promise<void> {
    const mine = ++turn;
    let wait = EVERY_MS;
    try {
      // 204 while its worker is asked: there is nothing in the answer.
      const told: CameraSeen | undefined = await got(api.GET("/api/v1/devices/{device}/seeing", { params: { path: { device: device() } } }));
      if (mine !== turn) return;
      complaint.value = "";
      if (!told && seen.value !== null) askedAt.value = now();
      seen.value = told || null;
      if (!told) wait = AT_FIRST_MS;
    } catch (problem) {
      if (mine !== turn) return;
      complaint.value = messageOf(problem);
      if (problem instanceof Problem && problem.status >= 400 && problem.status < 500) wait = REFUSED_MS;
    }
    next = setTimeout(() => void ask(), wait);
  }

  function stop(): void {
    turn += 1;
    clearTimeout(next);
  }

  function begin(): void {
    stop();
    if (document.visibilityState === "hidden") return;
    askedAt.value = now();
    void ask();
  }

  watch(device, () => {
    seen.value = null;
    begin();
  });
  onMounted(() => {
    document.addEventListener("visibilitychange", begin);
    begin();
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", begin);
    stop();
  });
  return { seen, askedAt, complaint };
}
