"""What an analytic is given, and what it gives.

An analytic sees one camera's pictures in order and says what happened. It judges places and movement, never who
somebody is. It reads no clock: time comes with each picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple, Protocol

import cv2
import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Colour = NDArray[np.uint8]


class Frame(NamedTuple):
    """One picture. It is lent: whoever needs it later copies it.

    `at`: when it was taken, aware, UTC. `s`: seconds on the stream's own clock, which never runs backwards and starts
    anywhere; what an analytic measures, it measures by this one. `grey`: luma, shape (height, width), uint8.
    `colour()`: the same picture as BGR, shape (height, width, 3), uint8; made when asked for, dearer than `grey`.
    """

    at: datetime
    s: float
    grey: Grey
    colour: Callable[[], Colour]


class Box(NamedTuple):
    """A rectangle in parts of the picture: left and top, right and bottom, each 0–1 from the upper left corner."""

    x0: float
    y0: float
    x1: float
    y1: float


class Sighting(NamedTuple):
    """Something an analytic says, once: it becomes one event `kind` with `data`.

    `at`: when it happened (not when it was understood). `begins_at`: where a clip of it should begin, before the lead
    every clip has; None where that is `at`. `box`: where in the picture. `evidence`: whether a snapshot and a clip go
    with it; what only ends something needs none.
    """

    kind: str
    at: datetime
    data: dict[str, Any]
    box: Box | None = None
    begins_at: datetime | None = None
    evidence: bool = True


class Analytic(Protocol):
    """One analytic on one camera. `rate`: pictures a second it wants at most; None, all there are."""

    rate: float | None

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture and say what happened, usually nothing. Pictures may be left out between calls."""
        ...

    def interrupted(self) -> None:
        """The stream was cut, or its size has changed: what follows may be another view. Keep nothing that spans it."""
        ...


#: A point (x, y) in parts of the picture, from its upper left corner.
Point = tuple[Annotated[float, Meta(ge=0, le=1)], Annotated[float, Meta(ge=0, le=1)]]
#: The shortest line that can be crossed, in parts of the picture.
SHORTEST = 0.02
#: The least area of a zone, in parts of the picture.
SMALLEST = 0.0001


class Zone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named part of the picture: a polygon of at least three corners, no edge of which crosses another."""

    name: str
    polygon: Annotated[tuple[Point, ...], Meta(min_length=3)]

    def __post_init__(self) -> None:
        """Raise `ValueError` for what encloses nothing, or crosses itself."""
        edges = list(zip(self.polygon, (*self.polygon[1:], self.polygon[0]), strict=True))
        apart = [
            (one, other)
            for number, one in enumerate(edges) for other in edges[number + 2 :]
            if not (number == 0 and other is edges[-1])
        ]  # fmt: skip
        if any(meet(*one, *other) for one, other in apart):
            raise ValueError(f"the edges of the zone {self.name} cross each other")
        if abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges)) < SMALLEST * 2:
            raise ValueError(f"the zone {self.name} has no area")

    def mask(self, height: int, width: int) -> Grey:
        """Return where the zone is: shape (height, width), 255 inside, 0 outside."""
        corners = np.array([[x * width, y * height] for x, y in self.polygon], dtype=np.float64)
        drawn = np.zeros((height, width), dtype=np.uint8)
        cv2.fillPoly(drawn, [np.round(corners).astype(np.int32)], 255)
        return drawn

    def holds(self, x: float, y: float) -> bool:
        """Say whether a point (each 0–1) lies in the zone, or on its edge; what touches the picture's edge is in it."""
        corners = np.array(self.polygon, np.float32)
        return cv2.pointPolygonTest(corners, (min(x, 0.999), min(y, 0.999)), measureDist=False) >= 0

    def bounds(self) -> Box:
        """Return the smallest box around the zone."""
        across, down = zip(*self.polygon, strict=True)
        return Box(min(across), min(down), max(across), max(down))


def long_enough(start: Point, end: Point) -> None:
    """Raise `ValueError` when a line is too short to be crossed."""
    if math.dist(start, end) < SHORTEST:
        raise ValueError(f"the ends of a line are {SHORTEST} of the picture apart or more")


def meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the way from `a` to `b` meets, or touches, the line from `c` to `d`."""

    def side(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    if max(a[0], b[0]) < min(c[0], d[0]) or max(c[0], d[0]) < min(a[0], b[0]):
        return False
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    return side(a, b, c) * side(a, b, d) <= 0 and side(c, d, a) * side(c, d, b) <= 0
