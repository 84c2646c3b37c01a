// «What you are looking at»: five steps on the live page. Which step is shown, and whether it was seen before.

import { ref } from "vue";
import { remember, remembered } from "@/api/memory";
import { me } from "@/session/session";

/** What each step is about; `body[data-tour]` lets the style frame it, whatever is redrawn meanwhile. */
export const STEPS = [
  { name: "list", target: "#list", opens: false },
  { name: "detail", target: "#detail .first-action", opens: true },
  { name: "told", target: "#detail .told", opens: true },
  { name: "acts", target: "#detail .acts", opens: true },
  { name: "more", target: null, opens: false },
] as const;

/** The step that is shown; null: the tour is closed. */
export const step = ref<number | null>(null);

let before: Element | null = null;

/** Open at the first step. */
export function open(): void {
  before = document.activeElement;
  remember("tour", "seen");
  step.value = 0;
}

/** Close, wherever it is. */
export function close(): void {
  if (step.value === null) return;
  const focused = document.getElementById("tour")?.contains(document.activeElement) ?? false;
  step.value = null;
  if (!focused) return;
  const back = before?.isConnected && before !== document.body ? before : document.getElementById("tour-open");
  if (back instanceof HTMLElement) back.focus({ preventScroll: true });
}

/** Open by itself, once in the life of a browser and only in a demo. */
export function offer(): void {
  if (!me.value?.demo || step.value !== null || remembered("tour") !== null) return;
  open();
}
