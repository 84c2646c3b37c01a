"""What is done to a roster as a whole: saved, imported. Refused where it would leave nobody.

Saving is one transaction, makes the gateway read its registry anew and leaves its mark in the audit trail.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.duty.coverage import Gap, gaps
from gateway.duty.doubts import doubts
from gateway.duty.faults import faults
from gateway.duty.said import doubt_shown, gap_shown, gaps_said
from gateway.incidents.acts import Actor
from gateway.model.duty import Duty, Shift, Swap
from gateway.model.errors import BadInput, Conflict, Forbidden, Misconfigured, NotFound
from gateway.model.registry import Registry
from gateway.store import accounts, registry_edit
from gateway.store import duty as duty_store
from gateway.store import registry as registry_store

#: Who may save a roster, and make any swap.
SAVE_ROLES = frozenset({"commander", "admin"})
#: How many gaps an error carries; the sentence counts them all.
MOST_GAPS = 100
#: From so long ago on swaps matter to a check: a night's shift belongs to the day before.
_BACK = timedelta(days=2)
#: A save that somebody had not seen is looked for in the trail of this time.
_OF_LATE = timedelta(days=7)


class LeavesNobody(BadInput):
    """A roster leaves a time or an area with nobody. `facts` has the `gaps`, for machines."""

    def __init__(self, registry: Registry, found: Sequence[Gap]) -> None:
        super().__init__(gaps_said(registry, found), reason="roster_gap")
        self.facts = {
            "gaps": msgspec.to_builtins([gap_shown(registry, gap) for gap in found[:MOST_GAPS]]),
            "gaps_total": len(found),
        }


def load(connection: Connection[TupleRow], station: str, now: datetime, places: Iterable[str] = ()) -> Registry:
    """Return what a roster is checked with, as of a moment."""
    return duty_store.load(connection, station, since=(now - _BACK).date(), places=places)


def fingerprint(registry: Registry) -> str:
    """Return what changes when the standing duties or shifts do: whoever saves says what they had before their eyes."""
    duties = sorted(registry.duties.values(), key=lambda duty: duty.area or "")
    shifts = sorted(registry.shifts, key=lambda shift: shift.id)
    return hashlib.sha256(msgspec.json.encode([duties, shifts], order="deterministic")).hexdigest()[:16]


def with_roster(registry: Registry, area: str | None, duties: Sequence[Duty], shifts: Sequence[Shift]) -> Registry:
    """Return a registry with the roster of an area, or of the station with all its areas (None), exchanged."""
    kept = () if area is None else tuple(duty for duty in registry.duties.values() if duty.area != area)
    stay = () if area is None else tuple(shift for shift in registry.shifts if shift.area != area)
    return rebuilt(registry, (*kept, *duties), (*stay, *shifts), registry.swaps)


def save_roster(  # one argument per thing said
    connection: Connection[TupleRow],
    actor: Actor,
    duties: Sequence[Duty],
    shifts: Sequence[Shift],
    *,
    area: str | None = None,
    was: str | None = None,
) -> Registry:
    """Save the roster of an area, or of the whole station (None), and return what it was checked with.

    `was` is the fingerprint of what the actor saw. Raises `Forbidden`, `NotFound` for an area out of reach, `Conflict`
    when somebody else saved in between, `BadInput` for what cannot be, `LeavesNobody` with the gaps.
    """
    registry_edit.hold(connection, actor.scope.station)
    before, after = _exchanged(connection, actor, duties, shifts, area, was)
    # What was amiss elsewhere already does not keep an area from being put in order.
    known = [] if area is None else gaps(before, actor.at)
    found = [gap for gap in gaps(after, actor.at) if gap not in known or area in after.areas_above(gap.area)]
    if found:
        raise LeavesNobody(after, found)
    duty_store.replace(connection, actor.scope, area, list(duties), list(shifts))
    registry_store.changed(connection, actor.scope.station)
    trail.note(connection, actor, "duty.save", f"area/{area}" if area else "station", _difference(before, after))
    return after


def considered(
    connection: Connection[TupleRow],
    actor: Actor,
    duties: Sequence[Duty],
    shifts: Sequence[Shift],
    *,
    area: str | None = None,
) -> Registry:
    """Return the registry as it would be if that were saved. Raises what `save_roster` does, but for gaps."""
    return _exchanged(connection, actor, duties, shifts, area, None)[1]


def _exchanged(  # one argument per thing said
    connection: Connection[TupleRow],
    actor: Actor,
    duties: Sequence[Duty],
    shifts: Sequence[Shift],
    area: str | None,
    was: str | None,
) -> tuple[Registry, Registry]:
    """The registry as it is, and as it is to be."""
    if actor.role not in SAVE_ROLES:
        raise Forbidden(f"the role {actor.role} may not save rosters; a commander or admin may")
    if area is None and actor.scope.areas is not None:
        raise Forbidden("the whole station's roster is not yours to save; name one of your areas")
    places = [shift.place for shift in shifts if shift.place is not None]
    before = load(connection, actor.scope.station, actor.at, places)
    if area is not None and (area not in before.areas or not reaches(actor, area)):
        raise NotFound(f"there is no area {area!r} within your reach")
    if was is not None and was != fingerprint(before):
        raise _saved_meanwhile(connection, actor)
    told = [*faults(before, duties, shifts), *_misplaced(before, area, duties, shifts)]
    if told:
        raise BadInput("; ".join(told), reason="roster")
    return before, with_roster(before, area, duties, shifts)


def _saved_meanwhile(connection: Connection[TupleRow], actor: Actor) -> Conflict:
    """What is told to somebody whose roster is an old one: who saved it last and when, if it was of late."""
    problem = Conflict("somebody else has saved the roster since you opened it; open it again", reason="roster_changed")
    of_late = accounts.list_audit(
        connection, actor.scope.station, user=None, act="duty.save", object_=None, since=actor.at - _OF_LATE,
        until=None, before=None, limit=1,
    )  # fmt: skip
    if of_late:
        problem.facts = {"by": of_late[0]["username"], "at": of_late[0]["at"].isoformat()}
    return problem


def check_site_roster(connection: Connection[TupleRow], station: str, now: datetime) -> list[dict[str, Any]]:
    """Check the roster an import has just written, within its transaction, and return what is doubtful about it.

    Contacts and swaps that people added themselves count. Raises `Misconfigured` with the faults, or the gaps named:
    the import is to be rolled back.
    """
    registry = load(connection, station, now)
    told = faults(registry, list(registry.duties.values()), registry.shifts)
    if told:
        raise Misconfigured("; ".join(told), reason="roster")
    found = gaps(registry, now)
    if found:
        raise Misconfigured(gaps_said(registry, found), reason="roster_gap")
    return [doubt_shown(registry, doubt) for doubt in doubts(registry, now)]


def reaches(actor: Actor, area: str | None) -> bool:
    """Say whether an area's roster, or the station's own (None), is within an actor's scope."""
    return actor.scope.areas is None or area in actor.scope.areas


def rebuilt(
    registry: Registry, duties: Iterable[Duty], shifts: Iterable[Shift], swaps: dict[tuple[str, date, str], str]
) -> Registry:
    """Return a registry with another roster."""
    there = list(shifts)
    known = {shift.id for shift in there}
    return Registry(
        station=registry.station,
        version=registry.version,
        areas=registry.areas.values(),
        places=registry.places.values(),
        duties=duties,
        shifts=there,
        swaps=[Swap(shift, day, whom, by) for (shift, day, whom), by in swaps.items() if shift in known],
        responders=registry.responders.values(),
        policy=registry.policy,
    )


def _misplaced(before: Registry, area: str | None, duties: Sequence[Duty], shifts: Sequence[Shift]) -> Iterable[str]:
    """What of an area's roster is not the area's."""
    if area is None:
        return
    others = {shift.id: shift.area for shift in before.shifts if shift.area != area}
    for duty in duties:
        if duty.area != area:
            yield f"duty {duty.area or 'of the station'} is not of {area}"
    for shift in shifts:
        if shift.area != area:
            yield f"shift {shift.id} is of {shift.area or 'the station'}, not of {area}"
        elif shift.id in others:
            yield f"shift {shift.id} is there already, for {others[shift.id] or 'the station'}: choose another id"


def _difference(before: Registry, after: Registry) -> dict[str, Any]:
    """What a save changed: by area and by shift, what was and what is."""
    told: dict[str, Any] = {}
    for what, was, now in (
        ("duty", before.duties, after.duties),
        ("shifts", {one.id: one for one in before.shifts}, {one.id: one for one in after.shifts}),
    ):
        was_of: dict[Any, Any] = dict(was)
        now_of: dict[Any, Any] = dict(now)
        told[what] = [
            {"was": msgspec.to_builtins(was_of.get(key)), "is": msgspec.to_builtins(now_of.get(key))}
            for key in {**was_of, **now_of}
            if was_of.get(key) != now_of.get(key)
        ]
    return told
