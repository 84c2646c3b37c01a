import type { RulesFigures } from "@/api/types";

/** How right a rule was, as far as its page says it. */
export type Figures = Pick<RulesFigures["rules"][number], "alerts" | "n" | "real" | "precision">;
