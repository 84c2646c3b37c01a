// The live link: server-sent events, one connection for the whole browser, and how the link is.
//
// The tab that holds the lock holds the connection and passes its frames on to the others over a channel; when it is
// closed, the lock and with it the duty go to another tab. Without locks (plain http from another machine) each tab
// has a connection of its own.
//
// The stream's ids resume it: whatever happened meanwhile is replayed. 40 s without a frame is a dead connection,
// whatever the browser believes.

import { now } from "@/api/clock";
import { api, got } from "@/api/client";
import { Problem } from "@/api/problem";

const LOOK_MS = 10_000;
const LOST_AFTER_MS = 40_000;
const AGAIN_MS = 3000;
/** Frames that come this soon after reconnecting count as replayed. */
const REPLAY_MS = 3000;
const KINDS = ["alert", "incident", "work_item", "picture"] as const;

export type Kind = (typeof KINDS)[number];
export type Link = "connecting" | "live" | "lost";
export interface LinkTold {
  /** When the server was last heard, in its own ms. */
  at?: number;
  /** After a loss: how many changes were caught up with. */
  replayed?: number;
}
export interface Handlers {
  frame(kind: Kind, body: never): void;
  /** The lists are to be fetched: at first, and when the position is no longer kept. */
  anew(first: boolean): void;
  link(state: Link, told: LinkTold): void;
  forbidden(problem: Problem): void;
}
type Passed =
  | { what: "frame"; kind: Kind; body: never; id: string }
  | { what: "anew"; first: boolean; id: string }
  | { what: "kept"; id: string }
  | { what: "opened" }
  | { what: "lost" };

let handlers: Handlers | null = null;
let source: EventSource | null = null;
let channel: BroadcastChannel | null = null;
let again: ReturnType<typeof setTimeout> | undefined;
let watching: ReturnType<typeof setInterval> | undefined;
let letGo: () => void = () => {};
let lastId: string | null = null;
let heardAt = 0;
let heardClock = 0;
let triedAt = 0;
let state: Link = "connecting";
let replay: { count: number } | null = null;
let leading = false;
/** Whether this tab has been told to fetch its lists. */
let listed = false;

/** When the server was last heard, in its own ms; 0 before it was. */
export const lastHeard = (): number => heardClock;

/** Follow the stream until `stop`. */
export function start(given: Handlers): void {
  stop();
  handlers = given;
  lastId = null;
  listed = false;
  say("connecting");
  keep(null);
  watching = setInterval(watch, 1000);
  if (navigator.locks === undefined) {
    lead();
    return;
  }
  channel = new BroadcastChannel("anxin.stream");
  channel.onmessage = (event: MessageEvent<Passed>) => take(event.data);
  takeTurns(false);
}

/** Follow no more. */
export function stop(): void {
  handlers = null;
  leading = false;
  source?.close();
  source = null;
  channel?.close();
  channel = null;
  clearTimeout(again);
  clearInterval(watching);
  letGo();
}

function takeTurns(steal: boolean): void {
  const asked = handlers;
  const withdrawn = new AbortController();
  letGo();
  letGo = () => withdrawn.abort();
  const options: LockOptions = steal ? { steal: true } : { signal: withdrawn.signal };
  navigator.locks
    .request("anxin.stream", options, () => {
      if (handlers !== asked || asked === null) return undefined;
      lead();
      return new Promise<void>((done) => (letGo = done));
    })
    .catch(() => {
      // Given up, or taken over by a tab that had heard nothing for too long.
      if (handlers !== asked || asked === null || !leading) return;
      leading = false;
      clearTimeout(again);
      source?.close();
      source = null;
      takeTurns(false);
    });
  // Somebody else leads: what they are told from now on reaches this tab too, so the lists may be fetched.
  setTimeout(() => {
    if (handlers === asked && asked !== null && !leading && !listed) join();
  }, 300);
}

/** Behind another tab's connection: alive as long as frames or heartbeats come through. */
function join(): void {
  listed = true;
  handlers?.anew(true);
  say("live");
}

function lead(): void {
  leading = true;
  connect();
}

function connect(): void {
  clearTimeout(again);
  source?.close();
  const opened = new EventSource(lastId === null ? "/api/v1/stream" : `/api/v1/stream?last_event_id=${lastId}`);
  source = opened;
  const mine = (listener: (event: MessageEvent<string>) => void) => (event: Event) => {
    if (source === opened && handlers !== null) listener(event as MessageEvent<string>);
  };
  opened.onopen = mine(() => pass({ what: "opened" }));
  opened.onerror = mine(onError);
  opened.addEventListener("hello", mine((event) => pass({ what: "anew", first: true, id: event.lastEventId })));
  opened.addEventListener("reset", mine((event) => pass({ what: "anew", first: false, id: event.lastEventId })));
  opened.addEventListener("heartbeat", mine((event) => pass({ what: "kept", id: event.lastEventId })));
  for (const kind of KINDS) {
    opened.addEventListener(kind, mine((event) =>
      pass({ what: "frame", kind, body: JSON.parse(event.data) as never, id: event.lastEventId })));
  }
}

/** Take something over and tell the other tabs. */
function pass(told: Passed): void {
  channel?.postMessage(told);
  take(told);
}

function take(told: Passed): void {
  if (handlers === null) return;
  if (told.what === "lost") {
    lose();
    return;
  }
  keep("id" in told ? told.id : null);
  if (told.what === "opened") onOpen();
  else if (told.what === "anew") {
    replay = null;
    listed = true;
    handlers.anew(told.first);
  } else if (told.what === "frame") {
    handlers.frame(told.kind, told.body);
    if (replay !== null) {
      replay.count += 1;
      say("live", { replayed: replay.count });
    }
  }
  if (state !== "live") say("live");
}

function onOpen(): void {
  const back = state === "lost" && lastId !== null;
  replay = back ? { count: 0 } : null;
  say("live", back ? { replayed: 0 } : {});
  if (!back) return;
  const counting = replay;
  setTimeout(() => {
    if (replay === counting) replay = null;
  }, REPLAY_MS);
}

async function onError(): Promise<void> {
  const refused = source?.readyState === EventSource.CLOSED;
  pass({ what: "lost" });
  if (!refused) return; // the browser tries again by itself
  again = setTimeout(() => leading && connect(), AGAIN_MS + Math.random() * 1000);
  const asked = handlers;
  try {
    await got(api.GET("/api/v1/alerts", { params: { query: { limit: 1 } } })); // 401 ends the session, and with it this stream
  } catch (problem) {
    // Unreachable or not ready: the next attempt will tell. Not allowed: no attempt will.
    if (!(problem instanceof Problem) || problem.status !== 403 || handlers !== asked || asked === null) return;
    stop();
    asked.forbidden(problem);
  }
}

function watch(): void {
  if (Date.now() - heardAt <= LOST_AFTER_MS) return;
  lose();
  if (Date.now() - triedAt < LOOK_MS) return;
  triedAt = Date.now();
  if (leading) connect();
  else if (navigator.locks !== undefined) takeTurns(true);
}

function lose(): void {
  if (state !== "lost") say("lost", { at: heardClock });
}

function keep(id: string | null): void {
  heardAt = Date.now();
  heardClock = now();
  if (id) lastId = id;
}

function say(next: Link, told: LinkTold = {}): void {
  state = next;
  handlers?.link(next, told);
}
