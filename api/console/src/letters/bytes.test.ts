import { describe, expect, it } from "vitest";
import { asHex, asText, bytesOf } from "./bytes";

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);

describe("bytes as text", () => {
  it("shows UTF-8 as it is", () => expect(asText(new TextEncoder().encode("{\"门\": 😀}\n"))).toBe("{\"门\": 😀}\n"));
  it("shows what is no UTF-8 byte by byte and goes on after it", () => {
    expect(asText(bytes(0xc3, 0xc5, 0x61, 0xff, 0xe9, 0x97))).toBe("\\xc3\\xc5a\\xff\\xe9\\x97"); // GBK for a door is no UTF-8
  });
  it("shows what cannot be seen, and what turns text around", () => {
    expect(asText(bytes(0x61, 0, 0x1b, 0x62))).toBe("a\\x00\\x1bb");
    expect(asText(new TextEncoder().encode("a\u202eb"))).toBe("a\\xe2\\x80\\xaeb");
  });
  it("takes an overlong or cut character for no character", () => expect(asText(bytes(0xc0, 0x80, 0xf0, 0x9f))).toBe("\\xc0\\x80\\xf0\\x9f"));
});

it("shows bytes as hex, sixteen a line", () => {
  expect(asHex(Uint8Array.from({ length: 18 }, (_, n) => 0x3f + n))).toBe(
    "000000  3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e  ?@ABCDEFGHIJKLMN\n000010  4f 50                                            OP");
});

it("reads base64", () => expect([...bytesOf("AP8h")]).toEqual([0, 255, 33]));
