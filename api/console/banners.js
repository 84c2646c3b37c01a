// What is said above everything else: the connection, the sound, new P1 alerts, and what an act has done.

import { byId, el, showText } from "./dom.js";
import { moment } from "./format.js";
import { SHAPES, goTo } from "./list.js";
import * as state from "./state.js";
import { said, t } from "./texts.js";

const NOTICE_MS = 8000;
const CAUGHT_UP_MS = 20000;

/** What stands now, to be said again in another language. */
let link = { state: "connecting", told: {} };
let failing = [];
let brokenBy = null;
const timers = new Map();

/** Show how the link to the server is; see stream.js. */
export function showLink(next, told) {
  const before = link;
  link = { state: next, told };
  if (next === "live" && told.replayed !== undefined) passing("caught-up", t("link.caught_up", { n: told.replayed }), CAUGHT_UP_MS);
  if (next === "lost" && before.state !== "lost") showText(byId("caught-up"), "");
  draw();
}

/** The lists were fetched anew after a loss. */
export const showAnew = () => passing("caught-up", t("link.anew"), CAUGHT_UP_MS);

/** Show why a press now might not ring; nothing when all is well. */
export function showReady(reasons) {
  failing = reasons;
  draw();
}

/** Show that the lists could not be fetched; null when they could. */
export function showBroken(problem) {
  brokenBy = problem;
  draw();
}

/** Say something for a few seconds. */
export const notice = (text) => passing("told", text, NOTICE_MS);

/** Say a new P1 aloud, for those who listen instead of looking. */
export function sayUrgent(alert) {
  byId("urgent").textContent = t(alert.drill ? "list.urgent_drill" : "list.urgent", { title: said(alert.title), where: state.where(alert) });
}

/** Write all of it, in the language shown now. */
export function draw() {
  const lost = link.state === "lost";
  const at = link.told.at ? moment(new Date(link.told.at).toISOString()) : "";
  const stale = lost || failing.length > 0 || brokenBy !== null;
  showText(byId("lost"), lost ? t(state.isLoaded() ? "link.lost_banner" : "link.never_banner", { at }) : "");
  showText(byId("not-ready"), !lost && failing.length > 0
    ? t("link.not_ready", { what: failing.map((reason) => t(`problem.${reason}`) || reason).join(t("semicolon")) }) : "");
  showText(byId("broken"), brokenBy !== null ? t("link.load_failed", { what: brokenBy.message }) : "");
  showText(byId("as-of"), lost && state.isLoaded() ? t("link.as_of", { at }) : "");
  document.body.classList.toggle("stale", stale);
  byId("link").className = `when-in link ${stale ? "lost" : link.state}`;
  byId("link").textContent = t(`link.${link.state}`);
}

/** Count what nobody has acknowledged, in the header and in the window's title. */
export function drawCounts() {
  const waiting = state.unacknowledged();
  const counts = Object.keys(SHAPES)
    .map((priority) => [priority, waiting.filter((alert) => !alert.drill && alert.priority === priority).length])
    .filter(([, n]) => n > 0);
  const drills = waiting.filter((alert) => alert.drill).length;
  byId("counts").replaceChildren(...counts.map(([priority, n]) =>
    el("button", {
      type: "button", class: `count ${priority.toLowerCase()}`, "aria-label": t("counts.one", { priority, n }),
      on: { click: () => goTo((alert) => !alert.drill && alert.priority === priority) },
    }, `${SHAPES[priority]} ${priority} `, el("b", {}, n))));
  if (drills > 0) {
    byId("counts").append(el("button", {
      type: "button", class: "count practised", "aria-label": t("counts.drills", { n: drills }),
      on: { click: () => goTo((alert) => alert.drill) },
    }, `${t("drill.tag")} `, el("b", {}, drills)));
  }
  if (waiting.length === 0 && state.isLoaded()) byId("counts").append(el("span", {}, t("counts.none")));
  document.title = `${waiting.length > 0 ? `(${waiting.length}) ${waiting[0].drill ? t("drill.tag") : SHAPES[waiting[0].priority]} ` : ""}${t("brand")}`;
}

function passing(id, text, ms) {
  showText(byId(id), text);
  clearTimeout(timers.get(id));
  timers.set(id, setTimeout(() => showText(byId(id), ""), ms));
}
