"""All that moves before a facade and is no throw: drawn, counted, and switched on and off by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from simulators.camera.scene import Picture, dice
from simulators.camera.things.building import Building
from simulators.camera.things.creatures import Bird, Flutterer, Insect
from simulators.camera.things.hangings import Cradle, Laundry, Light, PasserBy, Resident
from simulators.camera.things.light import Clouds, Sweep
from simulators.camera.things.view import Wall
from simulators.camera.things.weather import Rain, Snow

#: Each kind of distractor, how often a scene has it when nobody says, and about how many of it ten seconds have.
KINDS: dict[str, tuple[float, float]] = {
    "birds": (0.5, 4),
    "leaves": (0.4, 6),
    "insects": (0.35, 4),
    "residents": (0.6, 4),
    "passers-by": (0.6, 3),
    "laundry": (0.6, 5),
    "lights": (0.4, 4),
    "cradle": (0.1, 1),
    "rain": (0.15, 1),
    "snow": (0.04, 1),
    "headlights": (0.5, 2),
    "clouds": (0.35, 1),
    "shake": (0.6, 1),
    "flicker": (0.4, 1),
    "drops": (0.12, 1),
}
#: What is there as long as the scene, however long that is.
_STANDING = {"residents", "laundry", "cradle", "rain", "snow", "clouds"}
#: How much of the day's light street lamps leave on people and things.
_NIGHT = 0.4
_OF_THE_LENS = {"shake", "flicker", "drops"}


class _Painted(Protocol):
    def draw(self, picture: Picture, t: float) -> None: ...


class _Laid(Protocol):
    def draw(self, picture: Picture, t: float) -> Picture: ...


def usual(random: np.random.Generator, *, night: bool) -> dict[str, float]:
    """Draw which distractors a scene has and how dense each is. Headlights sweep by night only."""
    found = {}
    for kind, (often, _) in KINDS.items():
        there, density = random.random() < often, float(random.uniform(0.4, 1.8))
        if there:
            found[kind] = density
    found.pop("clouds" if night else "headlights", None)
    if "rain" in found:
        found.pop("snow", None)
    return found


class Life:
    """What moves, in the order in which it hides what is behind it. `counts`: how many of each kind."""

    def __init__(
        self,
        seed: int,
        kinds: Mapping[str, float],
        view: Wall,
        building: Building,
        seconds: float,
        exposure: float,
        *,
        night: bool,
    ) -> None:
        self.counts: dict[str, int] = {}
        self._kinds, self._seconds, self._seed = kinds, seconds, seed
        flats = [flat for flat in building.flats if view.at(flat.middle, flat.top)[1] > 0] or list(building.flats)
        size, wind = (view.width, view.height), float(dice(seed, "wind").normal(0, 0.8))
        focal, light = view.scale * view.distance, _NIGHT if night else 1.0

        def some(kind: str) -> list[np.random.Generator]:
            """Return dice for each of a kind."""
            count = self._number(kind)
            if count:
                self.counts[kind] = count
            return [dice(seed, f"{kind} {number}") for number in range(count)]

        def flat(random: np.random.Generator) -> int:
            return int(random.integers(len(flats)))

        self._behind: list[_Painted] = [
            *(Light(random, view, flats[flat(random)], seconds, night=night) for random in some("lights")),
            *(Laundry(random, view, flats[flat(random)], light) for random in some("laundry")),
            *(Resident(random, view, flats[flat(random)], seconds, light) for random in some("residents")),
            *(Cradle(random, view, building.storeys * building.storey, light) for random in some("cradle")),
            *(PasserBy(random, view, seconds, light) for random in some("passers-by")),
        ]
        self._flying: list[_Painted] = [
            *(Flutterer(random, view, seconds, exposure, wind, light) for random in some("leaves")),
            *(Bird(random, view, seconds, exposure, light) for random in some("birds")),
        ]
        self._light: list[_Laid] = [
            *(Sweep(random, *size, seconds) for random in some("headlights")),
            *(Clouds(random, *size, float(random.uniform(0.06, 0.16))) for random in some("clouds")),
        ]
        self._weather: list[_Laid] = [
            *(Rain(random, *size, focal, kinds["rain"], exposure, view.distance) for random in some("rain")),
            *(Snow(random, *size, focal, kinds["snow"], view.distance) for random in some("snow")),
        ]
        self._near: list[_Painted] = [Insect(random, *size, seconds, exposure) for random in some("insects")]
        for kind in sorted(_OF_THE_LENS & kinds.keys()):
            self.counts[kind] = 1

    def behind(self, picture: Picture, t: float) -> None:
        """Draw what is on the wall and at its foot, behind anything that falls."""
        for thing in self._behind:
            thing.draw(picture, t)

    def before(self, picture: Picture, t: float) -> Picture:
        """Return the picture with what is between wall and lens, and in the light of the moment."""
        for thing in self._flying:
            thing.draw(picture, t)
        for laid in (*self._light, *self._weather):
            picture = laid.draw(picture, t)
        for thing in self._near:
            thing.draw(picture, t)
        return picture

    def _number(self, kind: str) -> int:
        density = self._kinds.get(kind, 0.0)
        if not density:
            return 0
        many = KINDS[kind][1]
        if kind in _STANDING:
            return max(round(many * density), 1) if many > 1 else 1
        return max(int(dice(self._seed, f"how many {kind}").poisson(many * density * self._seconds / 10)), 1)
