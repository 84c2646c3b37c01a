// What is said for a few seconds: what an act has done, with a way back where there is one.

import { shallowRef } from "vue";

const STAYS_MS = 8000;

export interface Notice {
  id: number;
  text: string;
  /** A button beside it: what it says, and what it does. */
  undo?: { label: string; act: () => void };
}

export const notices = shallowRef<readonly Notice[]>([]);
let count = 0;

/** Say something for `ms`. */
export function notice(text: string, undo?: Notice["undo"], ms = STAYS_MS): void {
  const said: Notice = { id: ++count, text, ...(undo ? { undo } : {}) };
  notices.value = [...notices.value.slice(-2), said];
  setTimeout(() => dismiss(said.id), ms);
}

/** Take a notice away. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
