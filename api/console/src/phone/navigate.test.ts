import { expect, test } from "vitest";
import { amap, geo } from "./navigate";

const spot = { name: "河滨小区1号楼,101室", lat: 33.15, lon: 109.1 };

test("Amap is told longitude first, and that the coordinates are WGS-84", () => {
  const address = new URL(amap(spot));
  expect(address.origin).toBe("https://uri.amap.com");
  expect(address.searchParams.get("to")).toBe("109.100000,33.150000,河滨小区1号楼 101室");
  expect(address.searchParams.get("coordinate")).toBe("wgs84");
});

test("a geo address is latitude first", () => {
  expect(geo(spot)).toBe(`geo:33.150000,109.100000?q=33.150000,109.100000(${encodeURIComponent(spot.name)})`);
});
