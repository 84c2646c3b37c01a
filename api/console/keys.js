// The keyboard: J/K or arrows move, Enter opens, A acknowledges, ? helps. Silent while somebody types.

import { byId, el } from "./dom.js";
import * as state from "./state.js";
import { t } from "./texts.js";

/** By the key's place rather than its letter: a Chinese input method hides the letter. */
const KEYS = { KeyJ: "down", ArrowDown: "down", KeyK: "up", ArrowUp: "up", KeyA: "acknowledge", Escape: "escape" };

/** Listen; `does` has a function for each of down, up, enter, acknowledge, escape, help. */
export function start(does) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
    if (event.target.closest("input, select, textarea, dialog, [contenteditable]")) return;
    const act = actOf(event);
    // A key held down moves on, but never acts twice.
    if (act === null || (event.repeat && act !== "down" && act !== "up")) return;
    if (does[act]() !== false) event.preventDefault();
  });
  byId("help-open").addEventListener("click", () => does.help());
}

function actOf(event) {
  if (event.key === "?" || event.key === "？" || (event.code === "Slash" && event.shiftKey)) return "help";
  if (event.shiftKey) return null;
  if (event.key === "Enter") return event.target.closest("button, a, summary") ? null : "enter";
  if (event.code.startsWith("Arrow") && event.target.closest("#detail")) return null; // scrolls what is read
  return KEYS[event.code] ?? null;
}

/** Write the help: the keys, and when phones are told. */
export function drawHelp() {
  const lines = [
    ["J ↓ / K ↑", "help.move"], ["Enter", "help.enter"], ["A", "help.ack"], ["Esc", "help.escape"], ["?", "help.help"],
  ];
  byId("help-keys").replaceChildren(
    ...lines.flatMap(([keys, text]) => [el("dt", {}, el("kbd", {}, keys)), el("dd", {}, t(text))]));
  byId("help-phones").textContent = t("help.phones", state.deadlines());
}
