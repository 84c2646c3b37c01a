// What lies under everything: the customer's base map when there is one, else nothing but grey.

import * as L from "leaflet";
import { api, got } from "@/api/client";
import type { components } from "@/api/schema";
import { language } from "@/words";

export type Ground = components["schemas"]["MapGround"];

/** What there is to draw on. Throws `Problem`. */
export const ground = (): Promise<Ground> => got(api.GET("/api/v1/map"));

/** The customer's tiles, drawn here from their file; from this server and nowhere else. */
export async function tiles(from: string): Promise<L.Layer> {
  // The library takes Leaflet from the page's globals.
  (globalThis as { L?: typeof L }).L = L;
  const [{ leafletLayer }, { PMTiles }] = await Promise.all([import("protomaps-leaflet"), import("pmtiles")]);
  // Nearer by than the file goes, its last zoom is drawn larger.
  const { maxZoom } = await new PMTiles(from).getHeader();
  return leafletLayer({ url: from, maxDataZoom: maxZoom, flavor: "grayscale", lang: language() === "zh" ? "zh-Hans" : "en", attribution: "" }) as unknown as L.Layer;
}
