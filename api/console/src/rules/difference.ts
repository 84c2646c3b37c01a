// What one version of a rule says other than another.

export interface Difference {
  /** Where: `params.limit`, `rationalisation.causes`. */
  path: string;
  before: unknown;
  after: unknown;
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** Every field that differs; a list is one field. What is not said is undefined. */
export function differences(before: unknown, after: unknown, path = ""): Difference[] {
  if (!isMap(before) || !isMap(after)) return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    .flatMap((name) => differences(before[name], after[name], path ? `${path}.${name}` : name));
}
