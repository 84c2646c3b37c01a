// The details of one alert and its incident: what to do first, why it fired, what happened since, and the acts.

import { get, now } from "./api.js";
import * as acts from "./acts.js";
import { OVER, UNANSWERED } from "./acts.js";
import { byId, el } from "./dom.js";
import { age, moment, span, spanOf, tickOverdue } from "./format.js";
import { badge, chip, drillTag, happened, standing, standingOf } from "./list.js";
import * as state from "./state.js";
import { named, said, t } from "./texts.js";

const pane = byId("detail");
/** Evidence that says who somebody is stays half hidden on a screen that a whole room sees. */
const PERSONAL = new Set(["credential"]);

let chosen = null;
let alert = null;
let incident = null;
let due = null;
let parts = null;
let onClose = () => {};

/** Start the pane; `closed` is called when it has been closed. */
export function start(closed) {
  onClose = closed;
  draw();
}

/** Open `{alert}` or `{incident}`. */
export function open(wanted) {
  if (chosen?.alert === wanted.alert && chosen?.incident === wanted.incident) return;
  chosen = wanted;
  incident = null;
  alert = state.alertOf(wanted.alert) ?? null;
  parts = null;
  draw();
  pane.scrollTop = 0;
  refresh(alert === null ? 0 : 60);
}

/** Close the pane. */
export function close() {
  if (chosen === null) return;
  chosen = alert = incident = parts = null;
  clearTimeout(due);
  draw();
  onClose();
}

/** The alert shown, if any. */
export const shownAlert = () => (chosen === null ? null : alert);

/** Something changed: fetch anew when it concerns what is shown. */
export function changed(what) {
  if (chosen === null) return;
  adopt();
  if (what.has("all") || what.has(`alert ${alert?.id}`) || what.has(`incident ${incident?.id}`)) refresh(120);
  else if (incident === null && alert !== null && state.openIncidentOf(alert.id)) refresh(120);
}

/** Take over at once what the stream said, so that the details never lag behind the list beside them. */
function adopt() {
  const [newAlert, newIncident] = [state.alertOf(alert?.id), state.incidentOf(incident?.id)];
  const later = newAlert?.version > alert?.version;
  const further = newIncident?.version > incident?.version;
  if (later) alert = { ...alert, ...newAlert };
  if (further) incident = { ...incident, ...newIncident };
  if (later || further) draw();
}

/** Write everything anew, in another language for one. */
export function redraw() {
  parts = null;
  draw();
}

/** Acknowledge what is shown. */
export const acknowledge = () => acts.acknowledge(alert, incident);

function refresh(wait) {
  clearTimeout(due);
  due = setTimeout(fetchShown, wait);
}

async function fetchShown() {
  const wanted = chosen;
  try {
    let [gotAlert, gotIncident] = [null, null];
    if (wanted.alert !== undefined) {
      gotAlert = await get(`alerts/${wanted.alert}`);
      const id = gotAlert.incidents.at(-1);
      gotIncident = id === undefined ? null : await get(`incidents/${id}`);
    } else {
      gotIncident = await get(`incidents/${wanted.incident}`);
      gotAlert = await get(`alerts/${gotIncident.alerts.at(-1)}`);
    }
    if (chosen !== wanted) return;
    [alert, incident] = [gotAlert, gotIncident];
    draw();
    // What becomes of a message is not a change that the stream tells.
    if (incident?.receipts.some((receipt) => receipt.state === "queued")) refresh(2000);
  } catch (problem) {
    if (chosen !== wanted) return;
    draw();
    acts.complain(problem);
    if (problem.status === 0 || problem.status >= 500) refresh(3000);
  }
}

// ── drawing ─────────────────────────────────────────────────────────────────────────────────────────────

function draw() {
  document.body.classList.toggle("detail-open", chosen !== null);
  if (chosen === null) {
    pane.replaceChildren(el("p", { class: "quiet" }, t("detail.none")));
    return;
  }
  if (alert === null) {
    pane.replaceChildren(backButton(), el("p", { class: "quiet" }, t("detail.loading")));
    return;
  }
  if (parts === null) {
    // The acts are made once: what somebody is choosing or typing there outlives a redraw.
    parts = { head: el("div", {}), acts: acts.make(), rest: el("div", {}) };
    pane.replaceChildren(backButton(), parts.head, parts.acts, parts.rest);
  }
  parts.head.replaceChildren(...head());
  acts.update(alert, incident);
  parts.rest.replaceChildren(...[why(), events(), timeline(), receipts()].filter(Boolean));
}

function backButton() {
  return el("button", { type: "button", class: "back", on: { click: close } }, t("detail.back"));
}

function head() {
  const rule = state.ruleOf(alert.rule)?.rationalisation;
  return [
    el("h2", { class: alert.drill ? "headline drill" : "headline" },
      badge(alert.priority), " ", drillTag(alert), said(alert.title)),
    alert.drill && el("p", { class: "drill-note" }, t("drill.note")),
    el("p", { class: "place" }, state.where(alert)),
    el("p", { class: "states" },
      standing(alert), incident && standingOf(incident), stillLatched() && chip(t("state.still_latched"), "striking"),
      incident?.disposition && chip(named("disposition", incident.disposition)),
      chip(t("list.seen", { n: alert.seen }))),
    el("p", { class: "times" },
      t("detail.raised", { at: moment(alert.raised_at) }),
      alert.seen > 1 && ` · ${t("detail.last", { at: moment(alert.last_event_at) })}`,
      alert.active && [
        ` · ${t("list.since")} `,
        el("time", { datetime: alert.raised_at, "data-age": alert.raised_at }, age(alert.raised_at)),
      ],
      !alert.active && alert.cleared_at && ` · ${t("list.stood", { span: spanOf(alert.raised_at, alert.cleared_at) })}`),
    alert.active ? firstAction(rule) : firstActionAfter(),
  ].filter(Boolean);
}

function firstAction(rule) {
  return el("section", { class: "first-action", "aria-labelledby": "first-title" },
    el("h3", { id: "first-title" }, t("detail.first")),
    el("p", {}, said(alert.first_action)),
    rule && el("p", { class: "small" }, t("detail.time", { span: span(rule.time_available_s) }), " ", overdue(rule)));
}

/** How long the time to act is over while nobody has signed; empty until then. */
function overdue(rule) {
  if (incident === null || !UNANSWERED.has(incident.state)) return null;
  const due = new Date(Date.parse(incident.opened_at) + rule.time_available_s * 1000).toISOString();
  const shown = el("strong", { class: "overdue", "data-overdue": due });
  tickOverdue(shown);
  return shown;
}

/** What is over needs no hurry, but somebody has to look into it all the same. */
function firstActionAfter() {
  const next = alert.state === "ended" ? (incident !== null && !OVER.has(incident.state) ? "close" : "over")
    : !alert.acknowledged ? "ack" : alert.latched ? "reset" : "close";
  return el("section", { class: "first-action after", "aria-labelledby": "first-title" },
    el("h3", { id: "first-title" }, t(`detail.first_${next}`)),
    el("p", {}, t("detail.first_was", { what: said(alert.first_action) })));
}

const stillLatched = () => incident !== null && OVER.has(incident.state) && alert.latched && alert.state !== "ended";

function why() {
  const told = alert.explanation;
  const rule = state.ruleOf(alert.rule)?.rationalisation;
  const version = t("detail.rule_version", { id: told.rule, n: told.version });
  return el("section", { class: "part why" }, el("h3", {}, t("detail.why")),
    el("dl", { class: "facts" },
      fact("detail.summary", happened(alert)),
      state.silentSince(alert) && [el("dt", {}), el("dd", { class: "small" }, t("list.then", { what: said(told.summary) }))],
      !alert.active && alert.cleared_at && !alert.retracted && fact("detail.cleared", rule
        ? t("detail.cleared_by", { at: moment(alert.cleared_at), what: said(rule.clears_when) }) : moment(alert.cleared_at)),
      fact("detail.limit", told.limit ?? t("detail.limit_none")),
      told.limit_source && fact("detail.limit_source", told.limit_source),
      fact("detail.prevented", said(told.prevented_by)),
      rule && fact("detail.consequence", said(rule.consequence)),
      rule && alert.active && fact("detail.clears", said(rule.clears_when)),
      fact("detail.rule", version),
      alert.previous && [
        el("dt", {}, t("detail.previous")),
        el("dd", {}, el("button", { type: "button", class: "link", on: { click: () => open({ alert: alert.previous }) } },
          `#${alert.previous}`)),
      ]));
}

function events() {
  if (!alert.evidence) return null;
  const gone = alert.events.length - alert.evidence.length;
  return section(t("detail.events", { n: alert.evidence.length }),
    el("ol", { class: "lines" }, alert.evidence.map((event) =>
      el("li", {},
        el("time", { datetime: event.ts }, moment(event.ts)),
        el("span", {},
          el("b", {}, named("kind", event.kind)), ` ${state.deviceName(event.device)}`,
          el("span", { class: "small data" }, Object.entries(event.data).map(([name, value]) =>
            el("span", {}, `${t(`data.${name}`) || name}: ${shown(name, value)}`))))))),
    gone > 0 && el("p", { class: "small" }, t("detail.events_gone", { n: gone })));
}

function timeline() {
  if (!alert.evidence) return null;
  if (incident === null) return section("detail.timeline_none", el("p", {}, t("detail.no_incident")));
  return section(t("detail.timeline", { id: incident.id }),
    el("ol", { class: "lines" }, incident.timeline.map((step) =>
      el("li", {},
        el("time", { datetime: step.at }, moment(step.at)),
        el("span", {},
          el("b", {}, named("step", step.act, { told: (step.detail.told ?? []).map(state.userName).join(t("listed")) || "—" })),
          ` ${state.userName(step.actor)}`,
          step.detail.disposition && ` · ${named("disposition", step.detail.disposition)}`,
          step.reason && el("span", { class: "small data" }, named("reason", step.reason)))))));
}

function receipts() {
  if (incident === null) return null;
  const phones = incident.receipts.filter((receipt) => receipt.channel !== "command_room");
  const room = incident.receipts.filter((receipt) => receipt.channel === "command_room");
  return el("section", { class: "part told" }, el("h3", {}, t("detail.receipts")),
    phones.length === 0
      ? el("p", {}, t("detail.no_receipts"))
      : el("ol", { class: "lines" }, phones.map((receipt) =>
          el("li", {},
            el("time", { datetime: receipt.created_at }, moment(receipt.created_at)),
            el("span", {},
              el("b", {}, state.userName(receipt.user ?? receipt.channel)), ` ${named("receipt", receipt.state)}`,
              receipt.accepted_at && ` ${moment(receipt.accepted_at)}`,
              receipt.attempts > 1 && ` · ${t("detail.attempts", { n: receipt.attempts })}`,
              receipt.state !== "accepted" && receipt.last_answer &&
                el("span", { class: "small data" }, receipt.last_answer))))),
    ladder(),
    room.length > 0 && el("p", { class: "small" }, t("detail.command_room", {
      n: room.length, done: room.filter((receipt) => receipt.state === "accepted").length,
    })));
}

/** The ladder's clock: who is told next, and when, unless somebody signs. */
function ladder() {
  if (OVER.has(incident.state)) return null;
  if (!UNANSWERED.has(incident.state)) return el("p", { class: "ladder" }, t("ladder.stopped"));
  const sounded = Date.parse(alert.last_sounded_at ?? incident.opened_at);
  const next = incident.ladder.find((rung) => sounded + rung.after_s * 1000 > now());
  if (next === undefined) return el("p", { class: "ladder" }, t("ladder.at_the_top"));
  return el("p", { class: "ladder" }, t("ladder.next", {
    at: moment(new Date(sounded + next.after_s * 1000).toISOString()),
    who: next.recipients.map((recipient) => state.userName(recipient.user)).join(t("listed")),
  }));
}

const section = (title, ...content) => el("section", { class: "part" }, el("h3", {}, t(title) || title), ...content);

const fact = (name, text) => [el("dt", {}, t(name)), el("dd", {}, text)];

function shown(name, value) {
  if (name.endsWith("_s") && typeof value === "number" && t(`data.${name}`)) return span(value);
  const text = t(`value.${name}.${value}`) || t(`value.${name}`, { n: value }) ||
    (typeof value === "string" ? value : JSON.stringify(value));
  return PERSONAL.has(name) && text.length > 2 ? `••••${text.slice(-2)}` : text;
}
