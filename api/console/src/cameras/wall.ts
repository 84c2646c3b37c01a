// The camera wall: which cameras, how many at once, whether a still is old, which case is open where a camera looks.

import type { Alert, Area, Device, Place } from "@/api/types";
import type { Case } from "@/live/cases";

export const SIZES = [1, 4, 9, 16] as const;
export type Size = (typeof SIZES)[number];
/** More than anybody looks at. */
export const MOST = 64;
/** A still that is older shows what was, not what is. */
export const STALE_MS = 10_000;

export interface Wall {
  size: Size;
  cameras: readonly string[];
}

/** Whether a still taken at a moment is too old to pass for the present (both ms). */
export const isStale = (takenAt: number, at: number): boolean => at - takenAt > STALE_MS;

/** The wall as it was kept; what cannot be read is an empty one. */
export function wallOf(kept: string | null): Wall {
  const empty: Wall = { size: 4, cameras: [] };
  let read: unknown;
  try {
    read = JSON.parse(kept ?? "");
  } catch {
    return empty;
  }
  if (typeof read !== "object" || read === null) return empty;
  const { size, cameras } = read as { size?: unknown; cameras?: unknown };
  return {
    size: SIZES.find((one) => one === size) ?? empty.size,
    cameras: Array.isArray(cameras) ? [...new Set(cameras.filter((one) => typeof one === "string"))].slice(0, MOST) : [],
  };
}

/** A camera put on the wall at its end, or taken off it. */
export function toggled(cameras: readonly string[], camera: string): string[] {
  return cameras.includes(camera) ? cameras.filter((one) => one !== camera) : [...cameras, camera].slice(0, MOST);
}

/** Which part of the wall is on the screen, from 0: never beyond the last. */
export const screenOf = (wall: Wall, screen: number): number => Math.min(Math.max(screen, 0), screensOf(wall) - 1);
export const screensOf = (wall: Wall): number => Math.max(Math.ceil(wall.cameras.length / wall.size), 1);
export const shownOf = (wall: Wall, screen: number): readonly string[] => wall.cameras.slice(screen * wall.size, (screen + 1) * wall.size);

/** Cameras whose name, place or areas say what is searched for, by name; within areas, when there are some. */
export function found(
  devices: readonly Device[], text: string, areas: ReadonlySet<string> | null,
  names: { place: (id: string) => Place | undefined; area: (id: string | null | undefined) => Area | undefined },
): Device[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const saying = (one: Device): string =>
    [one.id, one.name, names.place(one.place)?.name ?? one.place_name, names.area(one.area)?.name ?? one.area].join(" ").toLowerCase();
  return devices
    .filter((one) => one.kind === "camera" && (areas === null || areas.has(one.area)))
    .filter((one) => words.every((word) => saying(one).includes(word)))
    .sort((a, b) => a.name.localeCompare(b.name, "zh"));
}

/** The most urgent open case that a camera, or something at its place, has spoken for; cases come the most urgent first. */
export function caseAt(cases: readonly Case[], camera: Device | undefined): Case | undefined {
  const here = (alert: Alert): boolean => alert.device === camera?.id || (alert.place !== null && alert.place === camera?.place);
  return camera && cases.find((one) => one.shelf === "open" && one.alerts.some(here));
}
