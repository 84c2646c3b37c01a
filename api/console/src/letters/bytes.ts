// Bytes of a message that could not be read, shown so that nothing in them does anything: as text, and as hex.

const ROW = 16;

/** The bytes of a base64 text. */
export const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));

/** As UTF-8, with what is none and what cannot be printed as `\xNN`. */
export function asText(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const length = lengthOf(bytes[at] ?? 0);
    const read = length > 0 ? decoded(bytes.subarray(at, at + length)) : null;
    if (read === null) {
      text += escaped(bytes[at] ?? 0);
      at += 1;
    } else {
      text += /^[\p{C}\p{Zl}\p{Zp}]$/u.test(read) && read !== "\n" && read !== "\t" ? [...bytes.subarray(at, at + length)].map(escaped).join("") : read;
      at += length;
    }
  }
  return text;
}

/** Sixteen bytes a line: where they begin, what they are, what of them can be printed. */
export function asHex(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const row = [...bytes.subarray(at, at + ROW)];
    const hex = row.map((one) => one.toString(16).padStart(2, "0")).join(" ").padEnd(ROW * 3 - 1);
    lines.push(`${at.toString(16).padStart(6, "0")}  ${hex}  ${row.map((one) => (one >= 0x20 && one < 0x7f ? String.fromCharCode(one) : ".")).join("")}`);
  }
  return lines.join("\n");
}

const escaped = (byte: number): string => `\\x${byte.toString(16).padStart(2, "0")}`;
/** How many bytes a character has that begins with this one; 0 when none does. */
const lengthOf = (byte: number): number => (byte < 0x80 ? 1 : byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? (byte < 0xf0 ? 3 : 0) : byte >= 0xc2 ? 2 : 0);
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decoded(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
}
