// The service worker of /m: pages without a network, notices, and the queue when the page is closed.
//
// It keeps the built files only. What the API says never goes through it: copies of that are kept by user, by the page.

import { setting } from "../store";
import { entriesOf, replay } from "../queue/queue";
import { send, whoIsIn } from "../queue/send";
import { answered, receiptAt, shownOf, type Pushed } from "./notice";

declare const self: ServiceWorkerGlobalScope;
/** What the build puts in: the files of the phone's page, and a name that changes with them. */
declare const __FILES__: readonly string[];
declare const __BUILD__: string;

const PAGE = "/phone.html";
const CACHE = `anxin-phone-${__BUILD__}`;
const FILES: ReadonlySet<string> = new Set(__FILES__);
interface SyncEvent extends ExtendableEvent {
  readonly tag: string;
}
interface SubscriptionChange extends ExtendableEvent {
  readonly oldSubscription?: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
}

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll([PAGE, ...FILES].map((path) => new Request(path, { cache: "no-cache" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("anxin-phone-") && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  // A scope is a prefix: `/map` is within it and none of our business.
  if (request.mode === "navigate" && isOurs(url)) event.respondWith(fromHere(PAGE, request));
  else if (FILES.has(url.pathname)) event.respondWith(fromHere(url.pathname, request));
});

self.addEventListener("push", (event) => {
  event.waitUntil(show(event.data));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, receipt } = (event.notification.data ?? {}) as Partial<Pushed>;
  event.waitUntil(Promise.all([open(url ?? "/m"), tell(receipt, "seen")]));
});

self.addEventListener("sync" as keyof ServiceWorkerGlobalScopeEventMap, ((event: SyncEvent) => {
  if (event.tag === "anxin-queue") event.waitUntil(sendWaiting());
}) as unknown as EventListener);

self.addEventListener("pushsubscriptionchange" as keyof ServiceWorkerGlobalScopeEventMap, ((event: SubscriptionChange) => {
  event.waitUntil(renew(event));
}) as unknown as EventListener);

const isOurs = (url: URL): boolean => url.pathname === "/m" || url.pathname.startsWith("/m/");

/** From the cache, so that a thin line keeps nobody waiting; a new build comes with a new worker. */
async function fromHere(path: string, request: Request): Promise<Response> {
  return (await caches.match(path)) ?? fetch(request);
}

/** Show something for every push: browsers take the subscription from whoever stays silent. */
async function show(data: PushMessageData | null): Promise<void> {
  const language = (await setting("language").catch(() => undefined)) === "en" ? "en" : "zh";
  const pushed = answered(() => data?.json() as unknown);
  const { title, options } = shownOf(pushed, language);
  await Promise.all([self.registration.showNotification(title, options), tell(pushed.receipt, "delivered")]);
  for (const page of await pages()) page.postMessage({ what: "pushed" });
}

/** Say how far the message has come; a phone that has just been reached has a network. */
async function tell(receipt: string | null | undefined, step: "delivered" | "seen"): Promise<void> {
  if (!receipt) return;
  const at = new Date().toISOString();
  for (const pause of [0, 2000, 10_000]) {
    await new Promise((done) => setTimeout(done, pause));
    try {
      const answer = await fetch(receiptAt(receipt), {
        method: "POST", body: JSON.stringify({ step, at }), headers: { "Content-Type": "application/json" }, credentials: "omit",
      });
      if (answer.status < 500) return;
    } catch {
      // once more
    }
  }
}

async function open(url: string): Promise<void> {
  const [page] = await pages();
  if (page === undefined) {
    await self.clients.openWindow(url);
    return;
  }
  await page.focus().catch(() => page);
  page.postMessage({ what: "open", url });
}

const pages = async (): Promise<readonly WindowClient[]> =>
  (await self.clients.matchAll({ type: "window", includeUncontrolled: true })).filter((client) => isOurs(new URL(client.url)));

/** Send what waits of whoever is logged in; rejects while something still waits, so that the browser asks again. */
async function sendWaiting(): Promise<void> {
  const who = await whoIsIn();
  if (who === null) throw new Error("nobody answers");
  if (who === "nobody" || (await entriesOf(who.username)).length === 0) return;
  const ended = await replay(who.username, send);
  new BroadcastChannel("anxin.phone").postMessage("sent");
  if (ended === "waiting") throw new Error("something still waits");
}

/** The browser has changed its subscription: say the new one, or the phone is reached no more. */
async function renew(event: SubscriptionChange): Promise<void> {
  const key = event.oldSubscription?.options.applicationServerKey;
  const fresh = event.newSubscription ?? (key ? await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }) : null);
  if (fresh === null) return;
  const { endpoint, keys } = fresh.toJSON();
  await fetch("/api/v1/push/subscriptions", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ endpoint, keys, label: (await setting("label")) ?? "" }),
  });
}
