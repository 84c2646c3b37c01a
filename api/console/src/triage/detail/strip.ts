// Where events stand on a strip of time.

/** What is shown before and after the moment, ms. */
export const AROUND_MS = 30 * 60_000;

export interface Mark {
  /** 0 at the left edge, 100 at the right. */
  x: number;
  counted: boolean;
  label: string;
}

/** From when to when: half an hour around the first and the last moment, nothing of the future. */
export function spanAround(firstMs: number, lastMs: number, nowMs: number): { from: number; until: number } {
  const until = Math.min(lastMs + AROUND_MS, Math.max(nowMs, lastMs + 60_000));
  // A case that has gone on for hours is shown from its latest moment, or nothing of it could be told apart.
  return { from: Math.max(firstMs - AROUND_MS, until - 4 * AROUND_MS), until };
}

/** Where a moment stands between two others, 0 to 100. */
export const placeOn = (ms: number, from: number, until: number): number => Math.min(100, Math.max(0, ((ms - from) / (until - from)) * 100));

/** Full ten minutes (or more, when there would be too many) between two moments. */
export function ticks(from: number, until: number): number[] {
  const step = until - from > 90 * 60_000 ? 30 * 60_000 : 10 * 60_000;
  const made: number[] = [];
  for (let at = Math.ceil(from / step) * step; at < until; at += step) made.push(at);
  return made;
}
