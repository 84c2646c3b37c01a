// What a page has open stands in its address: a reload, a link and the way back lead there again.

import { computed, type WritableComputedRef } from "vue";
import { useRoute, useRouter } from "vue-router";

/** A part of the address's query, empty when it is not there. Writing it adds a step to the way back. */
export function useQuery(name: string): WritableComputedRef<string> {
  const route = useRoute();
  const router = useRouter();
  return computed({
    get: () => {
      const value = route.query[name];
      return typeof value === "string" ? value : "";
    },
    set: (value) => void router.push({ query: { ...route.query, [name]: value || undefined } }),
  });
}
