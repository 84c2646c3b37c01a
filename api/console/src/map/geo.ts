// Distances and directions on the ground. Degrees are WGS-84.

export interface Point {
  lat: number;
  lon: number;
}
export type Compass = "n" | "ne" | "e" | "se" | "s" | "sw" | "w" | "nw";

const EARTH_M = 6_371_008.8;
const WINDS: readonly Compass[] = ["n", "ne", "e", "se", "s", "sw", "w", "nw"];
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** How far apart two points are, in metres as the crow flies. */
export function distance(from: Point, to: Point): number {
  const lat = radians(to.lat - from.lat);
  const lon = radians(to.lon - from.lon);
  const half = Math.sin(lat / 2) ** 2 + Math.cos(radians(from.lat)) * Math.cos(radians(to.lat)) * Math.sin(lon / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** In which direction a point lies, in degrees from north, clockwise: [0, 360). */
export function bearing(from: Point, to: Point): number {
  const lon = radians(to.lon - from.lon);
  const east = Math.sin(lon) * Math.cos(radians(to.lat));
  const north = Math.cos(radians(from.lat)) * Math.sin(radians(to.lat)) - Math.sin(radians(from.lat)) * Math.cos(radians(to.lat)) * Math.cos(lon);
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
}

/** The one of eight winds that a direction is nearest to. */
export const compass = (degrees: number): Compass => WINDS[Math.round(degrees / 45) % 8] ?? "n";

/** A distance as people say it: tens of metres, from a kilometre on tenths of one. */
export function rounded(metres: number): { unit: "m" | "km"; n: number } {
  const tens = Math.round(metres / 10) * 10;
  return tens < 1000 ? { unit: "m", n: metres < 10 ? Math.round(metres) : tens } : { unit: "km", n: Math.round(metres / 100) / 10 };
}

/** The nearest of some things first, each with how far it is. Things without a position are left out. */
export function nearest<T extends { lat: number | null; lon: number | null }>(to: Point, things: readonly T[]): { thing: T; metres: number }[] {
  const placed = things.flatMap((thing) =>
    thing.lat === null || thing.lon === null ? [] : [{ thing, metres: distance(to, { lat: thing.lat, lon: thing.lon }) }]);
  return placed.sort((a, b) => a.metres - b.metres);
}
