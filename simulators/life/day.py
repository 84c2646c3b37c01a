"""A day of the town: when it begins, who works, which schools are open, what the weather is like.

The holidays are those of the State Council's notice for 2026 (国务院办公厅关于2026年部分节假日安排的通知), with its
working weekends. For 2027 they are the days off that the law itself names (全国年节及纪念日放假办法, as amended in
2024), and the days in lieu of those that fall on a weekend; that year's moved weekends are not in the table.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

from simulators.events import Value
from simulators.life.message import HOUR_MS, Said

BAD_WEATHER_SHARE = 0.12
MARKET_DIGITS = frozenset({2, 7})
"""The town holds its market on days of the month that end with these."""


def _days(year: int, *spans: str) -> set[date]:
    """Read `MMDD-MMDD` and `MMDD` as days of a year."""
    days: set[date] = set()
    for span in spans:
        first, _, last = span.partition("-")
        day = date(year, int(first[:2]), int(first[2:]))
        end = date(year, int(last[:2]), int(last[2:])) if last else day
        while day <= end:
            days.add(day)
            day += timedelta(days=1)
    return days


HOLIDAYS = frozenset(
    _days(2026, "0101-0103", "0215-0223", "0404-0406", "0501-0505", "0619-0621", "0925-0927", "1001-1007")
    | _days(2027, "0101", "0205-0210", "0405", "0501-0504", "0609", "0915", "1001-1005")
)
WORKING_WEEKENDS = frozenset(_days(2026, "0104", "0214", "0228", "0509", "0920", "1010"))
SCHOOL_BREAKS = frozenset(_days(2026, "0124-0303", "0704-0831") | _days(2027, "0123-0228", "0703-0831"))


@dataclass(frozen=True, slots=True)
class Day:
    """A local day. `start` is its midnight in milliseconds of Unix time, `zone` its offset."""

    date: date
    seed: int
    zone: timezone
    start: int
    work: bool
    school: bool
    holiday: bool
    market: bool
    bad_weather: bool

    def at(self, hours: float) -> int:
        """Return a time of this day in milliseconds of Unix time."""
        return self.start + int(hours * HOUR_MS)

    def dice(self, who: str) -> random.Random:
        """Return the dice of somebody for this day: the same ones whenever it is asked."""
        return random.Random(f"{self.seed}/{who}/{self.date}")


@lru_cache(64)
def day_of(day: date, seed: int, zone: ZoneInfo) -> Day:
    """Return what is known of a local day."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    offset = timezone(midnight.utcoffset() or timedelta())
    weekend = day.weekday() > 4  # noqa: PLR2004  # Saturday, Sunday
    work = day not in HOLIDAYS and (not weekend or day in WORKING_WEEKENDS)
    return Day(
        date=day,
        seed=seed,
        zone=offset,
        start=int(midnight.timestamp()) * 1000,
        work=work,
        school=work and day not in SCHOOL_BREAKS,
        holiday=day in HOLIDAYS,
        market=day.day % 10 in MARKET_DIGITS,
        bad_weather=random.Random(f"{seed}/weather/{day}").random() < BAD_WEATHER_SHARE,
    )


def said(
    dice: random.Random, ts: int, device: str, kind: str, data: dict[str, Value] | None = None,
    who: str = "",
) -> Said:  # fmt: skip
    """Plan an event, with the dice of its id."""
    return Said(ts, device, kind, data or {}, dice.getrandbits(80), who)
