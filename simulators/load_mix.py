"""What the load says: a town's mix of events, made so cheaply that making them isn't what is measured."""

import json
import random
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from simulators.events import CHINA, Value, base32
from simulators.life.cameras import person, vehicle

TOWN_MIX: Mapping[str, int] = {
    "door.opened": 30,
    "door.closed": 30,
    "door.granted": 20,
    "motion.detected": 12,
    "camera.person": 5,
    "camera.vehicle": 3,
}
"""Kinds and their weights. No alarms: those are asked for, and counted, apart."""

ALARM_KIND = "alarm.pressed"
DECK_SIZE = 1000


@dataclass(slots=True)
class LoadEvent:
    """An event on its way: what goes on the wire, what goes into the ledger, and when it was first sent.

    `sent_at` is in monotonic seconds, 0 before it is sent.
    """

    device: str
    id: str
    kind: str
    ts: str
    topic: bytes
    payload: bytes
    sent_at: float = 0.0


class _Variant(NamedTuple):
    """A kind with its data, already written as the end of the JSON."""

    kind: str
    lane: str
    tail: bytes


class EventMaker:
    """Makes events of some devices: a random device each time, kinds by weight, ids unique and rising."""

    def __init__(self, station: str, devices: Sequence[str], kinds: Mapping[str, int], seed: str) -> None:
        """Shuffle a deck of ready-made event bodies; the same seed deals the same devices and bodies."""
        self._dice = random.Random(seed)
        self._deck = _deck(kinds, self._dice)
        self._devices = [
            (device, {lane: f"anxin/v1/{station}/{device}/{lane}".encode() for lane in ("event", "alarm")})
            for device in devices
        ]
        # A ULID in shape: the time of the start, randomness for this maker, and a count.
        self._id_prefix = base32(time.time_ns() // 1_000_000, 10) + base32(secrets.randbits(30), 6)
        self._made = 0
        self._second, self._second_text = -1, ""

    def make(self, at: float) -> LoadEvent:
        """Make one event that happened `at` (unix seconds)."""
        random_number = self._dice.random
        device, topics = self._devices[int(random_number() * len(self._devices))]
        variant = self._deck[int(random_number() * len(self._deck))]
        event_id = f"{self._id_prefix}{self._made:010d}"
        self._made += 1
        ts = self._timestamp(at)
        payload = b'{"id":"%b","ts":"%b"%b' % (event_id.encode(), ts.encode(), variant.tail)
        return LoadEvent(device, event_id, variant.kind, ts, topics[variant.lane], payload)

    def _timestamp(self, at: float) -> str:
        second, millisecond = divmod(int(at * 1000), 1000)
        if second != self._second:
            self._second = second
            self._second_text = datetime.fromtimestamp(second, CHINA).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._second_text}.{millisecond:03d}+08:00"


def _deck(kinds: Mapping[str, int], dice: random.Random) -> list[_Variant]:
    drawn: Iterable[str] = dice.choices(list(kinds), weights=list(kinds.values()), k=DECK_SIZE)
    return [_variant(kind, _data(kind, dice)) for kind in drawn]


def _variant(kind: str, data: Mapping[str, Value]) -> _Variant:
    lane = "alarm" if kind.startswith("alarm.") else "event"
    tail = json.dumps({"kind": kind, "data": data}, separators=(",", ":"))
    return _Variant(kind, lane, f",{tail[1:]}".encode())


def _data(kind: str, dice: random.Random) -> Mapping[str, Value]:
    make: Callable[[random.Random], Mapping[str, Value]] | None = _DATA.get(kind)
    return make(dice) if make else {}


_DATA: Mapping[str, Callable[[random.Random], Mapping[str, Value]]] = {
    "door.opened": lambda dice: {"direction": dice.choice(("in", "out"))},
    "door.granted": lambda dice: {"direction": "in", "credential": f"card:{dice.randrange(0x10000):04x}"},
    "door.denied": lambda dice: {"direction": "in", "credential": f"card:{dice.randrange(0x10000):04x}"},
    "camera.person": person,
    "camera.vehicle": vehicle,
    ALARM_KIND: lambda _dice: {"point": "load"},
}
