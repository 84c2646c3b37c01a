// Two clocks: the station's, and that of the phone something was done on.

import { t } from "@/words";
import { clockOf, moment } from "./time";

/** A difference nobody has to be told of. */
const SAME_MS = 60_000;

/** When a line of the timeline was, and of what came late both clocks: done at, arrived at. */
export function clocks(line: { at: string; client_at: string | null }): string {
  if (line.client_at === null || Math.abs(Date.parse(line.at) - Date.parse(line.client_at)) < SAME_MS) return moment(line.at);
  return t("phone.clocks", { done: moment(line.client_at), heard: clockOf(line.at) });
}
