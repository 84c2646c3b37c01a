// What is asked of and said about a resident, put into the API's words.

import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Person = Schemas["Person"];
export type ConsentLine = Schemas["ConsentLine"];
export type Purpose = ConsentLine["purpose"];
export const PURPOSES: readonly Purpose[] = ["care_monitoring", "sharing_relatives", "bulletins"];
export const SPEAKERS = ["self", "guardian", "relative"] as const;
export const RELATIVES_AT_MOST = 20;

/** The words of a care profile that the page has fields for. */
export interface Profile {
  lives_alone: boolean;
  /** Hours of silence after which somebody looks in, whatever was learnt; empty: as learnt. */
  limit_h: number | "";
  /** Credentials of those who come to look after them, one each. */
  caregivers: string;
}

export const profileOf = (care: Person["care"]): Profile => ({
  lives_alone: care["lives_alone"] === true,
  limit_h: typeof care["silence_limit_s"] === "number" ? Math.round(care["silence_limit_s"] / 360) / 10 : "",
  caregivers: Array.isArray(care["caregivers"]) ? care["caregivers"].join(" ") : "",
});

/** What of a profile is to be another, as the API takes it: null takes a word out. */
export function careChanged(was: Profile, is: Profile): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  if (was.lives_alone !== is.lives_alone) changed["lives_alone"] = is.lives_alone;
  if (was.limit_h !== is.limit_h) changed["silence_limit_s"] = is.limit_h === "" ? null : Math.round(Number(is.limit_h) * 3600);
  if (was.caregivers.trim() !== is.caregivers.trim()) changed["caregivers"] = words(is.caregivers);
  return changed;
}

const words = (text: string): string[] | null => {
  const found = text.split(/[\s,，、;；]+/).filter(Boolean);
  return found.length > 0 ? found : null;
};

/** The personal fields that were filled in; empty ones stay as they are. */
export const filledIn = <T extends Record<string, unknown>>(fields: T): Partial<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== "" && value !== null && value !== undefined)) as Partial<T>;

/** Until when somebody is away; null when they are not. `now` in ms. */
export function awayUntil(person: Pick<Person, "care">, now: number): string | null {
  const until = person.care["away_until"];
  return typeof until === "string" && Date.parse(until) > now ? until : null;
}

/** What holds of each purpose: the latest line, or null when nobody has been asked. */
export function standing(lines: readonly ConsentLine[]): { purpose: Purpose; line: ConsentLine | null }[] {
  return PURPOSES.map((purpose) => ({
    purpose,
    line: lines.filter((one) => one.purpose === purpose).reduce<ConsentLine | null>((last, one) =>
      (last === null || one.since > last.since || (one.since === last.since && one.id > last.id) ? one : last), null),
  }));
}

/** Why nobody watches over somebody, as a word of the page; null when somebody does. */
export function whyUnwatched(person: Person): "erased" | "not_alone" | "withdrawn" | "never_asked" | null {
  if (person.erased) return "erased";
  if (person.monitored) return null;
  if (person.care["lives_alone"] !== true) return "not_alone";
  return person.consent === "withdrawn" ? "withdrawn" : "never_asked";
}
