// «What you are looking at»: five steps on the live page. A card in a corner, never a curtain: the page stays in use,
// and a new P1 alert closes it.

import { byId, el } from "./dom.js";
import * as session from "./session.js";
import * as state from "./state.js";
import { t } from "./texts.js";

const KEPT = "anxin.tour";
/** What each step is about; `body[data-tour]` lets the style sheet frame it, whatever is redrawn meanwhile. */
const STEPS = [
  { name: "list", target: "#list" },
  { name: "detail", target: "#detail .first-action", opens: true },
  { name: "told", target: "#detail .told", opens: true },
  { name: "acts", target: "#detail .acts", opens: true },
  { name: "more", target: null },
];
const LOOK_MS = 150;
const MOST_LOOKS = 20;

const card = byId("tour");
let step = null;
let before = null;
let looking = null;
let show = { list: () => {}, alert: () => {} };

/** Start; `shows.list()` brings the list up and `shows.alert()` the details of an alert, if there is one. */
export function start(shows) {
  show = shows;
  byId("tour-open").addEventListener("click", () => (isOpen() ? close() : open()));
  byId("tour-skip").addEventListener("click", close);
  byId("tour-back").addEventListener("click", () => go(step - 1));
  byId("tour-next").addEventListener("click", () => (step === STEPS.length - 1 ? close() : go(step + 1)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !isOpen() || event.isComposing || byId("help").open) return;
    event.preventDefault(); // the details stay as they are
    event.stopPropagation();
    close();
  }, { capture: true });
}

export const isOpen = () => step !== null;

/** Open by itself, once in the life of a browser and only in a demo. */
export function offer() {
  if (session.demo() === null || isOpen() || seen()) return;
  open();
}

/** Open at the first step. */
export function open() {
  before = document.activeElement;
  remember();
  go(0);
  byId("tour-next").focus({ preventScroll: true });
}

/** Close, wherever it is. */
export function close() {
  if (!isOpen()) return;
  const focused = card.contains(document.activeElement);
  step = null;
  clearTimeout(looking);
  draw();
  if (focused) (before?.isConnected ? before : byId("tour-open")).focus({ preventScroll: true });
}

/** Write the step, in the language shown now. */
export function draw() {
  card.hidden = !isOpen();
  byId("tour-open").setAttribute("aria-expanded", String(isOpen()));
  if (!isOpen()) {
    delete document.body.dataset.tour;
    return;
  }
  const { name } = STEPS[step];
  document.body.dataset.tour = name;
  byId("tour-count").textContent = t("tour.count", { n: step + 1, of: STEPS.length });
  byId("tour-title").textContent = t(`tour.${name}.title`);
  byId("tour-text").textContent = t(`tour.${name}.text`, state.deadlines());
  byId("tour-links").replaceChildren(...(name === "more" ? links() : []));
  byId("tour-back").hidden = step === 0;
  byId("tour-next").textContent = t(step === STEPS.length - 1 ? "tour.done" : "tour.next");
}

function go(to) {
  step = Math.max(0, to);
  if (STEPS[step].opens) show.alert();
  else if (STEPS[step].name === "list") show.list();
  draw();
  aim(MOST_LOOKS);
}

/** Bring what the step is about into view, as soon as it is there: the details are fetched. */
function aim(looks) {
  clearTimeout(looking);
  const { target } = STEPS[step];
  const found = target === null ? null : document.querySelector(target);
  if (found) found.scrollIntoView({ block: "nearest" });
  // Once more after it was found: what is fetched late moves it.
  if (target !== null && looks > 0) looking = setTimeout(() => isOpen() && aim(found ? 0 : looks - 1), found ? 400 : LOOK_MS);
}

function links() {
  const places = [
    ["phones", session.demo()?.phones],
    ["dead_letters", session.may("alerts.ack") ? "/api/v1/dead-letters" : null],
    ["events", "/api/v1/events?limit=20"],
    ["docs", "/docs"],
  ];
  return places.filter(([, href]) => href).map(([name, href]) =>
    el("li", {}, el("a", { href, target: "_blank", rel: "noopener" }, t(`tour.link.${name}`))));
}

function seen() {
  try {
    return localStorage.getItem(KEPT) !== null;
  } catch {
    return true; // nothing can be remembered here: do not start by itself every time
  }
}

function remember() {
  try {
    localStorage.setItem(KEPT, "seen");
  } catch {
    // as above
  }
}
