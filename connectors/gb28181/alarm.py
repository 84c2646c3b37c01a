"""An alarm as the platform is told it (A.2.5.3), and which of them a subscription wants."""

from __future__ import annotations

from datetime import datetime

import msgspec

from connectors.gb28181 import manscdp
from connectors.gb28181.dialect import Dialect
from connectors.gb28181.manscdp import Told, Value, local_time

LONGEST_DESCRIPTION = 200
#: AlarmMethod of a device, which a platform may want to reset before it takes another.
OF_DEVICE = 2


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One alarm. `key` and `attempt` name this try: the same again is the same message to the byte.

    `sn` is the alarm's for good, so that its answer finds it. `at` is aware. `type` is absent for a device's own alarm.
    """

    key: str
    attempt: int = 1
    sn: int
    channel: str
    #: 1 is the most urgent.
    priority: int
    method: int
    type: int | None = None
    at: datetime
    description: str = ""
    longitude: float | None = None
    latitude: float | None = None
    #: Somebody pressed for help: never held back.
    one_touch: bool = False


def body(alarm: Alarm, dialect: Dialect) -> bytes:
    """Return the notification."""
    told: list[tuple[str, Value]] = [
        ("CmdType", "Alarm"), ("SN", alarm.sn), ("DeviceID", alarm.channel), ("AlarmPriority", alarm.priority),
        ("AlarmMethod", alarm.method), ("AlarmTime", local_time(alarm.at)),
    ]  # fmt: skip
    if alarm.description:
        told.append(("AlarmDescription", alarm.description[:LONGEST_DESCRIPTION]))
    if alarm.longitude is not None and alarm.latitude is not None:
        told += [("Longitude", f"{alarm.longitude:.6f}"), ("Latitude", f"{alarm.latitude:.6f}")]
    if alarm.type is not None:
        told.append(("Info", [("AlarmType", alarm.type)]))
    return manscdp.write("Notify", told, charset=dialect.charset)


class Wanted(msgspec.Struct, frozen=True):
    """Which alarms a subscription asks for: a range of priorities, methods (empty: all), below a code."""

    first: int = 0
    last: int = 0
    methods: frozenset[int] = frozenset()
    scope: str = ""

    def takes(self, alarm: Alarm, ours: str) -> bool:
        """Say whether an alarm is among them; 0 at either end of the range means no end."""
        if self.scope not in ("", ours, alarm.channel) and not (
            len(self.scope) < len(alarm.channel) and alarm.channel.startswith(self.scope)
        ):
            return False
        if (self.first and alarm.priority < self.first) or (self.last and alarm.priority > self.last):
            return False
        return not self.methods or alarm.method in self.methods


def wanted(told: Told) -> Wanted:
    """Return what a subscription asks for; what cannot be read asks for all."""
    asked = [one.strip() for one in told.text("AlarmMethod").replace(",", "/").split("/")]
    methods = frozenset[int]() if "0" in asked else frozenset(int(one) for one in asked if one in set("1234567"))
    first, last = (_digit(told.text(name)) for name in ("StartAlarmPriority", "EndAlarmPriority"))
    return Wanted(first, last, methods, told.device)


def _digit(text: str) -> int:
    return int(text) if text in {"1", "2", "3", "4"} else 0
