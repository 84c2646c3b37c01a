// What is open in the details, and where the list is asked to go: shared by the list, the details and the top bar.

import { shallowRef } from "vue";
import type { Priority } from "@/api/types";

/** The case, or the alert of the past, that the details show. */
export interface Chosen {
  incident?: number;
  alert?: number;
}
/** The first unacknowledged alert that the list is to go to. */
export type Wanted = { priority: Priority } | { drill: true };

export const chosen = shallowRef<Chosen | null>(null);
export const wanted = shallowRef<Wanted | null>(null);

/** Whether two things that are open are the same. */
export const isSame = (a: Chosen | null, b: Chosen | null): boolean => a?.incident === b?.incident && a?.alert === b?.alert;
