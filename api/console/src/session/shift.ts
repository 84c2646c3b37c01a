// The desk: who sits there, for figures per operator and for the handover.

import { computed, shallowRef } from "vue";
import { api, got } from "@/api/client";
import { messageOf } from "@/api/problem";
import type { components } from "@/api/schema";
import { notice } from "@/shell/notices";
import { may, me } from "./session";

type Place = Pick<components["schemas"]["DeskOpen"], "began_at" | "paused_at">;

/** My place at the desk; null when I have none, or nobody knows yet. */
export const place = shallowRef<Place | null>(null);
/** Whether I said that I sit at the desk. */
export const isOn = computed(() => place.value !== null && place.value.paused_at === null);
export const state = computed(() => (place.value === null ? "off" : place.value.paused_at === null ? "on" : "paused"));

/** Take over what a handover's page says of who is at the desk. */
export function learn(page: components["schemas"]["HandoverPage"]): void {
  const mine = page.at_desk.find((one) => one.username === me.value?.username);
  place.value = mine ? { began_at: mine.began_at, paused_at: mine.paused ? page.at : null } : null;
}

/** Find out whether I am at the desk: after a reload I still am. */
export async function lookUp(): Promise<void> {
  if (!may("desk.sit")) return;
  try {
    learn(await got(api.GET("/api/v1/desk/handover")));
  } catch {
    // the button says «off»; beginning twice is beginning once
  }
}

/** I am at the desk from now on, or back from a pause. */
export const beginShift = (): Promise<void> => change(async () => (place.value = await got(api.POST("/api/v1/desk/begin"))));

/** I am away for a while. */
export const pauseShift = (): Promise<void> => change(async () => (place.value = await got(api.POST("/api/v1/desk/pause"))));

/** I leave the desk. */
export const endShift = (): Promise<void> =>
  change(async () => {
    await got(api.POST("/api/v1/desk/end"));
    place.value = null;
  });

async function change(act: () => Promise<unknown>): Promise<void> {
  if (!may("desk.sit")) return;
  try {
    await act();
  } catch (problem) {
    notice(messageOf(problem));
  }
}
