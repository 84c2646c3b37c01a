// A camera live, as stills: asked for every two seconds while the page can be seen. Asking keeps the camera sending.

import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type Ref, type ShallowRef } from "vue";
import { now, tick } from "@/api/clock";
import { fetched } from "@/api/client";
import { messageOf, Problem } from "@/api/problem";
import { isStale } from "./wall";

const EVERY_MS = 2000;
/** While none has come yet it is asked for sooner; after a refusal, later. */
const AT_FIRST_MS = 700;
const REFUSED_MS = 15_000;
const PATIENCE_MS = 8000;

export interface Still {
  /** The picture's address within the page; empty before the first. */
  address: Ref<string>;
  /** The picture itself, null before the first. */
  picture: ShallowRef<Blob | null>;
  /** When it was taken, ms; null before the first. */
  takenAt: Ref<number | null>;
  /** Since when it is waited for, ms. */
  askedAt: Ref<number>;
  complaint: Ref<string>;
  isOld: () => boolean;
  /** Whether it is held: no other is asked for, and what is shown is a moment on purpose. */
  held: Ref<boolean>;
}

/** Watch a camera for as long as this component is shown; null: none. */
export function useStill(device: () => string | null): Still {
  const address = ref("");
  const picture = shallowRef<Blob | null>(null);
  const takenAt = shallowRef<number | null>(null);
  const askedAt = ref(now());
  const complaint = ref("");
  const held = ref(false);
  let next: ReturnType<typeof setTimeout> | undefined;
  let turn = 0;

  async function ask(): Promise<void> {
    const mine = ++turn;
    let wait = EVERY_MS;
    try {
      const answer = await fetched(`/api/v1/devices/${encodeURIComponent(device() ?? "")}/still`, {}, PATIENCE_MS);
      const told = Date.parse(answer.headers.get("X-Taken-At") ?? "");
      const newest = answer.status === 200 ? await answer.blob() : null;
      if (mine !== turn) return;
      complaint.value = "";
      if (newest !== null && !Number.isNaN(told)) show(newest, told);
      else if (takenAt.value === null) wait = AT_FIRST_MS;
    } catch (problem) {
      if (mine !== turn) return;
      complaint.value = messageOf(problem);
      if (problem instanceof Problem && problem.status >= 400 && problem.status < 500) wait = REFUSED_MS;
    }
    next = setTimeout(() => void ask(), wait);
  }

  function show(newest: Blob, at: number): void {
    URL.revokeObjectURL(address.value);
    picture.value = newest;
    address.value = URL.createObjectURL(newest);
    takenAt.value = at;
  }

  function stop(): void {
    turn += 1;
    clearTimeout(next);
  }

  function begin(): void {
    stop();
    if (document.visibilityState === "hidden" || held.value || device() === null) return;
    askedAt.value = now();
    void ask();
  }

  function forget(): void {
    URL.revokeObjectURL(address.value);
    address.value = complaint.value = "";
    takenAt.value = picture.value = null;
  }

  watch(device, () => {
    forget();
    held.value = false;
    begin();
  });
  watch(held, begin);
  onMounted(() => {
    document.addEventListener("visibilitychange", begin);
    begin();
  });
  onBeforeUnmount(() => {
    document.removeEventListener("visibilitychange", begin);
    stop();
    forget();
  });
  const isOld = (): boolean => !held.value && takenAt.value !== null && isStale(takenAt.value, tick.value);
  return { address, picture, takenAt, askedAt, complaint, isOld, held };
}
