// Plans of places: pictures that lie under everything else, by three of their corners, turned as they are given.

import * as L from "leaflet";
import type { Place } from "@/api/types";
import { cornersOf, planOf, type Corners } from "../plans";

/** From afar a plan is a speck. */
const SHOWN_FROM = 16;

/** A picture between three corners. */
export class Picture extends L.Layer {
  private readonly image = document.createElement("img");

  constructor(source: string, private corners: Corners) {
    super();
    this.image.alt = "";
    this.image.className = "plan leaflet-zoom-hide";
    this.image.addEventListener("load", () => this.place());
    this.image.src = source;
  }

  override onAdd(map: L.Map): this {
    map.getPane("plans")?.append(this.image);
    map.on("zoomend viewreset", this.place, this);
    this.place();
    return this;
  }

  override onRemove(map: L.Map): this {
    map.off("zoomend viewreset", this.place, this);
    this.image.remove();
    return this;
  }

  /** Lay it elsewhere. */
  move(corners: Corners): void {
    this.corners = corners;
    this.place();
  }

  private place(): void {
    const { naturalWidth: wide, naturalHeight: high } = this.image;
    if (!this._map || wide === 0 || high === 0) return;
    const [origin, right, below] = this.corners.map(({ lat, lon }) => this._map.latLngToLayerPoint([lat, lon])) as [L.Point, L.Point, L.Point];
    const along = right.subtract(origin).divideBy(wide);
    const down = below.subtract(origin).divideBy(high);
    this.image.style.transform = `matrix(${[along.x, along.y, down.x, down.y, origin.x, origin.y].join(",")})`;
  }
}

/** A layer of plans; `draw` takes the places anew and leaves out the one whose plan is being laid. */
export function plansLayer(map: L.Map): { layer: L.LayerGroup; draw: (places: readonly Place[], without: string | null) => void } {
  const layer = L.layerGroup();
  const shown = new Map<string, Picture>();
  let all: { place: Place; url: string; corners: Corners }[] = [];

  function redraw(): void {
    const view = map.getBounds().pad(0.5);
    const near = map.getZoom() < SHOWN_FROM ? [] : all.filter(({ corners }) => view.intersects(corners.map(({ lat, lon }): L.LatLngTuple => [lat, lon])));
    const urls = new Set(near.map(({ url }) => url));
    for (const [url, picture] of shown) {
      if (urls.has(url)) continue;
      layer.removeLayer(picture);
      shown.delete(url);
    }
    for (const { url, corners } of near) {
      if (shown.has(url)) continue;
      const picture = new Picture(url, corners);
      shown.set(url, picture);
      layer.addLayer(picture);
    }
  }

  map.on("moveend", redraw);
  return {
    layer,
    draw: (places, without) => {
      all = places.flatMap((place) => {
        const plan = planOf(place);
        if (plan === null || place.id === without) return [];
        const told = encodeURIComponent(JSON.stringify(plan.corners));
        return [{ place, corners: cornersOf(plan), url: `/api/v1/places/${encodeURIComponent(place.id)}/plan?version=${plan.version}#${told}` }];
      });
      redraw();
    },
  };
}
