// An analytic as lines of the worker's file: to paste below `analytics:` of the camera.

import type { Draft, Drawn, Plain, Point } from "./draft";

const ITEM = "      - ";
const FIELD = "        ";
/** Words that YAML takes for something else. */
const TAKEN = /^(?:y|n|yes|no|true|false|null|on|off)$/i;
const BARE = /^[A-Za-z_][A-Za-z0-9_]*$/;
/** What may not stand in YAML as it is, beside what JSON escapes. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** The lines, each with its end. What the draft says must be right (`wrongWithDraft`). */
export function snippetOf(draft: Draft): string {
  const lines = [`${ITEM}notice: ${draft.notice}`];
  const of = (sort: Drawn["sort"]): Drawn[] => draft.shapes.filter((one) => one.sort === sort);
  const field = (name: string, value: string): void => void lines.push(`${FIELD}${name}: ${value}`);
  if (draft.hours.length > 0) field("hours", `[${draft.hours.map((span) => JSON.stringify(span)).join(", ")}]`);
  for (const zone of of("zone")) field("zone", zoneOf(zone));
  for (const line of of("line")) {
    field("line", word(line.name.trim()));
    field("start", point(line.points[0]));
    field("end", point(line.points[1]));
  }
  if (of("scale").length > 0) {
    field("columns", "");
    for (const { points: [ground, level], floor } of of("scale")) lines.push(`${FIELD}  - {x: ${part(ground?.[0])}, ground: ${part(ground?.[1])}, line: ${part(level?.[1])}, floor: ${floor}}`);
  }
  for (const zone of of("watched")) field("watched", zoneOf(zone));
  if (of("ignored").length > 0) {
    field("ignored", "");
    for (const zone of of("ignored")) lines.push(`${FIELD}  - ${zoneOf(zone)}`);
  }
  // Marks take the place of pixels a metre, and of the one ground.
  const replaced = new Set(of("scale").length > 0 ? ["px_per_m", "ground"] : []);
  for (const [name, value] of Object.entries(draft.settings)) {
    if (value !== null && !replaced.has(name)) field(name, plain(value));
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

const part = (value: number | undefined): string => String(Math.round((value ?? 0) * 1000) / 1000);
const point = (at: Point | undefined): string => `[${part(at?.[0])}, ${part(at?.[1])}]`;
const zoneOf = (zone: Drawn): string => `{name: ${word(zone.name.trim())}, polygon: [${zone.points.map(point).join(", ")}]}`;

function plain(value: NonNullable<Plain>): string {
  if (Array.isArray(value)) return `[${value.map(word).join(", ")}]`;
  return typeof value === "string" ? word(value) : String(value);
}

function word(text: string): string {
  if (BARE.test(text) && !TAKEN.test(text)) return text;
  return JSON.stringify(text).replace(UNPRINTABLE, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
