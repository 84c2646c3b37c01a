// Whom to send: on duty for the place first, then who can be reached, then who is nearest.

import type { components } from "@/api/schema";
import type { Said } from "@/words";

type Candidate = components["schemas"]["IncidentCandidate"];
type DutyNow = components["schemas"]["DutyNow"];

export interface Choice extends Candidate {
  /** As the crow flies, m; null: nobody knows where they are. */
  distance_m: number | null;
  /** Why the roster names them, in words; null when it does not. */
  said: Said | null;
}

/** Candidates in the order in which they want to be looked at. The API's own order stands among equals. */
export function choices(candidates: readonly Candidate[], duty: DutyNow | null): Choice[] {
  const near = new Map((duty?.nearest ?? []).map((one) => [one.user, one.distance_m]));
  const why = new Map((duty?.answers ?? []).map((one) => [one.user, one.why as Said]));
  const made = candidates.map((one) => ({ ...one, distance_m: near.get(one.user) ?? null, said: why.get(one.user) ?? null }));
  return made.sort((a, b) =>
    Number(b.duty_as.length > 0) - Number(a.duty_as.length > 0) || Number(b.reachable) - Number(a.reachable) ||
    (a.distance_m ?? Infinity) - (b.distance_m ?? Infinity) || 0);
}

/** A distance as people say it. */
export const metres = (m: number): string => (m < 1000 ? `${Math.round(m / 10) * 10} m` : `${(m / 1000).toFixed(1)} km`);
