// The roster on the bench: what it was when it was opened, what I made of it, and what saving it would leave open.

import { computed, ref, shallowRef, watch } from "vue";
import { api, got } from "@/api/client";
import { messageOf, Problem } from "@/api/problem";
import type { components } from "@/api/schema";
import { me } from "@/session/session";
import { bodyOf, differences, draftOf, rebased, withTheirs, type Difference, type Draft, type Roster } from "./roster";

type Schemas = components["schemas"];
type Check = Schemas["RosterCheck"];
/** Typing is over when nothing has come for so long. */
const STILL_MS = 500;

export interface Overtaken {
  by: string | null;
  at: string | null;
  /** What they changed. */
  theirs: Difference[];
  /** What we both changed: mine stands now; `was` is theirs. */
  both: Difference[];
}

const base = shallowRef<{ area: string; version: string; draft: Draft } | null>(null);
/** What I made of it. */
export const mine = ref<Draft>({ duty: [], shifts: [] });
/** What a draft would leave open; null until the API has said so. */
export const checked = shallowRef<Check | null>(null);
export const checking = ref(false);
/** Why the draft cannot be checked: what is wrong with it. */
export const faults = ref("");
/** Somebody saved in between. */
export const overtaken = shallowRef<Overtaken | null>(null);
export const area = computed(() => base.value?.area ?? null);
export const changes = computed(() => (base.value ? differences(base.value.draft, mine.value) : []));

let questions = 0;
let still: ReturnType<typeof setTimeout> | undefined;

/** Work on the roster of an area, or of the whole station (empty), from what is saved. */
export function begin(roster: Roster, of: string): void {
  const draft = draftOf(roster, of);
  base.value = { area: of, version: roster.version, draft };
  mine.value = structuredClone(draft);
  overtaken.value = null;
  checked.value = null;
  ask(0);
}

/** Put the draft away. */
export function end(): void {
  base.value = null;
  mine.value = { duty: [], shifts: [] };
  overtaken.value = checked.value = null;
  faults.value = "";
  questions += 1;
}

/** Save. Throws `Problem`: a gap, a fault; when somebody was faster, mine is carried over to theirs first. */
export async function save(): Promise<void> {
  if (!base.value) return;
  const { area: of, version } = base.value;
  try {
    await got(api.PUT("/api/v1/duty", { body: bodyOf(mine.value, of, version) }));
    overtaken.value = null;
  } catch (problem) {
    if (problem instanceof Problem && problem.reason === "roster_changed") await carryOver(problem);
    throw problem;
  }
}

/** Of something we both changed, take what they made of it. */
export function takeTheirs(one: Difference): void {
  mine.value = withTheirs(plainOf(mine.value), one);
  if (overtaken.value) overtaken.value = { ...overtaken.value, both: overtaken.value.both.filter((other) => other !== one) };
}

/** Without what makes it follow its changes. */
const plainOf = (draft: Draft): Draft => JSON.parse(JSON.stringify(draft)) as Draft;

async function carryOver(problem: Problem): Promise<void> {
  const was = base.value;
  if (!was) return;
  const roster = await got(api.GET("/api/v1/duty"));
  const theirs = draftOf(roster, was.area);
  const { draft, both } = rebased(was.draft, plainOf(mine.value), theirs);
  overtaken.value = {
    by: typeof problem.told["by"] === "string" ? problem.told["by"] : null, at: typeof problem.told["at"] === "string" ? problem.told["at"] : null,
    theirs: differences(was.draft, theirs), both,
  };
  base.value = { area: was.area, version: roster.version, draft: theirs };
  mine.value = draft;
}

function ask(after = STILL_MS): void {
  clearTimeout(still);
  still = setTimeout(() => void check(), after);
}

async function check(): Promise<void> {
  if (!base.value) return;
  const mineNow = ++questions;
  checking.value = true;
  try {
    const told = await got(api.POST("/api/v1/duty/check", { body: bodyOf(mine.value, base.value.area) }));
    if (mineNow !== questions) return;
    checked.value = told;
    faults.value = "";
  } catch (problem) {
    if (mineNow === questions) faults.value = messageOf(problem);
  } finally {
    if (mineNow === questions) checking.value = false;
  }
}

watch(mine, () => base.value && ask(), { deep: true });
watch(me, (who) => who || end());
