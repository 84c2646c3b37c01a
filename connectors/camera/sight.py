"""What the detector sees of one camera, for all analytics of that camera: looked at once, and only when it may pay.

The detector costs a hundred times what motion costs. So it looks where something moves, where somebody was seen a
moment ago, and otherwise every few seconds, for those who came so slowly that nothing seemed to move.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from connectors.camera.analytics.movement import Movement, MovementSettings
from connectors.camera.detector import VEHICLES, Detection
from connectors.camera.seeing import Box, Colour, Frame

#: For how long somebody who was seen is looked for again, and how often is looked where nothing moves. Seconds.
LIVE_S, GLANCE_S = 3.0, 5.0
#: What moves so near counts as being there, in parts of the picture.
NEAR = 0.05
#: What part of a patch, or of a vehicle, must be covered by the other to be the same.
SAME = 0.5


class Finds(Protocol):
    """A detector; see `detector.Detector`."""

    def found(self, picture: Colour) -> list[Detection]:
        """Return what is seen in a picture, BGR (height, width, 3)."""
        ...


class Seen(NamedTuple):
    """What was found in the picture taken at `at`, `s` seconds on the stream's clock."""

    at: datetime
    s: float
    found: list[Detection]

    def people(self, least: float) -> list[tuple[Box, float]]:
        """Return where people are, and how surely: scores of `least` and more."""
        return [(one.box, one.score) for one in self.found if one.kind == "person" and one.score >= least]


class Sight:
    """One camera's pictures before the detector. Used by one thread."""

    def __init__(self, detector: Finds) -> None:
        self._detector = detector
        self._movement = Movement(MovementSettings())
        self.forget()

    def forget(self) -> None:
        """What follows may be another view."""
        self._movement.forget()
        self._last: Seen | None = None
        self._live: list[tuple[float, Box]] = []
        self._moved_s = float("-inf")

    def seen(self, frame: Frame, near: Box, within_s: float = 0.0) -> Seen:
        """Return what is seen now; what was seen at most `within_s` ago will do.

        Where nothing moves at `near` and nobody was there, nothing is found without looking.
        """
        last = self._last
        if last is not None and 0.0 <= frame.s - last.s <= within_s:
            return last
        if frame.s > self._moved_s:
            self._moved_s = frame.s
            self._movement.look(frame.grey, frame.s)
        self._live = [(s, box) for s, box in self._live if frame.s - s <= LIVE_S]
        moving = [track.path[-1].box for track in self._movement.tracks]
        is_due = last is None or frame.s - last.s >= GLANCE_S
        if not is_due and not any(_touch(box, near) for box in [*moving, *(box for _, box in self._live)]):
            return Seen(frame.at, frame.s, [])
        return self.looked(frame)

    def looked(self, frame: Frame) -> Seen:
        """Return what is seen in this very picture, whether or not anything moves."""
        if self._last is None or self._last.s != frame.s:
            self._last = Seen(frame.at, frame.s, self._detector.found(frame.colour()))
            self._live += [(frame.s, one.box) for one in self._last.found if one.kind == "person"]
        return self._last

    def is_vehicle(self, frame: Frame, box: Box) -> bool:
        """Say whether a vehicle is seen in the box: the two cover each other by half of the smaller one."""
        return any(one.kind in VEHICLES and _common(one.box, box) > SAME for one in self.looked(frame).found)


def _touch(one: Box, other: Box) -> bool:
    return (
        one.x0 < other.x1 + NEAR and other.x0 < one.x1 + NEAR and one.y0 < other.y1 + NEAR and other.y0 < one.y1 + NEAR
    )


def _common(one: Box, other: Box) -> float:
    wide = max(min(one.x1, other.x1) - max(one.x0, other.x0), 0.0)
    high = max(min(one.y1, other.y1) - max(one.y0, other.y0), 0.0)
    smaller = min((box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other))
    return wide * high / max(smaller, 1e-9)
