import { afterEach, beforeEach, expect, test, vi } from "vitest";

/** Tabs of one browser: each has the module for itself, and they share the lock, the channel, and what a server would see. */
let opened: Source[] = [];
let holder: { reject(why: Error): void } | null = null;
let queue: (() => void)[] = [];
let channels: Channel[] = [];

class Source extends EventTarget {
  static readonly CLOSED = 2;
  readyState = 1;
  onopen: ((event: Event) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  constructor(readonly url: string) {
    super();
    opened.push(this);
  }
  close(): void {
    this.readyState = 2;
  }
  say(kind: string, data = "{}", id = "1"): void {
    this.dispatchEvent(new MessageEvent(kind, { data, lastEventId: id }));
  }
}
class Channel {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor() {
    channels.push(this);
  }
  postMessage(data: unknown): void {
    for (const other of channels) if (other !== this) other.onmessage?.({ data });
  }
  close(): void {
    channels = channels.filter((one) => one !== this);
  }
}
const locks = {
  request: (_name: string, options: LockOptions, held: () => unknown) => new Promise<void>((done, reject) => {
    const take = (): void => {
      const mine = { reject };
      holder = mine;
      void Promise.resolve(held()).then(() => {
        done();
        if (holder !== mine) return;
        holder = null;
        queue.shift()?.();
      });
    };
    if (options.steal) {
      holder?.reject(new DOMException("stolen", "AbortError"));
      take();
    } else if (holder === null) take();
    else queue.push(take);
  }),
};

interface Tab {
  stream: typeof import("./stream");
  told: string[];
}
async function tab(): Promise<Tab> {
  vi.resetModules();
  const stream = await import("./stream");
  const told: string[] = [];
  stream.start({
    frame: (kind) => told.push(kind), anew: () => told.push("anew"), link: () => {}, forbidden: () => told.push("forbidden"),
  });
  await Promise.resolve();
  return { stream, told };
}

beforeEach(() => {
  vi.useFakeTimers();
  [opened, holder, queue, channels] = [[], null, [], []];
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal("BroadcastChannel", Channel);
  vi.stubGlobal("navigator", { ...navigator, locks });
  vi.stubGlobal("fetch", async () => new Response("{}", { status: 503, headers: { "Content-Type": "application/json" } }));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("one tab has the connection; another behind it fetches its lists, though it hears something at once", async () => {
  const first = await tab();
  opened[0]?.say("hello");
  const second = await tab();
  opened[0]?.say("alert"); // within the first moments of the second tab
  await vi.advanceTimersByTimeAsync(400);
  expect(opened).toHaveLength(1);
  expect(first.told).toEqual(["anew", "alert"]);
  expect(second.told).toEqual(["alert", "anew"]);
});

test("a tab whose duty was taken over connects no more", async () => {
  await tab();
  const [source] = opened;
  source!.readyState = 2;
  source!.onerror?.(new Event("error")); // refused: it would try again in a few seconds
  void locks.request("anxin.stream", { steal: true }, () => new Promise(() => {}));
  await vi.advanceTimersByTimeAsync(10_000);
  expect(opened).toHaveLength(1);
});
