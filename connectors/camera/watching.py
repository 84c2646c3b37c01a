"""Analytics on their camera: which look, when, how often, at what cost, and what becomes of their failures."""

from __future__ import annotations

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from connectors.camera.analytics import ANALYTICS
from connectors.camera.config import Asked, CameraConfig
from connectors.camera.detector import Detector
from connectors.camera.seeing import Analytic, Frame, Sighting
from connectors.camera.sight import Sight
from gateway.model.camera import State

log = structlog.get_logger()

#: An analytic that fails so often in a row is left out until the next connection.
MOST_FAILURES = 25


class Watching:
    """An analytic on its camera, as `asked`; `zone` is that of its hours.

    `looks` and `cost_s`: how often it has looked and how long that took, in seconds, the detector's time included.
    `last`: what it said last.
    """

    def __init__(self, asked: Asked, analytic: Analytic, zone: ZoneInfo) -> None:
        self.asked, self.name = asked, asked.notice
        self._analytic, self._zone = analytic, zone
        self._next_s = 0.0
        self._failures = 0
        self._looked = False
        self.looks, self.cost_s = 0, 0.0
        self.last: Sighting | None = None

    def state(self, now: datetime) -> State:
        """Say how it goes."""
        if self._failures >= MOST_FAILURES:
            return "left_out"
        return "looking" if self._is_on(now) else "off_hours"

    def look(self, frame: Frame) -> list[Sighting]:
        """Return what it says of a picture, unless it is not its turn."""
        if frame.s < self._next_s or self._failures >= MOST_FAILURES:
            return []
        if not self._is_on(frame.at):
            if self._looked:
                self.interrupted()
            return []
        if (rate := self._analytic.rate) is not None:
            # Half a millisecond of grace: a stream's own rounding must not halve the rate.
            self._next_s = max(self._next_s + 1 / rate, frame.s + 1 / rate / 2) - 5e-4
        self._looked = True
        began = time.perf_counter()
        try:
            said = list(self._analytic.look(frame))
        except Exception:
            self._failures += 1
            log.exception("an analytic failed", analytic=self.name, left_out=self._failures >= MOST_FAILURES)
            return []
        finally:
            self.looks, self.cost_s = self.looks + 1, self.cost_s + time.perf_counter() - began
        self._failures = 0
        self.last = said[-1] if said else self.last
        return said

    def interrupted(self) -> None:
        """What follows may be another view."""
        self._failures, self._looked = 0, False
        try:
            self._analytic.interrupted()
        except Exception:
            log.exception("an analytic failed", analytic=self.name)

    def _is_on(self, at: datetime) -> bool:
        return self.asked.is_on(at.astimezone(self._zone).time())


def watching_of(config: CameraConfig, zone: ZoneInfo, detector: Detector | None = None) -> list[Watching]:
    """Return the analytics that are asked of a camera, each at its hours of the station's time.

    What needs a detector is left out where there is none, and the log says so.
    """
    sight = Sight(detector) if detector is not None else None
    watching = []
    for asked in config.analytics:
        known = ANALYTICS[asked.notice]
        if known.sight == "always" and sight is None:
            log.error("an analytic rests: there is no detector", device=config.device, analytic=asked.notice)
            continue
        given = (asked.settings(),) if known.sight == "never" else (asked.settings(), sight)
        watching.append(Watching(asked, known.make(*given), zone))
    return watching
