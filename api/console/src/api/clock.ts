// What the time is: the server's, so that a desk whose own clock is wrong still shows true ages.

import { ref } from "vue";

/** The header counts whole seconds; a difference of less than two is no difference. */
const NO_DIFFERENCE_MS = 2000;
let offset = 0;

/** The server's time in ms since 1970. */
export const now = (): number => Date.now() + offset;

/** The same, growing once a second: ages on the page follow it. */
export const tick = ref(now());

/** Take over what an answer's `Date` header says. */
export function heard(date: string | null): void {
  const told = Date.parse(date ?? "");
  if (!Number.isNaN(told)) offset = Math.abs(told - Date.now()) > NO_DIFFERENCE_MS ? told - Date.now() : 0;
}

setInterval(() => (tick.value = now()), 1000);
