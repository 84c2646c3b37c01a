// How times are written on a phone: short, in the station's time.

import { now } from "@/api/clock";
import { language, t } from "@/words";
import { age, dayOf } from "@/words/time";

const ZONE = "Asia/Shanghai";

/** The minute of the day. */
export const clockOf = (iso: string | number): string => part(new Date(iso), { hour: "2-digit", minute: "2-digit" });

/** A minute of today, else with month and day. */
export function moment(iso: string | number | null | undefined): string {
  if (iso === null || iso === undefined || iso === "") return "—";
  const at = new Date(iso);
  return dayOf(at) === dayOf(new Date(now())) ? clockOf(iso) : `${dayIn(iso)} ${clockOf(iso)}`;
}

/** Month, day and weekday. */
export const dayIn = (iso: string | number): string =>
  part(new Date(iso), { month: "numeric", day: "numeric", ...(language() === "zh" ? {} : { month: "short" }) });
export const weekdayIn = (iso: string | number): string => part(new Date(iso), { weekday: "short" });

/** How old something is, in words; less than a minute is now. `at` (ms) is what is taken for now. */
export const ago = (iso: string | number, at: number = now()): string => {
  const from = new Date(iso).getTime();
  return at - from < 60_000 ? t("phone.just_now") : t("phone.ago", { span: age(new Date(from + ((at - from) % 60_000)).toISOString(), at) });
};

/** Today's date by the station's calendar (YYYY-MM-DD), or that of so many days later. */
export const today = (later = 0): string => new Date(now() + 8 * 3_600_000 + later * 86_400_000).toISOString().slice(0, 10);

function part(at: Date, parts: Intl.DateTimeFormatOptions): string {
  return new Intl.DateTimeFormat(language() === "zh" ? "zh-CN" : "en-GB", { timeZone: ZONE, hourCycle: "h23", ...parts }).format(at);
}
