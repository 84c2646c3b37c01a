"""When each device was last heard: exact in memory, written sparingly, recovered from the events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.model.event import Event

#: «Last heard» is written at most this often per device; what lies between can be read from its events.
WRITTEN_EVERY = timedelta(seconds=15)
ONLINE, OFFLINE = "device.online", "device.offline"
STATUS_KINDS = frozenset({ONLINE, OFFLINE})


class Health(msgspec.Struct):
    """What was learnt of one device: when it was heard (UTC), and what its status said last."""

    heard: datetime
    online: bool | None = None
    battery: int | None = None


class DeviceHealth:
    """What is known of devices' health. `last_heard` is what rules see (UTC)."""

    def __init__(self, last_heard: dict[str, datetime], online: dict[str, bool] | None = None) -> None:
        self.last_heard = last_heard
        self._written = dict(last_heard)
        self._online = online if online is not None else {}
        #: When each device that is offline said so, or the broker for it (UTC).
        self._offline_at: dict[str, datetime] = {}
        #: What to put back when the batch is undone: (which dict, device, value before or None).
        self._undo: list[tuple[dict[str, Any], str, Any]] = []

    @property
    def online(self) -> dict[str, bool]:
        """Which devices said last that they are there, or that they go; what rules see."""
        return self._online

    def learn(self, events: Iterable[Event]) -> dict[str, Health]:
        """Take in events and return what is worth writing, by device.

        A farewell (`device.offline`, usually the broker speaking) is no sign of life.
        """
        worth: dict[str, Health] = {}
        for event in events:
            device, at = event.device, event.received_at
            if event.kind != OFFLINE and at > self.last_heard.get(device, at - WRITTEN_EVERY):
                self._set(self.last_heard, device, at)
            worth.update(self._back(event))
            heard = self.last_heard.get(device, at)
            written = self._written.get(device)
            if event.kind in STATUS_KINDS:
                worth[device] = self._status(event, heard)
            elif device in worth:
                worth[device].heard = heard
            elif written is None or heard - written >= WRITTEN_EVERY:
                worth[device] = Health(heard)
        for device, health in worth.items():
            self._set(self._written, device, health.heard)
        return worth

    def _back(self, event: Event) -> dict[str, Health]:
        """Who speaks is there, and so is the gateway it speaks through, whatever a farewell said that came too late.

        Not what it said before the farewell and arrives after it.
        """
        if event.kind == OFFLINE:
            return {}
        back: dict[str, Health] = {}
        for one in (event.device, event.via):
            if one is None or self._online.get(one) is not False:
                continue
            if event.ts > self._offline_at.get(one, event.ts - WRITTEN_EVERY):
                self._set(self._online, one, True)
                back[one] = Health(max(event.received_at, self.last_heard.get(one, event.received_at)), online=True)
        return back

    def hear(self, event: Event) -> None:
        """Take in one event for good, where nothing is written: as `learn` does, without what that returns."""
        self.hear_of(event.device, event.kind, event.ts, event.received_at, event.via)

    def hear_of(self, device: str, kind: str, ts: datetime, received_at: datetime, via: str | None) -> None:
        """The same of an event of which no more is known."""
        if kind == OFFLINE:
            self._online[device] = False
            self._offline_at[device] = received_at
            return
        known = self.last_heard.get(device)
        if known is None or received_at > known:
            self.last_heard[device] = received_at
        for one in (device, via):
            if one is not None and self._online.get(one) is False:
                since = self._offline_at.get(one)
                if since is None or ts > since:
                    self._online[one] = True
        if kind == ONLINE:
            self._online[device] = True

    def committed(self) -> None:
        """The batch is stored."""
        self._undo.clear()

    def rolled_back(self) -> None:
        """The batch is undone, and what it taught with it."""
        for known, device, before in reversed(self._undo):
            if before is None:
                known.pop(device, None)
            else:
                known[device] = before
        self._undo.clear()

    def _set(self, known: dict[str, Any], device: str, value: object) -> None:
        self._undo.append((known, device, known.get(device)))
        known[device] = value

    def _status(self, event: Event, heard: datetime) -> Health:
        self._set(self._online, event.device, event.kind == ONLINE)
        if event.kind == OFFLINE:
            self._set(self._offline_at, event.device, event.received_at)
        battery = event.data.get("battery")
        known = isinstance(battery, int) and not isinstance(battery, bool) and 0 <= battery <= 100  # noqa: PLR2004
        return Health(heard, event.kind == ONLINE, battery if known else None)
