// The handovers, and the one that waits for whoever takes over.

import { shallowRef } from "vue";
import { now } from "@/api/clock";
import { api, got } from "@/api/client";
import type { components } from "@/api/schema";
import { may } from "@/session/session";

export type HandoverLine = components["schemas"]["HandoverLine"];
export type Handover = components["schemas"]["Handover"];
export type HandoverPage = components["schemas"]["HandoverPage"];

/** One that nobody has taken over for so long is history. */
export const STALE_MS = 12 * 3_600_000;

/** The latest, newest first; null before they were fetched. */
export const handovers = shallowRef<readonly HandoverLine[] | null>(null);

/** The one that waits: the newest, when nobody has taken it over and it is of this shift. */
export function waiting(all: readonly HandoverLine[], nowMs: number): HandoverLine | null {
  const [newest] = all;
  return newest && newest.taken_by === null && nowMs - Date.parse(newest.given_at) < STALE_MS ? newest : null;
}

export const pending = (): HandoverLine | null => (handovers.value ? waiting(handovers.value, now()) : null);

/** Fetch the latest. Throws `Problem`. */
export async function look(): Promise<void> {
  if (may("desk.sit")) handovers.value = (await got(api.GET("/api/v1/desk/handovers", { params: { query: { limit: 30 } } }))).items;
}
