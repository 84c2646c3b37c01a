// The outlines of beats and grids, with their names.

import * as L from "leaflet";
import type { Area } from "@/api/types";
import { middleOf, ringsOf } from "../spots";

/** Between which zooms an area's name is written: a beat's from afar, a grid's nearer by; near by it stands in the middle of nothing. */
const NAMED: Readonly<Record<Area["kind"], readonly [from: number, below: number]>> = { beat: [0, 15], grid: [14, 17], special_grid: [16, 18] };

/** A layer of outlines; `draw` takes the areas anew. */
export function areasLayer(map: L.Map): { layer: L.LayerGroup; draw: (areas: readonly Area[]) => void } {
  const layer = L.layerGroup();
  const renderer = L.svg({ padding: 0.5, pane: "areas" });
  let names: { area: Area; marker: L.Marker }[] = [];

  function name(): void {
    const zoom = map.getZoom();
    for (const { area, marker } of names) {
      const [from, below] = NAMED[area.kind];
      if (zoom >= from && zoom < below) layer.addLayer(marker);
      else layer.removeLayer(marker);
    }
  }

  function draw(areas: readonly Area[]): void {
    layer.clearLayers();
    names = [];
    // Beats over grids: a beat's line is the stronger one.
    const order: Area["kind"][] = ["grid", "special_grid", "beat"];
    for (const area of [...areas].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))) {
      const rings = ringsOf(area.shape).map((ring) => ring.map(([lon, lat]): L.LatLngTuple => [lat ?? 0, lon ?? 0]));
      const middle = middleOf(area.shape);
      if (rings.length === 0 || middle === null) continue;
      layer.addLayer(L.polygon(rings, { renderer, interactive: false, className: `outline ${area.kind}` }));
      const text = document.createElement("span");
      text.textContent = area.name;
      const icon = L.divIcon({ html: text, className: `area-name ${area.kind}`, iconSize: [0, 0] });
      names.push({ area, marker: L.marker([middle.lat, middle.lon], { icon, interactive: false, keyboard: false, pane: "names" }) });
    }
    name();
  }
  map.on("zoomend", name);
  return { layer, draw };
}
