// Plans of places: what the register says, and what was laid or taken away on this map since.

import { shallowReactive } from "vue";
import type { Place } from "@/api/types";
import type { Point } from "./geo";

export type Plan = NonNullable<Place["plan"]>;
/** Top left, top right, bottom left: what is between them follows. */
export type Corners = readonly [Point, Point, Point];

const since = shallowReactive(new Map<string, Plan | null>());

/** The plan of a place, null when there is none. */
export const planOf = (place: Place): Plan | null => (since.has(place.id) ? (since.get(place.id) ?? null) : place.plan);

/** What has become of a place's plan: the lists that were fetched do not know it yet. */
export const became = (place: string, plan: Plan | null): unknown => since.set(place, plan);

/** Three corners of a plan, whether it was given by two or by three. */
export function cornersOf(plan: Plan): Corners {
  const [first, second, third] = plan.corners.map(([lat, lon]) => ({ lat: lat ?? 0, lon: lon ?? 0 }));
  const origin = first ?? { lat: 0, lon: 0 };
  const other = second ?? origin;
  return third ? [origin, other, third] : [origin, { lat: origin.lat, lon: other.lon }, { lat: other.lat, lon: origin.lon }];
}

/** Where a picture `wide` by `high` is laid at first: upright around a point, `metres` wide. */
export function laidAround(at: Point, wide: number, high: number, metres = 80): Corners {
  const perDegree = 111_320;
  const lon = metres / 2 / (perDegree * Math.cos((at.lat * Math.PI) / 180));
  const lat = (metres * (high / wide)) / 2 / perDegree;
  return [{ lat: at.lat + lat, lon: at.lon - lon }, { lat: at.lat + lat, lon: at.lon + lon }, { lat: at.lat - lat, lon: at.lon - lon }];
}

/** Corners as the API takes them: seven decimals are a centimetre. */
export const cornersTold = (corners: Corners): string => corners.map(({ lat, lon }) => `${lat.toFixed(7)},${lon.toFixed(7)}`).join(";");

/** The fourth corner. */
export const opposite = ([origin, right, below]: Corners): Point => ({ lat: right.lat + below.lat - origin.lat, lon: right.lon + below.lon - origin.lon });
