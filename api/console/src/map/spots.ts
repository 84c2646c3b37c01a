// Where cases are on the map: at their place, at the place it lies in, or in the middle of their area.

import type { Area, Place } from "@/api/types";
import type { Case } from "@/live/cases";
import type { Point } from "./geo";

export interface Placed {
  one: Case;
  lat: number;
  lon: number;
  /** What is known is the area, not the spot. */
  roughly: boolean;
}
/** What is asked about places and areas. */
export interface Known {
  place: (id: string | null | undefined) => Place | undefined;
  area: (id: string | null | undefined) => Area | undefined;
}

const CROWD_RULES: ReadonlySet<string> = new Set(["crowding", "patrol-crowd"]);

/** Where something at a place in an area is; null when nobody knows. */
export function pointOf(thing: { place?: string | null; area?: string | null }, known: Known): (Point & { roughly: boolean }) | null {
  const met = new Set<string>();
  for (let place = known.place(thing.place); place !== undefined && !met.has(place.id); place = known.place(place.parent)) {
    met.add(place.id);
    if (place.lat !== null && place.lon !== null) return { lat: place.lat, lon: place.lon, roughly: false };
  }
  for (let area = known.area(thing.area); area !== undefined && !met.has(area.id); area = known.area(area.parent)) {
    met.add(area.id);
    const middle = middleOf(area.shape);
    if (middle !== null) return { ...middle, roughly: true };
  }
  return null;
}

/** Which cases can be shown, and where; in the order they came in. */
export function placed(cases: readonly Case[], known: Known): Placed[] {
  return cases.flatMap((one) => {
    const at = pointOf(one.incident ?? one.alerts[0] ?? {}, known);
    return at === null ? [] : [{ one, ...at }];
  });
}

/** Whether a case is about many people in one place: then everybody near it matters. */
export const isCrowd = (one: Case): boolean =>
  one.alerts.some((alert) => CROWD_RULES.has(alert.rule) || (alert.explanation.facts as { kind?: unknown } | undefined)?.kind === "camera.crowding");

/** The middle of an outline: of the box around its first ring. */
export function middleOf(shape: Area["shape"]): Point | null {
  const ring = ringsOf(shape)[0];
  if (ring === undefined || ring.length === 0) return null;
  const lats = ring.map(([, lat]) => lat ?? 0);
  const lons = ring.map(([lon]) => lon ?? 0);
  return { lat: (Math.min(...lats) + Math.max(...lats)) / 2, lon: (Math.min(...lons) + Math.max(...lons)) / 2 };
}

/** The outer rings of an outline, as [lon, lat]. */
export function ringsOf(shape: Area["shape"]): number[][][] {
  if (!shape) return [];
  const polygons = (shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates) as number[][][][];
  return polygons.flatMap((polygon) => (polygon[0] ? [polygon[0]] : []));
}
