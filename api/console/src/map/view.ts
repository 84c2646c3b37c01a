// Where somebody was last looking: they find it again when they come back to the map.

import type { LatLngTuple } from "leaflet";

export const view: { last: { middle: LatLngTuple; zoom: number } | null } = { last: null };

/** Whether whoever looks has asked for things to hold still. */
export const isStill = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;
