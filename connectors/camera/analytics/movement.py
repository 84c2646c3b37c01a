"""What moves in a picture, and where it went: the front end that everything judging movement shares.

Pictures are brought to a small width; the background is a mixture of Gaussians (Zivkovic 2004, OpenCV's MOG2), its
memory counted in seconds rather than pictures. Moving pixels become boxes, boxes become tracks: constant velocity, each
given the box that suits it best, the best pairs first. A change of light over the whole view moves nothing.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Annotated, NamedTuple

import cv2
import msgspec
import numpy as np
from msgspec import Meta

from connectors.camera.seeing import Box, Grey

MEMORY_S = 60.0
VARIANCE = 20.0
MOVING = 200
"""Above OpenCV's value of a shadow, 127."""
FLASHED, RELEARNT_S, RELEARNS = 0.6, 1.0, 0.5
"""More than this part of the picture moving is light, not movement; how long and how fast the view is learnt again."""
MOST_BLOBS = 100
GATE = 1.35
UNSEEN_S, HITS = 1.5, 5
PATH_S = 10.0
LONGEST_GAP_S = 2.0


class MovementSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How movement is looked for.

    `width`: pixels the picture is brought to. `min_area`: the least area of a moving thing's box, in parts of the
    picture. `sensitivity`: 0–1; higher sees what differs less from the ground.
    """

    width: Annotated[int, Meta(ge=64, le=1280)] = 320
    min_area: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.001
    sensitivity: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5


class Place(NamedTuple):
    """Where a track was: seconds on the stream's clock, and its box."""

    s: float
    box: Box


class Track:
    """One moving thing. `path`: where it was seen in the last seconds; `confirmed`: seen often enough to be one."""

    def __init__(self, number: int, place: Place) -> None:
        self.number = number
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


class Movement:
    """Follows what moves in one camera's pictures."""

    _s: float
    _relearns_until: float

    def __init__(self, settings: MovementSettings) -> None:
        self._settings = settings
        self._numbers = 0
        self.forget()

    def forget(self) -> None:
        """Start afresh: what follows may be another view."""
        self._shape: tuple[int, ...] | None = None
        self.tracks: list[Track] = []

    def look(self, grey: Grey, s: float) -> list[Track]:
        """Take the next picture, luma of shape (height, width), at `s`; return the tracks seen in it."""
        if grey.shape != self._shape:
            self.forget()
            self._start(grey, s)
            return []
        dt = max(s - self._s, 0.0)
        self._s = max(s, self._s)
        boxes = self._boxes(grey, dt)
        self.tracks = [] if dt > LONGEST_GAP_S else [t for t in self.tracks if self._s - t.path[-1].s <= UNSEEN_S]
        return self._follow(boxes) if dt > 0.0 else []

    def _start(self, grey: Grey, s: float) -> None:
        self._shape = grey.shape
        self._s, self._relearns_until = s, s + RELEARNT_S
        variance = VARIANCE * 4.0 ** (0.5 - self._settings.sensitivity)
        self._background = cv2.createBackgroundSubtractorMOG2(500, variance, detectShadows=True)
        self._background.apply(self._small(grey), learningRate=1.0)

    def _small(self, grey: Grey) -> Grey:
        height, width = grey.shape
        if width <= self._settings.width:
            return grey
        size = (self._settings.width, max(height * self._settings.width // width, 1))
        return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _boxes(self, grey: Grey, dt: float) -> list[Box]:
        small = self._small(grey)
        relearns = self._s < self._relearns_until
        rate = RELEARNS if relearns else 1.0 - math.exp(-dt / MEMORY_S)
        moving = (self._background.apply(small, learningRate=rate) > MOVING).astype(np.uint8)
        if moving.mean() > FLASHED:
            self._relearns_until = self._s + RELEARNT_S
            return []
        if relearns:
            return []
        opened = cv2.morphologyEx(moving, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        closed = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((7, 5), np.uint8))
        outlines, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        height, width = small.shape
        least = self._settings.min_area * height * width
        found = [(x, y, w, h) for x, y, w, h in map(cv2.boundingRect, outlines) if w * h >= least]
        found.sort(key=lambda box: -box[2] * box[3])
        return [Box(x / width, y / height, (x + w) / width, (y + h) / height) for x, y, w, h in found[:MOST_BLOBS]]

    def _follow(self, boxes: list[Box]) -> list[Track]:
        pairs = sorted(
            (cost, t, b)
            for t, track in enumerate(self.tracks)
            for b, box in enumerate(boxes)
            if (cost := _unlikeness(track.expected(self._s), box)) < GATE
        )
        seen: list[Track] = []
        free_tracks, free_boxes = set(range(len(self.tracks))), set(range(len(boxes)))
        for _, t, b in pairs:
            if t in free_tracks and b in free_boxes:
                free_tracks.remove(t)
                free_boxes.remove(b)
                self.tracks[t].seen(Place(self._s, boxes[b]))
                seen.append(self.tracks[t])
        for b in sorted(free_boxes):
            self._numbers += 1
            self.tracks.append(Track(self._numbers, Place(self._s, boxes[b])))
        return seen


def centre(box: Box) -> tuple[float, float]:
    """Return the box's middle, each 0–1."""
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def foot(box: Box) -> tuple[float, float]:
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
