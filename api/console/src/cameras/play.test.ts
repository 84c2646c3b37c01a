import { describe, expect, test } from "vitest";
import { addressFor, wayOf, type Streams } from "./play";

const streams = (told: Partial<Streams>): Streams =>
  ({ hls: null, fmp4: null, flv: null, webrtc: null, rtsp: null, play: null, begin: null, end: null, ...told });

describe("how video is played", () => {
  test("as the platform's order says", () => {
    expect(wayOf(streams({ hls: "http://h/x.m3u8", play: "hls" }), false)).toEqual({ kind: "hls", url: "http://h/x.m3u8" });
    expect(wayOf(streams({ hls: "https://h/x", fmp4: "https://h/y", play: "fmp4" }), true)).toEqual({ kind: "fmp4", url: "https://h/y" });
  });

  test("a page over https plays nothing over http", () => {
    expect(wayOf(streams({ hls: "http://h/x.m3u8", play: "hls" }), true)).toBe("insecure");
  });

  test("what no page plays has an address for another player", () => {
    const told = streams({ rtsp: "rtsp://h/x", flv: "http://h/x.flv" });
    expect(wayOf(told, false)).toBe("kind");
    expect(addressFor(told)).toBe("rtsp://h/x");
    expect(addressFor(streams({ flv: "http://h/x.flv" }))).toBe("http://h/x.flv");
    expect(addressFor(streams({}))).toBe("");
  });
});
