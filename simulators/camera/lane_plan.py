"""Who stops in the lane, and when: drawn so that no two cars want the same place at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from simulators.camera.scene import dice
from simulators.camera.things.cars import Car, draw_car_of
from simulators.camera.things.yard import Street

_BRAKES = 1.9
_SWINGS_OUT = 9.0
#: Seconds that a car needs around its arrival and departure, in which nobody else may be in its way.
_MANOEUVRE = 9.0
#: Metres between the places of a row, less what a driver misses them by.
_APART = 4.0
_SLOTS = {True: (-3.4, 3.4), False: (-4.2, 1.4, 7.0)}


class Stop(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A car that stops. Seconds from the start.

    `arrives_s`: when it stands still; None, it is there from the first picture. `departs_s`: when it moves again; None,
    it stays. `in_zone`: in the fire lane, or else in a bay where it may stand. `kind`: of `cars.KINDS`; None is drawn.
    """

    arrives_s: float | None
    departs_s: float | None
    in_zone: bool = True
    kind: str | None = None


class Drive(NamedTuple):
    """A car's way: along the lane at `speed`, `way` (1 to the right, -1 to the left), with a stop at (x, y) or none.

    `from_s`: when a car that does not stop passes x = 0.
    """

    car: Car
    speed: float
    way: float
    stop: Stop | None
    x: float
    y: float
    lane_y: float
    from_s: float

    def at(self, t: float) -> tuple[float, float, float]:
        """Return x, y and heading (radians) at t seconds."""
        if self.stop is None:
            return self.way * self.speed * (t - self.from_s), self.lane_y, 0.0 if self.way > 0 else float(np.pi)
        x, y = self._place(t)
        if self._gone(t) == 0:
            return x, y, 0.0 if self.way > 0 else float(np.pi)
        before, after = self._place(t - 0.05), self._place(t + 0.05)
        return x, y, float(np.arctan2(after[1] - before[1], after[0] - before[0]))

    def _gone(self, t: float) -> float:
        """Return metres along the lane from the stop: negative before, positive after it."""
        if self.stop is None:
            return 0.0
        if self.stop.arrives_s is not None and t < self.stop.arrives_s:
            return -self._metres(self.stop.arrives_s - t)
        if self.stop.departs_s is not None and t > self.stop.departs_s:
            return self._metres(t - self.stop.departs_s)
        return 0.0

    def _metres(self, seconds: float) -> float:
        until = self.speed / _BRAKES
        if seconds < until:
            return _BRAKES * seconds**2 / 2
        return self.speed * (seconds - until / 2)

    def _place(self, t: float) -> tuple[float, float]:
        gone = self._gone(t)
        part = float(np.clip(abs(gone) / _SWINGS_OUT, 0, 1))
        return self.x + self.way * gone, self.y + (self.lane_y - self.y) * part * part * (3 - 2 * part)


def drawn_stops(seed: int, seconds: float) -> list[Stop]:
    """Draw who stops: for long, for a moment, in a bay, and a car that was there before anybody looked."""
    random = dice(seed, "stops")
    stops = []
    if random.random() < 0.25:
        stops.append(Stop(None, float(random.uniform(0.15, 0.8)) * seconds, bool(random.random() < 0.7)))
    if random.random() < 0.7:
        arrives = float(random.uniform(6, max(seconds * 0.35, 7)))
        leaves = bool(random.random() < 0.8)
        stops.append(Stop(arrives, arrives + float(random.uniform(0.3, 0.55)) * seconds if leaves else None))
    for _ in range(int(random.integers(0, 3))):
        arrives = float(random.uniform(5, max(seconds - 20, 6)))
        stops.append(Stop(arrives, arrives + float(random.uniform(3, 40))))
    for _ in range(int(random.integers(0, 3))):
        arrives = float(random.uniform(5, max(seconds - 10, 6)))
        stops.append(Stop(arrives, arrives + float(random.exponential(60)) + 5, in_zone=False))
    return stops


def drives(
    seed: int, seconds: float, stops: Sequence[Stop], street: Street, passing: float, *, asked: bool
) -> list[Drive]:
    """Give each stop a place, and let `passing` cars a minute drive through between the others.

    What finds no place is left out, unless it was `asked` for: then ValueError says so.
    """
    found: list[Drive] = []
    for number, stop in enumerate(stops):
        random = dice(seed, f"car {number}")
        drawn = draw_car_of(random)
        car = Car(stop.kind, drawn.colour) if stop.kind else drawn
        speed, way = float(random.uniform(4.0, 7.5)), 1.0 if random.random() < 0.5 else -1.0
        lane_y = street.lane + float(random.normal(0, 0.12))
        where = _free(found, stop, street, random)
        aside = 0.0 if stop.in_zone else street.bays_x
        if where is None:
            if asked:
                raise ValueError(f"no place is free for the stop at {stop.arrives_s} s; leave some seconds between two")
            continue
        y = street.fire + float(random.normal(0, 0.1)) if stop.in_zone else street.bays - 0.3
        found.append(Drive(car, speed, way, stop, where + aside + float(random.normal(0, 0.2)), y, lane_y, 0.0))
    return found + _passing(seed, seconds, found, street, passing)


def _free(found: Sequence[Drive], stop: Stop, street: Street, random: np.random.Generator) -> float | None:
    others = [(one.stop, one.x - (0.0 if one.stop.in_zone else street.bays_x)) for one in found if one.stop is not None]
    if any(_near(stop, other) for other, _ in others):
        return None
    taken = [x for other, x in others if other.in_zone == stop.in_zone and _overlap(stop, other)]
    slots = [float(x) for x in random.permutation(_SLOTS[stop.in_zone])]
    return next((x for x in slots if all(abs(x - there) > _APART for there in taken)), None)


def _span(stop: Stop) -> tuple[float, float]:
    start = -np.inf if stop.arrives_s is None else stop.arrives_s - _MANOEUVRE
    return float(start), float(np.inf if stop.departs_s is None else stop.departs_s + _MANOEUVRE)


def _overlap(one: Stop, other: Stop) -> bool:
    return _span(one)[0] < _span(other)[1] and _span(other)[0] < _span(one)[1]


def _moves(stop: Stop) -> list[float]:
    return [at for at in (stop.arrives_s, stop.departs_s) if at is not None]


def _near(one: Stop, other: Stop) -> bool:
    return any(abs(a - b) < _MANOEUVRE for a in _moves(one) for b in _moves(other))


def _passing(seed: int, seconds: float, found: Sequence[Drive], street: Street, a_minute: float) -> list[Drive]:
    random = dice(seed, "passing")
    busy = [at for one in found if one.stop is not None for at in _moves(one.stop)]
    passing: list[Drive] = []
    for _ in range(int(random.poisson(a_minute * seconds / 60)) if a_minute else 0):
        at, car = float(random.uniform(0, seconds)), draw_car_of(random)
        way = 1.0 if random.random() < 0.5 else -1.0
        speed = float(random.uniform(5, 9))
        if all(abs(at - other) > _MANOEUVRE for other in busy):
            passing.append(Drive(car, speed, way, None, 0.0, street.lane, street.lane, at))
            busy.append(at)
    return passing
