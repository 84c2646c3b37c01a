// The stretch of time a page of figures is about, cut where the station's days and months begin.

export const CHOICES = ["today", "week", "month", "last_month", "own"] as const;
export type Choice = (typeof CHOICES)[number];

/** `[since, until)`, RFC 3339. */
export interface Period {
  since: string;
  until: string;
}

const DAY_MS = 86_400_000;
/** What the API answers for at most. */
const LONGEST_DAYS = 370;

/** The day (`2026-11-22`) of a moment (ms) in a time zone. */
export const dayIn = (ms: number, zone: string): string => {
  const parts = partsIn(ms, zone);
  return `${parts.year}-${parts.month}-${parts.day}`;
};

/** The moment (ms) at which a day begins in a time zone. */
export function startOf(day: string, zone: string): number {
  const asUtc = Date.parse(`${day}T00:00:00Z`);
  // Twice: the offset at the guess may be another than at the moment itself.
  const guess = asUtc - offsetAt(asUtc, zone);
  return asUtc - offsetAt(guess, zone);
}

/** The day so many days later. */
export const daysLater = (day: string, days: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

/** The first day of the month so many months later. */
export function monthLater(day: string, months: number): string {
  const at = new Date(`${day.slice(0, 7)}-01T00:00:00Z`);
  at.setUTCMonth(at.getUTCMonth() + months);
  return at.toISOString().slice(0, 10);
}

/**
 * The period of a choice. What still runs ends now, so that it is compared with as long a stretch; `from` and `to` are
 * the days of one's own, both counted. Null when these are no period.
 */
export function periodOf(choice: Choice, nowMs: number, zone: string, from = "", to = ""): Period | null {
  const today = dayIn(nowMs, zone);
  const cut = (first: string, after: string | null): Period | null => {
    const since = startOf(first, zone);
    const until = after === null ? nowMs : Math.min(startOf(after, zone), nowMs);
    return since < until ? { since: new Date(since).toISOString(), until: new Date(until).toISOString() } : null;
  };
  switch (choice) {
    case "today": return cut(today, null);
    case "week": return cut(daysLater(today, -6), null);
    case "month": return cut(monthLater(today, 0), null);
    case "last_month": return cut(monthLater(today, -1), monthLater(today, 0));
    case "own": {
      if (!from || !to || from > to || daysLater(from, LONGEST_DAYS) <= to) return null;
      return cut(from, daysLater(to, 1));
    }
  }
}

function offsetAt(ms: number, zone: string): number {
  const { year, month, day, hour, minute, second } = partsIn(ms, zone);
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) - Math.floor(ms / 1000) * 1000;
}

function partsIn(ms: number, zone: string): Record<"year" | "month" | "day" | "hour" | "minute" | "second", string> {
  const written = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(new Date(ms));
  return Object.fromEntries(written.map(({ type, value }) => [type, value])) as ReturnType<typeof partsIn>;
}
