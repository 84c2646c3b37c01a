// Why something stays though its time is over, in words.

import type { RetentionClass } from "@/api/types";
import { named } from "@/words";

/** What stays of a class, the most of a reason first; a dash when nothing does. */
export const staysOf = (one: Pick<RetentionClass, "stays">): string =>
  Object.entries(one.stays).sort((a, b) => b[1] - a[1]).map(([why, n]) => named("retention.why", why, { n })).join(" · ") || "—";
