// How a link stands and what became of an alarm, in words.

import type { CountyAlarm, CountyLink } from "@/api/types";
import { named, t } from "@/words";
import { moment } from "@/words/time";

/** A link's state; of one whose process is gone that, whatever it said last. */
export const stateOf = (link: Pick<CountyLink, "state" | "runs">): string => named("county.state", link.runs ? link.state : "silent");

export const isWell = (link: Pick<CountyLink, "state" | "runs">): boolean => link.runs && link.state === "online";

/** The last day's alarms by state, without those there are none of; a dash when there is none at all. */
export function dayOf(link: CountyLink): string {
  const states = ["waiting", "sent", "acknowledged", "refused", "expired", "contradicted"] as const;
  return states.filter((state) => link[state] > 0).map((state) => `${named("county.alarm", state)} ${link[state]}`).join(" · ") || "—";
}

/** What became of an alarm, and when. */
export function became(alarm: Pick<CountyAlarm, "state" | "sent_at" | "acknowledged_at" | "next_try" | "expires_at">): string {
  const at = { sent: alarm.sent_at, acknowledged: alarm.acknowledged_at, contradicted: alarm.sent_at, expired: alarm.expires_at }[alarm.state as string];
  if (alarm.state === "waiting" && alarm.next_try) return `${named("county.alarm", "waiting")} · ${t("county.next_try", { at: moment(alarm.next_try) })}`;
  return at ? `${named("county.alarm", alarm.state)} ${moment(at)}` : named("county.alarm", alarm.state);
}

const ABNORMAL: ReadonlySet<string> = new Set(["refused", "expired", "contradicted"]);
export const isAbnormal = (state: string): boolean => ABNORMAL.has(state);

/** What `/readyz` says of a link that is down. */
const DOWN = /^the county's platform is out of reach: (\S+) since (\S+)$/;

/** What ails around the gateway: links to the county that are down, in words, and everything else as it was said. */
export function apart(degraded: readonly string[]): { county: string[]; others: string[] } {
  const county: string[] = [];
  const others: string[] = [];
  for (const one of degraded) {
    const [, link, since] = DOWN.exec(one) ?? [];
    if (link && since) county.push(t("county.banner_one", { link, at: moment(since) }));
    else others.push(one);
  }
  return { county, others };
}
