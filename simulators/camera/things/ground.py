"""Where a point of a yard is in the picture: a pinhole camera on a pole that looks down obliquely."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from simulators.camera.things.paint import Floats


class Ground(NamedTuple):
    """A camera on a pole at (`left`, 0). Metres: x along the lane, y away from it, z up; `yaw`, `pitch` in radians."""

    width: int
    height: int
    focal: float
    high: float
    yaw: float
    pitch: float
    left: float = 0.0

    def at(self, points: ArrayLike) -> Floats:
        """Return pixels (n, 2) of points (n, 3) before the camera."""
        turned = self._turned(points)
        return turned[:, :2] * (self.focal / np.maximum(turned[:, 2:], 0.3)) + (self.width / 2, self.height / 2)

    def depth(self, points: ArrayLike) -> Floats:
        """Return the distance (n,) of points (n, 3) along the optical axis, in metres."""
        return np.asarray(self._turned(points)[:, 2])

    def scale(self, x: float, y: float) -> float:
        """Return pixels per metre of somebody who stands at x, y."""
        return self.focal / max(float(self.depth([(x, y, 0.8)])[0]), 0.3)

    def spot(self, x: float, y: float, z: float = 0.0) -> tuple[float, float]:
        """Return the pixel of one point."""
        column, row = self.at([(x, y, z)])[0]
        return float(column), float(row)

    def _turned(self, points: ArrayLike) -> Floats:
        """Return points as the camera has them: right, down, ahead."""
        placed = np.asarray(points, dtype=np.float64).reshape(-1, 3) - (self.left, 0.0, self.high)
        return placed @ _axes(self.yaw, self.pitch)


@functools.lru_cache
def _axes(yaw: float, pitch: float) -> Floats:
    """Return the camera's axes as columns: right, down, ahead."""
    sin, cos, down, level = np.sin(yaw), np.cos(yaw), np.sin(pitch), np.cos(pitch)
    return np.array([[cos, -down * sin, level * sin], [-sin, -down * cos, level * cos], [0.0, -level, -down]])


def flat(corners: ArrayLike, z: float = 0.0) -> Floats:
    """Return ground points (n, 2) as points (n, 3)."""
    two = np.asarray(corners, dtype=np.float64)
    return np.concatenate([two, np.full((len(two), 1), z)], axis=1)
