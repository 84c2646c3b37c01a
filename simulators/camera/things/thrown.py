"""Things that fall from a building: gravity and drag, and what is seen of them while the shutter is open."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.paint import Bgr, Floats, exposed, oval, steps_for, turn
from simulators.camera.things.view import Wall

GRAVITY = 9.81
_STEP = 0.002
#: A thing is visible from this contrast on, in grey levels, where it covers at least half of some pixel.
VISIBLE_CONTRAST = 22.0


class Throw(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something released at `at_s`, seconds from the start. What is None is drawn.

    `floor`: from 1; None, one that the picture shows. `velocity`: m/s to the right, upwards and out of the wall.
    `size`: metres. `terminal`: terminal speed in m/s. `contrast`: grey levels against what is behind it, on average
    along its way; negative is darker.
    """

    at_s: float | None = None
    floor: int | None = None
    velocity: tuple[float, float, float] | None = None
    size: float | None = None
    terminal: float | None = None
    contrast: float | None = None


class Fall:
    """One thing's way down, and how it looks."""

    def __init__(
        self,
        view: Wall,
        at_s: float,
        start: tuple[float, float, float],
        velocity: tuple[float, float, float],
        terminal: float,
        size: float,
        random: np.random.Generator,
    ) -> None:
        self._view, self.at_s, self.size = view, at_s, size
        self._way = _integrate(np.array(start), np.array(velocity), terminal)
        self.lands_s = at_s + (len(self._way) - 1) * _STEP
        self._spin = float(random.uniform(-14, 14))
        self._shape = _shape(random)
        self.colour: Bgr = (128, 128, 128)
        self._tint = random.normal(0, 6, 3)

    def place(self, t: float) -> Floats:
        """Return where it is at t seconds: metres right, up, out. It lies where it landed."""
        step = min(max((t - self.at_s) / _STEP, 0.0), len(self._way) - 1.0)
        low = int(step)
        high = min(low + 1, len(self._way) - 1)
        return np.asarray(self._way[low] + (self._way[high] - self._way[low]) * (step - low))

    def pixel(self, t: float) -> tuple[float, float]:
        """Return its middle in the picture at t seconds."""
        x, high, out = self.place(t)
        return self._view.at(x, high, out)

    def paint(self, behind: Picture, contrast: float) -> float:
        """Choose its colour for a contrast against the picture behind its way; return the contrast it really has.

        The sign turns where there is no room for the contrast: nothing is darker than black.
        """
        height, width = behind.shape[:2]
        grey: list[float] = []
        for t in np.linspace(self.at_s, self.lands_s, 60):
            x, y = (int(value) for value in self.pixel(float(t)))
            if 2 <= x < width - 2 and 2 <= y < height - 2:
                grey.append(float(behind[y - 2 : y + 3, x - 2 : x + 3].mean()))
        mean = float(np.mean(grey)) if grey else 128.0
        if not 4 <= mean + contrast <= 251:  # what a sensor's output leaves as room
            contrast = -contrast
        value = float(np.clip(mean + contrast, 4, 251))
        blue, green, red = (float(np.clip(value + change, 0, 255)) for change in self._tint - self._tint.mean())
        self.colour = (blue, green, red)
        return value - mean

    def draw(self, picture: Picture, t: float, exposure: float) -> dict[str, Any] | None:
        """Draw it as the shutter that opens at t sees it; return what is true of it, None before its release.

        `s` is the middle of the exposure, and so are `x` and `y`; `box` holds what is drawn.
        """
        if t < self.at_s:
            return None
        ends = np.array([self.pixel(t), self.pixel(t + exposure)])
        cover = exposed(self._outline, t, exposure, steps_for(float(np.hypot(*(ends[1] - ends[0])))))
        box = cover.box()
        if box is None:
            return None
        middle = self.pixel(t + exposure / 2)
        contrast = self._contrast(picture, box) * float(min(cover.share.max(), 1.0))
        cover.blend(picture, self.colour)
        return {
            "s": round(t + exposure / 2, 4),
            "x": round(float(middle[0]), 2),
            "y": round(float(middle[1]), 2),
            "box": box,
            "contrast": round(contrast, 1),
        }

    def _contrast(self, picture: Picture, box: list[float]) -> float:
        left, top, right, bottom = (int(value) for value in box)
        part = picture[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        return float(np.mean(self.colour) - part.mean()) if part.size else 0.0

    def _outline(self, t: float) -> list[Floats]:
        x, high, out = self.place(t)
        turned = self._spin * (min(t, self.lands_s) - self.at_s)
        size = self.size * self._view.scale_at(high, out)
        return [self._shape * size @ turn(turned) + np.array(self._view.at(x, high, out))]


def _shape(random: np.random.Generator) -> Floats:
    """Draw an outline, 1 from end to end: a bottle, a box, a bag of rubbish, a shoe."""
    kind = int(random.integers(3))
    if kind == 0:
        return oval((0, 0), (0.5, float(random.uniform(0.18, 0.3))))
    if kind == 1:
        half = float(random.uniform(0.25, 0.5))
        return np.array([(-0.5, -half), (0.5, -half), (0.5, half), (-0.5, half)])
    angles = np.linspace(0, 2 * np.pi, 9, endpoint=False)
    radii = random.uniform(0.32, 0.5, 9)
    return np.stack([np.cos(angles) * radii, np.sin(angles) * radii], axis=1)


def _integrate(place: Floats, velocity: Floats, terminal: float) -> Floats:
    """Return positions each `_STEP` seconds until it lands: dv/dt = -g - (g / vt²) |v| v (quadratic drag).

    Source: the usual drag equation with constant coefficient, so that the terminal speed says everything.
    """
    down = np.array([0.0, -GRAVITY, 0.0])
    drag = GRAVITY / terminal**2
    way = [place.astype(np.float64)]
    speed = velocity.astype(np.float64)
    while way[-1][1] > 0 and len(way) < 10 / _STEP:
        half = speed + (down - drag * float(np.linalg.norm(speed)) * speed) * _STEP / 2
        speed = speed + (down - drag * float(np.linalg.norm(half)) * half) * _STEP
        moved = way[-1] + half * _STEP
        if moved[2] < 0:  # the wall is in the way: it slides down along it
            moved[2], speed[2] = 0.0, 0.0
        way.append(moved)
    return np.array(way)
