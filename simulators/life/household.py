"""An ordinary flat: people with work, school, errands, visitors, and a lock or a contact at the door.

A smart lock saves its battery: it tells of those who come home, not of those who leave. The unit door tells of
those who used their card there; most slip in behind somebody else.
"""

import random
from collections.abc import Iterator

from simulators.life import doors
from simulators.life.day import Day
from simulators.life.message import Said, fixed
from simulators.site_file import DeviceEntry

EMPTY_SHARE = 0.32
"""Flats that are bought and not lived in, or whose people work on the coast."""
CARD_AT_UNIT_DOOR = 0.30
LET_IN = 0.2
"""How often somebody at home opens: the lock then knows of nobody."""
REFUSED_A_DAY, HELD_A_DAY, VISITOR_A_DAY = 0.004, 0.0005, 0.025
KNOWN_OF_TEN = 6
"""So many of ten visitors are known: family, friends. The rest brings meals and parcels."""
LUNCH_AT_HOME, EVENING_OUT, OUT_ON_A_DAY_OFF, TRAVELS = 0.12, 0.07, 0.80, 0.35


class Household:
    """A flat and those who live in it; what it says is planned day by day."""

    def __init__(self, door: DeviceEntry, entrance: DeviceEntry | None, seed: int) -> None:
        dice = random.Random(f"{seed}/{door.place.id}")
        self.id = door.place.id
        self._door = door.id
        self._says_who = door.kind == "door_controller"
        self._entrance = entrance.id if entrance is not None else None
        empty = dice.random() < EMPTY_SHARE
        jobs = () if empty else dice.choice((("work",), ("work", "work"), ("work", "child"), ("retired",)))
        self._members = [(job, doors.card(seed, f"{self.id}/{number}")) for number, job in enumerate(jobs)]
        self._home_at = dice.gauss(17.9, 0.6)
        self._night_shift = dice.random() < 0.04  # noqa: PLR2004
        self._travels = dice.random() < TRAVELS

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        if not self._members or (day.holiday and self._travels):
            return
        dice = day.dice(self.id)
        for job, credential in self._members:
            for hours in self._returns(job, day, dice):
                yield from self._come_home(day.at(hours), credential, dice)
        if self._entrance is None:
            return
        if dice.random() < VISITOR_A_DAY * (1.0 if day.work else 2.5):
            rings = day.at(dice.uniform(9.0, 20.5))
            known = fixed(self.id, rings) % 10 < KNOWN_OF_TEN
            yield from doors.called(dice, rings, self._entrance, self.id, known=known)
        if dice.random() < HELD_A_DAY:
            yield from doors.held(dice, day.at(dice.uniform(8.0, 20.0)), self._entrance)

    def _returns(self, job: str, day: Day, dice: random.Random) -> Iterator[float]:
        """Draw the hours at which somebody comes home."""
        if job == "retired":
            if dice.random() < (0.25 if day.bad_weather else 0.75):
                yield dice.uniform(8.0, 11.0) if not day.market else dice.uniform(9.5, 11.8)
            if dice.random() < (0.15 if day.bad_weather else 0.45):
                yield dice.uniform(16.0, 18.5)
        elif job == "child" and day.work:
            if day.school:
                yield dice.gauss(16.7, 0.25)
        elif day.work:
            if dice.random() < LUNCH_AT_HOME:
                yield dice.gauss(12.2, 0.15)
            yield min(dice.gauss(self._home_at, 0.5), 22.5) if not self._night_shift else dice.gauss(7.2, 0.3)
            if dice.random() < EVENING_OUT:
                yield dice.uniform(20.8, 22.8)
        elif dice.random() < OUT_ON_A_DAY_OFF:
            yield dice.triangular(10.0, 21.5, 17.0)

    def _come_home(self, ts: int, credential: str, dice: random.Random) -> Iterator[Said]:
        if self._says_who and dice.random() < LET_IN:
            return
        if self._entrance is not None and dice.random() < CARD_AT_UNIT_DOOR:
            below = ts - doors.stairs(dice)
            yield doors.granted(dice, below, self._entrance, credential)
            if dice.random() < REFUSED_A_DAY:
                yield from doors.fumbled(dice, below, self._entrance, f"card:{dice.getrandbits(32):08x}")
        if self._says_who:
            if dice.random() < REFUSED_A_DAY:
                yield from doors.fumbled(dice, ts, self._door, f"card:{dice.getrandbits(32):08x}")
            yield doors.granted(dice, ts, self._door, credential)
        else:
            yield from doors.ajar(dice, ts, self._door)
