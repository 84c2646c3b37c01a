// Open cases where they are: shape, letter and colour of the priority, pulsing until somebody acknowledges.

import * as L from "leaflet";
import { SHAPES } from "@/shell/priority";
import type { Placed } from "../spots";
import { thinned, type Bunch } from "../thin";

/** Signs are this big, px: what is nearer together is one sign with a number. */
const APART = { x: 58, y: 34 };

interface Says {
  /** What a sign says to those who do not see it. */
  label: (bunch: Bunch<Placed>) => string;
  picked: (cases: readonly Placed[]) => void;
}

/** A layer of cases; `draw` takes them anew, the most urgent first, and which of them is chosen. */
export function casesLayer(map: L.Map, says: Says): { layer: L.LayerGroup; draw: (cases: readonly Placed[], chosen: string | null) => void } {
  const layer = L.layerGroup();
  let all: readonly Placed[] = [];
  let current: string | null = null;
  /** What stands where: a sign that stays as it is goes on pulsing instead of beginning anew. */
  const standing = new Map<string, L.Marker>();

  function redraw(): void {
    const zoom = map.getZoom();
    const at = (one: Placed): L.Point => map.project([one.lat, one.lon], zoom);
    const wanted = new Map(thinned(all, at, APART).map((bunch) => [keyOf(bunch), bunch]));
    for (const [key, marker] of standing) {
      if (wanted.has(key)) continue;
      layer.removeLayer(marker);
      standing.delete(key);
    }
    for (const [key, bunch] of wanted) {
      const known = standing.get(key);
      if (known === undefined) {
        const made = sign(bunch);
        standing.set(key, made);
        layer.addLayer(made);
      }
    }
  }

  const keyOf = ({ lead, members }: Bunch<Placed>): string =>
    [lead.one.key, lead.one.priority, lead.one.drill, members.length, members.some((one) => one.one.unacknowledged), members.some((one) => one.one.key === current), lead.lat, lead.lon].join(" ");

  function sign(bunch: Bunch<Placed>): L.Marker {
    const { lead, members } = bunch;
    const shape = document.createElement("button");
    shape.type = "button";
    shape.className = `case-sign ${lead.one.priority.toLowerCase()}`;
    shape.classList.toggle("drill", lead.one.drill);
    shape.classList.toggle("pulsing", members.some((one) => one.one.unacknowledged));
    shape.classList.toggle("roughly", lead.roughly);
    shape.classList.toggle("current", members.some((one) => one.one.key === current));
    const words = document.createElement("span");
    words.className = "unseen";
    words.textContent = says.label(bunch);
    const face = document.createElement("span");
    face.className = "face";
    face.textContent = `${SHAPES[lead.one.priority]} ${lead.one.priority}`;
    face.ariaHidden = "true"; // the words say it
    shape.append(face, words);
    if (members.length > 1) {
      const count = document.createElement("b");
      count.textContent = String(members.length);
      count.ariaHidden = "true";
      shape.append(count);
    }
    shape.addEventListener("click", () => says.picked(members));
    L.DomEvent.disableClickPropagation(shape);
    const icon = L.divIcon({ html: shape, className: "case-at", iconSize: [0, 0] });
    return L.marker([lead.lat, lead.lon], { icon, keyboard: false, interactive: false, pane: "cases", zIndexOffset: 1000 - 200 * Number(lead.one.priority[1]) });
  }

  map.on("zoomend", redraw);
  return {
    layer,
    draw: (cases, chosen) => {
      [all, current] = [cases, chosen];
      redraw();
    },
  };
}
