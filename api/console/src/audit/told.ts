// Acts of the trail in words.

import { known, t } from "@/words";

/** What may be asked for: a word takes in all acts that begin with it. */
export const GROUPS = [
  "login", "login.failed", "person", "person.reveal", "person.search", "incident", "alert", "shelf", "rule", "policy", "area", "place", "device", "drill", "duty", "bulletin",
  "user", "contact", "me", "wall", "dead_letter", "desk", "footprints", "record", "retention", "audit.read",
] as const;

/** An act by its name; by the name of its sort when it has none of its own; as it is written when that has none. */
export function actName(act: string): string {
  const own = `act_of.${act.replace(/\./g, "_")}`;
  if (known(own)) return t(own);
  const sort = `act_of.${act.split(".")[0]}`;
  return known(sort) ? t(sort) : act;
}

/** What an act says of itself, one field a line. */
export const detailOf = (detail: Record<string, unknown>): string =>
  Object.entries(detail).map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n") || "—";
