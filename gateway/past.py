"""A station's stored past, for rules to be replayed over: events as they were received, the registry as it was then.

What backtests and the learning of a new rule are made of. Reads only; nothing live is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.device_health import DeviceHealth
from gateway.model.event import Event
from gateway.model.registry import Registry
from gateway.store import events as event_store
from gateway.store import registry as registry_store
from gateway.store import registry_log
from gateway.store.registry_log import RegistryChange
from rules.replay import Replay

#: Events between two words of progress.
TELL_EVERY = 5_000

_decode = msgspec.json.Decoder().decode


class Past:
    """What was received within `[since, until)`. Everything is read in the caller's transaction: make it repeatable.

    `registry` is the one of `since`. `late` is how long after its own time an event is taken in at all.
    """

    def __init__(
        self, connection: Connection[TupleRow], station: str, since: datetime, until: datetime, late: timedelta
    ) -> None:
        self.station, self.since, self.until = station, since, until
        self._connection, self._late = connection, late
        self._changes = registry_log.since(connection, station, since)
        self.registry: Registry = registry_log.undone(registry_store.load(connection, station), self._changes)

    def count(self) -> int:
        """How many events there are, for progress."""
        return event_store.count_received(self._connection, self.station, self.since, self.until, self._late)

    def oldest(self) -> datetime | None:
        """When the oldest event happened that is stored; None: nothing is."""
        return event_store.oldest(self._connection, self.station)

    def health(self) -> DeviceHealth:
        """What was known of devices at `since`: when each was heard, and which were there."""
        heard: dict[str, datetime] = {}
        online: dict[str, bool] = {}
        spoke: dict[str, datetime] = {}
        left: dict[str, datetime] = {}
        for row in event_store.health_before(self._connection, self.station, self.since, self._late):
            if row.heard is not None and row.spoke is not None:
                heard[row.device], spoke[row.device] = row.heard, row.spoke
            if row.online_at is not None or row.offline_at is not None:
                online[row.device] = row.offline_at is None or (
                    row.online_at is not None and row.online_at > row.offline_at
                )
                if not online[row.device] and row.offline_at is not None:
                    left[row.device] = row.offline_at
        for device, moment in spoke.items():  # who speaks is there, and so is the gateway it speaks through
            known = self.registry.devices.get(device)
            for one in (device, known.via if known is not None else None):
                if one in left and moment > left[one]:
                    online[one] = True
        return DeviceHealth(heard, online)

    def play(
        self,
        *replays: Replay,
        committed_after: datetime | None = None,
        progress: Callable[[int, datetime], None] | None = None,
    ) -> int:
        """Let rules live through it, several side by side; returns how many events they saw.

        The caller lets time run on to its end. `committed_after` leaves out what was stored up to then: to go on where
        an earlier reading ended. `progress(events so far, the moment reached)` is called now and then.
        Raises `rules.replay.RuleFailed`.
        """
        coming = list(self._changes)
        kinds = needed_kinds(*replays)
        events = 0
        for stored in self._events(kinds, committed_after):
            while coming and coming[0].at <= stored.received_at:
                coming = _pass(replays, coming)
            if kinds is not None and stored.kind not in kinds:
                for replay in replays:
                    replay.heard(stored.device, stored.kind, stored.ts, stored.received_at)
            else:
                event = _mounted(stored, replays[0].registry)
                if event is None:
                    continue  # the device has left the registry, and nobody knows where it hung
                for replay in replays:
                    replay.event(event)
            events += 1
            if progress is not None and events % TELL_EVERY == 0:
                progress(events, stored.received_at)
        while coming and coming[0].at < self.until:
            coming = _pass(replays, coming)
        return events

    def _events(
        self, kinds: Collection[str] | None, committed_after: datetime | None
    ) -> Iterator[event_store.StoredEvent]:
        return event_store.received(
            self._connection,
            self.station,
            self.since,
            self.until,
            self._late,
            kinds=kinds,
            committed_after=committed_after,
        )


def needed_kinds(*replays: Replay) -> Collection[str] | None:
    """The event kinds whose data the rules want; None: all of them."""
    kinds = {kind for replay in replays for rule in replay.book for kind in rule.event_kinds}
    return None if "*" in kinds else kinds


def _pass(replays: Sequence[Replay], coming: list[RegistryChange]) -> list[RegistryChange]:
    """Let what changed at one moment hold from now on; returns what is still to come."""
    at = coming[0].at
    together = [change for change in coming if change.at == at]
    registry = registry_log.redone(replays[0].registry, together)
    for replay in replays:
        replay.change(registry, at)
    return coming[len(together) :]


def _mounted(stored: event_store.StoredEvent, registry: Registry) -> Event | None:
    mounting = registry.mounting(stored.device)
    if mounting is None:
        return None
    return Event.at(
        mounting,
        station=registry.station.id,
        device=stored.device,
        id=stored.id,
        ts=stored.ts,
        device_ts=stored.device_ts,
        received_at=stored.received_at,
        kind=stored.kind,
        data=_decode(stored.data) if stored.data is not None else {},
        skewed=stored.skewed,
    )
