"""Trips: days on which an elder is away, seldom; nothing at home then speaks of them."""

import random
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from simulators.life.day import Day

SEASON_D = 40
"""At most one trip in so many days."""
SHARE = 0.30
"""How many of these seasons have one: about 2.5 % of all person-days."""
_FIRST = date(2026, 1, 1)


class Trip(NamedTuple):
    """When a person left home and came back (aware)."""

    person: str
    left: datetime
    back: datetime


class Absence(NamedTuple):
    """A trip as planned: first and last day, and the hours of these at which the door closes and opens again."""

    first: date
    leaves_at: float
    last: date
    back_at: float


def absence(seed: int, person: str, day: date) -> Absence | None:
    """Return the trip that a day belongs to."""
    season = (day - _FIRST).days // SEASON_D
    found = _of_season(seed, person, season)
    return found if found is not None and found.first <= day <= found.last else None


@lru_cache(1024)
def _of_season(seed: int, person: str, season: int) -> Absence | None:
    dice = random.Random(f"{seed}/trip/{person}/{season}")
    if dice.random() >= SHARE:
        return None
    first = _FIRST + timedelta(days=season * SEASON_D + dice.randint(1, SEASON_D - 7))
    last = first + timedelta(days=dice.choice((2, 2, 3, 3, 4, 5)))
    return Absence(first, dice.uniform(9.0, 10.5), last, dice.uniform(14.5, 16.4))


def trip_of(person: str, found: Absence, day: Day) -> Trip:
    """Tell an absence as others want to know it; `day` is any of its days."""

    def moment(on: date, hours: float) -> datetime:
        return datetime(on.year, on.month, on.day, tzinfo=day.zone) + timedelta(hours=hours)

    return Trip(person, moment(found.first, found.leaves_at), moment(found.last, found.back_at))
