"""A residential building front from which things are thrown, or not, among all that also moves there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from simulators.camera.facade_life import KINDS, Life, usual
from simulators.camera.scene import Picture, dice
from simulators.camera.things.building import Building, Flat, draw_building
from simulators.camera.things.lens import Lens, Optics
from simulators.camera.things.thrown import VISIBLE_CONTRAST, Fall, Throw
from simulators.camera.things.view import Wall, wall_of

__all__ = ["KINDS", "Background", "Facade", "Throw"]


class Background(NamedTuple):
    """A still picture instead of the drawn building, what it is scaled to, and where the wall meets the ground."""

    path: Path
    px_per_metre: float
    ground_y: float
    storey_m: float = 3.0


class Facade:
    """A facade. `truth["events"]` has each throw: when, where from, and its way through the picture.

    `throws`: how many, or exactly which; their number is drawn by default (about every other scene has one).
    `distractors`: which kinds (of `KINDS`) there are and how dense each is, 1 being usual; None draws both. A
    collection means density 1. `px_per_metre`, `night` and `optics` are drawn where not given. Times are seconds from
    the start. Raises ValueError for an unknown kind of distractor, OSError for a background that can't be read.
    """

    def __init__(
        self,
        seed: int,
        *,
        seconds: float = 6.0,
        throws: int | Sequence[Throw] | None = None,
        distractors: Mapping[str, float] | Collection[str] | None = None,
        background: Background | None = None,
        px_per_metre: float | None = None,
        night: bool | None = None,
        optics: Optics | None = None,
        width: int = 1280,
        height: int = 720,
        fps: float = 25.0,
        exposure: float | None = None,
    ) -> None:
        self.width, self.height, self.fps, self.seconds = width, height, fps, seconds
        random = dice(seed, "facade")
        drawn_scale, at_night = float(random.uniform(18, 30)), bool(random.random() < 0.12)
        ground, distance = float(random.uniform(0.9, 0.985)) * height, float(random.uniform(38, 62))
        pitch = float(np.deg2rad(random.uniform(0, 4)))
        scale = px_per_metre or drawn_scale * width / 1280
        self._exposure = exposure or float(random.uniform(1 / 100, 1 / 50))
        self.night = (at_night if night is None else night) and background is None
        if background is not None:
            scale, ground = background.px_per_metre, background.ground_y
        self.view = wall_of(width, height, scale, ground, distance, pitch)
        self._building = (
            draw_building(seed, self.view, night=self.night) if background is None else _given(background, self.view)
        )
        kinds = _densities(usual(dice(seed, "distractors"), night=self.night) if distractors is None else distractors)
        if optics is None:
            optics = _optics(dice(seed, "optics"), kinds, night=self.night)
        self._count = round(seconds * fps)
        self._lens = Lens(seed, width, height, fps, self._count, optics)
        self._life = Life(seed, kinds, self.view, self._building, seconds, self._exposure, night=self.night)
        self._falls, events = self._throw(seed, throws)
        self.truth: dict[str, Any] = {
            "kind": "facade",
            "seed": seed,
            "width": width,
            "height": height,
            "fps": fps,
            "seconds": seconds,
            **self.view.told,
            "storey_m": round(self._building.storey, 3),
            "storeys": self._building.storeys,
            "night": self.night,
            "exposure_s": round(self._exposure, 5),
            **self._lens.told,
            "distractors": self._life.counts,
            "events": events,
        }

    def frames(self) -> Iterator[Picture]:
        """Yield the pictures."""
        for frame in range(self._count):
            picture = self._before_things(frame)
            for fall in self._falls:
                fall.draw(picture, frame / self.fps, self._exposure)
            yield self._lens.see(self._life.before(picture, frame / self.fps), frame)

    def _before_things(self, frame: int) -> Picture:
        picture = self._building.picture.copy()
        self._life.behind(picture, frame / self.fps)
        return picture

    def _throw(self, seed: int, throws: int | Sequence[Throw] | None) -> tuple[list[Fall], list[dict[str, Any]]]:
        random = dice(seed, "throws")
        count = int(random.integers(0, 2)) if throws is None else throws
        wanted = [Throw()] * count if isinstance(count, int) else count
        falls, events = [], []
        for number, one in enumerate(wanted):
            fall, told = self._release(one, dice(seed, f"throw {number}"))
            track = list(self._track(fall))
            seen = sum(abs(point["contrast"]) >= VISIBLE_CONTRAST for point in track)
            falls.append(fall)
            events.append({**told, "visible_frames": seen, "track": track})
        return falls, sorted(events, key=lambda event: event["released_s"])

    def _release(self, throw: Throw, random: np.random.Generator) -> tuple[Fall, dict[str, Any]]:
        flats = [flat for flat in self._building.flats if self._in_view(flat)]
        high_up = [flat for flat in flats if flat.floor >= min(4, max(flat.floor for flat in flats))]
        wanted = [flat for flat in flats if flat.floor == throw.floor] if throw.floor else high_up
        if not wanted:
            raise ValueError(
                f"no window of floor {throw.floor} is in the picture, only up to {max(one.floor for one in flats)}"
            )
        flat = wanted[int(random.integers(len(wanted)))]
        dropped = random.random() < 0.4
        spread = 0.3 if dropped else 1.0
        drawn = np.array([random.normal(0, 1.6), random.uniform(-1.5, 2.5), random.uniform(0.2, 3.5)]) * spread
        velocity = tuple(float(part) for part in (drawn if throw.velocity is None else throw.velocity))
        size = float(random.uniform(0.1, 0.4)) if throw.size is None else throw.size
        terminal = float(random.uniform(14, 45)) if throw.terminal is None else throw.terminal
        sign = 1 if random.random() < 0.5 else -1
        contrast = sign * float(random.uniform(25, 110)) if throw.contrast is None else throw.contrast
        latest = max(self.seconds - 3.2, 0.3)
        at_s = float(random.uniform(min(1.0, latest / 2), latest)) if throw.at_s is None else throw.at_s
        x = float(random.uniform(flat.left + 0.2, flat.right - 0.2))
        high = flat.bottom + float(random.uniform(0.15, 0.9))
        start = (x, high, flat.out + 0.25)
        fall = Fall(self.view, at_s, start, (velocity[0], velocity[1], velocity[2]), terminal, size, random)
        real = fall.paint(self._building.picture, contrast)
        return fall, {
            "what": "thrown",
            "released_s": round(at_s, 4),
            "landed_s": round(fall.lands_s, 4),
            "floor": flat.floor,
            "height_m": round(high, 3),
            "from_px": [round(value, 2) for value in self.view.at(*start)],
            "velocity_m_s": [round(value, 3) for value in velocity],
            "terminal_m_s": round(terminal, 2),
            "size_m": round(size, 3),
            "contrast": round(real, 1),
        }

    def _in_view(self, flat: Flat) -> bool:
        x, y = self.view.at(flat.middle, flat.bottom + 1.0, flat.out)
        margin = 0.04 * self.width
        return margin < x < self.width - margin and y > 0.02 * self.height

    def _track(self, fall: Fall) -> Iterator[dict[str, Any]]:
        first = max(int(np.ceil(fall.at_s * self.fps)), 0)
        last = min(int((fall.lands_s - self._exposure) * self.fps), self._count - 1)
        for frame in range(first, last + 1):
            point = fall.draw(self._before_things(frame), frame / self.fps, self._exposure)
            if point is not None and _inside(point["box"], self.width, self.height):
                yield {"frame": frame, **self._shaken(point, frame)}

    def _shaken(self, point: dict[str, Any], frame: int) -> dict[str, Any]:
        """Return where the camera, which shakes, has a point in its picture."""
        right, down = self._lens.shift(frame)
        left, top, far, low = point["box"]
        box = [round(left + right, 2), round(top + down, 2), round(far + right, 2), round(low + down, 2)]
        return {**point, "x": round(point["x"] + right, 2), "y": round(point["y"] + down, 2), "box": box}


def _inside(box: list[float], width: int, height: int) -> bool:
    return box[2] > 0 and box[3] > 0 and box[0] < width and box[1] < height


def _densities(kinds: Mapping[str, float] | Collection[str]) -> dict[str, float]:
    found = dict(kinds) if isinstance(kinds, Mapping) else dict.fromkeys(kinds, 1.0)
    strange = set(found) - set(KINDS)
    if strange:
        raise ValueError(f"unknown distractors {sorted(strange)}; there are {', '.join(KINDS)}")
    return found


def _optics(random: np.random.Generator, kinds: Mapping[str, float], *, night: bool) -> Optics:
    noise, shake = (
        float(random.uniform(3.0, 4.5) if night else random.uniform(1.5, 3.8)),
        float(random.uniform(0.1, 1.0)),
    )
    flicker, drops = float(random.uniform(0.004, 0.02)), int(random.integers(1, 5))
    return Optics(
        noise,
        min(shake * kinds.get("shake", 0.0), 1.2),
        flicker * kinds.get("flicker", 0.0),
        round(drops * kinds.get("drops", 0.0)),
    )


def _given(background: Background, view: Wall) -> Building:
    read = cv2.imread(str(background.path), cv2.IMREAD_COLOR)
    if read is None:
        raise OSError(f"{background.path} is no picture that can be read")
    picture = cv2.resize(read, (view.width, view.height), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    storeys = max(int(view.top_m / background.storey_m), 1)
    half = view.half_width_m * 0.85
    flats = tuple(
        Flat(floor, x - 0.9, x + 0.9, base + 0.95, base + 2.4, 0.2)
        for floor in range(1, storeys + 1)
        for x, base in ((float(x), (floor - 1) * background.storey_m) for x in np.arange(-half, half, 3.6))
    )
    return Building(picture, flats, background.storey_m, storeys)
