// Who is on duty, where they were last, and how long ago that was.

import * as L from "leaflet";
import type { Whereabouts } from "../people";
import { thinned, type Bunch } from "../thin";

/** Signs are about this big, px. */
const APART = { x: 90, y: 24 };
/** Longer ago than this is said loudly: they may be anywhere. */
const OLD_S = 10 * 60;

interface Says {
  label: (bunch: Bunch<Whereabouts>) => string;
  /** Name and age, as it is written on the map. */
  text: (bunch: Bunch<Whereabouts>) => string;
  picked: (people: readonly Whereabouts[]) => void;
}

/** A layer of people; `draw` takes them anew. */
export function peopleLayer(map: L.Map, says: Says): { layer: L.LayerGroup; draw: (people: readonly Whereabouts[]) => void } {
  const layer = L.layerGroup();
  let all: readonly Whereabouts[] = [];

  function redraw(): void {
    layer.clearLayers();
    const zoom = map.getZoom();
    // The one that was heard last speaks for those around.
    const known = all.filter((one) => one.lat !== null && one.lon !== null).sort((a, b) => (a.age_s ?? Infinity) - (b.age_s ?? Infinity));
    const at = (one: Whereabouts): L.Point => map.project([one.lat ?? 0, one.lon ?? 0], zoom);
    for (const bunch of thinned(known, at, APART)) layer.addLayer(sign(bunch));
  }

  function sign(bunch: Bunch<Whereabouts>): L.Marker {
    const shape = document.createElement("button");
    shape.type = "button";
    shape.className = "person-sign";
    shape.classList.toggle("old", (bunch.lead.age_s ?? 0) > OLD_S || bunch.lead.where === "shift");
    shape.textContent = says.text(bunch);
    shape.setAttribute("aria-label", says.label(bunch));
    shape.addEventListener("click", () => says.picked(bunch.members));
    L.DomEvent.disableClickPropagation(shape);
    const icon = L.divIcon({ html: shape, className: "person-at", iconSize: [0, 0] });
    return L.marker([bunch.lead.lat ?? 0, bunch.lead.lon ?? 0], { icon, keyboard: false, interactive: false, pane: "people" });
  }

  map.on("zoomend", redraw);
  return {
    layer,
    draw: (people) => {
      all = people;
      redraw();
    },
  };
}
