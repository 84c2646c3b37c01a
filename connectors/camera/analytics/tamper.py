"""A camera that was covered, sprayed, turned away, put out of focus, blinded or frozen.

The view's gradients and a thumbnail are remembered while all is normal, and the picture is compared with them twice a
second. What stays wrong for a few seconds is said, and once it has been right for as long, that too. A lost stream is
not seen here: whoever reads it knows.

Bare asphalt and plain walls have nothing that a cover would hide: see `Tamper.enough_texture`. A turned camera is `on`
until it looks where it did, or until `interrupted`: nobody else can say that the new view is the one that is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

import cv2
import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from connectors.camera.analytics.layers import share, steepness
from connectors.camera.seeing import Frame, Grey, Sighting

Plane = NDArray[np.float32]
WIDTH = 480
"""Coarser pictures hide a slight loss of focus."""
BLOCKS, EDGES = (32, 18), (96, 54)
FIRST_S, REFERENCE_S = 5.0, 60.0
"""How long a view is learnt before it is judged, and how fast its reference follows it after that: seconds."""
CALM_S = 1.0
"""A single check that finds nothing, or something, between others starts nothing anew."""
GAP_S = 5.0
"""What held before a longer gap is no longer known to hold."""
BLACK, WHITE = (18.0, 14.0), (240.0, 12.0)
"""Mean beyond which, and deviation below which, a picture shows nothing, in grey levels."""
LOST = 0.35
BURNT = (6.0, 246.0)
"""Darker and brighter than this, a block may have lost its texture to the exposure."""
COVERED, SPRAYED = 0.45, 0.22
"""A textured block has lost its texture below this part of it; the parts of them that make a cover, and spray."""
STAYS = 0.7
"""How alike what is lost, or where the edges are, must stay: what passes by changes from one check to the next."""
BLURRED, SAME_VIEW = 0.55, 0.8
ELSEWHERE, LIKE_BEFORE = 0.3, (0.3, 1.7)
TEXTURED_BLOCK = 1.2
"""Grey levels per pixel of gradient that make a block one whose loss would show."""


class TamperSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a picture counts as tampered with.

    `hold_s`: seconds it must be wrong before that is said, and right again. `frozen_s`: seconds of the very same
    picture. `texture`: the part of the picture that must have texture for a cover or a turn to be told.
    """

    hold_s: Annotated[float, Meta(ge=0.5, le=600.0)] = 3.0
    frozen_s: Annotated[float, Meta(ge=2.0, le=3600.0)] = 10.0
    texture: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.2


class _Looks(NamedTuple):
    """What is compared. By block, (18, 32): `energy`, the gradient; `sharp`, its square; `thumbnail`, the greys.

    `edges`: the gradient, (54, 96). A blur spreads an edge and leaves its energy alone; the square of it tells.
    """

    energy: Plane
    sharp: Plane
    edges: Plane
    thumbnail: Plane


class Tamper:
    """Says `camera.tamper` with `data.state` on or off and `data.reason`.

    Reasons: black, white, covered, sprayed, defocused, moved, frozen.
    """

    rate: float | None = 2.0
    _s: float
    _began: float

    def __init__(self, settings: TamperSettings | None = None) -> None:
        self._settings = settings or TamperSettings()
        self.interrupted()

    def interrupted(self) -> None:
        """Learn the view anew. What was said to be on stays so for whoever was told: its end was not seen."""
        self._shape: tuple[int, ...] | None = None
        self._said: str | None = None

    @property
    def enough_texture(self) -> bool | None:
        """Whether this view can be judged for more than black, white and frozen; None while it is being learnt."""
        if self._shape is None or not self._learnt:
            return None
        return float((self._usual.energy > TEXTURED_BLOCK).mean()) >= self._settings.texture

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        if frame.grey.shape != self._shape:
            self.interrupted()
            self._start(frame)
            return ()
        dt = max(frame.s - self._s, 0.0)
        self._s = max(frame.s, self._s)
        looks = _looks(frame.grey)
        reason = self._wrong(frame.grey, looks)
        if reason is None or not self._learnt:
            self._learn(looks, dt)
        self._edges = looks.edges
        return self._tell(reason, frame, dt)

    def _start(self, frame: Frame) -> None:
        self._shape = frame.grey.shape
        self._s = self._began = self._changed = self._turned = frame.s
        self._usual = _looks(frame.grey)
        self._edges = self._usual.edges
        self._calm_s = CALM_S
        self._lost = np.zeros(BLOCKS[::-1], dtype=bool)
        self._sample = _sampled(frame.grey)

    @property
    def _learnt(self) -> bool:
        return self._s - self._began >= FIRST_S

    def _learn(self, looks: _Looks, dt: float) -> None:
        tau = REFERENCE_S if self._learnt else max(self._s - self._began, 0.1)
        for usual, seen in zip(self._usual, looks, strict=True):
            np.add(usual, share(dt, tau) * (seen - usual), out=usual)

    def _tell(self, reason: str | None, frame: Frame, dt: float) -> Sequence[Sighting]:
        """Say a change of state that has held for long enough."""
        as_said = (reason is None) == (self._said is None)
        self._calm_s = self._calm_s + dt if as_said else 0.0
        if self._calm_s >= CALM_S or dt > GAP_S:
            self._turned = self._s
        frozen = reason == "frozen" and self._said is None
        if as_said or not (frozen or self._s - self._turned >= self._settings.hold_s):
            return ()
        on = reason is not None
        data = {"state": "on" if on else "off", "reason": reason or self._said}
        self._said = reason
        since = self._changed if frozen else self._turned
        return (Sighting("camera.tamper", _when(frame, since), data, evidence=on),)

    def _wrong(self, grey: Grey, looks: _Looks) -> str | None:
        """Return what is wrong with this one picture, if anything is."""
        sample = _sampled(grey)
        if not np.array_equal(sample, self._sample):
            self._sample, self._changed = sample, self._s
        mean, deviation = float(sample.mean()), float(sample.std())
        if mean < BLACK[0] and deviation < BLACK[1]:
            return "black"
        if mean > WHITE[0] and deviation < WHITE[1]:
            return "white"
        if self._s - self._changed >= self._settings.frozen_s:
            return "frozen"
        return self._hidden(looks) if self.enough_texture else None

    def _hidden(self, looks: _Looks) -> str | None:
        """Compare the picture with what is usual."""
        usual = self._usual
        textured = usual.energy > TEXTURED_BLOCK
        contrast = float(looks.thumbnail.std() / max(float(usual.thumbnail.std()), 1.0))
        energy = float(looks.energy[textured].sum() / usual.energy[textured].sum())
        shows = (looks.thumbnail > BURNT[0]) & (looks.thumbnail < BURNT[1])
        lost = textured & shows & (looks.energy < LOST * float(np.clip(contrast, 0.65, 1.5)) * usual.energy)
        stays = _overlap(lost, self._lost) >= STAYS
        self._lost = lost
        sharp = float(looks.sharp[textured].sum() / usual.sharp[textured].sum())
        if _related(looks.thumbnail, usual.thumbnail) > SAME_VIEW and sharp < BLURRED * min(contrast, 1.0) ** 2:
            return "defocused"
        part = float(lost.sum() / textured.sum())
        if stays and part > SPRAYED:
            return "covered" if part > COVERED else "sprayed"
        still = _related(looks.edges, self._edges) > STAYS
        if still and _related(looks.edges, usual.edges) < ELSEWHERE and LIKE_BEFORE[0] < energy < LIKE_BEFORE[1]:
            return "moved"
        return None


def _looks(grey: Grey) -> _Looks:
    height, width = grey.shape
    size = (min(WIDTH, width), max(height * min(WIDTH, width) // width, 1))
    small = cv2.blur(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), (3, 3)).astype(np.float32)
    steep = steepness(small)
    wanted = ((steep, BLOCKS), (steep * steep, BLOCKS), (steep, EDGES))
    shrunk = [cv2.resize(plane, to, interpolation=cv2.INTER_AREA) for plane, to in wanted]
    thumbnail = cv2.blur(cv2.resize(small, BLOCKS, interpolation=cv2.INTER_AREA), (3, 3))
    return _Looks(*(np.array(plane, dtype=np.float32) for plane in (*shrunk, thumbnail)))


def _sampled(grey: Grey) -> Grey:
    return grey[::4, ::4].copy()


def _related(one: Plane, other: Plane) -> float:
    """Return the correlation of two planes, -1 to 1; 0 where one of them is even."""
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt(float((a * a).sum()) * float((b * b).sum())))
    return float((a * b).sum()) / size if size > 0 else 0.0


def _overlap(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum()) / max(int((one | other).sum()), 1)


def _when(frame: Frame, s: float) -> datetime:
    return frame.at - timedelta(seconds=frame.s - s)
