// What sorts of places there are on a map, and which of their devices are dead.

import type { Alert, Device, Place } from "@/api/types";

/** Those at the top stand for others where there is no room. */
const RANKS: Readonly<Record<string, number>> = {
  station: 0, duty_room: 0, school_gate: 1, hazardous_site: 2, mall: 2, market: 2, enterprise: 2, restricted_door: 3, street: 3, bar: 3, building: 4,
  shop: 5, stall: 6, flat: 8,
};
/** Rules whose work items say that a device is gone. */
const GONE: ReadonlySet<string> = new Set(["device-offline", "device-silent"]);
const PUBLIC = 3;
const HOME = 8;

export const rankOf = (place: Place): number => RANKS[place.kind] ?? 5;
/** How a place is drawn: where many come, where people trade, where they live. */
export type Look = "public" | "trade" | "home";
export const lookOf = (place: Place): Look => (rankOf(place) <= PUBLIC ? "public" : rankOf(place) >= HOME || place.kind === "building" ? "home" : "trade");

/** The devices that say nothing, by place: those that are offline, and those a work item is open about. */
export function deadAt(devices: readonly Device[], work: readonly Alert[]): Map<string, Device[]> {
  const silent = new Set(work.flatMap((item) => (item.active && item.device && GONE.has(item.rule) ? [item.device] : [])));
  const found = new Map<string, Device[]>();
  for (const device of devices) {
    if (device.online !== false && !silent.has(device.id)) continue;
    found.set(device.place, [...(found.get(device.place) ?? []), device]);
  }
  return found;
}
