// How a device is: what is wrong with it, by what it said of itself and what stands open about it.

import type { Alert, Area, Device } from "@/api/types";

/** Below this many per cent a battery is to be changed soon; the rule `battery-low` goes by what the device says. */
export const LOW_BATTERY = 20;
export type Ail = "offline" | "battery" | "never" | "item";

/** What is wrong with a device; nothing when nothing is. */
export function ailsOf(device: Device, items: number): Ail[] {
  const found: Ail[] = [];
  if (device.online === false) found.push("offline");
  if (device.last_heard === null) found.push("never");
  if (device.battery !== null && device.battery < LOW_BATTERY) found.push("battery");
  if (items > 0) found.push("item");
  return found;
}

/** Open work items by device. */
export function itemsByDevice(items: readonly Alert[]): Map<string, Alert[]> {
  const found = new Map<string, Alert[]>();
  for (const item of items) {
    const device = item.device ?? (item.subject.startsWith("device:") ? item.subject.slice("device:".length) : null);
    if (device !== null) found.set(device, [...(found.get(device) ?? []), item]);
  }
  return found;
}

/** An area and all below it, by id. */
export function within(area: string, areas: readonly Area[]): ReadonlySet<string> {
  const found = new Set([area]);
  for (let before = 0; before !== found.size; ) {
    before = found.size;
    for (const one of areas) if (one.parent !== null && found.has(one.parent)) found.add(one.id);
  }
  return found;
}
