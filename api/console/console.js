// The command-room console: who is logged in, and what is wired to what. Start reading here.

import { call, post, whenSessionOver } from "./api.js";
import * as acts from "./acts.js";
import * as banners from "./banners.js";
import * as detail from "./detail.js";
import { byId } from "./dom.js";
import * as format from "./format.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as sound from "./sound.js";
import * as state from "./state.js";
import * as stream from "./stream.js";
import * as texts from "./texts.js";
import { t } from "./texts.js";

const AGAIN_MS = 3000;
let user = null;

// ── who is logged in ────────────────────────────────────────────────────────────────────────────────────

async function begin() {
  try {
    enter(await call("GET", "/api/v1/me"));
  } catch (problem) {
    if (problem.status === 401) return; // the log-in form is up
    banners.showBroken(problem);
    setTimeout(begin, AGAIN_MS);
  }
}

function enter(who) {
  user = who;
  document.body.dataset.view = "in";
  byId("station").textContent = who.station;
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
  if (user !== null && why === "login.over") sound.lost(); // whoever relies on this page has to know
  user = null;
  stream.stop();
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
    const answer = await call("POST", "/api/v1/auth/login", given);
    form.password.value = "";
    enter(answer.user);
  } catch (problem) {
    byId("login-error").textContent = problem.message;
    form.password.select();
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
  const mine = user;
  try {
    await state.load();
    banners.showBroken(null);
  } catch (problem) {
    if (user !== mine || user === null) return;
    banners.showBroken(problem);
    if (problem.status !== 403) setTimeout(() => user === mine && load(), AGAIN_MS);
  }
}

function open(chosen) {
  detail.open(chosen);
  list.select(chosen);
}

function moveBy(by) {
  const on = list.move(by);
  // Details that are open follow the cursor, so that A never acts on something other than what is read.
  if (on !== null && detail.shownAlert() !== null) open(on);
}

function drawAll() {
  texts.apply();
  keys.drawHelp();
  banners.draw();
  banners.drawCounts();
  list.draw();
  detail.redraw();
  tick();
}

function drawSound() {
  byId("silent").hidden = user === null || !sound.isLocked();
}

function tick() {
  byId("clock").textContent = format.wallClock();
  format.tick();
  list.settle();
}

whenSessionOver(() => {
  if (user !== null) leave("login.over");
  else if (document.body.dataset.view === "starting") leave(null);
});
state.onChange((what) => {
  list.draw();
  banners.drawCounts();
  detail.changed(what);
});
state.onRaise((alert) => {
  sound.raised(alert);
  if (alert.priority === "P1") banners.sayUrgent(alert);
});
list.start(open);
detail.start(() => list.select(null));
sound.whenLocked(drawSound);
keys.start({
  down: () => moveBy(1),
  up: () => moveBy(-1),
  enter: () => (list.cursorAlert() ? open({ alert: list.cursorAlert().id }) : false),
  acknowledge: () => (detail.shownAlert() ? detail.acknowledge() : acts.acknowledge(list.cursorAlert())),
  escape: () => detail.close(),
  help: () => (byId("help").open ? byId("help").close() : byId("help").showModal()),
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
