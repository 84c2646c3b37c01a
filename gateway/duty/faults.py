"""What is wrong with a roster as it is written, before anybody asks when it leaves nobody. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from gateway.model.duty import Duty, Shift
from gateway.model.registry import Registry
from rules.calendar import Schedule

_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")


def faults(registry: Registry, duties: Sequence[Duty], shifts: Sequence[Shift]) -> list[str]:
    """Return a sentence for each thing that cannot be: unknown users, areas and places, hours that cannot be read."""
    return [*_twice(duties, shifts), *_strays(registry, duties, shifts), *(told for one in shifts for told in _of(one))]


def _twice(duties: Sequence[Duty], shifts: Sequence[Shift]) -> Iterator[str]:
    for area, count in Counter(duty.area for duty in duties).items():
        if count > 1:
            yield f"duty {area or 'of the station'} stands twice"
    for ident, count in Counter(shift.id for shift in shifts).items():
        if count > 1:
            yield f"shift {ident} stands twice"


def _strays(registry: Registry, duties: Sequence[Duty], shifts: Sequence[Shift]) -> Iterator[str]:
    for duty in duties:
        whose = f"duty {duty.area or 'of the station'}"
        if duty.area is not None and duty.area not in registry.areas:
            yield f"{whose}: there is no such area"
        for capacity in ("officer", "deputy", "commander", "leader"):
            user = getattr(duty, capacity)
            if user is not None and user not in registry.responders:
                yield f"{whose}: {capacity} {user!r} is no user of the station"
    for shift in shifts:
        if shift.area is not None and shift.area not in registry.areas:
            yield f"shift {shift.id}: there is no area {shift.area!r}"
        if shift.place is not None and shift.place not in registry.places:
            yield f"shift {shift.id}: there is no place {shift.place!r}"
        for user in dict.fromkeys(shift.people):
            if user not in registry.responders:
                yield f"shift {shift.id}: {user!r} is no user of the station"


def _of(shift: Shift) -> Iterator[str]:
    if not _ID.match(shift.id):
        yield f"shift {shift.id!r}: an id has letters, digits, - and _, at most 64"
    if not shift.people:
        yield f"shift {shift.id}: write at least one of the people who take turns"
    if shift.turn_days < 1:
        yield f"shift {shift.id}: turn_days is how many days each stays, at least 1"
    try:
        Schedule.model_validate(shift.hours)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        yield f"shift {shift.id}: hours{'.' if where else ''}{where}: {first['msg']}"
