// What the API tells of a definition, as the YAML that people write; only plain data: maps, lists, texts, numbers.

const PLAIN = /^[\p{L}_][\p{L}\p{N}_ .·()（）/，。、；-]*$/u;
/** What YAML would take for something else than a text. */
const MEANS_MORE = /^(true|false|yes|no|on|off|null|y|n)$/i;
const WIDE = 100;

/** Plain data as YAML. Fields that are undefined are left out. */
export function toYaml(value: unknown): string {
  return isBranch(value) ? `${lines(value, "").join("\n")}\n` : `${scalar(value)}\n`;
}

type Branch = readonly unknown[] | Record<string, unknown>;

const isBranch = (value: unknown): value is Branch =>
  typeof value === "object" && value !== null && (Array.isArray(value) ? value.length > 0 : fieldsOf(value).length > 0);

const fieldsOf = (value: object): [string, unknown][] => Object.entries(value).filter(([, inner]) => inner !== undefined);

function lines(value: Branch, indent: string): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((inner: unknown) => {
      const flat = inOneLine(inner);
      if (flat !== null) return [`${indent}- ${flat}`];
      const [first = "", ...others] = lines(inner as Branch, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...others];
    });
  }
  return fieldsOf(value).flatMap(([name, inner]) => {
    const flat = isBranch(inner) && !Array.isArray(inner) ? null : inOneLine(inner);
    return flat !== null && flat.length + indent.length < WIDE
      ? [`${indent}${scalar(name)}: ${flat}`]
      : [`${indent}${scalar(name)}:`, ...lines(inner as Branch, `${indent}  `)].filter((line) => line !== "");
  });
}

/** A value that stands in one line: a scalar, or a list of a few; null when it does not. */
function inOneLine(value: unknown): string | null {
  if (!isBranch(value)) return scalar(value);
  if (!Array.isArray(value) || value.some(isBranch)) return null;
  const flat = `[${value.map((inner) => scalar(inner)).join(", ")}]`;
  return flat.length < WIDE ? flat : null;
}

function scalar(value: unknown): string {
  if (typeof value === "string") {
    return PLAIN.test(value) && !MEANS_MORE.test(value) && !value.endsWith(" ") && !/[,，]/.test(value) ? value : JSON.stringify(value);
  }
  if (Array.isArray(value)) return "[]";
  if (typeof value === "object" && value !== null) return "{}";
  return value === null || value === undefined ? "null" : String(value);
}
