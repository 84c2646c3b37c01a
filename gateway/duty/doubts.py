"""What of a roster can be saved and should be looked at all the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from gateway.duty.coverage import HORIZON_DAYS, gaps
from gateway.duty.roster import reachable
from gateway.duty.turns import Span, posts_of
from gateway.model.duty import Shift
from gateway.model.incident import ACTS
from gateway.model.registry import Registry


class Doubt(msgspec.Struct, frozen=True):
    """Something to look at: a short stable code, and what it is about. `gateway.duty.said` has the sentences."""

    code: str
    about: dict[str, Any]


def doubts(registry: Registry, since: datetime, *, days: float = HORIZON_DAYS) -> list[Doubt]:
    """Return what is odd about a roster from a moment (aware) on.

    Codes: `no_roster`, `station_alone`, `no_contact`, `cannot_sign`, `unreachable_shift`, `never_opens`,
    `guard_without_place`, `deputy_only`, `swap_twice`, `swap_in_vain`.
    """
    if not registry.duties and not registry.shifts:
        return [Doubt("no_roster", {})]
    begins = since.astimezone(UTC)
    ends = begins + timedelta(days=days)
    spans = {post.shift.id: post.spans(begins, ends) for post in posts_of(registry).all}
    return [
        *_of_the_station(registry),
        *_of_people(registry),
        *(doubt for shift in registry.shifts for doubt in _of_a_shift(registry, shift, spans[shift.id])),
        *_of_deputies(registry, since, days),
        *_of_swaps(registry, begins, spans),
    ]


def _of_the_station(registry: Registry) -> Iterator[Doubt]:
    """What happens at no place of the registry is the station's."""
    by_shift = any(shift.area is None and shift.duty_as == "officer" for shift in registry.shifts)
    if None not in registry.duties and not by_shift:
        yield Doubt("station_alone", {})


def _of_people(registry: Registry) -> Iterator[Doubt]:
    named: set[str] = {user for shift in registry.shifts for user in shift.people} | set(registry.swaps.values())
    for duty in registry.duties.values():
        named |= {user for user in (duty.officer, duty.deputy, duty.commander, duty.leader) if user is not None}
    for user in sorted(named):
        if not reachable(registry, user):
            yield Doubt("no_contact", {"user": user})
        responder = registry.responders.get(user)
        if responder is not None and responder.role not in ACTS["sign"].roles:
            yield Doubt("cannot_sign", {"user": user, "role": responder.role})


def _of_a_shift(registry: Registry, shift: Shift, spans: list[Span]) -> Iterator[Doubt]:
    if not any(reachable(registry, user) for user in shift.people):
        yield Doubt("unreachable_shift", {"shift": shift.id})
    if not spans:
        yield Doubt("never_opens", {"shift": shift.id})
    if shift.duty_as == "guard" and shift.place is None:
        yield Doubt("guard_without_place", {"shift": shift.id})


def _of_deputies(registry: Registry, since: datetime, days: float) -> Iterator[Doubt]:
    """Where a deputy has to act as the officer, once for each area."""
    nobody = {(gap.area, gap.from_) for gap in gaps(registry, since, days=days)}
    seen: set[str | None] = set()
    for gap in gaps(registry, since, days=days, capacities=("officer",)):
        if gap.area not in seen and (gap.area, gap.from_) not in nobody:
            seen.add(gap.area)
            yield Doubt("deputy_only", {"area": gap.area, "from": gap.from_, "until": gap.until})


def _of_swaps(registry: Registry, since: datetime, spans: dict[str, list[Span]]) -> Iterator[Doubt]:
    serves: dict[str, list[Span]] = defaultdict(list)
    for found in spans.values():
        for span in found:
            serves[span.turn.user].append(span)
    for found in spans.values():
        for span in found:
            if span.turn.instead_of is None:
                continue
            for other in serves[span.turn.user]:
                if other.turn.shift != span.turn.shift and other.begins < span.ends and span.begins < other.ends:
                    yield Doubt("swap_twice", {**_swapped(span), "other": other.turn.shift})
    used = {(span.turn.shift, span.turn.day, span.turn.instead_of) for found in spans.values() for span in found}
    today = since.astimezone(ZoneInfo(registry.station.time_zone)).date()
    last = max((span.turn.day for found in spans.values() for span in found), default=today)
    for (shift, day, instead_of), by in sorted(registry.swaps.items()):
        if today <= day < last and (shift, day, instead_of) not in used and shift in spans:
            yield Doubt("swap_in_vain", {"shift": shift, "day": day, "by": by, "instead_of": instead_of})


def _swapped(span: Span) -> dict[str, Any]:
    turn = span.turn
    return {"shift": turn.shift, "day": turn.day, "by": turn.user, "instead_of": turn.instead_of}
