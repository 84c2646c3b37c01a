"""A street with a marked fire lane: cars that pass, stop short, park for long; and what hides or imitates them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from simulators.camera.lane_life import KINDS, LaneLife, densities, usual
from simulators.camera.lane_plan import Drive, Stop, drawn_stops, drives
from simulators.camera.scene import Picture, dice
from simulators.camera.things.cars import Car, draw_car
from simulators.camera.things.ground import Ground, flat
from simulators.camera.things.lens import Lens, Optics
from simulators.camera.things.yard import Street, draw_street

__all__ = ["KINDS", "Lane", "Stop"]

_NIGHT = 0.32
#: Metres along the lane beyond which a car is too small, or behind the camera.
_OUT_OF_SIGHT = 60.0


class Lane:
    """A fire lane. `truth["vehicles"]` has each car: when it stands, when it leaves, its box, whether in the zone.

    `truth["zones"]` has the lane's polygon in parts of the picture. `stops`: exactly which cars stop, or drawn.
    `distractors`: which kinds (of `KINDS`) and how dense, 1 being usual; None draws both. `night`, `optics`: drawn
    where None. Raises ValueError for an unknown kind, or for stops that want one place at one time.
    """

    def __init__(
        self,
        seed: int,
        *,
        seconds: float = 120.0,
        stops: Sequence[Stop] | None = None,
        distractors: Mapping[str, float] | Collection[str] | None = None,
        night: bool | None = None,
        optics: Optics | None = None,
        width: int = 640,
        height: int = 360,
        fps: float = 10.0,
    ) -> None:
        self.width, self.height, self.fps, self.seconds = width, height, fps, seconds
        random = dice(seed, "lane")
        street = Street()
        focal, high = width * float(random.uniform(0.62, 0.74)), float(random.uniform(5.4, 7.2))
        yaw, pitch = np.deg2rad((random.uniform(8, 24) * random.choice([-1, 1]), random.uniform(20, 25)))
        # The pole stands where the fire lane is in the middle of the picture.
        aside = -float(np.tan(yaw)) * street.fire + float(random.uniform(-1, 1))
        self._street = street._replace(bays_x=aside + float(np.tan(yaw)) * street.bays)
        self.view = Ground(width, height, focal, high, float(yaw), float(pitch), aside)
        dark = bool(random.random() < 0.15)  # every seventh is by night
        self.night = dark if night is None else night
        kinds = densities(usual(dice(seed, "distractors"), night=self.night) if distractors is None else distractors)
        if optics is None:
            optics = _optics(dice(seed, "optics"), kinds, night=self.night)
        self._count = round(seconds * fps)
        self._background = draw_street(seed, self.view, self._street, night=self.night)
        self._lens = Lens(seed, width, height, fps, self._count, optics)
        wanted = drawn_stops(seed, seconds) if stops is None else stops
        passing = 2.5 * kinds.get("traffic", 0.0)
        self._drives = drives(seed, seconds, wanted, self._street, passing, asked=stops is not None)
        self._life = LaneLife(seed, kinds, self.view, self._street, seconds, _NIGHT if self.night else 1.0)
        corners = self.view.at(flat(self._street.zone_corners)) / (width, height)
        polygon = [[round(float(np.clip(value, 0, 1)), 4) for value in corner] for corner in corners]
        self.truth: dict[str, Any] = {
            "kind": "lane",
            "seed": seed,
            "width": width,
            "height": height,
            "fps": fps,
            "seconds": seconds,
            "night": self.night,
            **self._lens.told,
            "zones": [{"name": "fire-lane", "polygon": polygon}],
            "distractors": self._life.counts,
            "vehicles": [self._told(drive) for drive in self._drives],
            "bags": self._life.bags,
        }

    def frames(self) -> Iterator[Picture]:
        """Yield the pictures."""
        light = _NIGHT * 1.5 if self.night else 1.0
        for frame in range(self._count):
            t = frame / self.fps
            picture = self._background.copy()
            places = [(drive, *drive.at(t)) for drive in self._drives]
            if self.night:
                picture = self._headlights(picture, [place for place in places if self._runs(place[0], t)])
            picture = self._life.shadows(picture, t)
            things = [
                (float(self.view.depth([(x, y, 0.5)])[0]), drive, (x, y, heading)) for drive, x, y, heading in places
            ]
            walkers = self._life.walkers(t)
            for depth, drive, at in sorted(things, key=lambda thing: -thing[0]):
                walkers = self._life.draw(picture, walkers, t, beyond=depth)
                if depth > 1 and self._seen(drive, at):
                    lamps = self.night and self._runs(drive, t)
                    draw_car(picture, self.view, drive.car, *at, light, lamps=lamps)
            self._life.draw(picture, walkers, t, beyond=-np.inf)
            yield self._lens.see(self._life.light(picture, t), frame)

    def _seen(self, drive: Drive, at: tuple[float, float, float]) -> bool:
        return abs(at[0]) < _OUT_OF_SIGHT and _in_picture(drive.car, self.view, *at)

    @staticmethod
    def _runs(drive: Drive, t: float) -> bool:
        stop = drive.stop
        if stop is None:
            return True
        started = stop.departs_s is not None and t > stop.departs_s - 2
        return started or (stop.arrives_s is not None and t < stop.arrives_s + 3)

    def _headlights(self, picture: Picture, places: Sequence[tuple[Drive, float, float, float]]) -> Picture:
        """Light the ground before each car that runs: on a small map, for beams have no edges."""
        small = 4
        glow = np.zeros((self.height // small, self.width // small), dtype=np.uint8)
        for drive, x, y, heading in places:
            ahead, side = np.array([np.cos(heading), np.sin(heading)]), np.array([-np.sin(heading), np.cos(heading)])
            nose = np.array([x, y]) + ahead * drive.car.long / 2
            for reach, wide, bright in ((11.0, 3.0, 70), (5.0, 1.5, 160)):
                beam = flat(
                    [
                        nose + side * 0.6,
                        nose + ahead * reach + side * wide,
                        nose + ahead * reach - side * wide,
                        nose - side * 0.6,
                    ]
                )
                if float(self.view.depth(beam).min()) > 1:
                    cv2.fillPoly(glow, [np.round(self.view.at(beam) / small).astype(np.int32)], (bright,))
        if not glow.any():
            return picture
        wide_glow = cv2.resize(cv2.GaussianBlur(glow, (0, 0), 2.2), (self.width, self.height))
        lit = cv2.multiply(self._background, cv2.cvtColor(wide_glow, cv2.COLOR_GRAY2BGR), scale=1 / 60)
        return cv2.add(picture, lit).astype(np.uint8, copy=False)

    def _told(self, drive: Drive) -> dict[str, Any]:
        times = np.arange(self._count) / self.fps
        seen = [float(t) for t in times[:: max(round(self.fps / 5), 1)] if self._seen(drive, drive.at(float(t)))]
        told: dict[str, Any] = {
            "body": drive.car.kind,
            "what": "passes" if drive.stop is None else "stops",
            "seen_from_s": round(seen[0], 1) if seen else None,
            "seen_until_s": round(seen[-1], 1) if seen else None,
        }
        if drive.stop is None:
            return told | {"in_zone": False}
        stands_at = drive.at(drive.stop.arrives_s or 0.0)
        share = self._share_in_zone(drive.car.footprint(*stands_at))
        return told | {
            "from_start": drive.stop.arrives_s is None,
            "arrives_s": None if drive.stop.arrives_s is None else round(drive.stop.arrives_s, 2),
            "departs_s": None if drive.stop.departs_s is None else round(drive.stop.departs_s, 2),
            "box": drive.car.box(self.view, *stands_at),
            "in_zone": share > 0.5,  # more than half of it
            "zone_share": round(share, 3),
        }

    def _share_in_zone(self, footprint: np.typing.NDArray[np.float64]) -> float:
        zone = self._street.zone_corners.astype(np.float32)
        area, _ = cv2.intersectConvexConvex(footprint.astype(np.float32), zone)
        return float(area) / float(cv2.contourArea(footprint.astype(np.float32)))


@functools.lru_cache(maxsize=64)
def _in_picture(car: Car, view: Ground, x: float, y: float, heading: float) -> bool:
    """Tell whether something of a car is in the picture; remembered, for most cars stand still."""
    if float(view.depth(flat(car.footprint(x, y, heading))).min()) < 1:
        return False
    x0, y0, x1, y1 = car.box(view, x, y, heading)
    return x1 > x0 and y1 > y0


def _optics(random: np.random.Generator, kinds: Mapping[str, float], *, night: bool) -> Optics:
    noise, shake = float(random.uniform(3, 4.5) if night else random.uniform(1.5, 3.5)), float(random.uniform(0.1, 0.8))
    flicker = float(random.uniform(0.004, 0.02))
    return Optics(noise, min(shake * kinds.get("shake", 0.0), 1.2), flicker * kinds.get("flicker", 0.0), 0)
