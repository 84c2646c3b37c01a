"""Vehicles that stand where none may stand: 违停, a blocked fire lane. By motion alone, no detector.

Something that is held in front of the empty scene for a few seconds, is neither other light nor the hole that something
left, and has a vehicle's size is remembered as a patch. From then on the patch is looked for, so that passers-by, a
swing of light and a long stay take nothing from it: it stands while the place looks like the patch, and has left once
it looks like the empty scene, or like something else that stays.

After a cut nobody knows whether a reported vehicle still stands, so nothing is said of it any more, `left` least of
all: the alert stays until a person has looked. A lane believed blocked costs a walk, one believed free costs more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

import cv2
import msgspec
import numpy as np
from msgspec import Meta

from connectors.camera.analytics.layers import (
    Layers,
    Mask,
    Plane,
    alike,
    around,
    bridged,
    explained_by_light,
    parts,
    share,
    smooth,
    uncovers,
    unlike_light,
)
from connectors.camera.analytics.lighting import Lighting
from connectors.camera.analytics.stops import ROLLS_S, SAME_STOP_S, same_stop, with_even_parts
from connectors.camera.seeing import Box, Frame, Grey, Sighting, Zone

WIDTH = 320
"""Pictures are judged at this width: a car at the end of a lane is still ten pixels high."""
EARLY_S = 8.0
"""How long something must have stood to be looked at closely; less where `warn_s` is short."""
JUDGED_S = 0.5
GONE_S, REPLACED_S, UNSETTLED_S = 2.0, 15.0, 10.0
"""For how long it must be gone; how long something else must stand there instead; when a new view is learnt."""
ABSORBED_S, SMALL_S = 900.0, 20.0
"""What stands for so long and is no vehicle belongs to the scene, by its shape and by its size."""
TEMPLATE_S, RELIT_S = 20.0, 4.0
"""How fast the patch follows what is seen of it, and what is seen of it under other light: seconds."""
GLASS = 0.4
"""What shows nothing between the parts of a vehicle, as a windscreen: in sides of the smallest vehicle."""
PARTLY = 0.4
"""The part of a vehicle that must be seen in the zone, where that is less than the least area."""
CLEAR, HARDLY, MOSTLY = 0.4, 0.15, 0.6
"""Parts of a patch: that decide by themselves; that are as good as none; that make something else of it."""
STILL_AT = 70
"""The percentile of the pixels' ages that tells the stop: an even roof shows one grey before the car stands."""
NOISE, SMOOTH = 6.0, 4.0
"""Grey levels that may remain of a patch, and of a pixel's surroundings, when only the light has changed."""
WIDEST_MARGIN = 0.1


class ParkedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a lane to be kept free is like.

    `zone`: where none may stand; its name becomes `data.zone` (the rule `fire-lane-parked` asks for `fire_lane` or
    `no_parking`). `warn_s`, `dwell_s`: seconds of standing after which it is first said, and said again. `min_area`:
    the least area of a vehicle, in parts of the picture. `tallest`: height over width above which it is a person
    rather than a vehicle. `sensitivity`: 0–1; higher sees vehicles that differ less from the ground, and more shadows.
    `confirm`: ask the detector, if there is one, whether it is a vehicle; from straight above it knows few.
    """

    zone: Zone
    warn_s: Annotated[float, Meta(ge=2.0, le=3600.0)] = 60.0
    dwell_s: Annotated[float, Meta(ge=2.0, le=86400.0)] = 180.0
    min_area: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.002
    tallest: Annotated[float, Meta(gt=0.0)] = 1.7
    sensitivity: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    confirm: bool = False

    @property
    def threshold(self) -> float:
        """Grey levels by which a vehicle differs from the ground."""
        return 22.0 - 16.0 * self.sensitivity


@dataclass(slots=True)
class _Standing:
    """Something that stands: where, what it looks like, since when on the stream's clock, and what was said of it."""

    track: str
    mask: Mask
    looks: Plane
    since: float
    said: int = 0
    asked: int = 0
    gone_at: float | None = None


class Parked:
    """Says `camera.parked` once a vehicle has stood in the zone, and once it has left. See the module's text.

    `confirm` answers whether a vehicle is seen in the box; without it, size and shape must do.
    """

    rate: float | None = 5.0
    _s: float
    _judged_s: float
    _unsettled_s: float
    _part: tuple[slice, slice]
    _lighting: Lighting
    _layers: Layers

    def __init__(self, settings: ParkedSettings, confirm: Callable[[Frame, Box], bool] | None = None) -> None:
        self._settings = settings
        self._confirm = confirm
        self._tracks = 0
        self.interrupted()

    def interrupted(self) -> None:
        """Forget the view, and what stood in it without a word: nobody knows whether it still does."""
        self._shape: tuple[int, ...] | None = None
        self._standing: list[_Standing] = []

    def look(self, frame: Frame) -> Sequence[Sighting]:
        """Look at the next picture; see `Analytic.look`."""
        if frame.grey.shape != self._shape:
            self.interrupted()
            self._start(frame)
            return ()
        dt = max(frame.s - self._s, 0.0)
        self._s = max(frame.s, self._s)
        small = self._shrunk(frame.grey)
        lit = self._lighting.even(small, dt)
        if lit.flashed:
            self._unsettled_s += dt
            if self._unsettled_s > UNSETTLED_S:
                self.interrupted()
            return ()
        self._unsettled_s = 0.0
        grey = smooth(lit.grey[self._part])
        self._layers.look(grey, dt)
        if self._s - self._judged_s < JUDGED_S:
            return ()
        since_judged, self._judged_s = self._s - self._judged_s, self._s
        self._find(grey)
        return [said for one in list(self._standing) for said in self._judge(one, grey, since_judged, frame)]

    def _start(self, frame: Frame) -> None:
        self._shape = frame.grey.shape
        self._s = self._judged_s = frame.s
        self._unsettled_s = 0.0
        small = self._shrunk(frame.grey)
        zone = self._settings.zone.mask(*small.shape) > 0
        self._least = max(self._settings.min_area * small.size, 4.0)
        self._part = around(zone, WIDEST_MARGIN)
        self._zone = zone[self._part]
        self._whole = small.shape
        self._lighting = Lighting(small)
        self._layers = Layers(smooth(small[self._part].astype(np.float32)), self._settings.threshold)

    def _shrunk(self, grey: Grey) -> Grey:
        height, width = grey.shape
        if width <= WIDTH:
            return grey
        size = (WIDTH, max(height * WIDTH // width, 1))
        return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _find(self, grey: Plane) -> None:
        """Look closely at what came to stand: a vehicle, light, a hole, or nothing that belongs here."""
        early = min(EARLY_S, self._settings.warn_s / 2)
        stands = self._layers.standing(early)
        for one in self._standing:
            stands &= ~one.mask
        if int((stands & self._zone).sum()) < PARTLY * self._least:
            return
        layers = self._layers
        now = np.where(stands, layers.held, grey)
        things = unlike_light(now, layers.empty, SMOOTH)
        layers.absorb(stands & ~things & (layers.age > SMALL_S))
        shows, gap = stands & things, GLASS * self._least**0.5
        for region in parts(shows, gap):
            stop = same_stop(region & shows, layers.age)
            whole = bridged(stop, gap)
            if not self._large(stop, whole):
                layers.absorb(stop & (layers.age > SMALL_S))
                continue
            known = whole & (stop | layers.close(grey, layers.empty))
            if explained_by_light(now, layers.empty, known, NOISE) or uncovers(now, layers.empty, whole):
                layers.absorb(stop)
            elif not self._joined(one_stop := with_even_parts(stop, stands, layers.age)):
                self._begin(one_stop, whole)

    def _large(self, stop: Mask, whole: Mask) -> bool:
        """Return whether it has a vehicle's size, as far as it shows, and stands in the zone rather than beside it."""
        size = min(int(stop.sum()) / MOSTLY, int(whole.sum()))
        return size >= self._least and int((whole & self._zone).sum()) >= min(self._least, PARTLY * size)

    def _joined(self, region: Mask) -> bool:
        """Give the region to the vehicle it touches and came with: until that was said, its stop is the whole's."""
        wide = cv2.dilate(region.astype(np.uint8), np.ones((7, 7), np.uint8)).astype(bool)
        for one in self._standing:
            later = self._since(region, STILL_AT) - one.since
            within = SAME_STOP_S if one.said else ROLLS_S
            if (one.mask & wide).any() and -SAME_STOP_S < later < within:
                one.mask = one.mask | region
                np.copyto(one.looks, self._layers.held, where=region)
                if not one.said:
                    one.since = self._since(one.mask & self._layers.standing(0.0), STILL_AT)
                return True
        return False

    def _begin(self, stop: Mask, whole: Mask) -> None:
        _, _, width, height = cv2.boundingRect(whole.astype(np.uint8))
        if height > self._settings.tallest * width:
            self._layers.absorb(stop & (self._layers.age > ABSORBED_S))
            return
        self._tracks += 1
        since = self._since(stop, STILL_AT)
        self._standing.append(_Standing(f"p-{self._tracks}", stop, self._layers.held.copy(), since))

    def _since(self, region: Mask, percentile: int) -> float:
        return self._s - float(np.percentile(self._layers.age[region], 100 - percentile))

    def _judge(self, one: _Standing, grey: Plane, dt: float, frame: Frame) -> Iterator[Sighting]:
        """Say what has become of it."""
        if self._has_left(one, grey, dt):
            self._standing.remove(one)
            self._layers.forget(one.mask, grey)
            if one.said:
                yield self._sighting(one, frame, "left", one.gone_at or self._s)
            return
        stood = self._s - one.since
        due = (self._settings.warn_s, self._settings.dwell_s)
        reached = sum(stood >= after for after in due)
        if reached > one.asked and one.gone_at is None:
            one.asked = reached
            if one.said or self._confirm is None or self._confirm(frame, self._box(one.mask)):
                one.said = reached
                yield self._sighting(one, frame, "parked", self._s)

    def _has_left(self, one: _Standing, grey: Plane, dt: float) -> bool:
        layers = self._layers
        telling = one.mask & ~layers.close(one.looks, layers.empty)
        count = max(int(telling.sum()), 1)
        there = layers.close(grey, one.looks) & telling
        empty = layers.close(grey, layers.empty) & telling
        stays, bare = int(there.sum()) / count, int(empty.sum()) / count
        np.add(one.looks, share(dt, TEMPLATE_S) * (grey - one.looks), out=one.looks, where=there)
        if max(stays, bare) < CLEAR:
            if alike(grey, one.looks, one.mask, NOISE):
                stays = 1.0
                np.add(one.looks, share(dt, RELIT_S) * (grey - one.looks), out=one.looks, where=one.mask)
            elif explained_by_light(grey, layers.empty, one.mask, NOISE):
                bare = 1.0
        if bare > stays and bare >= CLEAR:
            one.gone_at = self._s if one.gone_at is None else one.gone_at
            return self._s - one.gone_at >= GONE_S
        one.gone_at = None
        other = one.mask & layers.standing(REPLACED_S) & (layers.age < self._s - one.since - SAME_STOP_S)
        if stays < HARDLY and int(other.sum()) > MOSTLY * int(one.mask.sum()):
            one.gone_at = self._since(other, 50)
            return True
        return False

    def _sighting(self, one: _Standing, frame: Frame, state: str, until: float) -> Sighting:
        parked = state == "parked"
        data = {"zone": self._settings.zone.name, "state": state, "parked_s": round(until - one.since)}
        # A rule judges what is said now: that it has stood for so long. Since when, `parked_s` tells.
        happened = frame.s if parked else until
        return Sighting(
            "camera.parked",
            frame.at - timedelta(seconds=frame.s - happened),
            data | {"track": one.track},
            self._box(one.mask),
            frame.at - timedelta(seconds=frame.s - one.since) if parked else None,
            evidence=parked,
        )

    def _box(self, mask: Mask) -> Box:
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        height, width = self._whole
        top, left = self._part[0].start, self._part[1].start
        return Box(
            float(columns[0] + left) / width,
            float(rows[0] + top) / height,
            float(columns[-1] + left + 1) / width,
            float(rows[-1] + top + 1) / height,
        )
