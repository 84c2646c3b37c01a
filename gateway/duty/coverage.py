"""Where a roster leaves nobody, found ahead: evaluated where hours, turns and days begin, never by the minute. Pure.

An area is answered for as long as an officer, or a deputy acting as one, can be reached: its own, one of an area above
it, or the station's. That is exactly when `gateway.duty.roster.answering` does not need the last resort.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from gateway.duty.roster import reachable
from gateway.duty.turns import posts_of
from gateway.model.duty import DutyAs
from gateway.model.registry import Registry

#: How far ahead a roster is looked at, in days: over the next holidays, and the next school holidays mostly.
HORIZON_DAYS = 60
#: In what capacities somebody keeps an area from being left alone.
ANSWERS: tuple[DutyAs, ...] = ("officer", "deputy")

_Stretch = tuple[datetime, datetime]


class Gap(msgspec.Struct, frozen=True):
    """Nobody who can be reached answers for an area within `[from, until)` (UTC).

    `why` is `{"code": "nobody", "people": []}`, or code `unreachable` and the users the roster names in vain. A gap
    that goes on beyond the horizon ends with it.
    """

    area: str | None
    from_: datetime = msgspec.field(name="from")
    until: datetime
    why: dict[str, Any]


class _Level(NamedTuple):
    """What one area's own roster has: when somebody can be reached, and who is named in vain when."""

    reached: list[_Stretch]
    in_vain: list[tuple[datetime, datetime, str]]


def gaps(
    registry: Registry, since: datetime, *, days: float = HORIZON_DAYS, capacities: tuple[DutyAs, ...] = ANSWERS
) -> list[Gap]:
    """Return the gaps of a roster from a moment (aware) on, by area and time.

    Looked at are the areas without areas below them and those that have places. A station without any roster has no
    gaps: everybody is told (see `gateway.duty.warnings`).
    """
    if not registry.duties and not registry.shifts:
        return []
    begins = since.astimezone(UTC)
    ends = begins + timedelta(days=days)
    levels: dict[str | None, _Level] = {}
    found: list[Gap] = []
    for area in answerable(registry):
        chain = [*registry.areas_above(area), None]
        for near in chain:
            if near not in levels:
                levels[near] = _level(registry, near, begins, ends, capacities)
        reached = (stretch for near in chain for stretch in levels[near].reached)
        in_vain = [one for near in chain for one in levels[near].in_vain]
        found.extend(Gap(area, *hole, _why(in_vain, *hole)) for hole in _holes(reached, begins, ends))
    return found


def answerable(registry: Registry) -> list[str]:
    """Return the areas in which something may happen: those without areas below them, and those that have places."""
    above = {area.parent for area in registry.areas.values() if area.parent != area.id}
    placed = {place.area for place in registry.places.values()}
    return [area for area in registry.areas if area not in above or area in placed]


def _level(
    registry: Registry, area: str | None, begins: datetime, ends: datetime, capacities: tuple[DutyAs, ...]
) -> _Level:
    level = _Level([], [])

    def add(user: str | None, since: datetime, until: datetime) -> None:
        if user is None:
            return
        if reachable(registry, user):
            level.reached.append((since, until))
        else:
            level.in_vain.append((since, until, user))

    duty = registry.duties.get(area)
    if duty is not None:
        add(duty.officer if "officer" in capacities else None, begins, ends)
        add(duty.deputy if "deputy" in capacities else None, begins, ends)
    for post in posts_of(registry).of_area(area):
        if post.shift.duty_as in capacities:
            for span in post.spans(begins, ends):
                add(span.turn.user, span.begins, span.ends)
    return level


def _holes(stretches: Iterable[_Stretch], begins: datetime, ends: datetime) -> list[_Stretch]:
    """What of `[begins, ends)` no stretch covers."""
    holes: list[_Stretch] = []
    covered = begins
    for since, until in sorted(stretches):
        if since > covered:
            holes.append((covered, since))
        covered = max(covered, until)
    if covered < ends:
        holes.append((covered, ends))
    return holes


def _why(in_vain: list[tuple[datetime, datetime, str]], begins: datetime, ends: datetime) -> dict[str, Any]:
    people = sorted({user for since, until, user in in_vain if since < ends and until > begins})
    return {"code": "unreachable" if people else "nobody", "people": people}
