// Would a press ring now? Asked every ten seconds; what is wrong is said loudly, in the language of the page.

import { shallowRef } from "vue";

const LOOK_MS = 10_000;
const PATIENCE_MS = 8000;

export interface Readiness {
  /** Reasons by their codes; empty when a press would ring. */
  failing: string[];
  /** Channels whose providers fail; others ring. */
  degraded: string[];
}

/** The latest answer; null before the first. An API that does not answer leaves the last one: the link tells. */
export const readiness = shallowRef<Readiness | null>(null);

let looking: ReturnType<typeof setInterval> | undefined;

/** Look from now on. */
export function start(): void {
  stop();
  looking = setInterval(() => void look(), LOOK_MS);
  void look();
}

/** Look no more. */
export function stop(): void {
  clearInterval(looking);
  readiness.value = null;
}

async function look(): Promise<void> {
  try {
    const answer = await fetch("/readyz", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    const told = (await answer.json()) as { failing?: string[]; degraded?: string[] | Record<string, string>; detail?: string };
    const degraded = told.degraded ?? [];
    readiness.value = {
      failing: answer.ok ? [] : (told.failing ?? [told.detail ?? answer.statusText]),
      degraded: Array.isArray(degraded) ? degraded : Object.keys(degraded),
    };
  } catch {
    // nobody answered: the link says so
  }
}
