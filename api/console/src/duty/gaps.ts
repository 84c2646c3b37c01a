// Times in which nobody answers, as few sentences: what comes back night after night is said once.

import { Problem } from "@/api/problem";
import { areaOf } from "@/live/station";
import { t } from "@/words";
import { clock, minute } from "@/words/time";
import type { Gap } from "./calendar";

export interface Told {
  key: string;
  areas: (string | null)[];
  /** What is missing. */
  says: string;
  /** What to do about it. */
  todo: string;
  /** The gaps of one of the areas, in order. */
  gaps: Gap[];
}

/** Sentences about gaps: areas that have nobody at the same times share one. `name` says a user's name. */
export function sentences(gaps: readonly Gap[], name: (user: string) => string = (user) => user): Told[] {
  const ofArea = new Map<string, Gap[]>();
  for (const gap of gaps) {
    const key = [gap.area ?? "", gap.why.code, gap.why.people.join(","), recurs(gap) ? `${clock(gap.from)}–${clock(gap.until)}` : gap.from].join("|");
    ofArea.set(key, [...(ofArea.get(key) ?? []), gap]);
  }
  const together = new Map<string, Gap[][]>();
  for (const alike of ofArea.values()) {
    const key = [alike[0]?.why.code, alike[0]?.why.people.join(","), ...alike.map((gap) => `${gap.from}–${gap.until}`)].join("|");
    together.set(key, [...(together.get(key) ?? []), alike]);
  }
  return [...together].map(([key, groups]) => {
    const alike = groups[0] as Gap[];
    const [first] = alike as [Gap];
    const last = alike[alike.length - 1] as Gap;
    const areas = groups.map((group) => group[0]?.area ?? null);
    const area = areas.map((one) => (one === null ? t("duty.station") : (areaOf(one)?.name ?? one))).join(t("listed"));
    const when = alike.length === 1
      ? t("duty.gap.once", { from: minute(first.from), until: minute(first.until) })
      : t("duty.gap.again", { from: clock(first.from), until: clock(first.until), first: minute(first.from), last: minute(last.until), n: alike.length });
    const who = first.why.people.map(name).join(t("listed"));
    return {
      key, areas, gaps: alike,
      says: t(first.why.code === "unreachable" ? "duty.gap.unreachable" : "duty.gap.nobody", { area, when, who }),
      todo: t(first.why.code === "unreachable" ? "duty.gap.todo_unreachable" : "duty.gap.todo_nobody", { area, who }),
    };
  });
}

/** What was thrown; of a roster that leaves gaps, its gaps in the words of the page. */
export function inWords(thrown: unknown, name: (user: string) => string): unknown {
  if (!(thrown instanceof Problem) || thrown.reason !== "roster_gap" || !Array.isArray(thrown.told["gaps"])) return thrown;
  return new Error(t("duty.edit.refused", { what: sentences(thrown.told["gaps"] as Gap[], name).map((one) => one.says).join(t("semicolon")) }));
}

/** Hours of a day, and not whole days on end. */
const recurs = (gap: Gap): boolean => Date.parse(gap.until) - Date.parse(gap.from) < 86_400_000;
