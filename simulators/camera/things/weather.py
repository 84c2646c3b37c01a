"""Rain and snow: drops at all distances, each as long as it moves while the shutter is open."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.scene import Picture

_BITS = 3
#: What a drop shows: the sky, small and upside down.
_SKY = 205


class Rain:
    """Rain: near drops are long, fast, wide and faint, far ones short and slow."""

    def __init__(
        self,
        random: np.random.Generator,
        width: int,
        height: int,
        focal: float,
        density: float,
        exposure: float,
        farthest: float,
    ) -> None:
        count = int(260 * density * width * height / (1280 * 720))
        # As many in each cubic metre: the farther, the more.
        depth = farthest * np.cbrt(random.uniform((2.0 / farthest) ** 3, 1, count))
        depth[: count // 6] = random.uniform(1.2, 6.0, count // 6)
        self._speed = random.uniform(5.5, 9.0, count) * focal / depth
        self._slant = random.normal(0.06, 0.02) + random.normal(0, 0.02, count)
        self._long = self._speed * exposure
        self._span = height + self._long + 40
        self._start = random.uniform(0, 1, count) * self._span
        self._salt = random.uniform(0, 1, count)
        self._width, self._height = width, height
        self._grey = np.clip(34 + 70 / depth, 12, 80).astype(int)
        self._wide = np.where(depth < 4, 2, 1)  # metres

    def draw(self, picture: Picture, t: float) -> Picture:
        """Return the picture with rain before it."""
        travelled = self._start + self._speed * t
        lap = np.floor(travelled / self._span)
        bottom = travelled - lap * self._span
        # A drop that has left is another one when it comes back.
        x = ((self._salt * 7919 + lap * 0.6180339887) % 1.0) * (self._width * 1.1) + self._slant * bottom
        share = np.zeros((self._height, self._width), dtype=np.uint8)
        unit = 1 << _BITS
        ends = np.stack([x, bottom, x - self._slant * self._long, bottom - self._long], axis=1)
        for (x1, y1, x0, y0), grey, wide in zip(
            (ends * unit).astype(int).tolist(), self._grey.tolist(), self._wide.tolist(), strict=True
        ):
            cv2.line(share, (x0, y0), (x1, y1), (grey,), wide, cv2.LINE_AA, _BITS)
        return _veil(picture, share)


class Snow:
    """Snow: flakes that sink slowly and drift."""

    def __init__(
        self, random: np.random.Generator, width: int, height: int, focal: float, density: float, farthest: float
    ) -> None:
        count = int(420 * density * width * height / (1280 * 720))
        depth = farthest * np.cbrt(random.uniform((1.5 / farthest) ** 3, 1, count))
        depth[: count // 8] = random.uniform(1.5, 6.0, count // 8)
        self._scale = focal / depth
        self._sinks = random.uniform(0.8, 1.6, count) * self._scale
        self._drifts = (random.normal(0.4, 0.3) + random.normal(0, 0.25, count)) * self._scale
        self._x, self._y = random.uniform(0, width, count), random.uniform(0, height, count)
        self._phase = random.uniform(0, 2 * np.pi, count)
        self._radius = np.clip(0.004 * self._scale, 0.6, 7)
        self._grey = np.clip(210 - 14 * self._radius, 70, 220).astype(int)
        self._width, self._height = width, height

    def draw(self, picture: Picture, t: float) -> Picture:
        """Return the picture with snow before it."""
        x = (self._x + self._drifts * t + 0.12 * self._scale * np.sin(2.2 * t + self._phase)) % (self._width + 20) - 10
        y = (self._y + self._sinks * t) % (self._height + 20) - 10
        share = np.zeros((self._height, self._width), dtype=np.uint8)
        unit = 1 << _BITS
        flakes = np.stack([x * unit, y * unit, self._radius * unit], axis=1).astype(int).tolist()
        for (column, row, radius), grey in zip(flakes, self._grey.tolist(), strict=True):
            cv2.circle(share, (column, row), max(radius, 1), (grey,), -1, cv2.LINE_AA, _BITS)
        return _veil(picture, share)


def _veil(picture: Picture, share: NDArray[np.uint8]) -> Picture:
    """Lay the sky's colour over a picture, by shares in 0–255: before something bright it is hardly seen."""
    missing = cv2.subtract(np.full(picture.shape, _SKY, dtype=np.uint8), picture)
    added = cv2.multiply(missing, cv2.cvtColor(share, cv2.COLOR_GRAY2BGR), scale=1 / 255)
    return cv2.add(picture, added).astype(np.uint8, copy=False)
