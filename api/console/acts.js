// What an operator can do about an alert and its incident: acknowledge, reset, sign, close.

import { now, post } from "./api.js";
import { notice } from "./banners.js";
import * as away from "./away.js";
import { byId, el } from "./dom.js";
import { letGo } from "./list.js";
import * as session from "./session.js";
import * as state from "./state.js";
import { named, said, t } from "./texts.js";

const DISPOSITIONS = ["real", "false_sensor", "false_human", "nuisance", "drill", "duplicate", "handed_over"];
export const OVER = new Set(["closed", "merged", "cancelled"]);
export const UNANSWERED = new Set(["new", "acknowledged", "dispatched", "reopened"]);

let alert = null;
let incident = null;
let busy = false;

/** The acts' buttons, made once for each thing that is opened. */
export function make() {
  return el("section", { class: "acts", "aria-label": t("act.label") },
    el("div", { class: "buttons" },
      button("ack", "primary", () => acknowledge(alert, incident)),
      button("reset", "", () => run("reset", `alerts/${alert.id}/reset`)),
      button("sign", "", () => run("sign", `incidents/${incident.id}/sign`, step()))),
    el("p", { id: "still-active", class: "small", hidden: true }, t("act.still_active")),
    el("p", { id: "still-latched", hidden: true }, t("act.still_latched")),
    el("form", { id: "closing", on: { submit: close } },
      el("label", { for: "disposition" }, t("act.disposition")),
      el("select", { id: "disposition", required: true },
        el("option", { value: "" }, t("act.choose")),
        DISPOSITIONS.map((code) => el("option", { value: code }, named("disposition", code)))),
      el("label", { for: "note" }, t("act.note")),
      el("input", { id: "note", maxlength: 2000, autocomplete: "off" }),
      el("button", { id: "act-close", type: "submit" }, t("act.close"))),
    away.make((act, body) => run(act, `persons/${alert.person}/away`, body)),
    el("p", { id: "act-error", class: "error", role: "alert" }));
}

/** Show the acts that are possible now. */
export function update(nowAlert, nowIncident) {
  alert = nowAlert;
  incident = nowIncident;
  if (!byId("act-ack")) return; // the details are closed; the keyboard acts on the list
  const open = incident !== null && !OVER.has(incident.state);
  byId("act-ack").hidden = !canAcknowledge(alert, incident);
  byId("act-reset").hidden = !(session.may("alerts.reset") && alert.latched && alert.acknowledged && alert.state !== "ended");
  byId("still-active").hidden = byId("act-reset").hidden || !alert.active;
  byId("still-latched").hidden = open || incident === null || !alert.latched || alert.state === "ended";
  byId("act-sign").hidden = !(session.may("incidents.sign") && open && UNANSWERED.has(incident.state));
  byId("closing").hidden = !(session.may("incidents.close") && open);
  away.update(alert);
  for (const control of document.querySelectorAll(".acts button")) control.disabled = busy;
}

/** Say what went wrong, beside the buttons. */
export function complain(problem) {
  const place = byId("act-error");
  if (place) place.textContent = problem?.message ?? "";
  else if (problem) notice(problem.message);
}

/** Acknowledge an alert; its incident goes with it. */
export async function acknowledge(wanted, its = null) {
  if (!wanted || !canAcknowledge(wanted, its)) return;
  const path = state.isUnacknowledged(wanted) ? `alerts/${wanted.id}/ack` : `incidents/${its.id}/ack`;
  await run("ack", path, undefined, wanted);
}

function canAcknowledge(wanted, its) {
  return session.may("alerts.ack") && wanted.stream === "alert" && (state.isUnacknowledged(wanted) || its?.state === "new");
}

async function close(event) {
  event.preventDefault();
  const disposition = byId("disposition").value;
  const reason = byId("note").value.trim() || null;
  await run("close", `incidents/${incident.id}/close`, { ...step(), disposition, reason });
}

const step = () => ({ version: incident.version, client_at: new Date(now()).toISOString() });

async function run(act, path, body, about = alert) {
  if (busy) return;
  busy = true;
  if (alert !== null) update(alert, incident);
  complain(null);
  try {
    const done = await post(path, body);
    letGo();
    if (path.startsWith("alerts/")) state.apply("alert", done);
    if (path.startsWith("incidents/")) state.apply("incident", done);
    notice(t(`act.done.${act}`, { what: `${said(about.title)}${t("comma")}${state.where(about)}` }));
  } catch (problem) {
    complain(problem);
  } finally {
    busy = false;
    // Whatever happened, here or at another desk, is fetched and drawn by the change it made.
    state.touch(alert?.id);
    if (alert !== null) update(alert, incident);
  }
}

function button(act, look, click) {
  const key = act === "ack" ? [" ", el("kbd", {}, "A")] : [];
  return el("button", { id: `act-${act}`, type: "button", class: look, on: { click } }, t(`act.${act}`), key);
}
