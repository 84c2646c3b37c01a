"""Shifts made ready to be asked: their hours, and whose turn it is in them. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

import msgspec
from pydantic import ValidationError

from gateway.model.duty import Shift
from gateway.model.registry import Registry
from rules.calendar import Schedule

#: A shift's hours as they are written.
Hours = Schedule


class Turn(msgspec.Struct, frozen=True):
    """Somebody serves in a shift on a duty day; `instead_of` says for whom they stand in."""

    shift: str
    day: date
    user: str
    instead_of: str | None = None


class Span(msgspec.Struct, frozen=True):
    """A turn within `[begins, ends)` (UTC)."""

    begins: datetime
    ends: datetime
    turn: Turn


def on_turn(shift: Shift, day: date) -> str | None:
    """Return whose turn a duty day is, swaps left aside; None before `since`."""
    gone = (day - shift.since).days
    return shift.people[gone // shift.turn_days % len(shift.people)] if gone >= 0 and shift.people else None


def schedule_of(shift: Shift) -> Schedule | None:
    """Return a shift's hours; None when they cannot be read: such a shift has nobody, and the check says so."""
    try:
        return Schedule.model_validate(shift.hours)
    except ValidationError:
        return None


class Post:
    """One shift of one registry, ready to be asked."""

    def __init__(self, registry: Registry, shift: Shift, zone: ZoneInfo) -> None:
        place = registry.places.get(shift.place) if shift.place is not None else None
        self.shift = shift
        self.schedule = schedule_of(shift)
        #: What `hours` may be taken from: a school gate's own class hours.
        self.about: Mapping[str, Any] = place.attributes if place is not None else {}
        self._zone = zone
        self._swaps = registry.swaps
        self._spans: tuple[tuple[datetime, datetime], list[Span]] | None = None

    @property
    def guards_a_place(self) -> bool:
        """A guard post answers for its building, not for the area."""
        return self.shift.duty_as == "guard" and self.shift.place is not None

    def turn(self, day: date) -> Turn | None:
        """Who serves on a duty day, swaps included."""
        user = on_turn(self.shift, day)
        if user is None:
            return None
        stands_in = self._swaps.get((self.shift.id, day, user))
        return Turn(self.shift.id, day, user) if stands_in is None else Turn(self.shift.id, day, stands_in, user)

    def at(self, moment: datetime) -> Turn | None:
        """Who serves at a moment (aware); None outside of the hours."""
        if self.schedule is None or not self.schedule.includes(moment, self._zone, self.about):
            return None
        return self.turn(self.schedule.began(moment, self._zone, self.about))

    def spans(self, since: datetime, until: datetime) -> list[Span]:
        """Who serves when within `[since, until)`, in order; a duty day's hours over midnight are one span."""
        known = self._spans
        if known is None or known[0] != (since, until):
            known = self._spans = ((since, until), list(self._walk(since, until)))
        return known[1]

    def _walk(self, since: datetime, until: datetime) -> Iterator[Span]:
        if self.schedule is None:
            return
        last: Span | None = None
        for begins, ends in self.schedule.windows(since, until, self._zone, self.about):
            turn = self.turn(self.schedule.began(begins, self._zone, self.about))
            if last is not None and last.ends == begins and last.turn == turn:
                last = msgspec.structs.replace(last, ends=ends)
                continue
            if last is not None:
                yield last
            last = Span(begins, ends, turn) if turn is not None else None
        if last is not None:
            yield last


class Posts:
    """All shifts of a registry: those of each area, and those of guards by the place they stand at."""

    def __init__(self, registry: Registry) -> None:
        zone = ZoneInfo(registry.station.time_zone)
        self.all = tuple(Post(registry, shift, zone) for shift in registry.shifts)
        of_area: dict[str | None, list[Post]] = defaultdict(list)
        at_place: dict[str | None, list[Post]] = defaultdict(list)
        for post in self.all:
            if post.guards_a_place:
                at_place[registry.building_of(post.shift.place)].append(post)
            else:
                of_area[post.shift.area].append(post)
        self._of_area = dict(of_area)
        self._at_place = dict(at_place)

    def of_area(self, area: str | None) -> list[Post]:
        """The shifts that answer for an area itself (None: the whole station)."""
        return self._of_area.get(area, [])

    def guards_of(self, building: str) -> list[Post]:
        """The guard posts in a building."""
        return self._at_place.get(building, [])


_KNOWN: WeakKeyDictionary[Registry, Posts] = WeakKeyDictionary()


def posts_of(registry: Registry) -> Posts:
    """Return a registry's shifts, made ready once: the road asks at each alert."""
    found = _KNOWN.get(registry)
    if found is None:
        found = _KNOWN[registry] = Posts(registry)
    return found
