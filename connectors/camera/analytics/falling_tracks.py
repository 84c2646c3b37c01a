"""Spots joined to paths, each with the parabola that fits it best: the second half of `falling`.

A path is followed by its own parabola once it has points enough for one, and before that by one that falls freely.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.camera.analytics.falling_blobs import Seen

Floats = NDArray[np.float64]

G = 9.81
#: Metres a second between the first two points of a path, at most: down, up, sideways.
DOWN, UP, ASIDE = 24.0, 4.0, 10.0
#: Seconds a path may be unseen; one of a single point is given up sooner.
UNSEEN_S, UNSEEN_ONCE_S = 0.29, 0.10
#: Pixels a spot may lie from where its path is expected, by how well that is known, and besides per pixel of way.
GATE_NEW, GATE_KNOWN, GATE_WAY = 8.0, 5.0, 0.18
#: From this many points on a path has a parabola of its own.
OWN = 5
#: Metres within which another that moves alike is part of the same thing.
BESIDE_M = 5.0
#: Paths at once, and seconds that one is followed: bounds of memory and of time.
PATHS, OLDEST_S = 160, 8.0
#: Seconds of a path that its parabola is fitted to: drag bends longer ones away from any.
FITTED_S = 1.2
#: Metres a second squared sideways that are no steering yet, and the share of gravity that air may take unseen.
STEERED, AIR = 0.45, 0.03
#: Metres a second cubed by which air does not take a fall's acceleration away.
FLATTENS = 8.0


class Point(NamedTuple):
    """Where something was: `s` seconds of the stream's clock, `x` and `y` pixels."""

    s: float
    x: float
    y: float


class Parabola(NamedTuple):
    """y = y0 + v·t + a·t²/2 and x = x0 + u·t, t = seconds after `s`; pixels, downwards positive.

    `rms_x`, `rms_y`: what the points are off it; `surely`: `a` divided by its standard error; `points`: how many.
    `b`, `b_error`: how it speeds up sideways, where x may be a parabola too, and the standard error of that.
    """

    s: float
    x: float
    u: float
    y: float
    v: float
    a: float
    rms_x: float
    rms_y: float
    surely: float
    points: int
    b: float
    b_error: float

    def at(self, s: float) -> tuple[float, float]:
        """Return (x, y) at `s`, pixels."""
        t = s - self.s
        return self.x + self.u * t, self.y + self.v * t + 0.5 * self.a * t * t

    def speed(self, s: float) -> float:
        """Return how fast it falls at `s`, pixels a second."""
        return self.v + self.a * (s - self.s)

    def steers(self, px_per_m: float, until: float) -> bool:
        """Say whether it surely speeds up sideways, or slows down more than air does: wings do that, gravity does not.

        Air brakes sideways and downwards in proportion to the speeds: what it takes sideways it takes of the fall too.
        `until`: the second of its last point. Wants `surely` to be more than 0.
        """
        pull = self.a / px_per_m / G
        missing = max(1.0 - pull + 2.0 * pull / self.surely + AIR, 0.0) * G
        speed = max(0.5 * (self.v + self.speed(until)) / px_per_m, 1.0)
        along, brakes = self.b * (1 if self.u >= 0 else -1) / px_per_m, missing * abs(self.u) / px_per_m / speed
        return max(along, -along - brakes) - 2.0 * self.b_error / px_per_m > STEERED


class _Sums:
    """What a least-squares fit of a parabola needs of its points; points are added and taken away.

    `t` counts from the first point, `x` and `y` too: small numbers, so that nothing is lost in the differences.
    """

    def __init__(self) -> None:
        self.n = 0
        self._t = self._tt = self._ttt = self._tttt = 0.0
        self._x = self._tx = self._ttx = self._xx = self._y = self._ty = self._tty = self._yy = 0.0

    def add(self, t: float, x: float, y: float, sign: int = 1) -> None:
        """Add a point, or take it away with sign -1."""
        self.n += sign
        tt = t * t
        self._t += sign * t
        self._tt += sign * tt
        self._ttt += sign * tt * t
        self._tttt += sign * tt * tt
        self._x += sign * x
        self._tx += sign * t * x
        self._ttx += sign * tt * x
        self._xx += sign * x * x
        self._y += sign * y
        self._ty += sign * t * y
        self._tty += sign * tt * y
        self._yy += sign * y * y

    def fit(self, first: Point, since: float) -> Parabola | None:
        """Return the parabola from `since` (seconds after `first`) on; None where the points determine none."""
        n, t, tt, ttt, tttt = self.n, self._t, self._tt, self._ttt, self._tttt
        # The adjugate of the normal matrix of (1, t, t²).
        aa, ab, ac = tt * tttt - ttt * ttt, tt * ttt - t * tttt, t * ttt - tt * tt
        bb, bc, cc = n * tttt - tt * tt, t * tt - n * ttt, n * tt - t * t
        whole = n * aa + t * ab + tt * ac
        if n < OWN or cc <= 0 or whole <= 0:
            return None
        y, v, half = (
            (aa * self._y + ab * self._ty + ac * self._tty) / whole,
            (ab * self._y + bb * self._ty + bc * self._tty) / whole,
            (ac * self._y + bc * self._ty + cc * self._tty) / whole,
        )
        off_y = max(self._yy - y * self._y - v * self._ty - half * self._tty, 0.0)
        u = (n * self._tx - t * self._x) / cc
        x = (self._x - u * t) / n
        off_x = max(self._xx - x * self._x - u * self._tx, 0.0)
        bend = (ac * self._x + bc * self._tx + cc * self._ttx) / whole
        # What a bend takes off the squares of a straight line's residuals is its own square times whole / cc.
        off_bent = max(off_x - bend * bend * whole / cc, 0.0)
        bend_error = sqrt(max(off_bent / (n - 3), 0.1) * cc / whole)
        # A fit never looks surer than pixels allow: centres are not known better than to a third of one.
        error = sqrt(max(off_y / (n - 3), 0.1) * cc / whole)
        return Parabola(
            s=first.s + since, x=first.x + x + u * since, u=u,
            y=first.y + y + (v + half * since) * since, v=v + 2 * half * since, a=2 * half,
            rms_x=sqrt(off_x / n), rms_y=sqrt(off_y / n), surely=half / error, points=n,
            b=2 * bend, b_error=2 * bend_error,
        )  # fmt: skip


class Path:
    """The points of one thing that moves. `number` is its own; `told` is for whoever judges it."""

    def __init__(self, number: int, point: Point) -> None:
        self.number = number
        self.points = [point]
        self.pictures = 1  # that could have shown it, since its first
        self.told = False
        self.parabola: Parabola | None = None
        self._sums = _Sums()
        self._sums.add(0.0, 0.0, 0.0)
        self._oldest = 0  # of the points in the sums

    def add(self, point: Point) -> None:
        """Go on to `point`."""
        self.points.append(point)
        self._sums.add(*self._since_first(point))
        while point.s - self.points[self._oldest].s > FITTED_S:
            self._sums.add(*self._since_first(self.points[self._oldest]), sign=-1)
            self._oldest += 1
        self.parabola = self._sums.fit(self.points[0], self.points[self._oldest].s - self.points[0].s)

    def bends(self, px_per_m: float, *, doubtful: bool) -> bool:
        """Say whether it surely flattens out as no air makes it; or, if it is doubtful, begins to dive only late."""
        jerk, error = self.jerk()
        flattens = jerk < -4 * error and jerk / px_per_m < -FLATTENS
        return flattens or (doubtful and jerk > 3 * error)

    def jerk(self) -> tuple[float, float]:
        """Return how its acceleration changes, pixels a second cubed, by a cubic; and the standard error of that."""
        last = np.array([point for point in self.points if self.points[-1].s - point.s <= FITTED_S], np.float64)
        powers = np.vander(last[:, 0] - last[0, 0], 4)
        inverse = np.linalg.pinv(powers.T @ powers)
        cubic = inverse @ powers.T @ (last[:, 2] - last[0, 2])
        off = last[:, 2] - last[0, 2] - powers @ cubic
        variance = max(float(off @ off) / max(len(last) - 4, 1), 0.1)
        return 6 * float(cubic[0]), 6 * sqrt(variance * float(inverse[0, 0]))

    def expected(self, s: float, gravity: float) -> tuple[float, float]:
        """Return (x, y) where it should be at `s`; `gravity` in pixels a second squared."""
        if self.parabola is not None:
            return self.parabola.at(s)
        first, last = self.points[0], self.points[-1]
        lasted, t = last.s - first.s, s - last.s
        if not lasted:
            return last.x, last.y
        v = (last.y - first.y) / lasted + 0.5 * gravity * lasted
        return last.x + (last.x - first.x) / lasted * t, last.y + v * t + 0.5 * gravity * t * t

    def gone(self, s: float) -> bool:
        """Say whether it is given up at `s`: not seen for too long, or longer on its way than anything falls."""
        unseen = s - self.points[-1].s
        return unseen > (UNSEEN_S if len(self.points) > 1 else UNSEEN_ONCE_S) or s - self.points[0].s > OLDEST_S

    def _since_first(self, point: Point) -> tuple[float, float, float]:
        first = self.points[0]
        return point.s - first.s, point.x - first.x, point.y - first.y


class Paths:
    """All that moves, in pictures with `px_per_m` pixels a metre. `numbers` are given to paths, one each."""

    def __init__(self, px_per_m: float, numbers: Iterator[int]) -> None:
        self._px_per_m = px_per_m
        self._numbers = numbers
        self._alive: list[Path] = []

    def __len__(self) -> int:
        return len(self._alive)

    def company(self, path: Path) -> int:
        """Return how many others move beside a path as fast as it does: parts of one large thing."""
        if path.parabola is None:
            return 0
        s, near = path.points[-1].s, BESIDE_M * self._px_per_m
        (x, y), fall = path.parabola.at(s), path.parabola.speed(s)
        found = 0
        for other in self._alive:
            if other is path or other.parabola is None or s - other.points[-1].s > UNSEEN_S:
                continue
            (other_x, other_y), other_fall = other.parabola.at(s), other.parabola.speed(s)
            alike = abs(other_fall - fall) < 0.25 * abs(fall) and abs(other.parabola.u - path.parabola.u) < 0.25 * abs(
                fall
            )
            found += alike and abs(other_x - x) < near and abs(other_y - y) < near
        return found

    def follow(self, seen: Seen) -> list[Path]:
        """Join the spots of the next picture to the paths; return those that went on and have a parabola."""
        self._alive = [path for path in self._alive if not path.gone(seen.s)]
        self._alive.sort(key=lambda path: -len(path.points))
        centres = np.array([spot[:2] for spot in seen.spots], np.float64).reshape(-1, 2)
        off = self._off(seen.s, centres)
        grown, free = [], np.ones(len(centres), np.bool_)
        for path, row in zip(self._alive, off, strict=True):
            path.pictures += 1
            if not row.size:
                continue
            nearest = int(row.argmin())
            if row[nearest] < np.inf:
                off[:, nearest] = np.inf
                free[nearest] = False
                path.add(Point(seen.s, float(centres[nearest, 0]), float(centres[nearest, 1])))
                grown.append(path)
        for x, y in centres[free][: PATHS - len(self._alive)]:
            self._alive.append(Path(next(self._numbers), Point(seen.s, float(x), float(y))))
        return [path for path in grown if path.parabola is not None]

    def _off(self, s: float, centres: Floats) -> Floats:
        """Return how far each spot lies from where each path should be: (paths, spots), pixels; inf: it can't be it."""
        expected = np.array([path.expected(s, G * self._px_per_m) for path in self._alive], np.float64).reshape(-1, 2)
        last = np.array([path.points[-1][1:] for path in self._alive], np.float64).reshape(-1, 2)
        aside = centres[:, 0] - expected[:, 0, None]
        down = centres[:, 1] - expected[:, 1, None]
        off = np.hypot(aside, down)
        known = np.array([path.parabola is not None for path in self._alive], np.bool_)
        gate = np.where(known, GATE_KNOWN, GATE_NEW) + GATE_WAY * np.hypot(*(expected - last).T)
        fits = off < gate[:, None]
        once = np.array([len(path.points) == 1 for path in self._alive], np.bool_)
        if once.any():
            since = np.array([s - path.points[-1].s for path in self._alive])[once, None] * self._px_per_m
            fits[once] = (
                (np.abs(aside[once]) < ASIDE * since + 2)
                & (down[once] < DOWN * since + 2)
                & (down[once] > -UP * since - 2)
            )
        return np.where(fits, off, np.inf)
