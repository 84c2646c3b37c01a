"""The roster: who answers for an area as what, standing or by shifts, and who stands in on a day."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec

#: As what somebody answers. A guard stands at a place (护学岗) and is told of what happens there.
DutyAs = Literal["officer", "deputy", "guard", "commander", "leader"]


class Duty(msgspec.Struct, frozen=True):
    """Who answers for an area at all times: user names. `area` None is the whole station."""

    area: str | None
    officer: str
    deputy: str | None = None
    commander: str | None = None
    leader: str | None = None


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours in which people answer for an area, in turn.

    `hours` is a `rules.calendar.Schedule` as written in YAML (days, from, to, except). `people` take turns: each stays
    `turn_days` days from `since` on, then the next; the day is the one on which the hours began. `place` is where they
    are meanwhile: a duty room (中心警务室), a school gate. `area` None is the whole station.
    """

    id: str
    duty_as: DutyAs
    people: list[str]
    area: str | None = None
    hours: dict[str, Any] = {}
    since: date = date(2026, 1, 1)
    turn_days: int = 1
    place: str | None = None


class Swap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody stands in for somebody on one day of a shift."""

    shift: str
    day: date
    instead_of: str
    by: str
