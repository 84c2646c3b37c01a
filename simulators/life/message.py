"""What devices say: planned as `Said`, written as `Message`, byte for byte the same on every run."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from hashlib import blake2b
from typing import Literal, NamedTuple

from simulators.events import RANDOM_BITS, Value, base32

Lane = Literal["event", "alarm", "status"]
SECOND_MS = 1000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


class Message(NamedTuple):
    """One delivery: at `at` (aware) the other end has `payload` of `device` on `lane`.

    `retained` means that the broker says it once more to a new subscriber.
    """

    at: datetime
    device: str
    lane: Lane
    payload: bytes
    retained: bool = False


class Said(NamedTuple):
    """An event as planned: `ts` is when it truly happens (milliseconds of Unix time), `bits` the dice of its id.

    `who` is the resident behind it, where somebody may one day want to know that they are silent.
    """

    ts: int
    device: str
    kind: str
    data: Mapping[str, Value]
    bits: int
    who: str = ""


class Sent(NamedTuple):
    """A message on its way: `at` in milliseconds of Unix time. Sorts as the town's messages are sorted."""

    at: int
    device: str
    payload: bytes
    lane: Lane
    retained: bool = False


class Writer:
    """Writes times of one time zone, and what devices say, as text."""

    def __init__(self, zone: timezone) -> None:
        self.zone = zone
        self._epoch = datetime.fromtimestamp(0, zone)
        self._offset = self._epoch.isoformat()[19:]

    def moment(self, ms: int) -> datetime:
        """Return milliseconds of Unix time as an aware time."""
        return self._epoch + timedelta(milliseconds=ms)

    def timestamp(self, ms: int) -> str:
        """Write a time as devices do: RFC 3339, milliseconds, numeric offset."""
        second, rest = divmod(ms, SECOND_MS)
        minute, second = divmod(second, 60)
        return f"{self._minute(minute)}{second:02d}.{rest:03d}{self._offset}"

    def event(self, said: Said, ts: int) -> bytes:
        """Write an event as its device does, which believes that it is `ts` (milliseconds)."""
        data = json.dumps(said.data, ensure_ascii=False, separators=(",", ":")) if said.data else "{}"
        return (
            f'{{"id":"{event_id(ts, said.bits)}","ts":"{self.timestamp(ts)}","kind":"{said.kind}","data":{data}}}'
        ).encode()

    @lru_cache(4096)  # noqa: B019, writers live as long as the program
    def _minute(self, minute: int) -> str:
        return self.moment(minute * MINUTE_MS).isoformat()[:17]


def lane_of(kind: str) -> Lane:
    """Alarms have their own lane, so that they never queue behind door traffic."""
    return "alarm" if kind.startswith("alarm.") else "event"


def event_id(ts: int, bits: int) -> str:
    """Make a ULID of a time (milliseconds) and 80 bits of dice."""
    return base32(ts << RANDOM_BITS | bits, 26)


def status(session: str, battery: int | None, *, online: bool = True) -> bytes:
    """Write a status. `session` says which connection or heartbeat it is."""
    charge = "" if battery is None else f',"battery":{battery}'
    return f'{{"session":"{session}","online":{"true" if online else "false"}{charge}}}'.encode()


def fixed(*parts: object) -> int:
    """Return 48 bits that are always the same for the same parts: dice for what must not need a Random."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=6).digest())
