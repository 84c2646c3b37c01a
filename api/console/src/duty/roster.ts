// A roster while it is edited: what is sent of it, what differs between two, and mine carried over to another's.

import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Standing = Schemas["StandingDuty"];
// Of an answer's types the client makes pairs plain lists.
export type Hours = Omit<Schemas["ShiftHours"], "except"> & { except?: string[][] };
export type Shift = Omit<Schemas["RosterShift"], "hours"> & { hours: Hours };
export type Roster = Omit<Schemas["Roster"], "shifts"> & { shifts: Shift[] };
export type DutyAs = Shift["duty_as"];

export const DUTIES: readonly DutyAs[] = ["leader", "commander", "officer", "deputy", "guard"];

/** What somebody works on: the standing duties and shifts of one area, or of the station with all its areas. */
export interface Draft {
  duty: Standing[];
  shifts: Shift[];
}

/** One standing duty or shift that is not the same any more. */
export interface Difference {
  what: "duty" | "shift";
  /** The shift's id, or the duty's area; empty for the station's own. */
  key: string;
  was?: Standing | Shift | undefined;
  is?: Standing | Shift | undefined;
  /** The fields that differ; empty when it is new or gone. */
  fields: string[];
}

/** A copy of what a roster says of an area, or of everything (empty). */
export const draftOf = (roster: Pick<Roster, "duty" | "shifts">, area: string): Draft => structuredClone({
  duty: roster.duty.filter((one) => area === "" || one.area === area),
  shifts: roster.shifts.filter((one) => area === "" || one.area === area),
});

/** What the API takes. A version says which roster it was made from. */
export const bodyOf = (draft: Draft, area: string, version?: string): Schemas["RosterIn"] => ({
  area: area || null, duty: draft.duty, shifts: draft.shifts as Schemas["ShiftIn"][], ...(version === undefined ? {} : { version }),
});

/** What became of each duty and shift. */
export function differences(was: Draft, is: Draft): Difference[] {
  return [
    ...compared("duty", byKey(was.duty, areaKey), byKey(is.duty, areaKey)),
    ...compared("shift", byKey(was.shifts, (one) => one.id), byKey(is.shifts, (one) => one.id)),
  ];
}

/**
 * My changes of `base` made to `theirs`, field by field. Of what both changed, mine stands, and is named in `both`, with
 * theirs as what it was, for me to look at.
 */
export function rebased(base: Draft, mine: Draft, theirs: Draft): { draft: Draft; both: Difference[] } {
  const changedByThem = new Map(differences(base, theirs).map((one) => [`${one.what} ${one.key}`, one]));
  const duty = byKey(theirs.duty, areaKey);
  const shifts = byKey(theirs.shifts, (one) => one.id);
  const both: Difference[] = [];
  for (const change of differences(base, mine)) {
    const shelf = (change.what === "duty" ? duty : shifts) as Map<string, Standing | Shift>;
    const other = changedByThem.get(`${change.what} ${change.key}`);
    if (other?.is && other.was && change.is && change.was) {
      const [theirsNow, mineNow] = [other.is, change.is];
      const merged = { ...theirsNow, ...Object.fromEntries(change.fields.map((name) => [name, field(mineNow, name)])) };
      const fields = change.fields.filter((name) => other.fields.includes(name) && !same(field(theirsNow, name), field(mineNow, name)));
      if (fields.length > 0) both.push({ ...change, was: theirsNow, is: merged, fields });
      shelf.set(change.key, merged);
      continue;
    }
    if (other && !same(other.is, change.is)) both.push({ ...change, was: other.is });
    if (change.is === undefined) shelf.delete(change.key);
    else shelf.set(change.key, change.is);
  }
  return { draft: structuredClone({ duty: [...duty.values()], shifts: [...shifts.values()] }), both };
}

/** A draft with what they made of something that both changed: of its fields, or of all of it. */
export function withTheirs(draft: Draft, one: Difference): Draft {
  const mine = [...draft.duty, ...draft.shifts].find((item) => keyOf(item) === one.key && isDuty(item) === (one.what === "duty"));
  const whole = one.fields.length === 0 || !mine || !one.was;
  const taken = whole ? one.was : { ...mine, ...Object.fromEntries(one.fields.map((name) => [name, field(one.was as Standing, name)])) };
  const swap = <T extends Standing | Shift>(items: T[]): T[] => [...items.filter((item) => keyOf(item) !== one.key), ...(taken ? [taken as T] : [])];
  return one.what === "duty" ? { ...draft, duty: swap(draft.duty) } : { ...draft, shifts: swap(draft.shifts) };
}

/** Whose turn a day (YYYY-MM-DD) is, swaps left aside; null before the shift begins. */
export function onTurn(shift: Pick<Shift, "people" | "since" | "turn_days">, day: string): string | null {
  const gone = daysBetween(shift.since, day);
  if (gone < 0 || shift.people.length === 0) return null;
  return shift.people[Math.floor(gone / Math.max(1, shift.turn_days)) % shift.people.length] ?? null;
}

/** A list with one of its items a place further up or down. */
export function moved<T>(items: readonly T[], at: number, by: -1 | 1): T[] {
  const copy = [...items];
  const [item] = copy.splice(at, 1);
  if (item !== undefined) copy.splice(Math.max(0, at + by), 0, item);
  return copy;
}

/** A day so many days later. */
export const dayAfter = (day: string, days: number): string => new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);

export const daysBetween = (from: string, to: string): number => Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / 86_400_000);

const isDuty = (item: Standing | Shift): item is Standing => !("id" in item);
const keyOf = (item: Standing | Shift): string => (isDuty(item) ? areaKey(item) : item.id);
const areaKey = (one: Standing): string => one.area ?? "";
const byKey = <T>(items: readonly T[], key: (item: T) => string): Map<string, T> => new Map(items.map((item) => [key(item), item]));
const plain = (value: unknown): string => JSON.stringify(value, (_, inner: unknown) =>
  (typeof inner === "object" && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort()) : inner)) ?? "";
const same = (a: unknown, b: unknown): boolean => plain(a) === plain(b);

function compared(what: "duty" | "shift", was: Map<string, Standing | Shift>, is: Map<string, Standing | Shift>): Difference[] {
  const found: Difference[] = [];
  for (const key of new Set([...was.keys(), ...is.keys()])) {
    const [before, after] = [was.get(key), is.get(key)];
    if (same(before, after)) continue;
    const fields = before && after ? Object.keys({ ...before, ...after }).filter((name) => !same(field(before, name), field(after, name))) : [];
    found.push({ what, key, was: before, is: after, fields });
  }
  return found;
}

const field = (one: Standing | Shift, name: string): unknown => (one as unknown as Record<string, unknown>)[name];
