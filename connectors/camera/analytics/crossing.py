"""Vehicles, or anything of a given size, that cross a drawn line: which way, by motion alone.

What a crossing is, `tracks.Line` says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from connectors.camera.analytics.movement import Movement, MovementSettings
from connectors.camera.seeing import Box, Frame, Point, Sighting, long_enough
from connectors.camera.tracks import Line, Track, centre, foot

ONCE_S = 1.0
"""Two parts of one vehicle may cross as two tracks: the second so soon after, and beside the first, is the same one."""


class CrossingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line, and what is to cross it.

    `line`: its name, `data.line`. `start`, `end`: its ends (x, y), each in 0–1. `directions`: which are said; `right`
    is from the left of the line to its right, for one who looks from start to end. `judged_by`: the box's `centre`
    suits a camera that looks down from above, its `foot` one that looks across. `min_area`: the least area of its box,
    in parts of the picture. `band`: half the dead band about the line, in parts of the picture's width. `sensitivity`:
    0–1; higher sees what differs less from the ground.
    """

    line: str
    start: Point
    end: Point
    directions: tuple[Literal["left", "right"], ...] = ("left", "right")
    judged_by: Literal["centre", "foot"] = "centre"
    min_area: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.01
    band: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.015
    sensitivity: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5

    def __post_init__(self) -> None:
        """Raise `ValueError` for a line that is too short."""
        long_enough(self.start, self.end)


class Crossing:
    """Says `camera.vehicle` with `data.line` and `data.direction` (`left`, `right`) for each crossing."""

    rate: float | None = 10.0

    def __init__(self, settings: CrossingSettings) -> None:
        self._settings = settings
        self._movement = Movement(MovementSettings(min_area=settings.min_area, sensitivity=settings.sensitivity))
        self._line = Line(settings.start, settings.end, settings.band)
        self.interrupted()

    def interrupted(self) -> None:
        """Forget the view and who was on which side."""
        self._movement.forget()
        self._line.forget()
        self._said: list[tuple[float, str, Box]] = []

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        seen = self._movement.look(frame.grey, frame.s)
        self._line.keep({track.number for track in self._movement.tracks})
        self._said = [said for said in self._said if frame.s - said[0] <= ONCE_S]
        height, width = frame.grey.shape
        return [said for track in seen if (said := self._crossed(track, frame, height / width))]

    def _crossed(self, track: Track, frame: Frame, aspect: float) -> Sighting | None:
        """Say it if `track` has crossed just now; `aspect`: the picture's height over its width."""
        box = track.path[-1].box
        point = centre(box) if self._settings.judged_by == "centre" else foot(box)
        passage = self._line.crossed(track.number, point, frame.s, aspect, counts=track.confirmed)
        if passage is None or passage.side not in self._settings.directions:
            return None
        if self._again(passage.side, box, frame.s):
            return None
        self._said.append((frame.s, passage.side, box))
        return Sighting(
            "camera.vehicle",
            frame.at - timedelta(seconds=frame.s - passage.s),
            {"line": self._settings.line, "direction": passage.side, "track": f"t-{track.number}"},
            box,
            frame.at - timedelta(seconds=frame.s - track.path[0].s),
        )

    def _again(self, side: str, box: Box, s: float) -> bool:
        return any(
            side == other and s - at <= ONCE_S and min(box.x1, said.x1) > max(box.x0, said.x0)
            and min(box.y1, said.y1) > max(box.y0, said.y0)
            for at, other, said in self._said
        )  # fmt: skip
