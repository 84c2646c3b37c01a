"""高空抛物: something falls from a building.

Spots that move (`falling_blobs`) are joined to paths (`falling_tracks`); a path that falls as gravity has it, for three
metres and more, is told once, with the floor it came from. What distinguishes it from leaves, birds, insects, rain,
winches and washing is the acceleration, measured in metres by the scale the installer has marked: without that test
two alarms in five are false.

It sees nothing of: things whose contrast is less than about 25 grey levels; paper and bags, which sink at a constant
pace; what falls behind trees; much of what falls in heavy rain; anything under two pixels, so it wants the main stream,
720 lines and more, at 12 pictures a second or more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Literal, NamedTuple

import cv2
import msgspec
import numpy as np

from connectors.camera.analytics.falling_blobs import Spotter, as_grey
from connectors.camera.analytics.falling_tracks import G, Parabola, Path, Paths
from connectors.camera.seeing import Box, Frame, Grey, Sighting, Zone

KIND = "camera.falling_object"
#: Pictures are judged at this many lines at most: more cost more and show a falling thing no better.
LINES = 720
#: A thing is at most this large, metres, and its shutter is open for at most this long, s.
LARGEST_M, SHUTTER_S = 1.2, 1 / 25
#: How long what was told is remembered, so that it is not told again; and what is the same thing, metres.
REMEMBERED_S, SAME_M, BESIDE_M = 4.0, 1.5, 0.4
#: What falls strangely, sideways or hardly as gravity has it, may be a bird that dives: it is told if it goes on, s.
SUSPECTED_S, STRANGEST = 1.0, 3.5
#: Shares of gravity that a falling thing may be pulled with: less by drag, either by a scale that is not quite right.
PULL = (0.35, 1.8)
#: Metres a second: when it is told, at least; when it is first seen, downwards; and sideways.
SLOWEST_END, UPWARDS, FASTEST, FASTEST_IN_RAIN, FASTEST_PROVEN, SIDEWAYS = 4.0, -3.0, 9.0, 7.0, 14.0, 7.0
#: Seconds of its way by which the centre of a smear is uncertain.
BLUR = 0.02 / 25
#: With this many others that move alike beside it, it is part of a car or a shadow, unless it falls as it should.
CROWD, UNDOUBTED = 2, 0.3
#: The share of the pictures of its way that it must be seen in.
SEEN = 0.5
#: Spots a picture that mean rain.
RAIN = 60.0


class Column(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two marks one above the other on the facade.

    `x`: where, 0–1 from the left. `ground`: the height of the ground there, `line`: that of the level of `floor`,
    both 0–1 from the top. `floor`: 2 or more; the ground floor is 1.
    """

    x: float
    ground: float
    line: float
    floor: int

    def __post_init__(self) -> None:
        if self.floor < 2 or not self.line < self.ground:  # noqa: PLR2004 - the first floor above the ground's
            raise ValueError("a column needs floor >= 2 and its line above its ground (line < ground)")


class FallingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a falling object analytic knows of its camera. Either `px_per_m` or `columns`.

    `px_per_m`: pixels a metre on the facade, in the pictures as they come. `columns`: marks on the facade instead;
    between two of them the scale is interpolated. `storey_m`: the height of a storey, metres. `ground`: where the
    ground is, 0–1 from the top, where there are no columns. `watched`: where a fall may be; None: everywhere.
    `ignored`: where nothing counts. `sensitivity`: `high` tells what has been seen for shorter and less clearly, `low`
    only what is beyond doubt.
    """

    px_per_m: float | None = None
    columns: tuple[Column, ...] = ()
    storey_m: float = 3.0
    ground: float = 1.0
    watched: Zone | None = None
    ignored: tuple[Zone, ...] = ()
    sensitivity: Literal["low", "normal", "high"] = "normal"

    def __post_init__(self) -> None:
        if (self.px_per_m is None) == (not self.columns):
            raise ValueError("say either px_per_m or columns")
        if (self.px_per_m is not None and self.px_per_m <= 0) or self.storey_m <= 0:
            raise ValueError("px_per_m and storey_m must be more than 0")


class Demands(NamedTuple):
    """What a path must show to be told: points, seconds, metres; and how sure it must be that it accelerates."""

    points: int
    lasts_s: float
    drop_m: float
    surely: float
    rms_px: float


DEMANDS = {
    "low": Demands(points=11, lasts_s=0.36, drop_m=4.0, surely=10.0, rms_px=1.5),
    "normal": Demands(points=8, lasts_s=0.24, drop_m=3.0, surely=6.0, rms_px=1.8),
    "high": Demands(points=7, lasts_s=0.20, drop_m=2.5, surely=5.0, rms_px=2.2),
}


class _Told(NamedTuple):
    path: Path
    parabola: Parabola
    height_m: float


class FallingObject:
    """Sees things fall. It wants all the pictures there are, and their luma only."""

    rate: float | None = None

    def __init__(self, settings: FallingSettings) -> None:
        self._settings = settings
        self._demands = DEMANDS[settings.sensitivity]
        self._numbers = count(1)
        self.interrupted()

    def interrupted(self) -> None:
        """Forget all: what follows may be another view."""
        self._shape = (0, 0)
        self._told: deque[_Told] = deque(maxlen=32)

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; return what is now known to fall, each thing once, dated to its release."""
        if frame.grey.shape != self._shape:
            self.interrupted()
            self._begin(frame.grey)
        grey = frame.grey
        if self._shrunk < 1:
            grey = as_grey(cv2.resize(grey, (self._width, self._height), interpolation=cv2.INTER_AREA))
        sightings = []
        for seen in self._spotter.look(grey, frame.s):
            for path in self._paths.follow(seen):
                parabola = path.parabola
                if path.told or parabola is None or not self._falls(path, parabola):
                    continue
                path.told = True
                told = self._tell(frame, path, parabola)
                if told is not None:
                    sightings.append(told)
        while self._told and frame.s - self._told[0].path.points[-1].s > REMEMBERED_S:
            self._told.popleft()
        return sightings

    def _begin(self, grey: Grey) -> None:
        self._shape = grey.shape
        self._shrunk = min(1.0, LINES / grey.shape[0])
        self._height, self._width = (max(1, round(side * self._shrunk)) for side in grey.shape)
        marks = sorted(self._settings.columns, key=lambda column: column.x)
        self._at = [column.x * self._width for column in marks] or [0.0]
        self._scales = [
            (column.ground - column.line) * self._height / ((column.floor - 1) * self._settings.storey_m)
            for column in marks
        ] or [(self._settings.px_per_m or 0.0) * self._shrunk]
        self._grounds = [column.ground * self._height for column in marks] or [self._settings.ground * self._height]
        px_per_m = float(np.median(self._scales))
        self._paths = Paths(px_per_m, self._numbers)
        largest = LARGEST_M * px_per_m
        self._spotter = Spotter(self._hidden(), (2 * largest, 2 * largest + 40 * px_per_m * SHUTTER_S))

    def _hidden(self) -> Grey | None:
        if self._settings.watched is None and not self._settings.ignored:
            return None
        hidden = np.zeros((self._height, self._width), np.uint8)
        if self._settings.watched is not None:
            hidden = as_grey(cv2.bitwise_not(self._settings.watched.mask(self._height, self._width)))
        for zone in self._settings.ignored:
            hidden = as_grey(cv2.bitwise_or(hidden, zone.mask(self._height, self._width)))
        return hidden

    def _px_per_m(self, x: float) -> float:
        return float(np.interp(x, self._at, self._scales))

    def _falls(self, path: Path, parabola: Parabola) -> bool:
        """Say whether a path is that of something that falls freely, with some drag."""
        points, demands, scale = path.points, self._demands, self._px_per_m(parabola.x)
        lasted = points[-1].s - points[0].s
        rainy = self._spotter.load > RAIN
        if len(points) < (demands.points + 4 if rainy else demands.points) or lasted < demands.lasts_s:
            return False
        drop = (points[-1].y - points[0].y) / scale
        begins, ends = parabola.v / scale, parabola.speed(points[-1].s) / scale
        aside, pull = abs(parabola.u) / scale, parabola.a / scale / G
        share = len(points) / path.pictures
        # What is seen seldom may be several things: it has to fit the better.
        allowed = share * (demands.rms_px + BLUR * abs(ends) * scale)
        # What is seen late is already fast: that alone is no reason not to believe it when it goes on.
        late, off = min(max(begins - 3.5, 0.0) / 1.25, 1.2), abs(pull - 1.0)
        # Up to a third the scale may be to blame; more than that is something else.
        oddly = min((max(off - 0.08, 0.0) / 0.12) ** 2, 1.5) + (max(off - 0.33, 0.0) / 0.1) ** 2
        doubt = (aside / 3.5) ** 2 + oddly + late**2
        if doubt > 1.0 and (drop < 2 * demands.drop_m or lasted < SUSPECTED_S):
            return False
        proven = lasted >= SUSPECTED_S and parabola.surely >= 5 * demands.surely
        return (
            share >= SEEN
            and doubt <= STRANGEST
            and drop >= demands.drop_m
            and PULL[0] <= pull <= PULL[1]
            and parabola.surely >= demands.surely
            and max(parabola.rms_x, parabola.rms_y) <= allowed
            and ends >= SLOWEST_END
            and UPWARDS <= begins <= (FASTEST_PROVEN if proven else FASTEST_IN_RAIN if rainy else FASTEST)
            and aside < min(SIDEWAYS, 1.3 * ends)
            and (doubt < UNDOUBTED or self._paths.company(path) < CROWD)
            and not parabola.steers(scale, points[-1].s)
            and not path.bends(scale, doubtful=doubt > 1.0)
        )

    def _tell(self, frame: Frame, path: Path, parabola: Parabola) -> Sighting | None:
        scale = self._px_per_m(parabola.x)
        back = max(parabola.v, 0.0) / parabola.a
        released = parabola.s - back
        x, y = parabola.at(released)
        ground = float(np.interp(x, self._at, self._grounds))
        height = (ground - y) / scale
        if height < 0 or self._known(path, parabola, height, scale):
            return None
        self._told.append(_Told(path, parabola, height))
        last = path.points[-1]
        storey = self._settings.storey_m
        floor = 1 + int(max(height, 0.0) / storey)
        at = frame.at - timedelta(seconds=frame.s - released)
        data = {
            "floor_estimate": floor,
            "floor_low": max(1, floor - 1),
            "floor_high": floor + 1,
            "height_m": round(height, 2),
            "speed_m_s": round(parabola.speed(last.s) / scale, 1),
            "track": path.number,
            "confidence": round(self._confidence(path, parabola, scale), 2),
            "x": round(min(max(x / self._width, 0.0), 1.0), 4),
        }
        return Sighting(KIND, at, data, box=self._box(path, x, y, scale), begins_at=at)

    def _known(self, path: Path, parabola: Parabola, height_m: float, scale: float) -> bool:
        """Say whether this is a thing already told: the same path picked up again, a part of it, or its bounce."""
        first, last = path.points[0], path.points[-1]
        shown = {point.s for point in path.points}
        for told in self._told:
            shared = [point for point in told.path.points if point.s in shown]
            s = last.s if shared else first.s
            here, there = parabola.at(s), told.parabola.at(s)
            aside, along = abs(here[0] - there[0]) / scale, abs(here[1] - there[1]) / scale
            apart = max(0.0, s - told.path.points[-1].s)
            near = BESIDE_M if len(shared) > 3 else SAME_M + 3.0 * apart  # noqa: PLR2004 - a few are one spot split
            if aside < near and along < 2 * near:
                return True
            after = first.s > told.path.points[-1].s
            if after and aside < 3 and height_m < 0.35 * told.height_m:  # noqa: PLR2004 - what bounces rolls on
                return True
        return False

    def _confidence(self, path: Path, parabola: Parabola, scale: float) -> float:
        """Return 0–1, a mean of how far the path is beyond what is asked: a rank, no probability."""
        seen = len(path.points) / max(path.pictures, 1)
        sure = 1 - np.exp(-parabola.surely / 20)
        close = 1 - max(parabola.rms_x, parabola.rms_y) / (2 * self._demands.rms_px + 1)
        freely = 1 - min(abs(parabola.a / scale / G - 1.0), 1.0)
        return float(np.clip(np.mean([seen, sure, close, freely]), 0, 1))

    def _box(self, path: Path, x: float, y: float, scale: float) -> Box:
        """Return what holds the path and the place it began, and half a metre around."""
        across = [x, *(point.x for point in path.points)]
        down = [y, *(point.y for point in path.points)]
        sides = (
            (min(across) - scale / 2) / self._width, (min(down) - scale / 2) / self._height,
            (max(across) + scale / 2) / self._width, (max(down) + scale / 2) / self._height,
        )  # fmt: skip
        return Box(*(float(min(max(side, 0.0), 1.0)) for side in sides))
