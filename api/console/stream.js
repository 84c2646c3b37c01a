// Following the live stream, and noticing when it is not live: the link is `connecting`, `live` or `lost`.
//
// The browser's EventSource reconnects by itself and says where it left off. What it does not notice is a stream that
// died without a word: the server sends a heartbeat every 15 seconds, and 40 seconds without any frame are a loss.
// `/readyz`, asked every ten seconds, says what is wrong behind the server.

import { get, now, readiness } from "./api.js";

const LOOK_MS = 10000;
const LOST_AFTER_MS = 40000;
const AGAIN_MS = 3000;
/** Frames that come this soon after reconnecting count as replayed. */
const REPLAY_MS = 3000;
const KINDS = ["alert", "incident", "work_item"];

let handlers = null;
let source = null;
let again = null;
let looking = null;
let watching = null;
let lastId = null;
let contactAt = 0;
let contactClock = 0;
let state = "connecting";
let replay = null;
let triedAt = 0;

/**
 * Follow the stream. Handlers: `frame(kind, body)`, `anew(first)` when the lists are to be fetched, `link(state, told)`
 * with `told.at` (last contact, ms) and, after a loss, `told.replayed`, `ready(failing)`, and `forbidden(problem)`.
 */
export function start(given) {
  stop();
  handlers = given;
  lastId = null;
  say("connecting");
  contact();
  connect();
  looking = setInterval(look, LOOK_MS);
  watching = setInterval(watch, 1000);
  look();
}

/** Follow no more. */
export function stop() {
  handlers = null;
  source?.close();
  source = null;
  clearTimeout(again);
  clearInterval(looking);
  clearInterval(watching);
}

function connect() {
  clearTimeout(again);
  source?.close();
  const opened = new EventSource(lastId === null ? "/api/v1/stream" : `/api/v1/stream?last_event_id=${lastId}`);
  source = opened;
  const mine = (listener) => (event) => {
    if (source === opened && handlers !== null) listener(event);
  };
  opened.onopen = mine(onOpen);
  opened.onerror = mine(onError);
  opened.addEventListener("hello", mine((event) => onPosition(event, true)));
  opened.addEventListener("reset", mine((event) => onPosition(event, false)));
  opened.addEventListener("heartbeat", mine(keep));
  for (const kind of KINDS) opened.addEventListener(kind, mine((event) => onFrame(kind, event)));
}

function onOpen() {
  contact();
  const lost = state === "lost" && lastId !== null;
  replay = lost ? { count: 0 } : null;
  say("live", lost ? { replayed: 0 } : {});
  if (lost) {
    const counting = replay;
    setTimeout(() => {
      if (replay === counting) replay = null;
    }, REPLAY_MS);
  }
}

function onPosition(event, first) {
  keep(event);
  replay = null;
  handlers.anew(first);
}

function onFrame(kind, event) {
  keep(event);
  handlers.frame(kind, JSON.parse(event.data));
  if (replay !== null) {
    replay.count += 1;
    say("live", { replayed: replay.count });
  }
}

async function onError() {
  const refused = source.readyState === EventSource.CLOSED;
  lose();
  if (!refused) return; // the browser tries again by itself
  again = setTimeout(connect, AGAIN_MS + Math.random() * 1000);
  const asked = handlers;
  try {
    await get("alerts?limit=1"); // 401 ends the session, and with it this stream
  } catch (problem) {
    // Unreachable or not ready: the next attempt will tell. Not allowed: no attempt will.
    if (problem.status !== 403 || handlers !== asked || asked === null) return;
    stop();
    asked.forbidden(problem);
  }
}

async function look() {
  const asked = handlers;
  const { reached, failing } = await readiness();
  if (reached && handlers === asked && asked !== null) handlers.ready(failing);
}

function watch() {
  if (Date.now() - contactAt <= LOST_AFTER_MS) return;
  lose();
  if (Date.now() - triedAt > LOOK_MS) {
    triedAt = Date.now();
    connect();
  }
}

function lose() {
  if (state !== "lost") say("lost", { at: contactClock });
}

function keep(event) {
  contact();
  if (event.lastEventId) lastId = event.lastEventId;
}

function contact() {
  contactAt = Date.now();
  contactClock = now();
}

function say(next, told = {}) {
  state = next;
  handlers?.link(next, told);
}
