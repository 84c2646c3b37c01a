"""Drive the road: take what has arrived, let it travel, acknowledge, repeat. Batches form by themselves.

Alarms first, then the inbox, then the rest. Timers fire only up to the horizon: the moment before which everything
that sources still held has been read, so that a door event that would have cleared an alert is read before the
alert is raised.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.activation import Switch, switch
from gateway.clock import Clock, monotonic
from gateway.model.judgement import Verdict
from gateway.model.ports import Source
from gateway.road import Road

#: How long the driver sleeps when nothing wakes it; also how finely timers are looked at.
NAP_S = 0.05
#: Between tries while the database is away.
RETRY_S = (0.1, 0.2, 0.5, 1.0)
#: How often what is quiet is looked at.
LISTEN_EVERY_S = 1.0
#: The loop goes round every few milliseconds; after a pause like this it was stopped.
STOOD_STILL_S = 5.0


class Driver:
    """The loop of one road. `sources` in order of urgency; `is_marker` tells what carries no report."""

    def __init__(  # one argument per thing it turns
        self,
        road: Road,
        sources: Sequence[Source],
        clock: Clock,
        *,
        batch_max: int,
        grace_s: float,
        committed: Callable[[], None],
        to_say: deque[Verdict] | None = None,
        switches: deque[Switch] | None = None,
    ) -> None:
        self.road = road
        self._sources, self._clock = sources, clock
        self._batch_max, self._grace_s = batch_max, grace_s
        self._committed = committed
        self._wake = threading.Event()
        self._registry_changed = threading.Event()
        #: What the gateway itself has to say; outlives this driver.
        self._to_say: deque[Verdict] = to_say if to_say is not None else deque()
        #: Versions that are ready to run; likewise.
        self._switches: deque[Switch] = switches if switches is not None else deque()
        #: When the loop last went round: the grace does not count what happened while it stood still.
        self._went_round_at = self._grace_from = monotonic()
        self._listen_at = monotonic()

    def wake(self) -> None:
        """Something arrived."""
        if not self._wake.is_set():
            self._wake.set()

    def registry_changed(self) -> None:
        """The registry is to be read anew."""
        self._registry_changed.set()
        self.wake()

    def run(self, stopping: threading.Event) -> None:
        """Drive until told to stop.

        Raises `StoreUnavailable` and `Fenced`; what was taken and not committed was not acknowledged and comes again.
        """
        while not stopping.is_set():
            self._wake.clear()
            busy = self._drive_once()
            if not busy:
                self._wake.wait(NAP_S)

    def _drive_once(self) -> bool:
        if self._registry_changed.is_set():
            self._registry_changed.clear()
            self.road.reload_registry()
        if self._to_say:
            saying = list(self._to_say)
            self.road.say(saying)
            for _ in saying:  # only now: it must outlive a database that is away
                self._to_say.popleft()
            self._committed()
        while self._switches:
            switch(self.road, self._switches[0])
            self._switches.popleft()
            self._committed()
        busy = self._take_and_travel()
        fired = self.road.fire_timers(self.horizon())
        if fired:
            self._committed()
        if monotonic() >= self._listen_at:
            self._listen_at = monotonic() + LISTEN_EVERY_S
            if self.road.end_quiet():
                self._committed()
        return busy or fired > 0

    def _take_and_travel(self) -> bool:
        for source in self._sources:
            taken = source.take(self._batch_max)
            if not taken:
                continue
            speaking = [delivery for delivery in taken if not source.is_marker(delivery)]
            if speaking:
                self.road.travel(speaking)
                self._committed()
            source.acknowledge(taken)
            return True
        return False

    def horizon(self) -> datetime:
        """Return the moment up to which timers may fire.

        Everything the sources took in before it has been judged. A source that has said nothing at all for the grace
        is waited for no longer: better a late warning with a broken broker than none.
        """
        self._note_round(monotonic())
        return self.read_until()

    def read_until(self) -> datetime:
        """The same, only looked at: for whoever shows it."""
        now, moment = self._clock.now(), monotonic()
        return min(self._read_until(source, now, moment) for source in self._sources)

    def _note_round(self, moment: float) -> None:
        if moment - self._went_round_at > STOOD_STILL_S:
            self._grace_from = moment  # we were stopped, or the database was away: hear first what came meanwhile
        self._went_round_at = moment

    def _read_until(self, source: Source, now: datetime, moment: float) -> datetime:
        silent_s = moment - max(source.progressed_at, self._grace_from)
        if silent_s > self._grace_s and not source.backlog:
            return now
        return source.watermark if source.watermark is not None else datetime.min.replace(tzinfo=now.tzinfo)
