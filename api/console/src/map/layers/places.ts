// Places as small grey marks on one canvas, thinned by zoom; devices that are dead get a sign at their place.

import * as L from "leaflet";
import type { Device, Place } from "@/api/types";
import { lookOf, rankOf, type Look } from "../places";
import { thinned, type Bunch } from "../thin";

/** Two marks are at least this far apart, px. */
const APART = { x: 18, y: 18 };
const NAMED_FROM = 17;
const MOST_NAMES = 120;
/** A name is about this big, px: two that would cover each other are not both written. */
const NAME = { x: 120, y: 18 };
const INK = "#4a545b";
const LOOKS: Readonly<Record<Look, L.CircleMarkerOptions>> = {
  public: { radius: 5, color: INK, weight: 2, fillColor: "#ffffff", fillOpacity: 1 },
  trade: { radius: 4, color: INK, weight: 1.5, fillColor: "#c9cfd3", fillOpacity: 1 },
  home: { radius: 3, color: "#6c767d", weight: 1, fillColor: "#838d94", fillOpacity: 1 },
};

interface Drawn {
  layer: L.LayerGroup;
  /** Take places anew, and the dead devices of each. */
  draw: (places: readonly Place[], dead: ReadonlyMap<string, readonly Device[]>) => void;
  /** Which of the two are shown. */
  show: (what: { places: boolean; devices: boolean }) => void;
}
interface Says {
  /** What is written on a sign for so many dead devices. */
  dead: (count: number) => string;
  /** What is told of a mark when the pointer is over it. */
  told: (lead: Place, others: number) => string;
  picked: (places: readonly Place[]) => void;
}

/** A layer of places; `says` has the words and is told what was picked. */
export function placesLayer(map: L.Map, says: Says): Drawn {
  const layer = L.layerGroup();
  const renderer = L.canvas({ padding: 0.4, tolerance: 5 });
  let all: readonly Place[] = [];
  let deadBy: ReadonlyMap<string, readonly Device[]> = new Map();
  let shows = { places: true, devices: true };

  function redraw(): void {
    layer.clearLayers();
    const zoom = map.getZoom();
    const view = map.getBounds().pad(0.4);
    // The most important first: they speak for those around them. `all` is in that order.
    const seen = all.filter((place) => place.lat !== null && place.lon !== null && view.contains([place.lat, place.lon]));
    const at = (place: Place): L.Point => map.project([place.lat ?? 0, place.lon ?? 0], zoom);
    const bunches = thinned(seen, at, APART);
    if (shows.places) {
      const named = new Set(zoom >= NAMED_FROM ? thinned(bunches.slice(0, MOST_NAMES), (bunch) => bunch.at, NAME).map((one) => one.lead) : []);
      // The important ones last: they lie on top.
      for (const bunch of [...bunches].reverse()) layer.addLayer(mark(bunch, named.has(bunch)));
    }
    if (shows.devices) for (const bunch of bunches) sign(bunch);
  }

  function mark(bunch: Bunch<Place>, named: boolean): L.CircleMarker {
    const { lead, members } = bunch;
    const look = LOOKS[lookOf(lead)];
    const radius = (look.radius ?? 3) + Math.min(2.5, Math.log2(members.length) * 0.5);
    const drawn = L.circleMarker([lead.lat ?? 0, lead.lon ?? 0], { ...look, radius, renderer, bubblingMouseEvents: false });
    const text = document.createElement("span");
    text.textContent = named ? lead.name : says.told(lead, members.length - 1);
    drawn.bindTooltip(text, named ? { permanent: true, direction: "right", offset: [radius, 0], className: "place-name" } : { direction: "top", offset: [0, -radius], className: "place-told" });
    drawn.on("click", () => says.picked(members));
    return drawn;
  }

  function sign({ lead, members }: Bunch<Place>): void {
    const count = members.reduce((sum, place) => sum + (deadBy.get(place.id)?.length ?? 0), 0);
    if (count === 0) return;
    const shape = document.createElement("button");
    shape.type = "button";
    shape.tabIndex = -1; // the devices' page lists them; the keyboard has the cases
    shape.textContent = count > 1 ? `✕${count}` : "✕";
    shape.title = says.dead(count);
    shape.setAttribute("aria-label", `${lead.name} ${says.dead(count)}`);
    shape.addEventListener("click", () => says.picked(members));
    L.DomEvent.disableClickPropagation(shape);
    const icon = L.divIcon({ html: shape, className: "dead", iconSize: [0, 0] });
    layer.addLayer(L.marker([lead.lat ?? 0, lead.lon ?? 0], { icon, keyboard: false, interactive: false, pane: "signs" }));
  }

  layer.on("add", () => map.on("moveend", redraw));
  layer.on("remove", () => map.off("moveend", redraw));
  return {
    layer,
    draw: (places, dead) => {
      [all, deadBy] = [[...places].sort((a, b) => rankOf(a) - rankOf(b)), dead];
      redraw();
    },
    show: (what) => {
      shows = what;
      redraw();
    },
  };
}
