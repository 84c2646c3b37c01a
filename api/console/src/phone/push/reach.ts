// Whether this phone can be reached by a push, and how it becomes so.

import { shallowRef } from "vue";
import { api, got } from "@/api/client";
import { messageOf, Problem } from "@/api/problem";
import { me } from "@/session/session";
import { t } from "@/words";
import { setSetting } from "../store";

/** In the order in which they are found out; only the last two are reached. */
export type Reach = "unknown" | "insecure" | "ios" | "unsupported" | "none" | "blocked" | "off" | "ready" | "received";
export interface Contact {
  id: number;
  channel: string;
  label: string;
  address: string;
  state: string;
  reached_at: string | null;
}
type Step = "queued" | "accepted" | "delivered" | "seen" | "acknowledged" | "refused" | "expired" | "stopped";
export interface Test {
  state: Step;
  accepted_at: string | null;
  delivered_at: string | null;
  seen_at: string | null;
  last_answer: string | null;
  /** Nothing came within the patience one has. */
  late: boolean;
}

export const reach = shallowRef<Reach>("unknown");
export const contacts = shallowRef<Contact[]>([]);
export const test = shallowRef<Test | null>(null);
export const error = shallowRef("");
export const TEST_S = 60;
const LOOK_MS = 1500;
const TAIL = 4;

const isIos = (): boolean => /iP(hone|ad|od)/.test(navigator.userAgent) || (navigator.userAgent.includes("Mac") && navigator.maxTouchPoints > 1);
const isInstalled = (): boolean => matchMedia("(display-mode: standalone)").matches || (navigator as { standalone?: boolean }).standalone === true;

/** What stands between this browser and a push, if anything. */
export function obstacle(): Reach | null {
  if (!isSecureContext) return "insecure";
  if (isIos() && !isInstalled()) return "ios";
  if (!("serviceWorker" in navigator) || !("PushManager" in globalThis) || !("Notification" in globalThis)) return "unsupported";
  return Notification.permission === "denied" ? "blocked" : null;
}

/** Somebody else is in: nothing of another's phones is shown. */
export function forget(): void {
  [reach.value, contacts.value, test.value, error.value] = ["unknown", [], null, ""];
}

/** Find out how it stands. */
export async function look(): Promise<void> {
  error.value = "";
  try {
    contacts.value = await fetchContacts();
    const standing = obstacle();
    if (standing !== null) {
      reach.value = standing;
      return;
    }
    const mine = contactOf(await subscription());
    reach.value = mine === undefined ? "off" : mine.reached_at === null ? "ready" : "received";
  } catch (problem) {
    error.value = messageOf(problem);
  }
}

/** Subscribe this browser; by a tap only, browsers ask then. */
export async function subscribe(): Promise<void> {
  error.value = "";
  try {
    const { key } = await got(api.GET("/api/v1/push/key"));
    if ((await Notification.requestPermission()) !== "granted") return await look();
    const registration = await navigator.serviceWorker.ready;
    const was = await registration.pushManager.getSubscription();
    // With another key than the station's it is good for nothing; another user's of this phone is not mine.
    if (was !== null && (!isFor(was, key) || contactOf(was) === undefined)) await was.unsubscribe();
    const fresh = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytesOf(key) });
    const label = t("phone.reach.this_phone");
    await setSetting("label", label);
    await got(api.POST("/api/v1/push/subscriptions", { body: { ...bodyOf(fresh), label } }));
    await look();
  } catch (problem) {
    if (problem instanceof Problem && problem.status === 404) reach.value = "none";
    else error.value = messageOf(problem);
  }
}

/** Tell this phone no more. */
export async function unsubscribe(): Promise<void> {
  const was = await subscription();
  if (was === null) return;
  try {
    await got(api.DELETE("/api/v1/push/subscriptions", { body: bodyOf(was) }));
    await was.unsubscribe();
    await look();
  } catch (problem) {
    error.value = messageOf(problem);
  }
}

/** Send this phone a test and follow it: queued, accepted, delivered, opened. */
export async function tryIt(): Promise<void> {
  error.value = "";
  const mine = contactOf(await subscription());
  const username = me.value?.username;
  if (mine === undefined || username === undefined) return;
  try {
    const { notification } = await got(api.POST("/api/v1/users/{username}/contacts/{contact_id}/test", {
      params: { path: { username, contact_id: mine.id } },
    }));
    const until = Date.now() + TEST_S * 1000;
    for (;;) {
      const told = await got(api.GET("/api/v1/notifications/{notification_id}", { params: { path: { notification_id: notification } } }));
      const late = Date.now() > until && told.delivered_at === null;
      test.value = { ...told, late };
      if (told.delivered_at !== null) reach.value = "received";
      if (late || told.seen_at !== null || ["refused", "expired", "stopped"].includes(told.state)) return;
      if (Date.now() > until) return;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
  } catch (problem) {
    error.value = messageOf(problem);
  }
}

async function fetchContacts(): Promise<Contact[]> {
  const username = me.value?.username ?? "";
  const { items } = await got(api.GET("/api/v1/users/{username}/contacts", { params: { path: { username } } }));
  return items.filter((contact) => contact.state === "active");
}

async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration("/m");
  return (await registration?.pushManager?.getSubscription()) ?? null;
}

/** Which of my contacts this browser is: of an endpoint the API tells the last characters. */
const contactOf = (mine: PushSubscription | null): Contact | undefined =>
  mine === null ? undefined
    : contacts.value.find((contact) => contact.channel === "web_push" && contact.address.endsWith(mine.endpoint.slice(-TAIL)));

const bodyOf = (subscription: PushSubscription): { endpoint: string; keys: { p256dh: string; auth: string }; label: string } => {
  const { endpoint = "", keys = {} } = subscription.toJSON();
  return { endpoint, keys: { p256dh: keys["p256dh"] ?? "", auth: keys["auth"] ?? "" }, label: "" };
};

const isFor = (subscription: PushSubscription, key: string): boolean => {
  const its = subscription.options.applicationServerKey;
  return its === null || new Uint8Array(its).join() === bytesOf(key).join();
};

/** A key in URL-safe base64 as bytes. */
export function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const text = atob(key.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
