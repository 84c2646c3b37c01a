"""What stands still in front of what was always there, pixel by pixel.

Each pixel keeps two greys: the empty scene's, and the one held in front of it, with how long it has been held. It is
the dual background of F. Porikli (2008) with an age kept for each pixel in place of a second learning rate: the age
tells when something came to stand to within a picture, at any picture rate, and outlives passers-by.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]

EMPTY_S, HELD_S = 30.0, 4.0
"""How fast the empty scene and what is held in front follow the picture, where they agree with it: seconds."""
RELATIVE = 0.06
"""What the threshold grows by per grey level: gain is never corrected exactly, and bright parts show it most."""
PATIENCE, LONGEST_S = 0.6, 20.0
"""A held grey may be hidden for this part of the time it was seen, and for so many seconds at most."""
JUST_S, OLDEST_S = 3.0, 86400.0
"""What is held was just seen within so many seconds; older than a day is old: float32 cannot count for ever."""


class Layers:
    """The empty scene, and what is held in front of it. All planes have the shape (height, width), float32.

    `empty`, `held`: grey levels. `age`: seconds since the held grey came. `hidden`: seconds since it was last seen.
    """

    def __init__(self, grey: Plane, threshold: float) -> None:
        self._threshold = np.float32(threshold)
        self.empty = grey.copy()
        self.held = grey.copy()
        self.age = np.zeros_like(grey)
        self.hidden = np.zeros_like(grey)

    def look(self, grey: Plane, dt: float) -> None:
        """Take the next picture, `dt` seconds after the last."""
        on_empty = self.close(grey, self.empty)
        on_held = self.close(grey, self.held) & ~on_empty
        self.age = np.minimum(self.age + np.float32(dt), np.float32(OLDEST_S))
        self.hidden += np.float32(dt)
        self.hidden[on_held] = 0.0
        np.add(self.empty, share(dt, EMPTY_S) * (grey - self.empty), out=self.empty, where=on_empty)
        np.add(self.held, share(dt, HELD_S) * (grey - self.held), out=self.held, where=on_held)
        self.forget(self._lost() & ~on_held, grey)

    def standing(self, for_s: float) -> Mask:
        """Return where something other than the empty scene has been held for `for_s` seconds, seen just now."""
        held = (self.age - self.hidden >= np.float32(for_s)) & (self.hidden <= np.float32(JUST_S)) & ~self._lost()
        return held & ~self.close(self.held, self.empty)

    def forget(self, where: Mask, grey: Plane) -> None:
        """Hold `grey` there from now on."""
        np.copyto(self.held, grey, where=where)
        self.age[where] = 0.0
        self.hidden[where] = 0.0

    def absorb(self, where: Mask) -> None:
        """Take what is held there for the empty scene."""
        np.copyto(self.empty, self.held, where=where)
        self.age[where] = 0.0

    def close(self, one: Plane, other: Plane) -> Mask:
        """Return where two planes show the same, but for noise."""
        near: Mask = np.abs(one - other) <= self._threshold + np.float32(RELATIVE) * other
        return near

    def _lost(self) -> Mask:
        lost: Mask = self.hidden > np.minimum(np.float32(PATIENCE) * (self.age - self.hidden), np.float32(LONGEST_S))
        return lost


def smooth(plane: Plane) -> Plane:
    """Return the plane without its pixels' noise, shape as given."""
    return np.asarray(cv2.blur(plane, (3, 3)), dtype=np.float32)


def share(dt: float, tau: float) -> np.float32:
    """Return what an average with time constant `tau` takes of a picture `dt` seconds after the last: 0–1."""
    return np.float32(1.0 - np.exp(-max(dt, 0.0) / tau))


def explained_by_light(now: Plane, empty: Plane, mask: Mask, noise: float) -> bool:
    """Return whether `now` is `empty` under other light, within `mask`: scaled and shifted, with nothing new in it.

    A shadow and a lamp keep the ground's texture and bring none; a vehicle hides the one and brings its own. `noise`:
    grey levels that may remain.
    """
    inside = _inside(mask)
    a, b = now[inside], empty[inside]
    if float(b.std()) > noise:
        return _related(a, b, noise) > SAME_GROUND
    remains, changed = float(np.std(a)), float(np.abs(a - b).mean())
    brighter = (float(a.mean()) + 1.0) / (float(b.mean()) + 1.0)
    return remains < min(noise, 1.0 + UNEVEN * changed) and DARKEST < brighter < BRIGHTEST


def alike(now: Plane, then: Plane, mask: Mask, noise: float) -> bool:
    """Return whether both show one texture within `mask`, whatever the light; never where there is none to tell."""
    inside = _inside(mask)
    return _related(now[inside], then[inside], noise) > RELATED


def _related(a: Plane, b: Plane, noise: float) -> float:
    """Return the correlation of two samples, -1 to 1; 0 where one of them is but noise."""
    return float(np.corrcoef(a, b)[0, 1]) if min(float(a.std()), float(b.std())) > noise / 2 else 0.0


def _inside(mask: Mask) -> Mask:
    """Return the mask without its outline, which light blurs; what it leaves out within is no outline."""
    inside: Mask = mask & (cv2.erode(filled(mask).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)
    return inside if int(inside.sum()) >= SMALLEST else mask


def unlike_light(now: Plane, empty: Plane, noise: float) -> Mask:
    """Return where `now` is not `empty` under locally even light, filled: things, and hard edges of shadows.

    A cloud's soft edge and what lies under it drop out, so that a vehicle is not joined with the shade it stands in.
    `noise`: grey levels.
    """
    lit = cv2.blur(now, WINDOW) / (cv2.blur(empty, WINDOW) + np.float32(1.0))
    rough = (cv2.blur(np.abs(now - lit * empty), (3, 3)) > noise).astype(np.uint8)
    return filled(cv2.morphologyEx(rough, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0)


def filled(mask: Mask) -> Mask:
    """Return the mask with all that its outlines enclose."""
    whole = mask.astype(np.uint8)
    outlines, _ = cv2.findContours(whole, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(whole, outlines, -1, 1, cv2.FILLED)
    return whole.astype(bool)


def bridged(mask: Mask, gap: float) -> Mask:
    """Return the mask, filled, with what lies between parts that are at most `gap` pixels apart."""
    side = max(5, round(gap) // 2 * 2 + 1)
    return filled(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)) > 0)


def parts(mask: Mask, gap: float) -> Iterator[Mask]:
    """Yield each part of the mask, bridged; crumbs are none."""
    whole = bridged(mask, gap).astype(np.uint8)
    count, labels = cv2.connectedComponents(cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)))
    for label in range(1, count):
        yield labels == label


WINDOW = (9, 9)
SMALLEST = 30
RELATED, SAME_GROUND = 0.6, 0.85
"""Correlations: above which a patch is the vehicle it was, and above which it is the ground in another light."""
DARKEST, BRIGHTEST = 0.45, 1.8
"""What a shadow and the sun make of even ground, at most."""
UNEVEN = 0.12
"""What light leaves unexplained, per grey level it changes; a vehicle of little contrast leaves more."""


def uncovers(now: Plane, empty: Plane, mask: Mask) -> bool:
    """Return whether something has left rather than come: its outline was in `empty` and is not in `now`."""
    shape = mask.astype(np.uint8)
    kernel = np.ones((3, 3), np.uint8)
    outline = (cv2.dilate(shape, kernel) - cv2.erode(shape, kernel)).astype(bool)
    if not outline.any():
        return False
    before, after = (float(np.percentile(steepness(plane)[outline], 60)) for plane in (empty, now))
    return after < OUTLINE_LEFT * before


OUTLINE_LEFT = 0.7


def steepness(plane: Plane) -> Plane:
    """Return the gradient's magnitude, in grey levels per pixel, shape as given."""
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(cv2.magnitude(across, down), dtype=np.float32)


def around(zone: Mask, margin: float) -> tuple[slice, slice]:
    """Return the rows and columns to look at: the zone, and `margin`, a part of the picture's sides, about it."""
    rows, columns = np.flatnonzero(zone.any(axis=1)), np.flatnonzero(zone.any(axis=0))
    if not rows.size:
        return slice(0, 1), slice(0, 1)
    down, across = (round(margin * side) for side in zone.shape)
    return (
        slice(max(int(rows[0]) - down, 0), int(rows[-1]) + down + 1),
        slice(max(int(columns[0]) - across, 0), int(columns[-1]) + across + 1),
    )
