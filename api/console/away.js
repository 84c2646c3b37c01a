// Registering somebody as away, beside an alert about their silence: until then it alarms nobody.

import { now } from "./api.js";
import { byId, el } from "./dom.js";
import { fieldOf, moment, momentOf } from "./format.js";
import * as session from "./session.js";
import * as state from "./state.js";
import { t } from "./texts.js";

const DAY_MS = 86400000;
const MOST_DAYS = 180;

/** The form, made once for each thing that is opened; `send(act, body)` does what is chosen in it. */
export function make(send) {
  const tomorrow = `${fieldOf(now() + DAY_MS).slice(0, 10)}T20:00`;
  const submit = (event) => {
    event.preventDefault();
    const reason = byId("away-reason").value.trim() || null;
    send("away", { until: momentOf(byId("away-until").value), reason });
  };
  return [
    el("form", { id: "away", hidden: true, on: { submit } },
      el("label", { for: "away-until" }, t("away.until")),
      el("input", {
        id: "away-until", type: "datetime-local", required: true, value: tomorrow,
        min: fieldOf(now()), max: fieldOf(now() + MOST_DAYS * DAY_MS),
      }),
      el("label", { for: "away-reason" }, t("away.reason")),
      el("input", { id: "away-reason", maxlength: 2000, autocomplete: "off" }),
      el("button", { id: "act-away", type: "submit" }, t("act.away"))),
    el("div", { id: "is-away", hidden: true },
      el("span", { id: "away-told" }),
      el("button", { id: "act-back", type: "button", on: { click: () => send("back", { until: null }) } }, t("act.back"))),
  ];
}

/** Show what is possible now. */
export function update(alert) {
  const concerned = session.may("persons.away") && alert.person !== null && state.isOfSilence(alert);
  const away = Date.parse(alert.away_until ?? "") > now();
  byId("away").hidden = !concerned || away || alert.state === "ended";
  byId("is-away").hidden = !concerned || !away;
  byId("away-told").textContent = away ? t("away.told", { at: moment(alert.away_until) }) : "";
}
