import { describe, expect, it } from "vitest";
import { bearing, compass, distance, nearest, rounded } from "./geo";

const here = { lat: 33.15, lon: 109.1 };

describe("distance and direction", () => {
  it("knows a degree of latitude and of longitude", () => {
    expect(distance(here, { lat: 34.15, lon: 109.1 })).toBeCloseTo(111_195, -2);
    expect(distance(here, { lat: 33.15, lon: 110.1 })).toBeCloseTo(93_097, -2);
    expect(distance(here, here)).toBe(0);
  });

  it("knows where the winds come from", () => {
    const to = (lat: number, lon: number): string => compass(bearing(here, { lat: here.lat + lat, lon: here.lon + lon }));
    expect([to(0.01, 0), to(0, 0.01), to(-0.01, 0), to(0, -0.01)]).toEqual(["n", "e", "s", "w"]);
    expect([to(0.01, 0.012), to(-0.01, 0.012), to(-0.01, -0.012), to(0.01, -0.012)]).toEqual(["ne", "se", "sw", "nw"]);
    expect(compass(359)).toBe("n");
  });

  it("says distances as people do", () => {
    expect([rounded(4.4), rounded(123), rounded(994), rounded(996), rounded(12_340)]).toEqual([
      { unit: "m", n: 4 }, { unit: "m", n: 120 }, { unit: "m", n: 990 }, { unit: "km", n: 1 }, { unit: "km", n: 12.3 },
    ]);
  });

  it("puts the nearest first and leaves out whom nobody can place", () => {
    const people = [{ name: "far", lat: 33.16, lon: 109.1 }, { name: "unknown", lat: null, lon: null }, { name: "near", lat: 33.151, lon: 109.1 }];
    expect(nearest(here, people).map((one) => one.thing.name)).toEqual(["near", "far"]);
  });
});
