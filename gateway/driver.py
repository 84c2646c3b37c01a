"""Drive the road: take what has arrived, let it travel, acknowledge, repeat. Batches form by themselves.

Alarms first, then the inbox, then the rest. Timers fire only up to the horizon: the moment before which everything
that sources still held has been read, so that a door event that would have cleared an alert is read before the
alert is raised.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from gateway.clock import Clock, monotonic
from gateway.model.ports import Delivery
from gateway.road import Road

log = structlog.get_logger()

#: How long the driver sleeps when nothing wakes it; also how finely timers are looked at.
NAP_S = 0.05
#: Between tries while the database is away.
RETRY_S = (0.1, 0.2, 0.5, 1.0)


class DrivenSource(Protocol):
    """A source as the driver sees it."""

    name: str
    watermark: datetime | None
    progressed_at: float

    def take(self, limit: int) -> list[Delivery]:
        """Return waiting deliveries."""

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """These are committed."""

    def tick(self) -> None:
        """Do what is due between batches."""

    def is_marker(self, delivery: Delivery) -> bool:
        """Say whether a delivery of this source carries no report."""


class Driver:
    """The loop of one road. `sources` in order of urgency; `is_marker` tells what carries no report."""

    def __init__(  # one argument per thing it turns
        self,
        road: Road,
        sources: Sequence[DrivenSource],
        clock: Clock,
        *,
        batch_max: int,
        grace_s: float,
        committed: Callable[[], None],
    ) -> None:
        self.road = road
        self._sources, self._clock = sources, clock
        self._batch_max, self._grace_s = batch_max, grace_s
        self._committed = committed
        self._wake = threading.Event()
        self._registry_changed = threading.Event()
        #: Taken from a source and not yet committed: kept while the database is away.
        self.in_hand: tuple[DrivenSource, list[Delivery]] | None = None
        self.idle_since = monotonic()

    def wake(self) -> None:
        """Something arrived."""
        if not self._wake.is_set():
            self._wake.set()

    def registry_changed(self) -> None:
        """The registry is to be read anew."""
        self._registry_changed.set()
        self.wake()

    def run(self, stopping: threading.Event) -> None:
        """Drive until told to stop. Raises `StoreUnavailable`, with the deliveries in hand kept, and `Fenced`."""
        while not stopping.is_set():
            self._wake.clear()
            busy = self._drive_once()
            if not busy:
                self._wake.wait(NAP_S)

    def adopt(self, predecessor: Driver | None) -> None:
        """Take over what a driver had in hand when the database went away."""
        if predecessor is not None:
            self.in_hand = predecessor.in_hand

    def _drive_once(self) -> bool:
        if self._registry_changed.is_set():
            self._registry_changed.clear()
            self.road.reload_registry()
        busy = self._take_and_travel()
        for source in self._sources:
            source.tick()
        fired = self.road.fire_timers(self.horizon())
        if fired:
            self._committed()
        return busy or fired > 0

    def _take_and_travel(self) -> bool:
        if self.in_hand is None:
            for source in self._sources:
                taken = source.take(self._batch_max)
                if taken:
                    self.in_hand = (source, taken)
                    break
        if self.in_hand is None:
            return False
        source, deliveries = self.in_hand
        speaking = [delivery for delivery in deliveries if not source.is_marker(delivery)]
        if speaking:
            self.road.travel(speaking)
            self._committed()
        self.in_hand = None
        source.acknowledge(deliveries)
        return True

    def horizon(self) -> datetime:
        """Return the moment up to which timers may fire.

        Everything the sources took in before it has been judged. A source that has said nothing at all for the grace
        is waited for no longer: better a late warning with a broken broker than none.
        """
        now = self._clock.now()
        return min(self._read_until(source, now) for source in self._sources)

    def _read_until(self, source: DrivenSource, now: datetime) -> datetime:
        if monotonic() - source.progressed_at > self._grace_s:
            return now
        return source.watermark if source.watermark is not None else datetime.min.replace(tzinfo=now.tzinfo)
