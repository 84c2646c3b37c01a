// What is drawn on a camera's picture: points in parts of it, put, moved and judged by the limits of the worker.

import type { CameraLooks, CameraShape } from "@/api/types";

/** x and y in parts of the picture, from its upper left corner. */
export type Point = readonly [x: number, y: number];
export type Sort = Exclude<CameraShape["sort"], "ground">;
export type Plain = CameraLooks["settings"][string];

export interface Drawn {
  sort: Sort;
  name: string;
  points: readonly Point[];
  /** Of a scale: the floor whose level its second mark is. */
  floor: number | null;
}

/** One analytic as it is to stand in the worker's file. */
export interface Draft {
  notice: string;
  hours: readonly string[];
  settings: Readonly<Record<string, Plain>>;
  shapes: readonly Drawn[];
}

/** What an analytic takes, what it cannot be without first. Of scales and ignored places there may be many. */
export const SORTS: Readonly<Record<string, readonly Sort[]>> = {
  parked: ["zone"],
  intrusion: ["zone"],
  loitering: ["zone"],
  crowding: ["zone"],
  crossing: ["line"],
  tailgating: ["line"],
  falling_object: ["scale", "watched", "ignored"],
};
const MANY: ReadonlySet<Sort> = new Set(["scale", "ignored"]);
const AREAS: ReadonlySet<string> = new Set(["zone", "watched", "ignored"]);
/** As `SHORTEST` and `SMALLEST` of connectors/camera/seeing.py. */
const SHORTEST = 0.02;
const SMALLEST = 0.0001;
const FEWEST_CORNERS = 3;
const FIRST_FLOOR = 2;

export type Wrong = "no_name" | "corners" | "crossed" | "no_area" | "ends" | "short" | "marks" | "upside_down" | "floor" | "missing" | "limit";

export const isArea = (sort: string): boolean => AREAS.has(sort);

/** Whether one more shape of a sort may be drawn. */
export const takes = (draft: Draft, sort: Sort): boolean => MANY.has(sort) || !draft.shapes.some((one) => one.sort === sort);

/** A point within the picture, to a thousandth of it. */
export function inside(x: number, y: number): Point {
  const part = (value: number): number => Math.round(Math.min(Math.max(value, 0), 1) * 1000) / 1000;
  return [part(x), part(y)];
}

export const empty = (sort: Sort): Drawn => ({ sort, name: "", points: [], floor: sort === "scale" ? FIRST_FLOOR : null });

/** A shape with one more point; one that has all it takes stays as it is. */
export function placed(shape: Drawn, at: Point): Drawn {
  if (!isArea(shape.sort) && shape.points.length >= 2) return shape;
  return moved({ ...shape, points: [...shape.points, at] }, shape.points.length, at);
}

/** A shape with one of its points elsewhere; both marks of a scale stand one above the other. */
export function moved(shape: Drawn, index: number, to: Point): Drawn {
  const x = shape.sort === "scale" && index > 0 && shape.points[0] ? shape.points[0][0] : to[0];
  return {
    ...shape,
    points: shape.points.map((point, one) => (one === index ? [x, to[1]] : shape.sort === "scale" ? [x, point[1]] : point)),
  };
}

export const without = (shape: Drawn, index: number): Drawn => ({ ...shape, points: shape.points.filter((_, one) => one !== index) });

/** Which point lies within `reach` of a place (both in pixels of a picture so wide and high); null when none does. */
export function pointAt(points: readonly Point[], at: Point, reach: number, wide: number, high: number): number | null {
  const far = points.map(([x, y]) => Math.hypot((x - at[0]) * wide, (y - at[1]) * high));
  const nearest = far.indexOf(Math.min(...far));
  return nearest >= 0 && (far[nearest] ?? Infinity) <= reach ? nearest : null;
}

/** What keeps a shape from being taken by the worker; null when nothing does. */
export function wrongWith(shape: Drawn): Wrong | null {
  const [start, end] = shape.points;
  if (isArea(shape.sort)) {
    if (shape.points.length < FEWEST_CORNERS) return "corners";
    if (crosses(shape.points)) return "crossed";
    if (area(shape.points) < SMALLEST) return "no_area";
  } else if (start === undefined || end === undefined) {
    return shape.sort === "line" ? "ends" : "marks";
  } else if (shape.sort === "line") {
    if (Math.hypot(end[0] - start[0], end[1] - start[1]) < SHORTEST) return "short";
  } else {
    if (end[1] >= start[1]) return "upside_down";
    if (start[1] - end[1] < SHORTEST) return "short";
    if (!Number.isInteger(shape.floor) || (shape.floor ?? 0) < FIRST_FLOOR) return "floor";
  }
  return shape.sort !== "scale" && shape.name.trim() === "" ? "no_name" : null;
}

/** What keeps an analytic from being taken by the worker; null when nothing does. */
export function wrongWithDraft(draft: Draft): Wrong | null {
  const [needed] = SORTS[draft.notice] ?? [];
  const isMeasured = needed === "scale" && typeof draft.settings["px_per_m"] === "number";
  if (!isMeasured && !draft.shapes.some((one) => one.sort === needed)) return "missing";
  if (draft.notice === "crowding" && !(Number.isInteger(draft.settings["limit"]) && Number(draft.settings["limit"]) >= 1)) return "limit";
  return draft.shapes.map(wrongWith).find((one) => one !== null) ?? null;
}

/** An analytic to begin with, nothing drawn. */
export function begun(notice: string): Draft {
  const settings: Record<string, Plain> = notice === "tailgating" ? { inward: "right" } : notice === "crowding" ? { limit: 10 } : {};
  return { notice, hours: [], settings, shapes: [] };
}

/** An analytic as the worker has it, to be drawn anew: what its file says, defaults left out. */
export function draftOf(looks: CameraLooks): Draft {
  return {
    notice: looks.notice,
    hours: looks.hours,
    settings: Object.fromEntries(Object.entries(looks.settings).filter(([name, value]) => looks.told.includes(name) && value !== null)),
    shapes: looks.shapes.flatMap((one) => (one.sort === "ground" ? [] : [{ sort: one.sort, name: one.name, floor: one.floor, points: one.points.map(([x = 0, y = 0]) => inside(x, y)) }])),
  };
}

function edges(points: readonly Point[]): [Point, Point][] {
  return points.map((point, index) => [point, points[(index + 1) % points.length] ?? point]);
}

/** Whether an edge meets one that is not beside it. */
function crosses(points: readonly Point[]): boolean {
  const all = edges(points);
  return all.some((one, first) => all.some((other, second) => second > first + 1 && !(first === 0 && second === all.length - 1) && meet(...one, ...other)));
}

/** As `meet` of connectors/camera/seeing.py: what only touches meets too. */
function meet(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point): number => (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
  for (const axis of [0, 1] as const) {
    if (Math.max(a[axis], b[axis]) < Math.min(c[axis], d[axis]) || Math.max(c[axis], d[axis]) < Math.min(a[axis], b[axis])) return false;
  }
  return side(a, b, c) * side(a, b, d) <= 0 && side(c, d, a) * side(c, d, b) <= 0;
}

function area(points: readonly Point[]): number {
  return Math.abs(edges(points).reduce((sum, [a, b]) => sum + a[0] * b[1] - b[0] * a[1], 0)) / 2;
}
