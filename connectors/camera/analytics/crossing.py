"""Vehicles, or anything of a given size, that cross a drawn line: which way, by motion alone.

A crossing is a change from well on one side of the line to well on the other, through the drawn part of it. Between
the two lies a dead band, so that something that dithers on the line crosses it once or not at all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from connectors.camera.analytics.movement import Movement, MovementSettings, Track, centre, foot
from connectors.camera.seeing import Box, Frame, Sighting

Point = tuple[float, float]
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


class _Side(NamedTuple):
    """Which side a track was on when it last was on one: -1 left, 1 right; when, seconds; where, in picture widths."""

    side: int
    s: float
    point: Point


class Crossing:
    """Says `camera.vehicle` with `data.line` and `data.direction` (`left`, `right`) for each crossing."""

    rate: float | None = 10.0

    def __init__(self, settings: CrossingSettings) -> None:
        self._settings = settings
        self._movement = Movement(MovementSettings(min_area=settings.min_area, sensitivity=settings.sensitivity))
        self.interrupted()

    def interrupted(self) -> None:
        """Forget the view and who was on which side."""
        self._movement.forget()
        self._sides: dict[int, _Side] = {}
        self._said: list[tuple[float, int, Box]] = []

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        seen = self._movement.look(frame.grey, frame.s)
        alive = {track.number for track in self._movement.tracks}
        self._sides = {number: side for number, side in self._sides.items() if number in alive}
        self._said = [said for said in self._said if frame.s - said[0] <= ONCE_S]
        height, width = frame.grey.shape
        return [said for track in seen if (said := self._crossed(track, frame, height / width))]

    def _crossed(self, track: Track, frame: Frame, aspect: float) -> Sighting | None:
        """Say it if `track` has crossed just now. Lengths are in picture widths; `aspect`: height over width."""
        box = track.path[-1].box
        x, y = centre(box) if self._settings.judged_by == "centre" else foot(box)
        here = (x, y * aspect)
        (ax, ay), (bx, by) = ((x, y * aspect) for x, y in (self._settings.start, self._settings.end))
        length = math.hypot(bx - ax, by - ay)
        if not length:
            return None
        # The picture's y points down: what is right of the line, seen from its start, has a positive product.
        beside = ((bx - ax) * (here[1] - ay) - (by - ay) * (here[0] - ax)) / length
        if abs(beside) < self._settings.band:
            return None
        now = _Side(1 if beside > 0 else -1, frame.s, here)
        before = self._sides.get(track.number)
        self._sides[track.number] = now
        if before is None or before.side == now.side or not track.confirmed:
            if before is not None and before.side != now.side:
                self._sides[track.number] = before
            return None
        if not _meet(before.point, here, (ax, ay), (bx, by)):
            return None
        direction: Literal["left", "right"] = "right" if now.side > 0 else "left"
        if direction not in self._settings.directions or self._again(now.side, box, frame.s):
            return None
        self._said.append((frame.s, now.side, box))
        return Sighting(
            "camera.vehicle",
            frame.at - timedelta(seconds=(frame.s - before.s) / 2),
            {"line": self._settings.line, "direction": direction, "track": f"t-{track.number}"},
            box,
            frame.at - timedelta(seconds=frame.s - track.path[0].s),
        )

    def _again(self, side: int, box: Box, s: float) -> bool:
        return any(
            side == other and s - at <= ONCE_S and min(box.x1, said.x1) > max(box.x0, said.x0)
            and min(box.y1, said.y1) > max(box.y0, said.y0)
            for at, other, said in self._said
        )  # fmt: skip


def _meet(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Return whether the way from `a` to `b` meets the line from `c` to `d`."""

    def turn(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return turn(a, b, c) * turn(a, b, d) <= 0 and turn(c, d, a) * turn(c, d, b) <= 0
