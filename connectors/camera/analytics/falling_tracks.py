"""Spots joined to paths, each with the parabola that fits it best: the second half of `falling`.

A path is followed by its own parabola once it has points enough for one, and before that by one that falls freely.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from connectors.camera.analytics.falling_blobs import Seen, Spot

Floats = NDArray[np.float64]

G = 9.81
#: Metres a second between the first two points of a path, at most: down, up, sideways.
DOWN, UP, ASIDE = 24.0, 4.0, 10.0
#: Seconds a path may be unseen; one of a single point is given up sooner.
UNSEEN_S, UNSEEN_ONCE_S = 0.17, 0.10
#: Pixels a spot may lie from where its path is expected, by how well that is known, and besides per pixel of way.
GATE_NEW, GATE_KNOWN, GATE_WAY = 8.0, 5.0, 0.18
#: From this many points on a path has a parabola of its own.
OWN = 5
#: Paths at once, points of one; bounds of memory, never reached by what falls.
PATHS, POINTS = 160, 100
#: Seconds of a path that its parabola is fitted to: drag bends longer ones away from any.
FITTED_S = 1.2


class Point(NamedTuple):
    """Where something was: `s` seconds of the stream's clock, `x` and `y` pixels."""

    s: float
    x: float
    y: float


class Parabola(NamedTuple):
    """y = y0 + v·t + a·t²/2 and x = x0 + u·t, t = seconds after `s`; pixels, downwards positive.

    `rms_x`, `rms_y`: what the points are off it; `surely`: `a` divided by its standard error; `points`: how many.
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

    def at(self, s: float) -> tuple[float, float]:
        """Return (x, y) at `s`, pixels."""
        t = s - self.s
        return self.x + self.u * t, self.y + self.v * t + 0.5 * self.a * t * t

    def speed(self, s: float) -> float:
        """Return how fast it falls at `s`, pixels a second."""
        return self.v + self.a * (s - self.s)


class Path:
    """The points of one thing that moves. `number` is its own; `told` is for whoever judges it."""

    def __init__(self, number: int, point: Point, *, rises: bool) -> None:
        self.number = number
        self.points = [point]
        self.pictures = 1  # that could have shown it, since its first
        self.told = False
        self.parabola: Parabola | None = None
        self._rises = rises

    def add(self, point: Point, *, rises: bool) -> None:
        """Go on to `point`."""
        self.points.append(point)
        del self.points[:-POINTS]
        self._rises = rises
        self.parabola = fitted(self.points) if len(self.points) >= OWN else None

    def expected(self, s: float, gravity: float) -> tuple[float, float]:
        """Return (x, y) where it should be at `s`; `gravity` in pixels a second squared."""
        if self.parabola is not None:
            return self.parabola.at(s)
        first, last = self.points[0], self.points[-1]
        lasted, t = last.s - first.s, s - last.s
        v = (last.y - first.y) / lasted + 0.5 * gravity * lasted
        return last.x + (last.x - first.x) / lasted * t, last.y + v * t + 0.5 * gravity * t * t


class Paths:
    """All that moves, in pictures with `px_per_m` pixels a metre."""

    def __init__(self, px_per_m: float) -> None:
        self._px_per_m = px_per_m
        self._numbers = count(1)
        self._alive: list[Path] = []

    def __len__(self) -> int:
        return len(self._alive)

    def follow(self, seen: Seen) -> Iterator[Path]:
        """Join the spots of the next picture to the paths; yield those that went on and have a parabola."""
        free = dict(enumerate(seen.spots))
        centres = np.array([(spot.x, spot.y) for spot in seen.spots], np.float64).reshape(-1, 2)
        taken = np.zeros(len(centres), np.bool_)
        grown = []
        self._alive.sort(key=lambda path: -len(path.points))
        for path in self._alive:
            path.pictures += 1
            if not len(centres):
                continue
            found = (
                self._first_step(path, seen.s, centres, taken)
                if len(path.points) == 1
                else self._step(path, seen.s, centres, taken)
            )
            if found is not None:
                taken[found] = True
                spot = free.pop(found)
                path.add(Point(seen.s, spot.x, spot.y), rises=spot.rises)
                grown.append(path)
        self._alive = [path for path in self._alive if seen.s - path.points[-1].s <= _patience(path)]
        self._begin(seen.s, list(free.values()))
        return (path for path in grown if path.parabola is not None)

    def _begin(self, s: float, spots: list[Spot]) -> None:
        for spot in spots[: PATHS - len(self._alive)]:
            self._alive.append(Path(next(self._numbers), Point(s, spot.x, spot.y), rises=spot.rises))

    def _first_step(self, path: Path, s: float, centres: Floats, taken: NDArray[np.bool_]) -> int | None:
        last = path.points[-1]
        reach = self._px_per_m * (s - last.s)
        aside, down = np.abs(centres[:, 0] - last.x), centres[:, 1] - last.y
        fits = ~taken & (aside < ASIDE * reach + 2) & (down < DOWN * reach + 2) & (down > -UP * reach - 2)
        if not fits.any():
            return None
        return int(np.argmin(np.where(fits, np.hypot(aside, down), np.inf)))

    def _step(self, path: Path, s: float, centres: Floats, taken: NDArray[np.bool_]) -> int | None:
        last = path.points[-1]
        x, y = path.expected(s, G * self._px_per_m)
        gate = GATE_KNOWN if path.parabola else GATE_NEW
        gate += GATE_WAY * float(np.hypot(x - last.x, y - last.y))
        off = np.hypot(centres[:, 0] - x, centres[:, 1] - y) + np.where(taken, np.inf, 0.0)
        nearest = int(np.argmin(off))
        return nearest if off[nearest] < gate else None


def _patience(path: Path) -> float:
    return UNSEEN_S if len(path.points) > 1 else UNSEEN_ONCE_S


def fitted(points: list[Point]) -> Parabola | None:
    """Fit a parabola to the last `FITTED_S` of `points` by least squares; None where they do not determine one."""
    until = points[-1].s
    s, x, y = np.array([point for point in points if until - point.s <= FITTED_S], np.float64).T
    t = s - s[0]
    n = len(t)
    if n < OWN or t[-1] <= 0:
        return None
    powers = np.stack([np.ones(n), t, 0.5 * t * t])
    try:
        inverse = np.linalg.inv(powers @ powers.T)
    except np.linalg.LinAlgError:
        return None
    y0, v, a = (float(one) for one in inverse @ (powers @ y))
    off_y = y - (y0 + v * t + 0.5 * a * t * t)
    middle = t - t.mean()
    u = float(middle @ x / (middle @ middle))
    x0 = float(x.mean() - u * t.mean())
    off_x = x - x0 - u * t
    squares = float(off_y @ off_y)
    # A fit never looks surer than pixels allow: centres are not known better than to a third of one.
    error = float(np.sqrt(max(squares / (n - 3), 0.1) * inverse[2, 2]))
    return Parabola(
        s=float(s[0]), x=x0, u=u, y=y0, v=v, a=a,
        rms_x=float(np.sqrt(off_x @ off_x / n)), rms_y=float(np.sqrt(squares / n)),
        surely=a / error, points=n,
    )  # fmt: skip
