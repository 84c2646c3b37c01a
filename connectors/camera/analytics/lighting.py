"""By how much the light over a view has changed, everywhere in it, so that clouds and exposure move nothing.

The picture over the empty scene is the change of light, times what things have changed. B. K. P. Horn ("Determining
lightness from an image", 1974) parts the two by their gradients: light changes softly, things have edges. The sun is
half a degree wide, so a cloud a kilometre up has a shadow whose edge is nine metres wide; a vehicle's is a few
centimetres. Taken of the ratio, the ground's own edges cancel. What is soft is integrated again (Poisson's equation,
by cosine transform: Simchony, Chellappa and Shao, 1990), so that light passes beneath whatever stands in it.

A shadow with a hard edge, a tree's or a building's, is none of this: see `layers.explained_by_light`.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from connectors.camera.analytics.layers import EMPTY_S, RELATIVE, Plane, share
from connectors.camera.seeing import Grey

ACROSS, DOWN = 64, 36
"""Cells the light is told in."""
EDGE = 0.05
"""A change of light by this part of it from one cell to the next has an edge: it is a thing's."""
FINE = 2.0
"""Standard deviation, in cells, of what the light is smoothed by: people, and a cell's noise, are smaller."""
MOST = 1.6
"""The light may become five times as much, or a fifth: a logarithm."""
LEVELS, DRIFT_S = 20.0, 300.0
"""Grey levels by which a thing differs from the scene; how fast what differs is taken for the scene: seconds."""
FLASHED = 0.6
"""More of the picture than this changed at once is a change of light, of the view or of the exposure."""


class Lit(NamedTuple):
    """A picture brought to the reference's brightness. `grey`: (height, width); `flashed`: nothing else can be said."""

    grey: Plane
    flashed: bool


class Lighting:
    """Follows the light over a whole view, cell by cell."""

    def __init__(self, grey: Grey) -> None:
        self._reference = _thumbnail(grey)
        self._integral = _integral()

    def even(self, grey: Grey, dt: float) -> Lit:
        """Return `grey`, shape (height, width), as under the reference's light. `dt`: seconds since the last."""
        seen = _thumbnail(grey)
        gain = np.exp(-self._light(np.log(seen / self._reference)))
        seen = np.asarray(seen * gain, np.float32)
        strange = np.abs(seen - self._reference) > LEVELS + RELATIVE * self._reference
        flashed = bool(strange.mean() > FLASHED)
        if not flashed:
            keep = np.where(strange, share(dt, DRIFT_S), share(dt, EMPTY_S)).astype(np.float32)
            self._reference += keep * (seen - self._reference)
        height, width = grey.shape
        everywhere = np.asarray(cv2.resize(gain, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        return Lit(everywhere * grey, flashed)

    def _light(self, change: Plane) -> Plane:
        """Return how much of a change is light's; both logarithms, shape (DOWN, ACROSS)."""
        across, down = np.diff(change, axis=1), np.diff(change, axis=0)
        across[np.abs(across) > EDGE] = 0.0
        down[np.abs(down) > EDGE] = 0.0
        bends = np.zeros_like(change)
        bends[:, :-1] += across
        bends[:, 1:] -= across
        bends[:-1] += down
        bends[1:] -= down
        shape = cv2.idct(cv2.dct(bends) * self._integral)
        # Its level, which gradients do not tell, is that of most of the picture.
        return np.asarray(np.clip(shape + np.median(change - shape), -MOST, MOST), np.float32)


def _integral() -> Plane:
    """Return what a Laplacian's cosine transform is multiplied by to integrate and smooth it, shape (DOWN, ACROSS)."""
    x, y = np.meshgrid(np.pi * np.arange(ACROSS) / ACROSS, np.pi * np.arange(DOWN) / DOWN)
    bends = 2 * np.cos(x) + 2 * np.cos(y) - 4
    bends[0, 0] = np.inf
    return np.asarray(np.exp(-0.5 * FINE**2 * (x**2 + y**2)) / bends, np.float32)


def _thumbnail(grey: Grey) -> Plane:
    small: Plane = cv2.resize(grey, (ACROSS, DOWN), interpolation=cv2.INTER_AREA).astype(np.float32) + 1.0
    return small
