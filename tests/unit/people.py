"""People for tests of what needs the detector: a detector that is told what to see, and a day made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from connectors.camera.detector import Detection, Kind
from connectors.camera.seeing import Analytic, Box, Colour, Frame, Sighting, Zone

START = datetime(2026, 11, 1, 4, tzinfo=UTC)
HEIGHT, WIDTH = 90, 160
#: The right half.
YARD = Zone("yard", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))


class Told:
    """A detector that finds what it is told, and counts its calls."""

    def __init__(self) -> None:
        self.now: list[Detection] = []
        self.calls = 0

    def found(self, picture: Colour) -> list[Detection]:
        assert picture.ndim == 3
        self.calls += 1
        return self.now


def standing(x: float, y: float, score: float = 0.8, kind: Kind = "person") -> Detection:
    """Somebody whose feet are at (x, y)."""
    return Detection(kind, score, Box(x - 0.04, y - 0.3, x + 0.04, y))


def frame(s: float, people: Sequence[Detection] = ()) -> Frame:
    """A picture in which there is a bright patch for each, so that motion sees them too."""
    grey = np.random.default_rng(round(s * 1000)).integers(90, 94, (HEIGHT, WIDTH)).astype(np.uint8)
    for one in people:
        x0, y0, x1, y1 = (round(side * (HEIGHT if number % 2 else WIDTH)) for number, side in enumerate(one.box))
        grey[max(y0, 0) : y1, max(x0, 0) : x1] = 220
    return Frame(START + timedelta(seconds=s), s, grey, lambda: np.repeat(grey[..., None], 3, 2))


def day(
    analytic: Analytic,
    detector: Told,
    seconds: float,
    people: Callable[[float], Sequence[Detection]],
    *,
    rate: float | None = None,
    begins: float = 0.0,
) -> list[tuple[float, Sighting]]:
    """Let an analytic look at its own rate (or another) and return what it says, with seconds."""
    said = []
    step = 1 / (rate or analytic.rate or 10.0)
    for number in range(round(seconds / step) + 1):
        s = begins + number * step
        there = list(people(s))
        detector.now = there
        said += [(s, one) for one in analytic.look(frame(s, there))]
    return said
