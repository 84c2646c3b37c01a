"""What moves in a picture, and where it went: the front end that everything judging movement shares.

Pictures are brought to a small width; the background is a mixture of Gaussians (Zivkovic 2004, OpenCV's MOG2), its
memory counted in seconds rather than pictures. Moving pixels become boxes, boxes become tracks (`tracks`). A change of
light over the whole view moves nothing.
"""

from __future__ import annotations

import math
from typing import Annotated

import cv2
import msgspec
import numpy as np
from msgspec import Meta

from connectors.camera.seeing import Box, Grey
from connectors.camera.tracks import Track, Tracks

MEMORY_S = 60.0
VARIANCE = 20.0
MOVING = 200
"""Above OpenCV's value of a shadow, 127."""
FLASHED, RELEARNT_S, RELEARNS = 0.6, 1.0, 0.5
"""More than this part of the picture moving is light, not movement; how long and how fast the view is learnt again."""
MOST_BLOBS = 100
LONGEST_GAP_S = 2.0


class MovementSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How movement is looked for.

    `width`: pixels the picture is brought to. `min_area`: the least area of a moving thing's box, in parts of the
    picture. `sensitivity`: 0–1; higher sees what differs less from the ground.
    """

    width: Annotated[int, Meta(ge=64, le=1280)] = 320
    min_area: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.001
    sensitivity: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5


class Movement:
    """Follows what moves in one camera's pictures."""

    _s: float
    _relearns_until: float

    def __init__(self, settings: MovementSettings) -> None:
        self._settings = settings
        self._tracks = Tracks()
        self.forget()

    @property
    def tracks(self) -> list[Track]:
        """What is followed, also what is just not seen."""
        return self._tracks.alive

    def forget(self) -> None:
        """Start afresh: what follows may be another view."""
        self._shape: tuple[int, ...] | None = None
        self._tracks.forget()

    def look(self, grey: Grey, s: float) -> list[Track]:
        """Take the next picture, luma of shape (height, width), at `s`; return the tracks seen in it."""
        if grey.shape != self._shape:
            self.forget()
            self._start(grey, s)
            return []
        dt = max(s - self._s, 0.0)
        self._s = max(s, self._s)
        boxes = self._boxes(grey, dt)
        if dt > LONGEST_GAP_S:
            self._tracks.forget()
        return self._tracks.follow([(box, 1.0) for box in boxes], self._s) if dt > 0.0 else []

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
