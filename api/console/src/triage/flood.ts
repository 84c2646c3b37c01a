// Whether there are more alerts than people can read, and since when.

import { onBeforeUnmount, onMounted, shallowRef, type ShallowRef } from "vue";
import { api, got } from "@/api/client";
import type { components } from "@/api/schema";
import { onChange } from "@/live/station";

const LOOK_MS = 30_000;
/** After a change, not more often than this. */
const SOON_MS = 5000;

/** The flood that stands; null when none does. Asked for every half minute, and soon after the list was fetched anew. */
export function useFlood(): ShallowRef<components["schemas"]["Flood"] | null> {
  const flood: ShallowRef<components["schemas"]["Flood"] | null> = shallowRef(null);
  let looking: ReturnType<typeof setInterval> | undefined;
  let askedAt = 0;

  async function look(): Promise<void> {
    askedAt = Date.now();
    try {
      const told = await got(api.GET("/api/v1/floods", { params: { query: { limit: 1 } } }));
      flood.value = told.items.find((one) => one.standing) ?? null;
    } catch {
      // The link says that nobody answers; what was known stays.
    }
  }
  const unfollow = onChange(() => {
    if (Date.now() - askedAt > SOON_MS) void look();
  });
  onMounted(() => {
    void look();
    looking = setInterval(() => void look(), LOOK_MS);
  });
  onBeforeUnmount(() => {
    clearInterval(looking);
    unfollow();
  });
  return flood;
}
