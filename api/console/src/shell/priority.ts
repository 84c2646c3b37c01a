// How a priority looks: shape, letter and colour together, so that none of them has to be seen.

import type { Priority } from "@/api/types";

export const SHAPES: Readonly<Record<Priority, string>> = { P1: "◆", P2: "▲", P3: "●", P4: "■" };
