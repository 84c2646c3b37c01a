"""Where a point in front of a building is in the picture: a pinhole camera that looks at a wall, slightly upwards."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Wall(NamedTuple):
    """A camera in front of a wall. Metres: x to the right from the middle, height above the ground, out of the wall.

    `scale`: pixels per metre on the wall at the picture's middle row. `distance`: metres from camera to wall.
    `middle_m`: height above the ground at the middle row. `pitch`: radians.
    """

    width: int
    height: int
    scale: float
    distance: float
    middle_m: float
    pitch: float

    def at(self, x: float, high: float, out: float = 0.0) -> tuple[float, float]:
        """Return the pixel of a point."""
        scale = self.scale_at(high, out)
        return self.width / 2 + x * scale, self.height / 2 - (high - self.middle_m) * scale

    def scale_at(self, high: float, out: float = 0.0) -> float:
        """Return pixels per metre at a point: less above, where the wall is farther away; more in front of it."""
        depth = self.distance - out + (high - self.middle_m) * float(np.sin(self.pitch))
        return self.scale * self.distance / depth

    @property
    def ground_y(self) -> float:
        """The row in which the wall meets the ground."""
        return self.at(0.0, 0.0)[1]

    @property
    def half_width_m(self) -> float:
        """Half of what is seen of the wall, in metres, at the middle row."""
        return self.width / 2 / self.scale

    @property
    def top_m(self) -> float:
        """The height seen at the upper edge of the picture."""
        low, high = 0.0, 200.0
        for _ in range(40):
            middle = (low + high) / 2
            low, high = (middle, high) if self.at(0.0, middle)[1] > 0 else (low, middle)
        return low

    @property
    def told(self) -> dict[str, Any]:
        """What is true of the view, for the truth."""
        return {
            "px_per_metre": round(self.scale, 3),
            "px_per_metre_at_ground": round(self.scale_at(0.0), 3),
            "px_per_metre_at_top": round(self.scale_at(self.top_m), 3),
            "ground_y": round(self.ground_y, 2),
        }


def wall_of(width: int, height: int, scale: float, ground_y: float, distance: float, pitch: float) -> Wall:
    """Return the view whose ground stands in a given row."""
    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        seen = Wall(width, height, scale, distance, middle, pitch)
        low, high = (middle, high) if seen.ground_y < ground_y else (low, middle)
    return Wall(width, height, scale, distance, low, pitch)
