"""What passes by a fire lane and is no parked car: people, bicycles, a bag left, clouds, swaying shadows, rain."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from simulators.camera.scene import Picture, dice
from simulators.camera.things.cars import SHADOW
from simulators.camera.things.figure import Clothes, draw_cyclist, draw_walker, dress
from simulators.camera.things.ground import Ground, flat
from simulators.camera.things.light import Clouds
from simulators.camera.things.paint import Bgr, darken, fill, multiply
from simulators.camera.things.weather import Rain
from simulators.camera.things.yard import Street

#: Each kind of distractor, how often a scene has it when nobody says, and how many a minute where they are counted.
KINDS: dict[str, tuple[float, float]] = {
    "traffic": (0.7, 2.5),
    "pedestrians": (0.8, 5),
    "cyclists": (0.5, 2),
    "bag": (0.15, 0),
    "clouds": (0.6, 0),
    "tree-shadows": (0.4, 0),
    "rain": (0.15, 0),
    "shake": (0.4, 0),
    "flicker": (0.3, 0),
}
_EDGE = 26.0


class Walker(NamedTuple):
    """Somebody who passes: on foot, or on a bicycle; `at_s` is when they are at x = 0."""

    clothes: Clothes
    y: float
    speed: float
    at_s: float
    rides: bool

    def x(self, t: float) -> float:
        """Return where they are along the lane, in metres."""
        return self.speed * (t - self.at_s)


def usual(random: np.random.Generator, *, night: bool) -> dict[str, float]:
    """Draw which distractors a scene has and how dense each is."""
    found = {}
    for kind, (often, _) in KINDS.items():
        there, density = random.random() < often, float(random.uniform(0.4, 1.8))
        if there:
            found[kind] = density
    if night:
        found.pop("tree-shadows", None)
        found.pop("clouds", None)
    return found


def densities(kinds: Mapping[str, float] | Collection[str]) -> dict[str, float]:
    """Read which distractors are wanted. Raises ValueError for one that is not there."""
    found = dict(kinds) if isinstance(kinds, Mapping) else dict.fromkeys(kinds, 1.0)
    if strange := set(found) - set(KINDS):
        raise ValueError(f"unknown distractors {sorted(strange)}; there are {', '.join(KINDS)}")
    return found


class LaneLife:
    """Who passes and how the light changes. `counts`: how many of each kind; `bags`: where each was left, and when."""

    def __init__(
        self, seed: int, kinds: Mapping[str, float], view: Ground, street: Street, seconds: float, lit: float
    ) -> None:
        self._view, self._lit = view, lit
        self.counts: dict[str, int] = {}
        self.bags: list[dict[str, Any]] = []
        self._people = [
            *self._passing(seed, kinds, "pedestrians", street, seconds),
            *self._passing(seed, kinds, "cyclists", street, seconds),
        ]
        self._bag: tuple[float, float, float] | None = None
        if "bag" in kinds:
            self._leave_bag(dice(seed, "bag"), street, seconds)
        for kind in sorted(kinds.keys() & {"traffic", "clouds", "tree-shadows", "rain", "shake", "flicker"}):
            self.counts[kind] = 1
        depth = min(float(dice(seed, "clouds").uniform(0.15, 0.22)) * kinds.get("clouds", 0.0), 0.35)
        self._clouds = Clouds(dice(seed, "clouds"), view.width, view.height, depth) if depth else None
        self._leaves = _foliage(dice(seed, "trees"), view) if "tree-shadows" in kinds else None
        self._gust = kinds.get("tree-shadows", 0.0)
        rain = kinds.get("rain", 0.0) * 2
        self._rain = Rain(dice(seed, "rain"), view.width, view.height, view.focal, rain, 1 / 40, 30.0) if rain else None

    def walkers(self, t: float) -> list[tuple[float, Walker]]:
        """Return who is in sight at t seconds, farthest first, each with the distance in metres."""
        there = [one for one in self._people if abs(one.x(t)) < _EDGE]
        return sorted(
            ((float(self._view.depth([(one.x(t), one.y, 0.5)])[0]), one) for one in there), key=lambda each: -each[0]
        )

    def draw(
        self, picture: Picture, walkers: list[tuple[float, Walker]], t: float, *, beyond: float
    ) -> list[tuple[float, Walker]]:
        """Draw those who are farther away than `beyond` metres; return the others."""
        while walkers and walkers[0][0] > beyond:
            _, one = walkers.pop(0)
            self._draw(picture, one, t)
        return walkers

    def shadows(self, picture: Picture, t: float) -> Picture:
        """Return the picture with the shadows of trees on it, and with a bag that was left."""
        if self._leaves is not None:
            sway = 3.0 * self._gust
            moved = np.array(
                [
                    [1, 0, sway * np.sin(1.1 * t) + 0.6 * sway * np.sin(2.9 * t)],
                    [0, 1, 0.5 * sway * np.sin(1.7 * t + 1)],
                ]
            )
            size = (self._view.width, self._view.height)
            picture = multiply(
                picture,
                cv2.warpAffine(self._leaves, moved, size, borderMode=cv2.BORDER_REPLICATE).astype(np.uint8, copy=False),
            )
        if self._bag is not None and t >= self._bag[2]:
            self._draw_bag(picture, *self._bag[:2])
        return picture

    def light(self, picture: Picture, t: float) -> Picture:
        """Return the picture in the light and the weather of the moment."""
        if self._clouds is not None:
            picture = self._clouds.draw(picture, t)
        return self._rain.draw(picture, t) if self._rain is not None else picture

    def _passing(
        self, seed: int, kinds: Mapping[str, float], kind: str, street: Street, seconds: float
    ) -> list[Walker]:
        if not kinds.get(kind):
            return []
        count = max(int(dice(seed, f"how many {kind}").poisson(KINDS[kind][1] * kinds[kind] * seconds / 60)), 1)
        self.counts[kind] = count
        found = []
        for number in range(count):
            random = dice(seed, f"{kind} {number}")
            rides = kind == "cyclists"
            # Two of three pass between camera and fire lane, and hide what stands there.
            y = float(
                random.uniform(11.6, 12.9)
                if random.random() < 0.65
                else random.uniform(street.kerb + 0.5, street.house - 0.8)
            )
            speed = float(random.uniform(2.8, 4.6) if rides else random.uniform(0.8, 1.6)) * float(
                random.choice([-1, 1])
            )
            found.append(Walker(dress(random, max(self._lit, 0.4)), y, speed, float(random.uniform(0, seconds)), rides))
        return found

    def _draw(self, picture: Picture, one: Walker, t: float) -> None:
        x = one.x(t)
        if float(self._view.depth([(x, one.y, 0.5)])[0]) < 1:
            return
        feet, scale = self._view.spot(x, one.y), self._view.scale(x, one.y)
        long = np.array(SHADOW) * 1.6 if self._lit == 1 else np.zeros(2)
        around = np.array([(-0.25, -0.1), (0.25, -0.1), (0.25, 0.1), (-0.25, 0.1)])
        darken(picture, self._view.at(flat(np.concatenate([around, around * 0.8 + long]) + np.array([x, one.y]))), 0.6)
        # Somebody who walks along the lane is seen a little from behind where the camera looks along it.
        facing = float(np.sign(one.speed)) * float(np.cos(self._view.yaw))
        if one.rides:
            draw_cyclist(picture, feet, scale, one.clothes, x, float(np.sign(one.speed)))
        else:
            draw_walker(picture, feet, scale, one.clothes, x, facing)

    def _leave_bag(self, random: np.random.Generator, street: Street, seconds: float) -> None:
        x, y = float(random.uniform(-4, 4)), float(random.uniform(street.fire - 0.9, street.fire + 0.9))
        at = float(random.uniform(0.1, 0.6)) * seconds
        way = float(random.choice([-1, 1])) * 1.2
        self._people.append(Walker(dress(random, max(self._lit, 0.4)), y + 0.35, way, at - x / way, rides=False))
        self._bag = (x, y, at)
        self.counts["bag"] = 1
        seen = self._view.at(_block(x, y))
        low, high = seen.min(axis=0), seen.max(axis=0)
        box = [round(float(value), 1) for value in (*low, *high)]
        self.bags.append({"left_s": round(at, 2), "box": box, "in_zone": True})

    def _draw_bag(self, picture: Picture, x: float, y: float) -> None:
        lit = max(self._lit, 0.4)
        darken(picture, self._view.at(_block(x, y)[:4] + np.array([SHADOW[0] * 0.3, SHADOW[1] * 0.3, 0])), 0.6)
        corners = self._view.at(_block(x, y))
        dark: Bgr = (45 * lit, 40 * lit, 95 * lit)
        fill(picture, corners[[0, 1, 5, 4]], dark)
        side = [1, 2, 6, 5] if self._view.yaw < 0 else [3, 0, 4, 7]
        fill(picture, corners[side], (34 * lit, 30 * lit, 74 * lit))
        fill(picture, corners[4:], (62 * lit, 55 * lit, 125 * lit))


def _block(x: float, y: float) -> NDArray[np.float64]:
    """Return the eight corners of a bag, the four on the ground first."""
    base = np.array([(-0.3, -0.2), (0.3, -0.2), (0.3, 0.2), (-0.3, 0.2)]) + np.array([x, y])
    return np.concatenate([flat(base), flat(base, 0.42)])


def _foliage(random: np.random.Generator, view: Ground) -> NDArray[np.uint8]:
    """Draw the dappled shadow of a tree on ground and wall: a map in which 128 is full light."""
    share = np.full((view.height, view.width), 128, dtype=np.uint8)
    middle = random.uniform((0.15, 0.4), (0.85, 0.7)) * (view.width, view.height)
    for _ in range(260):
        x, y = random.normal(middle, (view.width * 0.16, view.height * 0.13))
        size = random.uniform(2, 11, 2) * view.width / 640
        cv2.ellipse(
            share,
            ((float(x), float(y)), (float(size[0]) * 2.2, float(size[1])), float(random.uniform(-20, 20))),
            (66,),
            -1,
        )
    return cv2.GaussianBlur(share, (0, 0), 2.0).astype(np.uint8, copy=False)
