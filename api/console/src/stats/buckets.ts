// How long something took, by buckets: their names, and what a bar of them is made of.

import type { components } from "@/api/schema";
import { t } from "@/words";
import { span } from "@/words/time";

type Schemas = components["schemas"];
export type ClocksFigures = Schemas["ClocksFigures"];
export type ClocksUnit = Schemas["ClocksUnit"];
export type Clock = keyof Schemas["ClocksSpread"];
type Bucket = Schemas["Bucket"];

export const CLOCKS: readonly Clock[] = ["sign", "depart", "arrive", "feedback"];

/** A bucket's name: «within 30 s», «30 s–1 min», «over 3 min». */
export function bucketName(bucket: Pick<Bucket, "above_s" | "to_s">): string {
  if (bucket.to_s === null) return t("stats.bucket.last", { from: span(bucket.above_s) });
  if (bucket.above_s === 0) return t("stats.bucket.first", { to: span(bucket.to_s) });
  return t("stats.bucket.between", { from: span(bucket.above_s), to: span(bucket.to_s) });
}

/** A share of one as a percentage, to a tenth. */
export const percent = (share: number | null | undefined): string =>
  share === null || share === undefined ? "—" : t("stats.percent", { n: Math.round(share * 1000) / 10 });

export interface Stacks {
  /** Whom the bars are of, the whole first. */
  units: string[];
  /** One for each bucket: its share in each bar, in percent; of a unit without cases nothing. */
  layers: { name: string; shares: (number | null)[] }[];
}

/** The bars of a clock: all of them together, then each unit that has a case. */
export function stacks(told: ClocksFigures, clock: Clock, nameOf: (unit: ClocksUnit) => string): Stacks {
  const rows = [told.total, ...told.units].filter((unit) => unit.clocks[clock].n > 0);
  const buckets = told.total.clocks[clock].buckets;
  return {
    units: rows.map(nameOf),
    layers: buckets.map((bucket, index) => ({
      name: bucketName(bucket),
      shares: rows.map((unit) => {
        const share = unit.clocks[clock].buckets[index]?.share;
        return share === null || share === undefined ? null : Math.round(share * 1000) / 10;
      }),
    })),
  };
}
