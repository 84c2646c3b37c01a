"""Spots that move, in pictures that shake, flicker and are noisy: the first half of `falling`.

A spot must differ from the picture a moment before and from the one a moment after, both times in the same direction;
so neither the place it left nor the one it goes to leaves a ghost, and all of it stays in bytes (double differencing
with the sign kept; Kameda and Minoh, VSMM 1996, is the source of the unsigned form).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from connectors.camera.seeing import Grey

Floats = NDArray[np.float64]

#: Seconds between a picture and the two it is compared with, at least: at 5 m/s something of 0.2 m has left its place.
REACH_S = 0.055
#: Pictures further apart than this say nothing of each other.
TORN_S = 0.35
#: Grey levels: the threshold, whatever the noise, lies between these.
FAINTEST, COARSEST = 4.5, 14.0
#: Times the 99.5th percentile of what moves is the threshold: what is left of noise then is a few spots a picture.
ABOVE_NOISE = 1.6
#: Spots a picture at most; where there are more, the strongest count. More than `FLOOD` is a flash, a cut, a hand.
SPOTS, FLOOD = 120, 600
#: Pixels of the smallest box, which the dilation has made 3 x 3 at least.
SMALLEST = 9
#: Cells of this many pixels a side that move more than this share of a second or so are trees, flags, laundry.
CELL, BUSY, BUSY_S = 8, 0.22, 1.0
#: Share of the local gradient that is forgiven, and how often the gradient is looked at, s.
EDGE, REFRESH_S = 0.10, 2.0
#: How many of the steepest places tell the shake, at most and at least, and what is not steep, levels a pixel.
ANCHORS, FEWEST, FLAT = 1500, 50, 6
#: The largest shake that is believed, and the smallest that is worth the work, pixels.
SHAKE, STILL = 4.0, 0.05


class Spot(NamedTuple):
    """The centre of something that moved: `x`, `y` in pixels of the picture held still."""

    x: float
    y: float


class Seen(NamedTuple):
    """What moved at `s` (seconds of the stream's clock)."""

    s: float
    spots: list[Spot]


class _Kept(NamedTuple):
    s: float
    picture: Grey
    mean: float


class Spotter:
    """Finds spots. Pictures of one size, in order; each is answered for once, when the one to compare it with is there.

    `hidden`: where nothing counts, shape of the pictures, not 0; or None. `largest`: pixels a spot's box may have.
    """

    def __init__(self, hidden: Grey | None, largest: tuple[float, float]) -> None:
        self._largest = largest
        self._hidden = hidden
        self._kept: deque[_Kept] = deque(maxlen=24)
        self._next = -np.inf  # the second from which on pictures have not been answered for
        self._judged = -np.inf
        self._steady = _Steady()
        self._busy: NDArray[np.float32] | None = None
        self.load = 0.0  # spots a picture, in the mean of the last seconds

    def look(self, grey: Grey, s: float) -> list[Seen]:
        """Take the next picture; return what moved in those before it that can be judged now, in order."""
        if self._kept and not 0 < s - self._kept[-1].s < TORN_S:
            self._kept.clear()
        picture = self._steady.held(grey, s)
        self._kept.append(_Kept(s, picture, float(picture[::8, ::8].mean())))
        return [Seen(middle.s, self._spots(before, middle, after)) for before, middle, after in self._ready()]

    def _ready(self) -> list[tuple[_Kept, _Kept, _Kept]]:
        newest = self._kept[-1]
        ready = []
        for number, middle in enumerate(self._kept):
            if middle.s < self._next or newest.s - middle.s < REACH_S:
                continue
            self._next = middle.s + 1e-6
            before = next((one for one in reversed(list(self._kept)[:number]) if middle.s - one.s >= REACH_S), None)
            if before is not None:
                ready.append((before, middle, newest))
        return ready

    def _spots(self, before: _Kept, middle: _Kept, after: _Kept) -> list[Spot]:
        moved = as_grey(cv2.subtract(_moved(before, middle, after), self._steady.forgiven))
        sample = moved[::4, ::4].ravel()
        noise = float(np.partition(sample, -sample.size // 200)[-sample.size // 200])
        _, over = cv2.threshold(moved, min(max(ABOVE_NOISE * noise, FAINTEST), COARSEST), 255, cv2.THRESH_BINARY)
        if self._hidden is not None:
            over[self._hidden != 0] = 0
        over = cv2.dilate(over, np.ones((3, 3), np.uint8))
        outlines, _ = cv2.findContours(over, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        lately = 1 - float(np.exp(-min(middle.s - self._judged, TORN_S) / BUSY_S))
        self._judged = middle.s
        self.load += lately * (min(len(outlines), FLOOD) - self.load)
        busy = self._learn_busy(as_grey(over), lately)
        if len(outlines) > FLOOD:
            return []
        boxes = [box for box in map(cv2.boundingRect, outlines) if self._may_fall(box, busy)]
        if len(boxes) > SPOTS:
            boxes.sort(key=lambda box: -int(_inside(box, moved).max()))
        return [_spot(box, moved) for box in boxes[:SPOTS]]

    def _may_fall(self, box: Sequence[int], busy: NDArray[np.float32]) -> bool:
        x, y, width, height = box
        if width > self._largest[0] or height > self._largest[1] or width * height < SMALLEST:
            return False
        return bool(busy[(y + height // 2) // CELL, (x + width // 2) // CELL] <= BUSY)

    def _learn_busy(self, over: Grey, lately: float) -> NDArray[np.float32]:
        height, width = over.shape
        cells = cv2.resize(over, (-(-width // CELL), -(-height // CELL)), interpolation=cv2.INTER_AREA)
        occupied = np.minimum(cells, 1).astype(np.float32)
        if self._busy is None:
            self._busy = np.zeros_like(occupied)
        cv2.accumulateWeighted(occupied, self._busy, lately)
        return self._busy


def as_grey(picture: NDArray[Any]) -> Grey:
    """Return what OpenCV made of bytes as the bytes it is; nothing is copied."""
    return picture.astype(np.uint8, copy=False)


def _moved(before: _Kept, middle: _Kept, after: _Kept) -> NDArray[Any]:
    """Return by how much the middle differs from both, where it differs from both in the same direction."""
    a, b, m = _brightened(before, middle), _brightened(after, middle), middle.picture
    rises = cv2.min(cv2.subtract(m, a), cv2.subtract(m, b))
    sinks = cv2.min(cv2.subtract(a, m), cv2.subtract(b, m))
    return cv2.max(rises, sinks)


def _brightened(one: _Kept, like: _Kept) -> Grey:
    """`one` with the mean brightness of `like`: clouds and mains flicker change all of the picture at once."""
    step = round(like.mean - one.mean)
    if not step:
        return one.picture
    level = np.array([abs(step)], np.uint8)
    return as_grey(cv2.add(one.picture, level) if step > 0 else cv2.subtract(one.picture, level))


def _inside(box: Sequence[int], picture: Grey) -> Grey:
    x, y, width, height = box
    return picture[y : y + height, x : x + width]


def _spot(box: Sequence[int], moved: Grey) -> Spot:
    weight = cv2.moments(_inside(box, moved))
    total = max(weight["m00"], 1e-9)
    return Spot(box[0] + weight["m10"] / total, box[1] + weight["m01"] / total)


class _Steady:
    """Holds pictures still by the steepest places of one from before (Lucas and Kanade, 1981), and smooths them.

    `forgiven`: grey levels by which a picture may differ from one that is held as well, for the edges in it.
    """

    def __init__(self) -> None:
        self.forgiven: Grey = np.zeros((0, 0), np.uint8)
        self._since = -np.inf
        self._places: NDArray[np.intp] = np.zeros(0, np.intp)
        self._was: Floats = np.zeros(0)
        self._solver: Floats = np.zeros((4, 0))
        self._origin = (0.0, 0.0)

    def held(self, grey: Grey, s: float) -> Grey:
        """Return a picture where the first ones were, each pixel the mean of 3 x 3."""
        smooth = as_grey(cv2.blur(grey, (3, 3)))
        x, y = self._measure(smooth)
        right, down = self._origin[0] + x, self._origin[1] + y
        if not s - self._since < REFRESH_S:
            # What is remembered is an estimate; let it sink back, lest the errors of hours add up.
            self._remember(smooth, s, (0.95 * right, 0.95 * down))
        if max(abs(right), abs(down)) < STILL:
            return smooth
        return as_grey(cv2.sepFilter2D(grey, -1, _moving(right), _moving(down), borderType=cv2.BORDER_REPLICATE))

    def _measure(self, picture: Grey) -> tuple[float, float]:
        """Return how far a picture lies right of and below the remembered one, pixels; (0, 0) where none can tell."""
        if self._places.size < FEWEST:
            return 0.0, 0.0
        x = y = 0.0
        pixels = picture.ravel()
        for _ in range(3):
            # What is left is less than a pixel, where a gradient holds; the rest is gone to in whole ones.
            whole = round(x), round(y)
            now = pixels[self._places + whole[1] * picture.shape[1] + whole[0]].astype(np.float64)
            change = now - self._was
            off = change - (x - whole[0]) * self._solver[0] - (y - whole[1]) * self._solver[1]
            off -= np.median(off)
            weighted = self._solver / (1.0 + (off / (2.0 * np.median(np.abs(off)) + 1.0)) ** 2)
            try:
                found = np.linalg.solve(weighted @ self._solver.T, weighted @ change)
            except np.linalg.LinAlgError:
                return 0.0, 0.0
            x, y = whole[0] + float(found[0]), whole[1] + float(found[1])
            if not max(abs(x), abs(y)) < SHAKE:
                return 0.0, 0.0
        return x, y

    def _remember(self, picture: Grey, s: float, origin: tuple[float, float]) -> None:
        right = cv2.Scharr(picture, cv2.CV_16S, 1, 0, scale=1 / 32)
        down = cv2.Scharr(picture, cv2.CV_16S, 0, 1, scale=1 / 32)
        steep = cv2.add(cv2.convertScaleAbs(right), cv2.convertScaleAbs(down))
        self.forgiven = as_grey(cv2.convertScaleAbs(cv2.dilate(steep, np.ones((3, 3), np.uint8)), alpha=EDGE))
        margin = round(SHAKE) + 1
        inner = steep[margin:-margin:3, margin:-margin:3]
        flat = inner.ravel()
        wanted = min(ANCHORS, flat.size // 20)
        best = np.argpartition(flat, -wanted)[-wanted:] if wanted else np.zeros(0, np.intp)
        rows, columns = np.unravel_index(best[flat[best] > FLAT], inner.shape)
        self._places = (margin + rows * 3) * picture.shape[1] + margin + columns * 3
        self._was = picture.ravel()[self._places].astype(np.float64)
        slopes = [-right.ravel()[self._places], -down.ravel()[self._places]]
        self._solver = np.stack([*slopes, self._was / 128, np.ones_like(self._was)]).astype(np.float64)
        self._origin, self._since = origin, s


def _moving(by: float) -> NDArray[np.float32]:
    """Return the filter that takes the mean of 3 pixels `by` pixels further on."""
    whole = int(np.floor(by))
    reach = max(abs(whole), abs(whole + 1)) + 1
    taps = np.zeros(2 * reach + 1, np.float32)
    part = by - whole
    taps[reach + whole - 1 : reach + whole + 3] = np.array([1 - part, 1, 1, part], np.float32) / 3
    return taps
