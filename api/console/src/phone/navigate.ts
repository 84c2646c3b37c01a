// Addresses that open a map on the phone. Opened by a tap only: they tell somebody else where one is going.

export interface Spot {
  name: string;
  /** WGS-84 degrees, as the registry has them. */
  lat: number;
  lon: number;
}

/** Amap's route to a spot; `coordinate=wgs84` has it shift the coordinates to its own datum (GCJ-02) itself. */
export function amap(spot: Spot): string {
  const address = new URL("https://uri.amap.com/navigation");
  address.search = new URLSearchParams({
    to: `${spot.lon.toFixed(6)},${spot.lat.toFixed(6)},${spot.name.replace(/,/g, " ")}`, mode: "car", coordinate: "wgs84", src: "anxin", callnative: "1",
  }).toString();
  return address.href;
}

/** Whatever map the phone has (RFC 5870: WGS-84). */
export const geo = (spot: Spot): string => {
  const at = `${spot.lat.toFixed(6)},${spot.lon.toFixed(6)}`;
  return `geo:${at}?q=${at}(${encodeURIComponent(spot.name)})`;
};
