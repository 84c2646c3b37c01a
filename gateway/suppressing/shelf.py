"""shelf: whether something on the shelf covers an alert. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from gateway.model.alert import Alert
from gateway.model.quiet import Matcher, Shelf
from gateway.model.registry import Registry


def fits(matcher: Matcher, alert: Alert, registry: Registry) -> bool:
    """Say whether an alert is meant: each field that is given must fit; a matcher without any fits nothing."""
    if matcher.empty:
        return False
    return (
        (matcher.rule is None or matcher.rule == alert.rule)
        and (matcher.subject is None or matcher.subject == alert.subject)
        and (matcher.place is None or matcher.place in places_above(alert.place, registry))
        and (matcher.area is None or matcher.area in (alert.area, *registry.areas_above(alert.area)))
    )


def shelved_until(alert: Alert, shelves: Iterable[Shelf], registry: Registry, now: datetime) -> datetime | None:
    """Return until when (UTC) an alert is shelved at the longest; None when it is not.

    A P1 only by a shelf that two people agreed on.
    """
    ends = [
        shelf.ends_at
        for shelf in shelves
        if shelf.standing(now)
        and (alert.priority != "P1" or shelf.agreed_by is not None)
        and fits(shelf.matcher, alert, registry)
    ]
    return max(ends, default=None)


def places_above(place: str | None, registry: Registry) -> Iterator[str]:
    """The place itself and those it lies in, nearest first; a broken tree ends the walk instead of looping."""
    met: set[str] = set()
    while place is not None and place not in met:
        yield place
        met.add(place)
        found = registry.places.get(place)
        place = found.parent if found is not None else None
