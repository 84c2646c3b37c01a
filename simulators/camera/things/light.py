"""Light that changes: clouds before the sun and their shadows, headlights that sweep by night."""

from __future__ import annotations

import cv2
import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.paint import multiply

_GRID = (9, 16)


class Clouds:
    """Shadows of clouds that travel over the scene, and the whole of it that gets darker and brighter by `depth`."""

    def __init__(self, random: np.random.Generator, width: int, height: int, depth: float) -> None:
        self._size = (width, height)
        self._depth = depth
        field = cv2.GaussianBlur(random.normal(0, 1, (_GRID[0], 400)).astype(np.float32), (0, 0), 2.2)
        self._field = field / np.float32(np.abs(field).max())
        self._speed = float(random.uniform(0.4, 1.6))
        self._beat, self._phase = float(random.uniform(0.02, 0.11)), float(random.uniform(0, 6))

    def gain(self, t: float) -> float:
        """Return how bright the whole is at t seconds, 1 on average."""
        return 1.0 + self._depth * float(np.sin(2 * np.pi * self._beat * t + self._phase))

    def draw(self, picture: Picture, t: float) -> Picture:
        """Return the picture in this light."""
        start = (self._speed * t) % (self._field.shape[1] - _GRID[1] - 1)
        low = int(start)
        part = self._field[:, low : low + _GRID[1] + 1]
        field = part[:, :-1] + (part[:, 1:] - part[:, :-1]) * (start - low)
        share = cv2.resize((128 * (self.gain(t) + 0.6 * self._depth * field)).clip(0, 255).astype(np.uint8), self._size)
        return multiply(picture, share.astype(np.uint8, copy=False))


class Sweep:
    """The light of a car that turns in the street: a bright patch that runs over the wall by night."""

    def __init__(self, random: np.random.Generator, width: int, height: int, seconds: float) -> None:
        self._width, self._height = width, height
        self._at = float(random.uniform(0, seconds))
        self._lasts = float(random.uniform(0.9, 3.0))
        self._way = float(random.choice([-1, 1]))
        self._row = float(random.uniform(0.5, 1.0))
        self._bright = float(random.uniform(60, 150))

    def draw(self, picture: Picture, t: float) -> Picture:
        """Return the picture with the light on it, if it is there."""
        part = (t - self._at) / self._lasts
        if not 0 <= part <= 1:
            return picture
        x = (part if self._way > 0 else 1 - part) * 1.4 - 0.2
        rows, columns = np.mgrid[0:18, 0:32]
        glow = np.exp(-(((columns / 32 - x) / 0.11) ** 2) - (((rows / 18 - self._row) / 0.3) ** 2))
        strength = np.clip(128 * (1 + glow * self._bright / 40), 0, 255).astype(np.uint8)
        share = cv2.resize(strength, (self._width, self._height), interpolation=cv2.INTER_CUBIC)
        lit = multiply(picture, share.astype(np.uint8, copy=False))
        added = cv2.resize((glow * 26).astype(np.uint8), (self._width, self._height))
        return cv2.add(lit, cv2.cvtColor(added, cv2.COLOR_GRAY2BGR)).astype(np.uint8, copy=False)
