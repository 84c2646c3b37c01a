// The triage list and the folded lists below it. New rows never move the row under the pointer or the focus.

import { byId, el, reconcile, showText } from "./dom.js";
import { age, moment, spanOf } from "./format.js";
import * as state from "./state.js";
import { language, named, said, t } from "./texts.js";

export const SHAPES = { P1: "◆", P2: "▲", P3: "●", P4: "■" };
/** A pointer or focus that has rested for so long no longer holds the list where it is. */
const RESTED_MS = 20000;

const list = byId("list");
let open = () => {};
let current = null;
let pointed = null;
let touchedAt = 0;
let unseen = new Set();

/** Start the lists; `onOpen({alert} or {incident})` is called when a row is opened. */
export function start(onOpen) {
  open = onOpen;
  list.addEventListener("pointerover", (event) => (pointed = event.target.closest("li[data-key]")));
  list.addEventListener("pointerleave", () => (pointed = null));
  for (const event of ["pointermove", "keydown", "wheel", "touchmove", "focusin"]) {
    list.addEventListener(event, () => (touchedAt = Date.now()), { passive: true });
  }
  list.addEventListener("scroll", sawAbove, { passive: true });
  byId("more-above").addEventListener("click", toTop);
}

/** A priority's sign: shape, letter and colour together. */
export const badge = (priority) =>
  el("span", { class: `badge ${priority.toLowerCase()}` },
    el("span", { "aria-hidden": "true" }, SHAPES[priority] ?? "■"), ` ${priority}`);

/** What is only practised says so in words. */
export const drillTag = (thing) => thing.drill && el("span", { class: "drill-tag" }, t("drill.tag"));

/** Draw the lists from the state. */
export function draw() {
  const alerts = state.openAlerts();
  const pending = state.pendingIncidents();
  const work = state.workItems();
  const ended = state.endedAlerts();
  const fresh = steadily(() => {
    reconcile(byId("open-alerts"), alerts, (a) => `alert-${a.id}`, stampOf, fillAlert);
    byId("nothing").hidden = alerts.length > 0 || !state.isLoaded();
  });
  reconcile(byId("pending-incidents"), pending, (i) => `incident-${i.id}`, stampOf, fillIncident);
  reconcile(byId("work-items"), work, (a) => `work-${a.id}`, stampOf, fillWork);
  reconcile(byId("ended-alerts"), ended, (a) => `ended-${a.id}`, stampOf, fillEnded);
  byId("pending").hidden = pending.length === 0;
  for (const [id, items] of [["pending", pending], ["work", work], ["ended", ended]]) {
    byId(`${id}-count`).textContent = String(items.length);
  }
  noteAbove(fresh);
  mark();
}

/** Mark the row that is open in the details. */
export function select(chosen) {
  current = chosen;
  mark();
}

/** The alert under the keyboard's cursor, if any. */
export function cursorAlert() {
  const key = document.activeElement?.closest?.("#open-alerts li")?.dataset.key;
  return key ? state.alertOf(Number(key.split("-")[1])) : undefined;
}

/** Move the keyboard's cursor by so many rows and return what it is on. */
export function move(by) {
  const rows = [...list.querySelectorAll("#open-alerts .row, #pending[open] .row")];
  if (rows.length === 0) return null;
  const focused = rows.indexOf(document.activeElement);
  const from = focused >= 0 ? focused : rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = from < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, from + by));
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
  return chosenOf(rows[next].closest("li").dataset.key);
}

/** Bring the first unacknowledged alert that is wanted into view, focus it and open it. */
export function goTo(wanted) {
  const first = state.unacknowledged().find(wanted);
  if (!first) return;
  const row = list.querySelector(`li[data-key="alert-${first.id}"] .row`);
  open({ alert: first.id });
  row?.scrollIntoView({ block: "nearest" });
  row?.focus();
}

/** The operator has acted: what they acted on may now move to its place. */
export const letGo = () => (touchedAt = 0);

/** Once a second: when nobody has touched the list for a while, show what is waiting above. */
export function settle() {
  if (unseen.size > 0 && Date.now() - touchedAt > RESTED_MS) toTop();
}

// ── rows ────────────────────────────────────────────────────────────────────────────────────────────────

const stampOf = (thing) => {
  const incident = thing.alerts ? thing : state.openIncidentOf(thing.id);
  const settled = !thing.alerts && state.isSettled(thing);
  return [language(), thing.version, incident?.state, incident?.version, settled, state.where(thing)].join("|");
};

const lookOf = (thing) => `${thing.priority.toLowerCase()}${thing.drill ? " drill" : ""}`;

function row(chosen, look, ...parts) {
  return el("button", { type: "button", class: `row ${look}`, on: { click: () => open(chosen) } }, ...parts);
}

function fillAlert(node, alert) {
  const pressing = state.isUnacknowledged(alert);
  const incident = state.openIncidentOf(alert.id);
  fillKeepingFocus(node, row({ alert: alert.id }, `${lookOf(alert)}${pressing ? " unacknowledged" : ""}`,
    badge(alert.priority),
    el("span", { class: "title" }, drillTag(alert), said(alert.title)),
    alert.active ? since(state.calledAt(alert)) : el("span", { class: "since" }, t("list.stood", { span: spanOf(alert.raised_at, alert.cleared_at ?? alert.last_event_at) })),
    el("span", { class: "where" }, state.where(alert)),
    el("span", { class: "why" }, happened(alert)),
    el("span", { class: "states" },
      standing(alert), incident && standingOf(incident), chip(t("list.seen", { n: alert.seen })),
      alert.latched && state.isSettled(alert) && chip(t("state.still_latched"), "striking"))));
}

/** What happened; of a silence how long it is by now, of what has cleared what was said when it had not. */
export function happened(alert) {
  const silent = state.silentSince(alert);
  const told = said(alert.explanation.summary);
  if (silent === null) return alert.active || alert.retracted ? told : t("list.then", { what: told });
  return [
    `${t("silence.now")} `, el("time", { datetime: silent, "data-age": silent }, age(silent)), t("silence.last", { at: moment(silent) }),
  ];
}

function fillIncident(node, incident) {
  fillKeepingFocus(node, row({ incident: incident.id }, `${lookOf(incident)} flat`,
    badge(incident.priority), el("span", { class: "title" }, drillTag(incident), said(incident.title)), since(incident.opened_at),
    el("span", { class: "where" }, state.where(incident)),
    el("span", { class: "states" }, standingOf(incident))));
}

function fillEnded(node, alert) {
  fillKeepingFocus(node, row({ alert: alert.id }, `${lookOf(alert)} flat`,
    badge(alert.priority), el("span", { class: "title" }, drillTag(alert), said(alert.title)),
    el("span", { class: "since" }, moment(alert.ended_at)),
    el("span", { class: "where" }, state.where(alert)),
    el("span", { class: "states" }, standing(alert))));
}

function fillWork(node, item) {
  node.replaceChildren(el("div", { class: "row flat" },
    el("span", { class: "title" }, said(item.title)), since(item.raised_at),
    el("span", { class: "where" }, `${state.deviceName(item.device)} · ${state.where(item)}`),
    el("span", { class: "why" }, said(item.explanation.summary))));
}

/** A fact in a small frame. */
export const chip = (text, look = "") => el("span", { class: `chip ${look}` }, text);

/** An alert's standing: the condition, then who has it. */
export const standing = (alert) => [
  !alert.active && !alert.retracted && alert.cleared_at && chip(t("state.cleared_at", { at: moment(alert.cleared_at) }), "cleared"),
  alert.state !== "cleared" && chip(alert.retracted ? t("state.retracted") : named("state", alert.state)),
  alert.acknowledged && chip(t("state.acknowledged", { who: state.userName(alert.acknowledged_by) })),
  state.isUnacknowledged(alert) && chip(t("state.unacknowledged"), "striking"),
  alert.suppressed_by && chip(t("state.suppressed", { why: whyQuiet(alert.suppressed_by) })),
  alert.shelved_until && chip(t("state.shelved", { at: moment(alert.shelved_until) })),
];

/** Why an alert was kept quiet: by a reason of ours, or by the alert of another rule. */
const whyQuiet = (reason) => t(`quiet.${reason}`) || said(state.ruleOf(reason)?.title) || reason;

/** An incident's number and state. */
export const standingOf = (incident) => chip(`${t("incident")} ${incident.id} ${named("incident", incident.state)}`);

const since = (iso) => el("span", { class: "since" }, el("time", { datetime: iso, "data-age": iso }, age(iso)));

function fillKeepingFocus(node, made) {
  const focused = node.contains(document.activeElement);
  node.replaceChildren(made);
  if (focused) made.focus({ preventScroll: true });
}

const chosenOf = (key) => {
  const [kind, id] = key.split("-");
  return kind === "incident" ? { incident: Number(id) } : { alert: Number(id) };
};

function mark() {
  for (const node of list.querySelectorAll("li[data-key]")) {
    const chosen = chosenOf(node.dataset.key);
    const here = current !== null && chosen.alert === current.alert && chosen.incident === current.incident;
    const shown = node.querySelector("button.row");
    if (here) shown?.setAttribute("aria-current", "true");
    else shown?.removeAttribute("aria-current");
  }
}

// ── holding still ───────────────────────────────────────────────────────────────────────────────────────

/** Draw, and scroll so that the row under the pointer or the focus stays where it was on the screen. */
function steadily(drawing) {
  const held = heldRow();
  const focused = document.activeElement?.closest?.("#open-alerts li");
  const before = held?.getBoundingClientRect().top;
  const below = byId("room-below");
  if (!held && unseen.size === 0) below.style.height = "";
  const above = new Set([...list.querySelectorAll("#open-alerts li")].filter(isAbove));
  drawing();
  // A row that changes places loses the focus on the way.
  if (focused?.isConnected && !focused.contains(document.activeElement)) focused.querySelector(".row").focus({ preventScroll: true });
  if (held?.isConnected) {
    const moved = held.getBoundingClientRect().top - before;
    // A short list cannot scroll: give it room below.
    const lacking = list.getBoundingClientRect().bottom + moved - below.getBoundingClientRect().bottom;
    if (moved > 0 && lacking > 0) below.style.height = `${Math.ceil(below.offsetHeight + lacking)}px`;
    if (moved !== 0) list.scrollTop += moved;
  }
  return [...list.querySelectorAll("#open-alerts li")].filter((node) => isAbove(node) && !above.has(node));
}

function heldRow() {
  if (Date.now() - touchedAt > RESTED_MS) return null;
  if (pointed?.isConnected) return pointed;
  return document.activeElement?.closest?.("#list li[data-key]") ?? null;
}

function noteAbove(fresh) {
  for (const node of fresh) unseen.add(node);
  sawAbove();
}

const isAbove = (node) => node.getBoundingClientRect().bottom <= list.getBoundingClientRect().top + 8;

function sawAbove() {
  unseen = new Set([...unseen].filter((node) => node.isConnected && isAbove(node)));
  showText(byId("more-above"), unseen.size > 0 ? t("list.above", { n: unseen.size }) : "");
}

function toTop() {
  list.scrollTop = 0;
  unseen.clear();
  sawAbove();
  byId("room-below").style.height = "";
}
