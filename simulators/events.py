"""What a device says: one event, once, in the native wire format."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China keeps one time zone and no summer time, so a fixed offset is exact."""

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_BITS = 80

Value = str | int | float | bool | list[str] | list[int]
"""What a data field may hold."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it travels: `ts` is the device's time, RFC 3339 with its offset."""

    id: str
    ts: str
    kind: str
    data: Mapping[str, Value]

    @property
    def lane(self) -> str:
        """The last part of the topic: alarms have their own, so that they never queue behind door traffic."""
        return "alarm" if self.kind.startswith("alarm.") else "event"

    def payload(self) -> bytes:
        """Return the MQTT payload: UTF-8 JSON `{"id", "ts", "kind", "data"}`."""
        body = {"id": self.id, "ts": self.ts, "kind": self.kind, "data": dict(self.data)}
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def timestamp(moment: datetime) -> str:
    """Write an aware time as devices do: RFC 3339, milliseconds, numeric offset."""
    return moment.isoformat(timespec="milliseconds")


def base32(number: int, length: int) -> str:
    """Write a number in Crockford's base 32, padded with zeros to `length` characters."""
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(5 * (length - 1), -1, -5))


class IdMaker:
    """Makes ULIDs: 26 characters, sortable by time, each larger than the one before."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        """Return a new id; a clock that stands still or steps back doesn't break the order."""
        now_ms = time.time_ns() // 1_000_000
        fresh = now_ms << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
        same_or_earlier = now_ms <= self._last >> RANDOM_BITS
        self._last = self._last + 1 if same_or_earlier else fresh
        return base32(self._last, 26)
