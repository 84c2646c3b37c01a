"""What moves on the wall itself: laundry and flags in the wind, windows that light up, people, a cleaners' cradle."""

from __future__ import annotations

import numpy as np

from simulators.camera.scene import Picture
from simulators.camera.things.building import Flat
from simulators.camera.things.figure import Clothes, draw_leaning, draw_walker, dress
from simulators.camera.things.paint import Bgr, fill, line
from simulators.camera.things.view import Wall


class Laundry:
    """A pole of laundry, or a flag: cloth that swings from its upper edge as the wind comes and goes."""

    def __init__(self, random: np.random.Generator, view: Wall, flat: Flat, light: float) -> None:
        self._view, self._flat = view, flat
        self._gust = float(random.uniform(0.12, 0.5))
        self._top = flat.bottom + float(random.uniform(0.5, 1.1))
        self._pieces: list[tuple[float, float, float, Bgr, float]] = []
        x = flat.left
        while x < flat.right - 0.3:
            width = float(random.uniform(0.3, 0.7))
            colour: Bgr = tuple(
                float(v) for v in (random.uniform(50, 225) + random.normal(0, 22, 3)).clip(10, 245) * light
            )  # type: ignore[assignment]
            self._pieces.append((x, width, float(random.uniform(0.5, 1.1)), colour, float(random.uniform(0, 6))))
            x += width + float(random.uniform(0.03, 0.2))

    def draw(self, picture: Picture, t: float) -> None:
        """Draw it as the wind holds it."""
        out = self._flat.out + 0.4
        line(
            picture,
            [self._view.at(self._flat.left, self._top, out), self._view.at(self._flat.right, self._top, out)],
            (120, 124, 128),
        )
        for left, width, long, colour, phase in self._pieces:
            gust = self._gust * (0.6 + 0.4 * float(np.sin(0.37 * t + phase))) * float(np.sin(2.4 * t + phase))
            hem = self._top - long * float(np.cos(gust))
            middle = self._top - long / 2
            blown = long * float(np.sin(gust))
            corners = [
                (left, self._top),
                (left + width, self._top),
                (left + width + blown * 0.35, middle),
                (left + width + blown, hem),
                (left + blown, hem + 0.04 * float(np.sin(5 * t + phase))),
                (left + blown * 0.35, middle),
            ]
            fill(picture, [self._view.at(x, y, out) for x, y in corners], colour)


class Light:
    """A window in which the light is switched, or a pane that is opened and mirrors the sky."""

    def __init__(self, random: np.random.Generator, view: Wall, flat: Flat, seconds: float, *, night: bool) -> None:
        self._corners = [
            view.at(x, y, flat.out)
            for x, y in (
                (flat.left, flat.bottom),
                (flat.right, flat.bottom),
                (flat.right, flat.top),
                (flat.left, flat.top),
            )
        ]
        self._on = float(random.uniform(0, seconds))
        self._off = self._on + float(random.exponential(seconds / 2)) + 0.4
        warm = float(random.uniform(0.75, 1.0))
        self._colour: Bgr = (130 * warm, 200 * warm, 235 * warm) if night else (165 * warm, 190 * warm, 200 * warm)

    def draw(self, picture: Picture, t: float) -> None:
        """Draw the pane while it is lit."""
        if self._on <= t < self._off:
            fill(picture, self._corners, self._colour)


class Resident:
    """Somebody on a balcony or at a window, for a while."""

    def __init__(self, random: np.random.Generator, view: Wall, flat: Flat, seconds: float, light: float) -> None:
        x = float(random.uniform(flat.left + 0.35, flat.right - 0.35))
        self._middle, self._scale = view.at(x, flat.bottom, flat.out), view.scale_at(flat.bottom, flat.out)
        self._clothes, self._restless = dress(random, light), float(random.uniform(0.3, 2.0))
        self._from = float(random.uniform(-seconds, seconds * 0.7))
        self._until = self._from + float(random.uniform(0.5, 1.5)) * seconds

    def draw(self, picture: Picture, t: float) -> None:
        """Draw them while they are there; they straighten up and bend down rather than appear."""
        up = min((t - self._from) / 0.7, (self._until - t) / 0.7, 1.0)
        if up > 0.1:  # a person's top is not worth drawing
            draw_leaning(picture, self._middle, self._scale * up, self._clothes, t, self._restless)


class PasserBy:
    """Somebody who walks along the building."""

    def __init__(self, random: np.random.Generator, view: Wall, seconds: float, light: float) -> None:
        self._view = view
        self._out = float(random.uniform(2.0, 5.0))
        self._speed = float(random.uniform(0.9, 1.6)) * float(random.choice([-1, 1]))
        self._clothes: Clothes = dress(random, light)
        self._x = float(random.uniform(-1, 1)) * view.half_width_m - self._speed * float(random.uniform(0, seconds))

    def draw(self, picture: Picture, t: float) -> None:
        """Draw them where they are."""
        x = self._x + self._speed * t
        scale = self._view.scale_at(0.0, self._out)
        here = self._view.at(x, 0.0, self._out)
        # What stands before the wall stands lower in the picture, for the camera looks down on the ground.
        feet = (here[0], min(here[1] + self._out * scale * 0.1, self._view.height - 2.0))
        if -50 < feet[0] < self._view.width + 50:
            draw_walker(picture, feet, scale, self._clothes, self._speed * t, float(np.sign(self._speed)))


class Cradle:
    """A window cleaners' cradle, let down or pulled up by a winch at walking pace or less."""

    def __init__(self, random: np.random.Generator, view: Wall, top: float, light: float) -> None:
        self._view, self._top, self._light = view, top, light
        self._x = float(random.uniform(-0.7, 0.7)) * view.half_width_m
        self._from = float(random.uniform(0.15, 0.9)) * view.top_m
        self._speed = float(random.uniform(0.08, 0.35)) * float(random.choice([-1, 1]))
        self._people = [dress(random, light), dress(random, light)]

    def draw(self, picture: Picture, t: float) -> None:
        """Draw it, its ropes and the two in it."""
        high = float(np.clip(self._from + self._speed * t, 0.3, self._top - 1.5))
        swing = 0.04 * float(np.sin(0.9 * t))

        def at(x: float, y: float) -> tuple[float, float]:
            return self._view.at(self._x + x + swing, y, 0.9)

        for x in (-1.3, 1.3):
            line(picture, [self._view.at(self._x + x, self._top, 0.9), at(x, high + 1.0)], (60, 62, 66))
        scale = self._view.scale_at(high, 0.9)
        for x, clothes in zip((-0.6, 0.5), self._people, strict=True):
            draw_leaning(picture, at(x, high + 0.9), scale, clothes, t, 1.5)
        fill(
            picture,
            [at(-1.5, high), at(1.5, high), at(1.5, high + 0.95), at(-1.5, high + 0.95)],
            (60 * self._light, 130 * self._light, 205 * self._light),
        )
        for y in (0.05, 0.5, 0.9):
            line(
                picture,
                [at(-1.5, high + y), at(1.5, high + y)],
                (40 * self._light, 70 * self._light, 120 * self._light),
            )
