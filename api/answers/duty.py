"""The roster: who answers for what, when, and why."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from api.answers.documented import Answer, Said, absent
from api.answers.words import DutyAs, Role


class StandingDuty(Answer):
    """Who answers for an area at all times, by user name."""

    area: str | None = Field(description="null: the whole station")
    officer: str
    deputy: str | None
    commander: str | None
    leader: str | None


class ShiftHours(Answer):
    """Hours and days by the station's clock, as they were written down."""

    days: Literal["all", "workdays", "rest_days"] | list[str] = absent("`mon` to `sun`")
    from_: Annotated[str, Field(alias="from")] = absent("HH:MM")
    to: str = absent("HH:MM")
    outside: bool = absent("the hours are those outside of these")
    hours: str | None = absent("the attribute of the place that goes over `from` and `to`")
    except_: Annotated[list[tuple[str, str]], Field(alias="except")] = absent(
        "spans of the year, MM-DD, both ends included"
    )


class RosterShift(Answer):
    """Hours in which people answer in turn."""

    id: str
    duty_as: DutyAs
    people: list[str]
    area: str | None = Field(description="null: the whole station")
    hours: ShiftHours
    since: date
    turn_days: int
    place: str | None


class RosterSwap(Answer):
    """Somebody stands in for somebody on one day of a shift."""

    id: int
    shift: str
    day: date
    instead_of: str
    by: str
    made_by: str
    made_at: datetime
    reason: str | None


class RosterPerson(Answer):
    """Somebody in the roster."""

    user: str
    name: str
    reachable: bool = Field(description="they have a contact")


class RosterMember(RosterPerson):
    """Somebody who can be put into the roster."""

    role: Role
    auxiliary: bool


class Roster(Answer):
    """The roster within one's areas."""

    version: str = Field(description="changes with the duties and shifts of the whole station")
    duty: list[StandingDuty]
    shifts: list[RosterShift]
    swaps: list[RosterSwap]
    people: list[RosterMember]


class RosterDoubt(Answer):
    """What can be saved and should be looked at all the same."""

    code: Literal[
        "no_roster",
        "station_alone",
        "no_contact",
        "cannot_sign",
        "unreachable_shift",
        "never_opens",
        "guard_without_place",
        "deputy_only",
        "swap_twice",
        "swap_in_vain",
    ]
    about: dict[str, Any] = Field(
        description="of `area`, `shift`, `user`, `role`, `day`, `from`, … what the code needs"
    )
    said: Said


class GapReason(Answer):
    """Why nobody answers: there is nobody, or those named cannot be reached."""

    code: Literal["nobody", "unreachable"]
    people: list[str]


class RosterGap(Answer):
    """A time for which nobody who can be reached answers for an area."""

    area: str | None = Field(description="null: the station")
    from_: datetime = Field(alias="from")
    until: datetime
    why: GapReason
    said: Said


class RosterCheck(Answer):
    """Gaps and doubts of a roster."""

    since: datetime
    days: int
    gaps: list[RosterGap] = Field(description="the first of them")
    gaps_total: int
    doubts: list[RosterDoubt]


class RosterSaved(Answer):
    """A roster that was saved."""

    version: str
    doubts: list[RosterDoubt]


class WhyTheyAnswer(Answer):
    """Why somebody answers, in codes and in words."""

    code: Literal["standing", "shift", "swap", "guard", "last_resort"]
    area: str | None = Field(description="whose roster says so; null: the station's")
    shift: str | None
    instead_of: str | None
    acting: Literal["deputy"] = absent("a deputy acts as the officer: no officer can be reached")
    place: str | None = absent("a guard: where they stand")
    zh: str
    en: str


class Answering(RosterPerson):
    """Somebody who answers now."""

    duty_as: DutyAs
    duty_as_said: Said
    why: WhyTheyAnswer


class Nearest(RosterPerson):
    """Somebody who could go."""

    distance_m: int | None = Field(description="as the crow flies; null: nobody knows where they are")
    where: Literal["footprint", "shift"] | None = Field(description="how that is known")
    seen_at: datetime | None
    duty_as: list[DutyAs] = Field(description="empty: the roster does not name them for this place now")


class DutyNow(Answer):
    """Who answers at a moment, and who is nearest."""

    at: datetime
    place: str | None
    area: str | None
    answers: list[Answering]
    nearest: list[Nearest]


class TurnHours(Answer):
    """Hours of a turn."""

    begins: datetime
    ends: datetime


class DutyTurn(RosterPerson):
    """Whose turn a shift is on a day."""

    shift: str
    duty_as: DutyAs
    area: str | None
    place: str | None
    instead_of: str | None
    hours: list[TurnHours]


class DutyDay(Answer):
    """Who is on, on one day."""

    day: date
    workday: bool
    turns: list[DutyTurn]


class DutyCalendar(Answer):
    """Who is on when."""

    area: str | None
    standing: list[StandingDuty] = Field(description="who answers at all times")
    items: list[DutyDay]
    next: None


class SwapMade(Answer):
    """A swap that was made, and what is odd about it."""

    id: int
    shift: str
    day: date
    instead_of: str
    by: str
    reason: str
    doubts: list[RosterDoubt]
