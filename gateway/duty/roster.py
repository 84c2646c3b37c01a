"""Who is on duty for an area at a moment: the nearest area's people first, then the station's, and never nobody. Pure.

In each capacity the nearest area that has somebody who can be reached answers: a grid's officer, its beat's deputy, the
station's commander. Without any officer the nearest deputy acts as one. Without a deputy either, it is the last
resort: every officer and commander of the station. `gateway.duty.coverage` finds beforehand where that would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, get_args

import msgspec

from gateway.duty.turns import Turn, posts_of
from gateway.model.duty import DutyAs, Shift
from gateway.model.registry import Registry

ORDER: tuple[DutyAs, ...] = get_args(DutyAs)
#: Roles that are told when the roster names nobody who can be reached.
LAST_RESORT_ROLES = ("officer", "commander")
_DAY = timedelta(days=1)


class Answer(msgspec.Struct, frozen=True):
    """Somebody who answers, and why.

    `why` is `{"code", "area", "shift", "instead_of"}`: code `standing`, `shift`, `swap`, `guard` or `last_resort`; the
    area whose roster says so (None: the station's); the shift; for whom they stand in. `"acting": "deputy"` is added
    for a deputy who answers as the officer because no officer can be reached, `"place"` for a guard.
    """

    user: str
    duty_as: DutyAs
    why: dict[str, Any]


def answering(registry: Registry, area: str | None, moment: datetime) -> list[Answer]:
    """Return who answers for an area (None: for the station as a whole) at a moment (aware).

    Nearest area first, within it officer, deputy, guard, commander, leader. People without a contact are left out as
    long as anybody else is there. Never empty when anybody of the station has a contact.
    """
    named = [named_in(registry, near, moment) for near in (*registry.areas_above(area), None)]
    found = _nearest([[one for one in level if reachable(registry, one.user)] for level in named])
    if any(one.duty_as == "officer" for one in found):
        return found
    if any(one.duty_as == "deputy" for one in found):
        return [_acting(one) if one.duty_as == "deputy" else one for one in found]
    return [*found, *last_resort(registry)] or _nearest(named)


def named_in(registry: Registry, area: str | None, moment: datetime) -> list[Answer]:
    """Return whom the roster of one area itself names at a moment, whether they can be reached or not."""
    found = list(_standing(registry, area))
    for post in posts_of(registry).of_area(area):
        turn = post.at(moment)
        if turn is not None:
            found.append(_serving(post.shift, turn))
    first: dict[tuple[str, DutyAs], Answer] = {}
    for one in sorted(found, key=lambda one: ORDER.index(one.duty_as)):
        first.setdefault((one.user, one.duty_as), one)
    return list(first.values())


def guarding(registry: Registry, place: str | None, moment: datetime) -> list[Answer]:
    """Return the guards (护学岗) who stand at a place, or elsewhere in its building, at a moment."""
    building = registry.building_of(place)
    if building is None:
        return []
    turns = [(post.shift, post.at(moment)) for post in posts_of(registry).guards_of(building)]
    found = [_serving(shift, turn) for shift, turn in turns if turn is not None]
    return [one for one in found if reachable(registry, one.user)]


def last_resort(registry: Registry) -> list[Answer]:
    """Return every officer and commander who can be reached, all as officers; without any, whoever can be reached."""
    reached = [one for one in registry.responders.values() if one.contacts]
    told = [one for one in reached if one.role in LAST_RESORT_ROLES] or reached
    return [Answer(one.username, "officer", _why("last_resort", None)) for one in told]


def reachable(registry: Registry, user: str) -> bool:
    """Say whether a user has any contact."""
    responder = registry.responders.get(user)
    return responder is not None and bool(responder.contacts)


def starting_between(registry: Registry, since: datetime, until: datetime) -> list[tuple[Shift, str, datetime]]:
    """Return whose turns begin within `[since, until)` (aware): the shift, the user, and when (UTC), in that order.

    Somebody who goes on from one duty day into the next without a pause does not begin anew.
    """
    found: list[tuple[Shift, str, datetime]] = []
    for post in posts_of(registry).all:
        before: tuple[str, datetime] | None = None
        for span in post.spans(since - _DAY, until):
            if span.begins >= since and before != (span.turn.user, span.begins):
                found.append((post.shift, span.turn.user, span.begins))
            before = (span.turn.user, span.ends)
    return sorted(found, key=lambda one: (one[2], one[0].id))


def _nearest(levels: list[list[Answer]]) -> list[Answer]:
    """In each capacity, those of the first level that has anybody."""
    found: list[Answer] = []
    for level in levels:
        filled = {one.duty_as for one in found}
        found.extend(one for one in level if one.duty_as not in filled)
    return found


def _standing(registry: Registry, area: str | None) -> Iterator[Answer]:
    duty = registry.duties.get(area)
    if duty is None:
        return
    named: tuple[tuple[str | None, DutyAs], ...] = (
        (duty.officer, "officer"), (duty.deputy, "deputy"), (duty.commander, "commander"), (duty.leader, "leader"),
    )  # fmt: skip
    for user, duty_as in named:
        if user is not None:
            yield Answer(user, duty_as, _why("standing", area))


def _serving(shift: Shift, turn: Turn) -> Answer:
    code = "swap" if turn.instead_of is not None else "shift"
    why = _why("guard" if shift.duty_as == "guard" else code, shift.area, shift.id, turn.instead_of)
    if shift.duty_as == "guard":
        why["place"] = shift.place
    return Answer(turn.user, shift.duty_as, why)


def _acting(deputy: Answer) -> Answer:
    return Answer(deputy.user, "officer", {**deputy.why, "acting": "deputy"})


def _why(code: str, area: str | None, shift: str | None = None, instead_of: str | None = None) -> dict[str, Any]:
    return {"code": code, "area": area, "shift": shift, "instead_of": instead_of}
