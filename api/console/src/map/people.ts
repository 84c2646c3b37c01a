// Who is on duty and where they were last: asked every half minute while a map is shown.

import { onBeforeUnmount, onMounted, shallowRef, type ShallowRef } from "vue";
import { api, got } from "@/api/client";
import { messageOf } from "@/api/problem";
import type { components } from "@/api/schema";
import { may } from "@/session/session";

const EVERY_MS = 30_000;

export type Whereabouts = components["schemas"]["Whereabouts"];
export interface People {
  people: ShallowRef<readonly Whereabouts[]>;
  /** Why they could not be fetched; what was known stays. */
  complaint: ShallowRef<string>;
}

/** Follow them as long as this component is shown and they are `wanted`. Nobody but those who send people sees them. */
export function usePeople(wanted: () => boolean): People {
  const people = shallowRef<readonly Whereabouts[]>([]);
  const complaint = shallowRef("");
  let again: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  async function look(): Promise<void> {
    if (wanted() && may("positions.read") && !document.hidden) {
      try {
        people.value = (await got(api.GET("/api/v1/duty/positions"))).items;
        complaint.value = "";
      } catch (problem) {
        complaint.value = messageOf(problem);
      }
    }
    if (!gone) again = setTimeout(() => void look(), EVERY_MS);
  }
  onMounted(() => void look());
  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(again);
  });
  return { people, complaint };
}
