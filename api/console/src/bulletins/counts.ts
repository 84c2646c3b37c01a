// How far a bulletin got, and whom one would be for: numbers and trees that the page shows.

import type { components } from "@/api/schema";
import type { Area } from "@/api/types";

type Schemas = components["schemas"];
export type Bulletin = Schemas["Bulletin"];
export type Whole = Schemas["BulletinWhole"];
export type Reach = Schemas["Reach"];

export const MEDIA = ["screens", "tvs", "phones", "staff"] as const;
export const KINDS = ["anti_fraud", "safety", "notice", "incident_notice"] as const;
export const LIMITS = { title: { zh: 60, en: 120 }, text: { zh: 1000, en: 2000 } } as const;
const ORDER = ["screens", "tvs", "phones", "staff", "enterprises"];
/** How far a message can come, the furthest first; `shown` is what a screen says of itself. */
const STATES = ["shown", "acknowledged", "seen", "delivered", "accepted", "queued", "refused", "expired", "stopped"];
const FAILED: ReadonlySet<string> = new Set(["refused", "expired"]);

export interface MediumCount {
  medium: string;
  /** Messages in all; what screens say that they show is of the same messages. */
  total: number;
  states: { state: string; n: number }[];
  failed: number;
}

/** The counts of each medium, in the order of media. */
export function countsOf(delivered: Whole["delivered"]): MediumCount[] {
  return Object.entries(delivered)
    .sort(([a], [b]) => ORDER.indexOf(a) - ORDER.indexOf(b))
    .map(([medium, counts]) => ({
      medium,
      total: sum(Object.entries(counts).filter(([state]) => state !== "shown").map(([, n]) => n)),
      states: Object.entries(counts).filter(([, n]) => n > 0).map(([state, n]) => ({ state, n })).sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state)),
      failed: sum(Object.entries(counts).filter(([state]) => FAILED.has(state)).map(([, n]) => n)),
    }));
}

export interface Branch {
  id: string;
  label: string;
  children: Branch[];
}

/** Areas as a tree; whose parent is not there stands at the top. */
export function treeOf(areas: readonly Pick<Area, "id" | "name" | "parent">[]): Branch[] {
  const branches = new Map(areas.map((area) => [area.id, { id: area.id, label: area.name, children: [] as Branch[] }]));
  const roots: Branch[] = [];
  for (const area of areas) {
    const branch = branches.get(area.id) as Branch;
    (branches.get(area.parent ?? "")?.children ?? roots).push(branch);
  }
  const sorted = (list: Branch[]): Branch[] => list.sort((a, b) => a.id.localeCompare(b.id)).map((one) => ({ ...one, children: sorted(one.children) }));
  return sorted(roots);
}

/** Of chosen areas those that no other chosen one holds: an area speaks for what lies below it. */
export function topmost(chosen: readonly string[], areas: readonly Pick<Area, "id" | "parent">[]): string[] {
  const parents = new Map(areas.map((area) => [area.id, area.parent]));
  const held = (id: string): boolean => {
    for (let above = parents.get(id); above; above = parents.get(above)) if (chosen.includes(above)) return true;
    return false;
  };
  return chosen.filter((id) => !held(id));
}

/** Which field a refusal is about, by its reason; empty when it is about the whole. */
export function fieldOf(reason: string | undefined): string {
  if (reason === "personal") return "text";
  return ["areas", "media", "incident", "starts_at", "ends_at", "enterprises"].find((field) => field === reason) ?? "";
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
