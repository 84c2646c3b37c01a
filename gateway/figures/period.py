"""The stretch of time a statistic is about, and those it is compared with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from gateway.model.errors import BadInput

LONGEST = timedelta(days=370)
OLDEST, NEWEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
#: Without a beginning: so much before the end.
USUAL = timedelta(days=30)
_MONTH = "%Y-%m"


class Period(msgspec.Struct, frozen=True):
    """`[since, until)`, aware."""

    since: datetime
    until: datetime


def period(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """Return the period that was asked for; what is left out ends now and lasts thirty days.

    Raises `BadInput` when it is empty or longer than a year.
    """
    end = until or now
    if any(not OLDEST + USUAL < moment < NEWEST for moment in (since or end, end)):
        raise BadInput("the period lies outside of 1970 to 2200; check `since` and `until`", reason="period")
    begin = since or end - USUAL
    if begin >= end:
        raise BadInput("the period is empty: `since` must be before `until`", reason="period")
    if end - begin > LONGEST:
        raise BadInput(f"a period is {LONGEST.days} days at most; ask for a shorter one", reason="period")
    return Period(begin, end)


def month(told: str, zone: ZoneInfo) -> Period:
    """Return the calendar month (`2026-11`) of a station. Raises `BadInput`."""
    try:
        begin = datetime.strptime(told, _MONTH).replace(tzinfo=zone)
        return period(begin, _months_later(begin, 1), begin)
    except (ValueError, OverflowError) as error:
        raise BadInput(f"{told!r} is no month; write it like 2026-11", reason="month") from error


def months_earlier(moment: datetime, months: int, zone: ZoneInfo) -> datetime:
    """Return the same wall-clock time so many months before, or that month's last day where it is shorter."""
    return _months_later(moment.astimezone(zone), -months)


def before(asked: Period, zone: ZoneInfo) -> Period:
    """Return the period before: for whole calendar months so many months, else as long a stretch."""
    begin, end = asked.since.astimezone(zone), asked.until.astimezone(zone)
    months = (end.year - begin.year) * 12 + end.month - begin.month
    if months and _begins_month(begin) and _begins_month(end):
        return Period(_months_later(begin, -months), begin)
    return Period(asked.since - (asked.until - asked.since), asked.since)


def year_before(asked: Period, zone: ZoneInfo) -> Period:
    """Return the same stretch of the calendar a year ago."""
    return Period(months_earlier(asked.since, 12, zone), months_earlier(asked.until, 12, zone))


def _begins_month(local: datetime) -> bool:
    return local == local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _months_later(local: datetime, months: int) -> datetime:
    year, number = divmod(local.year * 12 + local.month - 1 + months, 12)
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=year, month=number + 1, day=day)
        except ValueError:
            continue
    return local.replace(year=year, month=number + 1)
