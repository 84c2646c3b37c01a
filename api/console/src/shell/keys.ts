// The keyboard. Pages say what their keys do; silent while somebody types or a dialog is open.

import { onBeforeUnmount, onMounted } from "vue";
import type { Word } from "@/words";

export interface Key {
  /** How the help writes it. */
  shown: string;
  /** What it does, for the help. */
  word: Word;
  /** Returning false leaves the key to the browser. */
  act: (digit: number) => boolean | void;
  /** Whether holding the key down goes on acting: moving does, acting never. */
  repeats?: boolean;
}
/** By the key's place rather than its letter (`KeyJ`, `ArrowDown`, `Digit`): a Chinese input method hides the letter. */
export type Keys = Readonly<Record<string, Key>>;

const shelves: Keys[] = [];

/** Every key that does something now, the page's own first. */
export function keysNow(): Key[] {
  // Two keys that do the same (J and the arrow) are one line of the help.
  return [...new Map([...shelves].reverse().flatMap((keys) => Object.values(keys)).map((key) => [key.word, key])).values()];
}

/** Have these keys while this component is shown. */
export function useKeys(keys: Keys): void {
  onMounted(() => shelves.push(keys));
  onBeforeUnmount(() => shelves.splice(shelves.indexOf(keys), 1));
}

/** Listen from now on. */
export function listen(): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || event.isComposing) return;
    const target = event.target instanceof Element ? event.target : null;
    if (target?.closest("input, select, textarea, dialog, [role=dialog], [contenteditable], [role=combobox]")) return;
    const code = codeOf(event);
    if (code === null) return;
    for (const keys of [...shelves].reverse()) {
      const key = keys[code.name];
      if (!key) continue;
      if (event.repeat && !key.repeats) return;
      if (key.act(code.digit) !== false) event.preventDefault();
      return;
    }
  });
}

function codeOf(event: KeyboardEvent): { name: string; digit: number } | null {
  const at = (name: string, digit = 0) => ({ name, digit });
  if (event.key === "?" || event.key === "？" || (event.code === "Slash" && event.shiftKey)) return at("Help");
  if (event.shiftKey) return null;
  // Enter on a control is the control's.
  const control = event.target instanceof Element ? event.target.closest("button, a, summary, [role=tab]") : null;
  if (event.key === "Enter") return control ? null : at("Enter");
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(event.code);
  if (digit) return at("Digit", Number(digit[1]));
  // What is read in the details scrolls.
  if (event.code.startsWith("Arrow") && event.target instanceof Element && event.target.closest("#detail, [role=tablist]")) return null;
  return at(event.code);
}
