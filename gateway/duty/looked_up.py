"""What the console and the command line are shown of the roster: who answers now and is nearest, who is on when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import words
from gateway.duty.acts import MOST_GAPS, SAVE_ROLES, fingerprint, load
from gateway.duty.answer import FRESH, Footprint, nearest, who_answers
from gateway.duty.coverage import HORIZON_DAYS, gaps
from gateway.duty.doubts import Doubt, doubts
from gateway.duty.roster import reachable
from gateway.duty.said import CAPACITIES, doubt_shown, gap_shown, why_said
from gateway.duty.turns import Post, posts_of
from gateway.model.duty import Duty
from gateway.model.errors import BadInput, NotFound
from gateway.model.registry import Registry
from gateway.model.scope import Scope
from gateway.sealing import Sealer
from gateway.store import duty as duty_store
from gateway.store import registry as registry_store
from rules.calendar import is_workday

#: The hours of a duty day may go on this long after it.
_OVER = timedelta(days=2)


def now(
    connection: Connection[TupleRow], scope: Scope, *, place: str | None, area: str | None, at: datetime
) -> dict[str, Any]:
    """Return who answers at a place, else in an area, else for the station, at a moment (aware), and who is nearest.

    Raises `NotFound` for a place or area out of reach, `BadInput` when somebody with areas names none.
    """
    if place is not None and registry_store.area_of_place(connection, scope, place) is None:
        raise NotFound(f"there is no place {place!r} within your reach")
    registry = load(connection, scope.station, at, () if place is None else (place,))
    if place is None:
        _must_reach(registry, scope, area)
    answers = who_answers(registry, place, area, at)
    steps = [Footprint(*row) for row in duty_store.footprints(connection, scope, at - FRESH, at)]
    return {
        "at": at,
        "place": place,
        "area": registry.area_of(place) if place is not None else area,
        "answers": [
            {
                **_person(registry, one.user),
                "duty_as": one.duty_as,
                "duty_as_said": CAPACITIES[one.duty_as],
                "why": {**one.why, **why_said(registry, one)},
            }
            for one in answers
        ],
        "nearest": [
            {**_person(registry, one.user), **msgspec.structs.asdict(one)}
            for one in nearest(registry, place, at, steps, area)
        ],
    }


def roster(
    connection: Connection[TupleRow], sealer: Sealer, scope: Scope, role: str, at: datetime, since: date | None = None
) -> dict[str, Any]:
    """Return the roster within a scope: standing duties, shifts, swaps from a day on and why, and who these people are.

    `version` changes with the duties and shifts of the whole station. Whoever may save sees everybody there is.
    """
    registry = load(connection, scope.station, at)
    duties = [duty for duty in registry.duties.values() if _within(scope, duty.area)]
    shifts = [shift for shift in registry.shifts if _within(scope, shift.area)]
    first = since or at.astimezone(ZoneInfo(registry.station.time_zone)).date() - timedelta(days=1)
    swaps = duty_store.list_swaps(connection, scope, first)
    named = {user for shift in shifts for user in shift.people} | {one[key] for one in swaps for key in _SWAPPED}
    named |= {user for duty in duties for user in _of(duty)}
    people = registry.responders if role in SAVE_ROLES else sorted(named & registry.responders.keys())
    return {
        "version": fingerprint(registry),
        "duty": [msgspec.to_builtins(duty) for duty in duties],
        "shifts": [msgspec.to_builtins(shift) for shift in shifts],
        "swaps": [_with_reason(sealer, scope.station, swap) for swap in swaps],
        "people": [
            {**_person(registry, user), "role": one.role, "auxiliary": one.auxiliary}
            for user, one in ((user, registry.responders[user]) for user in people)
        ],
    }


def _with_reason(sealer: Sealer, station: str, swap: dict[str, Any]) -> dict[str, Any]:
    about = words.of_swap(station, swap["shift"], swap["day"], swap["instead_of"])
    reason = words.opened(sealer, swap.pop("reason_sealed"), about)
    return {**swap, "reason": reason}


def calendar(
    connection: Connection[TupleRow], scope: Scope, *, area: str | None, first: date, days: int
) -> dict[str, Any]:
    """Return who is on when: by duty day, the turns of the shifts that answer for an area (None: all of the station's).

    A turn has its hours as spans (UTC). `standing` are those at all times. Raises `NotFound`, `BadInput` as `now` does.
    """
    registry = duty_store.load(connection, scope.station, since=first - _OVER)
    _must_reach(registry, scope, area)
    zone = ZoneInfo(registry.station.time_zone)
    begins = datetime.combine(first, time.min, zone)
    turns: dict[tuple[date, str], dict[str, Any]] = {}
    for post in _posts(registry, area):
        for span in post.spans(begins, begins + timedelta(days=days) + _OVER):
            if not first <= span.turn.day < first + timedelta(days=days):
                continue
            told = turns.setdefault(
                (span.turn.day, post.shift.id),
                {
                    "shift": post.shift.id,
                    "duty_as": post.shift.duty_as,
                    "area": post.shift.area,
                    "place": post.shift.place,
                    **_person(registry, span.turn.user),
                    "instead_of": span.turn.instead_of,
                    "hours": [],
                },
            )
            told["hours"].append({"begins": span.begins, "ends": span.ends})
    chain = list(registry.duties) if area is None else [*registry.areas_above(area), None]
    return {
        "area": area,
        "standing": [msgspec.to_builtins(registry.duties[one]) for one in chain if one in registry.duties],
        "items": [
            {
                "day": day,
                "workday": is_workday(day),
                "turns": [told for (its_day, _), told in turns.items() if its_day == day],
            }
            for day in (first + timedelta(days=number) for number in range(days))
        ],
        "next": None,
    }


def checked(registry: Registry, scope: Scope, since: datetime, days: int = HORIZON_DAYS) -> dict[str, Any]:
    """Return the gaps and doubts of a roster within a scope: whoever has areas hears of those only."""
    found = [gap for gap in gaps(registry, since, days=days) if _within(scope, gap.area)]
    odd = [one for one in doubts(registry, since, days=days) if _concerns(registry, scope, one)]
    return {
        "since": since,
        "days": days,
        "gaps": [gap_shown(registry, gap) for gap in found[:MOST_GAPS]],
        "gaps_total": len(found),
        "doubts": [doubt_shown(registry, one) for one in odd],
    }


_SWAPPED = ("instead_of", "by")


def _of(duty: Duty) -> Iterable[str]:
    return (user for user in (duty.officer, duty.deputy, duty.commander, duty.leader) if user is not None)


def _person(registry: Registry, user: str) -> dict[str, Any]:
    known = registry.responders.get(user)
    return {"user": user, "name": known.name if known is not None else user, "reachable": reachable(registry, user)}


def _posts(registry: Registry, area: str | None) -> list[Post]:
    posts = posts_of(registry).all
    if area is None:
        return list(posts)
    near = {*registry.areas_above(area), None}
    return [
        post
        for post in posts
        if (registry.area_of(post.shift.place) == area if post.guards_a_place else post.shift.area in near)
    ]


def _must_reach(registry: Registry, scope: Scope, area: str | None) -> None:
    if area is None:
        if scope.areas is not None:
            raise BadInput("name one of your areas, or a place", reason="area")
    elif area not in registry.areas or not _within(scope, area):
        raise NotFound(f"there is no area {area!r} within your reach")


def _within(scope: Scope, area: str | None) -> bool:
    return scope.areas is None or area in scope.areas


def _concerns(registry: Registry, scope: Scope, doubt: Doubt) -> bool:
    areas = {shift.id: shift.area for shift in registry.shifts}
    area = doubt.about.get("area", areas.get(doubt.about.get("shift", "")))
    return scope.areas is None or (area is not None and area in scope.areas)
