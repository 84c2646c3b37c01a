// A sentence at the top of the page that goes by itself.

import { shallowRef } from "vue";

const STAYS_MS = 5000;
export const toast = shallowRef<{ text: string; bad: boolean } | null>(null);
let gone: ReturnType<typeof setTimeout> | undefined;

/** Say something for a few seconds. */
export function say(text: string, bad = false): void {
  clearTimeout(gone);
  toast.value = { text, bad };
  gone = setTimeout(() => (toast.value = null), STAYS_MS);
}
