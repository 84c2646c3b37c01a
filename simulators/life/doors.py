"""How doors are used: what their controllers and contacts say, at true times."""

import random
from collections.abc import Iterator

from simulators.events import Value
from simulators.life.day import said
from simulators.life.message import MINUTE_MS, SECOND_MS, Said


def card(seed: int, who: str) -> str:
    """Return the card somebody carries."""
    return f"card:{random.Random(f'{seed}/card/{who}').getrandbits(32):08x}"


def ajar(dice: random.Random, ts: int, device: str, who: str = "", longest_s: float = 9.0) -> Iterator[Said]:
    """Open and close a door whose contact doesn't know who or which way."""
    yield said(dice, ts, device, "door.opened", None, who)
    yield said(dice, ts + int(dice.uniform(2.0, longest_s) * SECOND_MS), device, "door.closed", None, who)


def granted(
    dice: random.Random, ts: int, device: str, credential: str, direction: str = "in", who: str = "", role: str = ""
) -> Said:
    """Let a known card pass; `role` is what the door knows of who carries it."""
    data: dict[str, Value] = {"direction": direction, "credential": credential}
    return said(dice, ts, device, "door.granted", data | {"role": role} if role else data, who)


def passed(
    dice: random.Random, ts: int, device: str, credential: str, direction: str = "in", role: str = ""
) -> Iterator[Said]:
    """Let a known card pass through a door that also watches its leaf."""
    yield granted(dice, ts, device, credential, direction, role=role)
    opened = ts + int(dice.uniform(0.6, 1.8) * SECOND_MS)
    yield said(dice, opened, device, "door.opened", {"direction": direction})
    yield said(dice, opened + int(dice.uniform(2.5, 7.0) * SECOND_MS), device, "door.closed")


def counted(dice: random.Random, one: Said) -> Said:
    """Let a counter at the door see whom a card let in or out."""
    seen = one.ts + int(dice.uniform(0.8, 2.5) * SECOND_MS)
    return said(dice, seen, one.device, "door.passed", {"direction": one.data["direction"], "people": 1})


def fumbled(dice: random.Random, ts: int, device: str, credential: str) -> Iterator[Said]:
    """Hold the wrong card up, once or twice, before `ts`."""
    for times in range(dice.choice((1, 1, 2)), 0, -1):
        data: dict[str, Value] = {"direction": "in", "credential": credential}
        yield said(dice, ts - times * int(dice.uniform(4.0, 8.0) * SECOND_MS), device, "door.denied", data)


def held(dice: random.Random, ts: int, device: str) -> Iterator[Said]:
    """Prop a door open, for a parcel or a sofa; it complains once, and somebody closes it."""
    patience_s, longer_s = dice.choice((60, 90, 120)), dice.uniform(20.0, 240.0)
    yield said(dice, ts, device, "door.opened", {"direction": "in"})
    complains = ts + patience_s * SECOND_MS
    yield said(dice, complains, device, "door.held", {"held_s": patience_s})
    yield said(dice, complains + int(longer_s * SECOND_MS), device, "door.closed")


def called(dice: random.Random, ts: int, device: str, flat: str, *, known: bool) -> Iterator[Said]:
    """Ring for a flat at a unit door, as somebody its people know or not, and be let in."""
    yield said(dice, ts, device, "visitor.called", {"flat": flat, "known": known})
    opened = ts + int(dice.uniform(8.0, 40.0) * SECOND_MS)
    yield said(dice, opened, device, "door.opened", {"direction": "in"})
    yield said(dice, opened + int(dice.uniform(3.0, 8.0) * SECOND_MS), device, "door.closed")


def stairs(dice: random.Random) -> int:
    """Return how long it takes from the unit door to a flat, in milliseconds."""
    return int(dice.uniform(0.3, 1.5) * MINUTE_MS)
