// The policy in a form that can be compared field by field: lists of rungs become maps.

import type { Policy } from "@/api/types";

/** Each ladder by its priority and area, each rung by its place in it. */
export function comparable(policy: Policy): Record<string, unknown> {
  const { ladders, ...others } = policy;
  return {
    ...others,
    ladders: Object.fromEntries(ladders.map(({ priority, area, rungs, expires_after_s }) => [
      area ? `${priority} ${area}` : priority,
      { expires_after_s: expires_after_s ?? null, rungs: Object.fromEntries(rungs.map((rung, index) => [index + 1, { after_s: rung.after_s, who: rung.who.join(" "), by: rung.by.join(" ") }])) },
    ])),
  };
}

/** Numbers separated by commas; throws a sentence for anything else. */
export function numbersOf(text: string, complaint: string): number[] {
  const found = text.split(/[,，\s]+/).filter((one) => one !== "").map(Number);
  if (found.some((one) => !Number.isFinite(one))) throw new Error(complaint);
  return found;
}
