// What a push says, and how the phone shows it. Nothing personal is in it; what is wanted is behind the log-in.

export interface Pushed {
  title?: { zh?: string; en?: string };
  body?: { zh?: string; en?: string };
  url?: string;
  tag?: string;
  priority?: string;
  drill?: boolean;
  receipt?: string | null;
}

/** A notice's options with what browsers know beyond the standard's types. */
export type Shown = NotificationOptions & { renotify?: boolean; vibrate?: number[] };

const FALLBACK = { zh: ["安心：有新消息", "点开查看"], en: ["Anxin: there is news", "Open for details"] } as const;
/** ms on and off; each priority has a rhythm of its own, like the command room's tones. */
const RHYTHM: Readonly<Record<string, number[]>> = { P1: [300, 100, 300, 100, 300, 400, 300, 100, 300, 100, 300], P2: [600, 300, 600], P3: [300] };

/** What a push carried; nothing of it when that cannot be read. */
export function answered(read: () => unknown): Pushed {
  try {
    const told = read();
    return typeof told === "object" && told !== null ? (told as Pushed) : {};
  } catch {
    return {};
  }
}

/** What the notice says; never nothing. */
export function shownOf(pushed: Pushed, language: "zh" | "en"): { title: string; options: Shown } {
  const [title, body] = FALLBACK[language];
  const urgent = pushed.priority === "P1" || pushed.priority === "P2";
  const rhythm = RHYTHM[pushed.priority ?? ""];
  return {
    title: pushed.title?.[language] || pushed.title?.zh || title,
    options: {
      body: pushed.body?.[language] || pushed.body?.zh || body,
      lang: language === "zh" ? "zh-CN" : "en",
      icon: "/icon-192.png",
      badge: "/badge-96.png",
      requireInteraction: urgent,
      data: { url: safe(pushed.url), receipt: pushed.receipt ?? null },
      // The newest of an incident takes the place of the ones before, and is heard all the same.
      ...(pushed.tag ? { tag: pushed.tag, renotify: true } : {}),
      ...(rhythm === undefined ? {} : { vibrate: rhythm }),
    },
  };
}

/** Where a receipt goes. */
export const receiptAt = (token: string): string => `/api/v1/receipts/${encodeURIComponent(token)}`;

/** A push opens our own pages only. */
const safe = (url: string | undefined): string => (url !== undefined && /^\/m([/?]|$)/.test(url) ? url : "/m");
