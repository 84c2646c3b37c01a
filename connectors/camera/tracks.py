"""Boxes of one picture after the other become tracks: one moving thing or person each, as far as places tell.

Constant velocity; each track is given the box that suits it best, the best pairs first (greedy, which with a gate does
as the Hungarian method does here). What two people do who meet, a track may do: take the other's way.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple

from connectors.camera.seeing import Box, meet

Point = tuple[float, float]
#: The most that a box may be unlike what is expected.
GATE = 1.35
UNSEEN_S, HITS = 1.5, 5
PATH_S = 10.0


class Place(NamedTuple):
    """Where a track was: seconds on the stream's clock, its box, and how surely it was seen there (0–1)."""

    s: float
    box: Box
    score: float = 1.0


class Track:
    """One moving thing. `path`: where it was seen in the last seconds; `began_s`: since when, on the stream's clock."""

    def __init__(self, number: int, place: Place) -> None:
        self.number = number
        self.began_s = place.s
        self.path = deque([place], maxlen=512)
        self.hits = 1
        self._speed = (0.0, 0.0)

    @property
    def confirmed(self) -> bool:
        """Whether it was seen often enough to be a thing."""
        return self.hits >= HITS

    def expected(self, s: float) -> Box:
        """Return where it should be at `s`."""
        last = self.path[-1]
        dx, dy = (speed * (s - last.s) for speed in self._speed)
        return Box(last.box.x0 + dx, last.box.y0 + dy, last.box.x1 + dx, last.box.y1 + dy)

    def seen(self, place: Place) -> None:
        """Take the next place it was seen at."""
        last, dt = self.path[-1], place.s - self.path[-1].s
        if dt > 0.0:
            kept = 0.6 if self.hits > 1 else 0.0
            fresh = [(b - a) / dt for a, b in zip(centre(last.box), centre(place.box), strict=True)]
            self._speed = (
                kept * self._speed[0] + (1 - kept) * fresh[0],
                kept * self._speed[1] + (1 - kept) * fresh[1],
            )
        self.hits += 1
        self.path.append(place)
        while place.s - self.path[0].s > PATH_S:
            self.path.popleft()


class Tracks:
    """All tracks of one camera. A track ends once it was not seen for longer than `unseen_s`."""

    def __init__(self, unseen_s: float = UNSEEN_S) -> None:
        self._unseen_s = unseen_s
        self._numbers = 0
        self.alive: list[Track] = []

    def forget(self) -> None:
        """Follow nothing any more; numbers go on."""
        self.alive = []

    def follow(self, boxes: Sequence[tuple[Box, float]], s: float) -> list[Track]:
        """Take the boxes seen at `s` and how surely; return the tracks that were known and are seen again.

        What is new is among `alive`.
        """
        self.alive = [track for track in self.alive if s - track.path[-1].s <= self._unseen_s]
        pairs = sorted(
            (cost, t, b)
            for t, track in enumerate(self.alive)
            for b, (box, _) in enumerate(boxes)
            if (cost := _unlikeness(track.expected(s), box)) < GATE
        )
        seen: list[Track] = []
        free_tracks, free_boxes = set(range(len(self.alive))), set(range(len(boxes)))
        for _, t, b in pairs:
            if t in free_tracks and b in free_boxes:
                free_tracks.remove(t)
                free_boxes.remove(b)
                self.alive[t].seen(Place(s, *boxes[b]))
                seen.append(self.alive[t])
        for b in sorted(free_boxes):
            self._numbers += 1
            self.alive.append(Track(self._numbers, Place(s, *boxes[b])))
        return seen


class Passage(NamedTuple):
    """A track has crossed a line: to which of its sides, and when, seconds on the stream's clock."""

    side: Literal["left", "right"]
    s: float


class Line:
    """A line and on which side of it each track is.

    A crossing is a change from well on one side to well on the other, through the drawn part; between the two lies a
    dead band, so that what dithers on the line crosses it once or not at all. Right is right for one who looks from
    `start` to `end` (x, y, each 0–1); `band`: half the dead band, in parts of the picture's width.
    """

    def __init__(self, start: Point, end: Point, band: float) -> None:
        self._start, self._end, self._band = start, end, band
        self.forget()

    def forget(self) -> None:
        """Forget who was on which side."""
        self._sides: dict[int, tuple[bool, float, Point]] = {}

    def keep(self, numbers: set[int]) -> None:
        """Forget all tracks but these."""
        self._sides = {number: side for number, side in self._sides.items() if number in numbers}

    def crossed(self, number: int, point: Point, s: float, aspect: float, *, counts: bool) -> Passage | None:
        """Say whether track `number`, at `point` (each 0–1) now, has crossed; `aspect`: height over width.

        What does not count yet stays on the side it came from.
        """
        here = (point[0], point[1] * aspect)
        start, end = ((x, y * aspect) for x, y in (self._start, self._end))
        (ax, ay), (bx, by) = start, end
        length = math.hypot(bx - ax, by - ay)
        # The picture's y points down: what is right of the line, seen from its start, has a positive product.
        beside = ((bx - ax) * (here[1] - ay) - (by - ay) * (here[0] - ax)) / length if length else 0.0
        if abs(beside) < self._band or not length:
            return None
        before, is_right = self._sides.get(number), beside > 0
        if before is not None and before[0] != is_right and not counts:
            return None
        self._sides[number] = (is_right, s, here)
        if before is None or before[0] == is_right or not meet(before[2], here, start, end):
            return None
        return Passage("right" if is_right else "left", (before[1] + s) / 2)


def centre(box: Box) -> Point:
    """Return the box's middle, each 0–1."""
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def foot(box: Box) -> Point:
    """Return where something upright stands: the middle of the box's lower edge, each 0–1."""
    return (box.x0 + box.x1) / 2, box.y1


def _unlikeness(one: Box, other: Box) -> float:
    """Return 1 - IoU plus half the distance of the centres, counted in the boxes' mean size: 0 for the same box."""
    wide = max(min(one.x1, other.x1) - max(one.x0, other.x0), 0.0)
    high = max(min(one.y1, other.y1) - max(one.y0, other.y0), 0.0)
    both = (one.x1 - one.x0) * (one.y1 - one.y0) + (other.x1 - other.x0) * (other.y1 - other.y0) - wide * high
    size = (math.hypot(one.x1 - one.x0, one.y1 - one.y0) + math.hypot(other.x1 - other.x0, other.y1 - other.y0)) / 2
    apart = math.dist(centre(one), centre(other)) / max(size, 1e-6)
    return 1.0 - wide * high / max(both, 1e-9) + 0.5 * apart
