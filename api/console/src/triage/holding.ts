// Holding still: a list that changes never moves the row somebody looks at.
//
// Rows are equally high, so that where a row stands follows from its place in the list alone, also for the thousands
// that are not drawn. After a change the list is scrolled by as much as the held row has moved.

export interface Held {
  key: string;
  /** Where its upper edge stood below the list's. */
  offset: number;
}

/** Where the list has to be scrolled to, so that the held row stays; null when nothing is held or it is gone. */
export function scrollToHold(keys: readonly string[], height: number, held: Held | null): number | null {
  if (held === null) return null;
  const index = keys.indexOf(held.key);
  return index < 0 ? null : index * height - held.offset;
}

/** Which keys stand above the first row that is in sight. */
export const above = (keys: readonly string[], scrollTop: number, height: number): string[] =>
  keys.slice(0, Math.max(0, Math.floor((scrollTop + height / 2) / height)));

/** Which keys are out of sight above now and were not before: they came, or moved up past the held row. */
export function newAbove(keys: readonly string[], before: ReadonlySet<string>, scrollTop: number, height: number): string[] {
  return above(keys, scrollTop, height).filter((key) => !before.has(key));
}
