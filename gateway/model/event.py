"""What a device said: the report as it came in, and the event it becomes once admitted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from gateway.model.registry import Mounting

#: Lanes of the road. Alarms are drained first, so that a press never queues behind a backlog.
ALARM = "alarm"
EVENT = "event"
STATUS = "status"

#: Event kinds that travel the alarm lane.
ALARM_PREFIX = "alarm."

#: What a rule has seen, told to the rules that ask for it (depth one); no device says it.
ALERT_RAISED = "alert.raised"

#: The kinds there is a word for (docs/mqtt.md). Others are stored, counted and shown all the same.
EVENT_KINDS = (
    "door.opened",
    "door.closed",
    "door.granted",
    "door.denied",
    "door.forced",
    "door.held",
    "door.passed",
    "motion.detected",
    "meter.pulse",
    "visitor.called",
    "camera.person",
    "camera.vehicle",
    "camera.parked",
    "camera.falling_object",
    "camera.loitering",
    "camera.intrusion",
    "camera.tailgating",
    "camera.crowding",
    "camera.tamper",
    "camera.smoke",
    "alarm.pressed",
    "alarm.reset",
    "alarm.duress",
    "device.online",
    "device.offline",
    "device.battery_low",
    "device.tamper",
    "screen.showed",
    "incident.reported",
    "venue.reported",
)


#: The kind of a report that only tells a state: it becomes no event.
NO_EVENT = ""


class Memory(msgspec.Struct, frozen=True, gc=False):
    """What the road must remember of a message that names itself by no id, to tell whether the next one is news.

    `name`: of the state, within its device; `value`: the state it tells, None for something that simply happens.
    `mark`: a signed 64-bit hash of topic and payload; `timed`: the payload says when it happened, so that no two are
    alike. `baseline`: a broker's copy: where no state is known yet, this is it, and no news.
    """

    name: str
    value: str | None
    mark: int
    timed: bool
    baseline: bool = False


class Report(msgspec.Struct, frozen=True, gc=False):
    """One thing a device said, decoded but not yet believed.

    `ts` is the device's own time (aware). `digest` is a signed 64-bit hash of the payload: it tells a
    redelivery (same id, same digest) from a reused id (same id, other digest).
    """

    station: str
    device: str
    id: str
    ts: datetime
    kind: str
    data: dict[str, Any]
    digest: int
    #: A status message carries no time of its own: its `ts` is the time of receipt.
    timed: bool = True
    #: Only what a mapping made of a message without an id has one.
    memory: Memory | None = None


class Event(msgspec.Struct, frozen=True, gc=False):
    """One thing a device said, once; immutable. All times are aware and in UTC.

    `ts` is the time rules go by: the device's, unless its clock was ahead by more than the tolerance, when it
    is the time of receipt and `skewed` is true. `device_ts` is always what the device said. Where it happened and whom
    it concerns is what the registry said then: see `gateway.model.registry.Mounting`.
    """

    station: str
    device: str
    id: str
    ts: datetime
    device_ts: datetime
    received_at: datetime
    kind: str
    data: dict[str, Any]
    digest: int
    device_kind: str
    place: str | None
    place_kind: str | None = None
    building: str | None = None
    area: str | None = None
    #: What the registry says of the place and the device for rules to go by; shared, never changed.
    attributes: Mapping[str, Any] = {}
    persons: tuple[str, ...] = ()
    under_care: bool = False
    served: tuple[str, ...] = ()
    #: The gateway that speaks for the device.
    via: str | None = None
    skewed: bool = False

    @classmethod
    def at(  # one keyword per thing a device says
        cls,
        mounting: Mounting,
        *,
        station: str,
        device: str,
        id: str,  # noqa: A002  # the event's own name
        ts: datetime,
        device_ts: datetime,
        received_at: datetime,
        kind: str,
        data: dict[str, Any],
        digest: int = 0,
        skewed: bool = False,
    ) -> Event:
        """Make an event of what a device said and of where it hangs."""
        return cls(
            station, device, id, ts, device_ts, received_at, kind, data, digest,
            mounting.device_kind, mounting.place, mounting.place_kind, mounting.building, mounting.area,
            mounting.attributes, mounting.persons, mounting.under_care, mounting.served, mounting.via, skewed,
        )  # fmt: skip

    @property
    def reference(self) -> str:
        """The event's name within its station: `device/id`."""
        return f"{self.device}/{self.id}"


class DeadLetter(msgspec.Struct, frozen=True):
    """A message that could not become an event, kept with its reason.

    `payload` holds the first 64 KiB of the raw bytes, `sha256` and `size` speak of all of them.
    """

    source: str
    topic: str
    reason: str
    detail: str
    payload: bytes
    sha256: str
    size: int
    received_at: datetime
