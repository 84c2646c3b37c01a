// The command-room console: who is logged in, and what is wired to what. Start reading here.

import { call, post, whenSessionOver } from "./api.js";
import * as acts from "./acts.js";
import * as banners from "./banners.js";
import * as detail from "./detail.js";
import { byId } from "./dom.js";
import * as format from "./format.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as session from "./session.js";
import * as sound from "./sound.js";
import * as state from "./state.js";
import * as stream from "./stream.js";
import * as texts from "./texts.js";
import { t } from "./texts.js";
import * as tour from "./tour.js";

const AGAIN_MS = 3000;
const NARROW = matchMedia("(max-width: 60rem)");

/** Whether something has been opened since the log-in. */
let opened = false;

// ── who is logged in ────────────────────────────────────────────────────────────────────────────────────

async function begin() {
  if (!session.mayBeOpen()) return leave(null); // asking would only be refused
  try {
    enter(await call("GET", "/api/v1/me"));
  } catch (problem) {
    if (problem.status === 401) return; // the log-in form is up
    banners.showBroken(problem);
    setTimeout(begin, AGAIN_MS);
  }
}

function enter(who) {
  session.set(who);
  document.body.dataset.view = "in";
  byId("station").textContent = who.station_name ?? who.station;
  byId("who").textContent = who.name;
  banners.showBroken(null);
  drawSound();
  stream.start({
    frame: state.apply,
    anew: (first) => {
      if (!first) banners.showAnew();
      load();
    },
    link: (next, told) => {
      if (next === "lost") sound.lost();
      banners.showLink(next, told);
    },
    ready: banners.showReady,
    forbidden: (problem) => {
      banners.showLink("none", {});
      banners.showBroken(problem);
    },
  });
}

function leave(why) {
  opened = false;
  if (session.current() !== null && why === "login.over") sound.lost(); // whoever relies on this page has to know
  session.set(null);
  stream.stop();
  tour.close();
  detail.close();
  state.forget();
  drawSound();
  banners.showLink("connecting", {});
  banners.showReady([]);
  banners.showBroken(null);
  document.body.dataset.view = "out";
  byId("login-why").textContent = why === null ? "" : t(why);
  byId("username").focus();
}

async function logIn(event) {
  event.preventDefault();
  const form = event.target;
  const button = form.querySelector("button");
  button.disabled = true;
  byId("login-error").textContent = "";
  try {
    const given = { username: form.username.value.trim(), password: form.password.value };
    if (form.otp.value.trim() !== "") given.otp = form.otp.value.trim();
    await call("POST", "/api/v1/auth/login", given);
    form.password.value = form.otp.value = "";
    byId("second-factor").hidden = true;
    const who = await call("GET", "/api/v1/me");
    if (who.totp?.must_enrol) {
      byId("login-error").textContent = t("login.must_enrol");
      await call("POST", "/api/v1/auth/logout");
      return;
    }
    enter(who);
  } catch (problem) {
    if (problem.reason === "otp_required") {
      byId("second-factor").hidden = false;
      form.otp.focus();
      return;
    }
    byId("login-error").textContent = problem.message;
    (problem.reason === "otp_wrong" ? form.otp : form.password).select();
  } finally {
    button.disabled = false;
  }
}

async function logOut() {
  try {
    await post("auth/logout");
  } catch (problem) {
    if (problem.status !== 401) return banners.notice(problem.message);
  }
  leave("login.left");
}

// ── what is shown ───────────────────────────────────────────────────────────────────────────────────────

async function load() {
  const mine = session.current();
  try {
    await state.load();
    banners.showBroken(null);
  } catch (problem) {
    if (session.current() !== mine || mine === null) return;
    banners.showBroken(problem);
    if (problem.status !== 403) setTimeout(() => session.current() === mine && load(), AGAIN_MS);
  }
}

function open(chosen) {
  opened = true;
  detail.open(chosen);
  list.select(chosen);
}

function moveBy(by) {
  const on = list.move(by);
  // Details that are open follow the cursor, so that A never acts on something other than what is read.
  if (on !== null && detail.shownAlert() !== null) open(on);
}

/** On a desk's screen the top alert stands open until somebody chooses. Opening marks nothing as seen. */
function openTop() {
  const top = state.openAlerts()[0];
  if (!opened && !NARROW.matches && top) open({ alert: top.id });
}

/** Open the details of an alert, if none are open and there is one: opening is not acknowledging. */
function showSomeAlert() {
  const some = state.unacknowledged()[0] ?? state.openAlerts()[0];
  if (detail.shownAlert() === null && some) open({ alert: some.id });
}

function drawAll() {
  texts.apply();
  keys.drawHelp();
  banners.draw();
  banners.drawCounts();
  list.draw();
  detail.redraw();
  tour.draw();
  tick();
}

function drawSound() {
  byId("silent").hidden = session.current() === null || !sound.isLocked();
}

function tick() {
  byId("clock").textContent = format.wallClock();
  format.tick();
  list.settle();
}

whenSessionOver(() => {
  if (session.current() !== null) leave("login.over");
  else if (document.body.dataset.view === "starting") leave(null);
});
state.onChange((what) => {
  list.draw();
  banners.drawCounts();
  detail.changed(what);
  openTop();
  if (state.isLoaded()) tour.offer();
});
state.onRaise((alert) => {
  sound.raised(alert);
  if (alert.priority !== "P1") return;
  banners.sayUrgent(alert);
  if (!tour.isOpen()) return;
  tour.close();
  banners.notice(t("tour.interrupted"));
});
list.start(open);
detail.start(() => list.select(null));
tour.start({ list: () => detail.close(), alert: showSomeAlert });
sound.whenLocked(drawSound);
keys.start({
  down: () => moveBy(1),
  up: () => moveBy(-1),
  enter: () => (list.cursorAlert() ? open({ alert: list.cursorAlert().id }) : false),
  acknowledge: () => (detail.shownAlert() ? detail.acknowledge() : acts.acknowledge(list.cursorAlert())),
  escape: () => detail.close(),
  help: () => {
    if (byId("help").open) return byId("help").close();
    keys.drawHelp();
    byId("help").showModal();
  },
});
byId("login").addEventListener("submit", logIn);
byId("log-out").addEventListener("click", logOut);
byId("start-shift").addEventListener("click", async () => {
  if (!(await sound.startShift())) banners.notice(t("sound.refused"));
});
byId("language").addEventListener("click", () => {
  texts.setLanguage(texts.language() === "zh" ? "en" : "zh");
  drawAll();
});
setInterval(tick, 1000);
setInterval(sound.beat, 500);
drawAll();
begin();
