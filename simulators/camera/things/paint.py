"""Drawing below the size of a pixel.

What falls from a height is a few pixels wide and smeared by the exposure. Coverage is therefore computed, not guessed:
shapes are drawn four times as large at many moments of the exposure, and averaged.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from simulators.camera.scene import Picture

Floats = NDArray[np.float64]
Bgr = tuple[float, float, float]

_BITS = 4
_FINER = 4


def fill(picture: Picture, corners: ArrayLike, colour: Bgr) -> None:
    """Fill a polygon, corners (n, 2) in pixels, with soft edges."""
    ready = np.rint(np.asarray(corners, dtype=np.float64) * (1 << _BITS)).astype(np.int32)
    cv2.fillPoly(picture, [ready], colour, cv2.LINE_AA, _BITS)


def line(picture: Picture, corners: ArrayLike, colour: Bgr, thickness: int = 1) -> None:
    """Draw an open line through corners (n, 2)."""
    ready = np.round(np.asarray(corners, dtype=np.float64) * (1 << _BITS)).astype(np.int32)
    cv2.polylines(picture, [ready], False, colour, thickness, cv2.LINE_AA, _BITS)


def limb(
    picture: Picture, start: Sequence[float], end: Sequence[float], widths: tuple[float, float], colour: Bgr
) -> None:
    """Draw a tapering limb between two points, as wide at each as said, in pixels."""
    (x0, y0), (x1, y1) = start, end
    long = max(math.hypot(x1 - x0, y1 - y0), 1e-6) * 2
    right, down = (y0 - y1) / long, (x1 - x0) / long
    near, far = widths
    fill(
        picture,
        (
            (x0 + right * near, y0 + down * near),
            (x1 + right * far, y1 + down * far),
            (x1 - right * far, y1 - down * far),
            (x0 - right * near, y0 - down * near),
        ),
        colour,
    )


def oval(centre: Sequence[float], radii: tuple[float, float], turned: float = 0.0, corners: int = 14) -> Floats:
    """Return an ellipse as a polygon, turned by an angle in radians."""
    flat = _circle(corners) * radii
    return (flat @ turn(turned) if turned else flat) + centre


@functools.lru_cache
def _circle(corners: int) -> Floats:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def turn(angle: float) -> Floats:
    """Return the matrix that turns rows of points by an angle in radians."""
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


class Cover:
    """How much of each pixel something covers: `share` (h, w) in 0–1, its upper left pixel at `x`, `y`."""

    def __init__(self, x: int, y: int, share: NDArray[np.float32]) -> None:
        self.x, self.y, self.share = x, y, share

    def blend(self, picture: Picture, colour: Bgr, strength: float = 1.0) -> None:
        """Lay a colour over a picture where this covers it."""
        height, width = picture.shape[:2]
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + self.share.shape[1], width), min(self.y + self.share.shape[0], height)
        if left >= right or top >= bottom:
            return
        share = self.share[top - self.y : bottom - self.y, left - self.x : right - self.x, None] * strength
        part = picture[top:bottom, left:right].astype(np.float32)
        part += (np.array(colour, dtype=np.float32) - part) * share
        picture[top:bottom, left:right] = np.rint(part).clip(0, 255).astype(np.uint8)

    def box(self, least: float = 0.05) -> list[float] | None:
        """Return [x0, y0, x1, y1] around the pixels covered by at least a share; None where there are none."""
        rows, columns = np.nonzero(self.share >= least)
        if not rows.size:
            return None
        return [
            float(self.x + columns.min()),
            float(self.y + rows.min()),
            float(self.x + columns.max() + 1),
            float(self.y + rows.max() + 1),
        ]


def exposed(shape: Callable[[float], Sequence[Floats]], start: float, exposure: float, steps: int) -> Cover:
    """Return what polygons cover on average while the shutter is open.

    `shape(t)` gives the polygons, each (n, 2) in pixels, at t seconds. The shutter opens at `start` for `exposure`.
    """
    moments = start + exposure * (np.arange(steps) + 0.5) / steps
    drawn = [[np.asarray(one) for one in shape(float(moment))] for moment in moments]
    every = np.concatenate([one for polygons in drawn for one in polygons])
    low, high = np.floor(every.min(axis=0)).astype(int) - 1, np.ceil(every.max(axis=0)).astype(int) + 2
    width, height = (int(size) for size in np.minimum(high - low, 600))
    total = np.zeros((height * _FINER, width * _FINER), dtype=np.float32)
    for polygons in drawn:
        one = np.zeros(total.shape, dtype=np.uint8)
        for polygon in polygons:
            # A fine pixel's centre stands at a half: without that, everything would sit an eighth of a pixel off.
            fine = np.round(((polygon - low) * _FINER - 0.5) * (1 << _BITS)).astype(np.int32)
            cv2.fillPoly(one, [fine], (255,), cv2.LINE_8, _BITS)
        cv2.accumulate(one, total)
    share = cv2.resize(total, (width, height), interpolation=cv2.INTER_AREA) / (255.0 * steps)
    return Cover(int(low[0]), int(low[1]), share.astype(np.float32))


def steps_for(pixels: float) -> int:
    """Return how many moments a smear of that many pixels needs to look smooth."""
    return int(min(max(np.ceil(pixels / 0.7), 1), 24))


def disc(radius: float) -> NDArray[np.float32]:
    """Return a soft disc as something out of focus shows it: (2r + 1, 2r + 1), 1 in the middle."""
    size = int(np.ceil(radius))
    grid = np.hypot(*np.mgrid[-size : size + 1, -size : size + 1]) / max(radius, 1e-6)
    return np.asarray(np.clip((1.0 - grid) * 2.5, 0, 1), dtype=np.float32)


def multiply(picture: Picture, share: NDArray[np.uint8], unit: int = 128) -> Picture:
    """Return a picture times a map (h, w) in which `unit` means unchanged."""
    return cv2.multiply(picture, cv2.cvtColor(share, cv2.COLOR_GRAY2BGR), scale=1.0 / unit).astype(np.uint8, copy=False)


def darken(picture: Picture, corners: ArrayLike, share: float) -> None:
    """Leave a share of the light inside the convex hull of corners (n, 2) in pixels: a shadow."""
    seen = np.asarray(corners, dtype=np.float64)
    limits = (picture.shape[1], picture.shape[0])
    low = np.clip(np.floor(seen.min(axis=0)).astype(int) - 1, 0, limits)
    high = np.clip(np.ceil(seen.max(axis=0)).astype(int) + 2, 0, limits)
    if (high - low).min() <= 0:
        return
    part = picture[low[1] : high[1], low[0] : high[0]]
    hull = cv2.convexHull(np.round((seen - low) * (1 << _BITS)).astype(np.int32))
    light = np.full(part.shape, 255, dtype=np.uint8)
    cv2.fillConvexPoly(light, hull, (255 * share,) * 3, cv2.LINE_AA, _BITS)
    part[:] = cv2.multiply(part, light, scale=1 / 255)


def as_picture(values: NDArray[np.floating[Any]]) -> Picture:
    """Return values as a picture, cut to 0–255."""
    return np.asarray(np.clip(values, 0, 255), dtype=np.uint8)
