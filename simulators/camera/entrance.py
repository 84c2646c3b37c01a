"""A forecourt with a door: people who walk across, in and out, for crossed lines and zones nobody may enter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from simulators.camera.scene import Picture, dice
from simulators.camera.things.cars import SHADOW
from simulators.camera.things.figure import Clothes, draw_walker, dress
from simulators.camera.things.ground import Ground, flat
from simulators.camera.things.lens import Lens, Optics
from simulators.camera.things.paint import darken
from simulators.camera.things.yard import draw_forecourt

DOOR_Y = 15.0
#: The line of the truth, from left to right on the ground, and the zone nobody may enter (metres).
_LINE = ((-4.0, 11.5), (4.0, 11.5))
LAWN = ((-9.0, 10.2), (-4.9, 10.2), (-4.9, 13.2), (-9.0, 13.2))


class Walk(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody's way: from `from_s`, seconds, through points (x, y) on the ground in metres, at `speed` m/s.

    `pauses_s`: how long they stand at the way's middle point. x = 0 is the door's middle, `DOOR_Y` its wall; the
    camera's pole stands at y = 0.
    """

    from_s: float
    through: tuple[tuple[float, float], ...]
    speed: float = 1.3
    pauses_s: float = 0.0


class Entrance:
    """A forecourt. `truth["people"]` has each one's feet over time: [s, x, y] in pixels, while they are to be seen.

    `truth["lines"]` and `truth["zones"]` are in parts of the picture; `crossings` says who crosses the line when and
    which way ("in" is towards the door), `intrusions` who is in the zone from when to when. `walks`: exactly who walks;
    drawn where None, about `people` a minute. `night` and `optics` are drawn where not given.
    """

    def __init__(
        self,
        seed: int,
        *,
        seconds: float = 60.0,
        walks: Sequence[Walk] | None = None,
        people: float = 8.0,
        night: bool | None = None,
        optics: Optics | None = None,
        width: int = 640,
        height: int = 360,
        fps: float = 10.0,
    ) -> None:
        self.width, self.height, self.fps, self.seconds = width, height, fps, seconds
        random = dice(seed, "entrance")
        dark = bool(random.random() < 0.15)  # every seventh is by night
        self.night = dark if night is None else night
        yaw = float(np.deg2rad(random.uniform(-14, 14)))
        self.view = Ground(
            width, height, width * float(random.uniform(0.66, 0.78)), float(random.uniform(4.2, 5.6)), yaw,
            float(np.deg2rad(random.uniform(17, 21))), -float(np.tan(yaw)) * 11,
        )  # fmt: skip
        drawn = Optics(
            float(random.uniform(1.5, 3.0)) + (1.5 if self.night else 0), float(random.choice([0.0, 0.3])), 0.0, 0
        )
        self._count = round(seconds * fps)
        self._background = draw_forecourt(seed, self.view, DOOR_Y, LAWN, night=self.night)
        self._lens = Lens(seed, width, height, fps, self._count, optics or drawn)
        wanted = _drawn(seed, seconds, people) if walks is None else walks
        self._walkers = [
            _Walker(walk, dress(dice(seed, f"person {i}"), 0.45 if self.night else 1.0))
            for i, walk in enumerate(wanted)
        ]
        self.truth: dict[str, Any] = {
            "kind": "entrance",
            "seed": seed,
            "width": width,
            "height": height,
            "fps": fps,
            "seconds": seconds,
            "night": self.night,
            **self._lens.told,
            "lines": [{"name": "door", "points": self._parts(_LINE)}],
            "zones": [{"name": "lawn", "polygon": self._parts(LAWN)}],
            "people": [{"person": i, "feet": self._feet(one)} for i, one in enumerate(self._walkers)],
            "crossings": [crossing for i, one in enumerate(self._walkers) for crossing in self._crossings(i, one)],
            "intrusions": [stay for i, one in enumerate(self._walkers) for stay in self._stays(i, one)],
        }

    def frames(self) -> Iterator[Picture]:
        """Yield the pictures."""
        for frame in range(self._count):
            t = frame / self.fps
            picture = self._background.copy()
            there = [(one, one.at(t)) for one in self._walkers if one.starts <= t <= one.ends]
            depths = [float(self.view.depth([(*at, 0.8)])[0]) for _, at in there]
            for i in sorted(range(len(there)), key=lambda i: -depths[i]):
                if depths[i] > 1:
                    self._draw(picture, *there[i], t)
            yield self._lens.see(picture, frame)

    def _draw(self, picture: Picture, one: _Walker, at: tuple[float, float], t: float) -> None:
        feet, scale = self.view.spot(*at), self.view.scale(*at)
        around = np.array([(-0.25, -0.1), (0.25, -0.1), (0.25, 0.1), (-0.25, 0.1)])
        long = np.array(SHADOW) * (0.0 if self.night else 1.6)
        darken(picture, self.view.at(flat(np.concatenate([around, around * 0.8 + long]) + at)), 0.62)
        ahead = one.at(t + 0.1)
        moved = np.array(self.view.spot(*ahead)) - np.array(feet)
        still = float(np.hypot(*(np.array(ahead) - at))) < 0.02  # metres in a tenth of a second
        facing = 0.0 if still else float(np.clip(moved[0] / (0.12 * scale), -1, 1))
        draw_walker(picture, feet, scale, one.clothes, one.walked(t), facing, still=still)

    def _parts(self, points: Sequence[tuple[float, float]]) -> list[list[float]]:
        seen = self.view.at(flat(points)) / (self.width, self.height)
        return [[round(float(np.clip(value, 0, 1)), 4) for value in point] for point in seen]

    def _times(self, one: _Walker) -> list[float]:
        first, last = max(int(np.ceil(one.starts * self.fps)), 0), min(int(one.ends * self.fps), self._count - 1)
        return [frame / self.fps for frame in range(first, last + 1)]

    def _feet(self, one: _Walker) -> list[list[float]]:
        found = []
        for t in self._times(one):
            x, y = self.view.spot(*one.at(t))
            if 0 <= x < self.width and 0 <= y < self.height:
                found.append([round(t, 3), round(x, 1), round(y, 1)])
        return found

    def _crossings(self, person: int, one: _Walker) -> list[dict[str, Any]]:
        """Find where somebody's way crosses the line, to a hundredth of a second."""
        found, (left, line_y), (right, _) = [], *_LINE
        times = np.arange(max(one.starts, 0.0), min(one.ends, self.seconds), 0.01)
        places = np.array([one.at(float(t)) for t in times]).reshape(-1, 2)
        beyond = places[:, 1] > line_y
        for i in np.nonzero(beyond[1:] != beyond[:-1])[0]:
            if left <= places[i, 0] <= right:
                way = "in" if beyond[i + 1] else "out"
                found.append({"person": person, "s": round(float(times[i]), 2), "way": way})  # reads
        return found

    def _stays(self, person: int, one: _Walker) -> list[dict[str, Any]]:
        (x0, y0), (x1, _), (_, y1), _ = LAWN
        inside = [t for t in self._times(one) if x0 <= one.at(t)[0] <= x1 and y0 <= one.at(t)[1] <= y1]
        if not inside:
            return []
        return [{"person": person, "zone": "lawn", "from_s": round(inside[0], 2), "until_s": round(inside[-1], 2)}]


class _Walker:
    """Somebody on their way."""

    def __init__(self, walk: Walk, clothes: Clothes) -> None:
        self.clothes = clothes
        points = np.array(walk.through, dtype=np.float64)
        lengths = np.hypot(*np.diff(points, axis=0).T)
        times = np.concatenate([[0.0], np.cumsum(lengths)]) / walk.speed
        middle = len(points) // 2
        self._xs, self._ys = list(points[:, 0]), list(points[:, 1])
        self._times = [*times[: middle + 1], *(times[middle:] + walk.pauses_s)]
        self._xs.insert(middle + 1, points[middle, 0])
        self._ys.insert(middle + 1, points[middle, 1])
        self._pause = (float(times[middle]), walk.pauses_s)
        self._speed, self.starts = walk.speed, walk.from_s
        self.ends = walk.from_s + float(self._times[-1])

    def at(self, t: float) -> tuple[float, float]:
        """Return x and y on the ground in metres."""
        gone = t - self.starts
        return float(np.interp(gone, self._times, self._xs)), float(np.interp(gone, self._times, self._ys))

    def walked(self, t: float) -> float:
        """Return metres walked so far."""
        gone, (begins, lasts) = t - self.starts, self._pause
        return self._speed * (min(gone, begins) + max(gone - begins - lasts, 0.0))


def _drawn(seed: int, seconds: float, a_minute: float) -> list[Walk]:
    count = max(int(dice(seed, "how many people").poisson(a_minute * seconds / 60)), 1)
    walks = []
    for number in range(count):
        random = dice(seed, f"walk {number}")
        side = float(random.choice([-1, 1]))
        door, street = (float(random.uniform(-1.2, 1.2)), DOOR_Y - 0.5), (side * 13.0, float(random.uniform(6.0, 9)))
        before = (float(random.uniform(-2.5, 2.5)), float(random.uniform(8, 10)))
        far = (-side * 13.0, float(random.uniform(6.0, 9)))
        lawn = (float(random.uniform(-8, -5.5)), float(random.uniform(10.8, 12.4)))
        through = [
            (street, before, door),
            (door, before, street),
            (street, before, far),
            (street, lawn, far),
            (street, before, street),
        ]
        way = through[int(random.choice(5, p=[0.28, 0.22, 0.25, 0.15, 0.1]))]
        pause = float(random.uniform(2, 12)) if random.random() < 0.3 else 0.0  # some wait
        walks.append(Walk(float(random.uniform(0, max(seconds - 8, 1))), way, float(random.uniform(0.9, 1.6)), pause))
    return walks
