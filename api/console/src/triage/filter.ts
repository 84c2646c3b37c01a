// What search box, priority and area leave of a list.

import { computed, ref, type Ref } from "vue";
import type { Alert, Incident } from "@/api/types";
import { areaOf, deviceName, isLoaded, where } from "@/live/station";
import { language, said } from "@/words";

export interface Filter {
  text: Ref<string>;
  priority: Ref<string>;
  area: Ref<string>;
  /** Whether anything is left out at all. */
  narrows: Ref<boolean>;
  passes: (thing: Alert | Incident | null) => boolean;
  clear: () => void;
}

/** Whether a text holds all of these words, whatever their order. */
export const fits = (told: string, words: readonly string[]): boolean => words.every((word) => told.includes(word));

/** Whether an area is `wanted` or lies in it. */
export function lies(area: string | null | undefined, wanted: string, parentOf: (area: string) => string | null | undefined): boolean {
  const met = new Set<string>();
  for (let one = area; one && !met.has(one); one = parentOf(one)) {
    if (one === wanted) return true;
    met.add(one);
  }
  return false;
}

/** A search text, a priority and an area, and whether something fits all of them. */
export function useFilter(): Filter {
  const text = ref("");
  const priority = ref("");
  const area = ref("");
  const words = computed(() => text.value.toLowerCase().split(/\s+/).filter(Boolean));
  const narrows = computed(() => words.value.length > 0 || priority.value !== "" || area.value !== "");
  // What is said of a thing is put together once, not with each letter typed: 5,000 of them are looked at.
  let told = new WeakMap<object, string>();
  let written = "";

  function textOf(thing: Alert | Incident): string {
    const known = told.get(thing);
    if (known !== undefined) return known;
    const device = "device" in thing ? deviceName(thing.device) : "";
    const made = `${thing.priority} ${thing.id} ${said(thing.title)} ${where(thing)} ${device}`.toLowerCase();
    told.set(thing, made);
    return made;
  }
  function passes(thing: Alert | Incident | null): boolean {
    if (thing === null) return !narrows.value;
    if (priority.value !== "" && thing.priority !== priority.value) return false;
    if (area.value !== "" && !lies(thing.area, area.value, (one) => areaOf(one)?.parent)) return false;
    if (words.value.length === 0) return true;
    const now = `${language()} ${isLoaded.value}`;
    if (now !== written) [told, written] = [new WeakMap(), now];
    return fits(textOf(thing), words.value);
  }
  function clear(): void {
    text.value = "";
    priority.value = "";
    area.value = "";
  }
  return { text, priority, area, narrows, passes, clear };
}
