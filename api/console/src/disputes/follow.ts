// What of a dispute is to be another, and whether somebody has to look again.

import type { components } from "@/api/schema";
import type { Incident } from "@/api/types";

type Change = components["schemas"]["MediationChange"];

export interface Form {
  route: string;
  parties: number | "";
  outcome: string;
  text: string;
  follow_up_on: string;
  followed_up: boolean;
}

export const formOf = (incident: Pick<Incident, "detail" | "follow_up_on"> | null): Form => ({
  route: incident?.detail.dispute?.route ?? "", parties: incident?.detail.dispute?.parties ?? "", outcome: incident?.detail.dispute?.outcome ?? "",
  text: "", follow_up_on: incident?.follow_up_on ?? "", followed_up: false,
});

/** Only what was changed; what is left out stays as it is. */
export function changeOf(was: Form, is: Form): Omit<Change, "followed_up"> & { followed_up?: true } {
  return {
    ...(is.route !== was.route ? { route: is.route as "police" } : {}), ...(is.parties !== was.parties && is.parties !== "" ? { parties: Number(is.parties) } : {}),
    ...(is.outcome !== was.outcome ? { outcome: is.outcome as "agreed" } : {}), ...(is.text.trim() ? { outcome_text: is.text.trim() } : {}),
    ...(is.followed_up ? { followed_up: true as const } : is.follow_up_on !== was.follow_up_on && is.follow_up_on ? { follow_up_on: is.follow_up_on } : {}),
  };
}

/** Whether the day to look again (YYYY-MM-DD) has come. */
export const followUp = (day: string | null, today: string): "none" | "later" | "due" => (day === null ? "none" : day <= today ? "due" : "later");
