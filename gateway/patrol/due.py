"""When a route is to be walked, and whether it was. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from gateway.duty.turns import posts_of
from gateway.model.patrol import PatrolRoute
from gateway.model.registry import Registry

_DAY = timedelta(days=1)
#: What was missed is told so long.
MISSED_WITHIN = timedelta(days=7)
#: When a route is next due is looked for so far ahead.
AHEAD = timedelta(days=2)


class Window(msgspec.Struct, frozen=True):
    """A round is to begin within `[begins, ends)` (UTC)."""

    begins: datetime
    ends: datetime


class Standing(msgspec.Struct, frozen=True):
    """How a route stands: what is due now, when it is due next, what was missed of late, newest first."""

    due: Window | None
    next: datetime | None
    missed: list[Window]


def standing(
    registry: Registry, route: PatrolRoute, made_at: datetime, walked: Iterable[datetime], now: datetime
) -> Standing:
    """Return how a route stands at a moment (aware). `walked`: when its rounds began that were done to the end.

    Nothing was due before the route was there (`made_at`).
    """
    since = max(made_at, now - MISSED_WITHIN)
    began = list(walked)
    found = [one for one in windows(registry, route, since - _DAY, now + AHEAD) if one.ends > since]
    open_ = [one for one in found if not any(one.begins <= moment < one.ends for moment in began)]
    due = next((one for one in open_ if one.begins <= now < one.ends), None)
    coming = min((one.begins for one in found if one.begins > now), default=None)
    missed = [one for one in open_ if one.ends <= now and one.begins >= since]
    return Standing(due, coming, missed[::-1])


def windows(registry: Registry, route: PatrolRoute, since: datetime, until: datetime) -> list[Window]:
    """Return when a route is due, of what begins within `[since, until)`, in order.

    Without times and shift never. A shift that is no more has no turns.
    """
    found = {*_of_day(registry, route, since, until), *_of_shift(registry, route, since, until)}
    return sorted((one for one in found if since <= one.begins < until), key=lambda one: (one.begins, one.ends))


def _of_day(registry: Registry, route: PatrolRoute, since: datetime, until: datetime) -> Iterator[Window]:
    zone = ZoneInfo(registry.station.time_zone)
    day, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        for told in route.at:
            begins = datetime.combine(day, time.fromisoformat(told), zone).astimezone(since.tzinfo)
            yield Window(begins, begins + timedelta(minutes=route.within_min))
        day += _DAY


def _of_shift(registry: Registry, route: PatrolRoute, since: datetime, until: datetime) -> Iterator[Window]:
    for post in posts_of(registry).all:
        if post.shift.id == route.shift:
            # Asked for more, since spans are cut where the question begins and ends.
            for span in post.spans(since - 2 * _DAY, until + 2 * _DAY):
                yield Window(span.begins, span.ends)
