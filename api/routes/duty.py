"""The roster: who answers for which area when, who stands in for whom, who answers here now and is nearest."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.answers.documented import answers
from api.answers.duty import DutyCalendar, DutyNow, Roster, RosterCheck, RosterSaved, SwapMade
from api.deps import Have, Reader, Seals, Watcher, actor, allow_to, scope_of
from gateway.duty import acts, looked_up, swaps
from gateway.duty.doubts import doubts
from gateway.duty.said import doubt_shown
from gateway.duty.turns import Hours
from gateway.model.duty import Duty, DutyAs, Shift, Swap
from gateway.store.accounts import Session

router = APIRouter(prefix="/duty", tags=["duty"])

Saver = Annotated[Session, Depends(allow_to("duty.save"))]
Checker = Annotated[Session, Depends(allow_to("duty.check"))]
Swapper = Annotated[Session, Depends(allow_to("duty.swap"))]
Id = Annotated[str, Field(max_length=64)]


class StandingIn(BaseModel):
    """Who answers for an area, or for the station (null), at all times."""

    model_config = ConfigDict(extra="forbid")

    area: Id | None = None
    officer: Id
    deputy: Id | None = None
    commander: Id | None = None
    leader: Id | None = None


class ShiftIn(BaseModel):
    """Hours in which people answer in turn, each for `turn_days` days from `since` on."""

    model_config = ConfigDict(extra="forbid")

    id: Id
    duty_as: DutyAs
    people: list[Id] = Field(min_length=1, max_length=200)
    area: Id | None = None
    hours: Hours = Hours()
    since: date = date(2026, 1, 1)
    turn_days: int = Field(default=1, ge=1, le=366)
    place: Id | None = None


class RosterIn(BaseModel):
    """A roster: of one area, or without `area` of the station and all areas. `version`: the one it was made from."""

    model_config = ConfigDict(extra="forbid")

    area: Id | None = None
    duty: list[StandingIn] = Field(default=[], max_length=1000)
    shifts: list[ShiftIn] = Field(default=[], max_length=5000)
    version: str | None = None

    def duties_told(self) -> list[Duty]:
        """The standing duties as the registry has them."""
        return [Duty(**one.model_dump()) for one in self.duty]

    def shifts_told(self) -> list[Shift]:
        """The shifts as the registry has them; of the hours only what was said."""
        return [
            Shift(
                **one.model_dump(exclude={"hours"}),
                hours=one.hours.model_dump(mode="json", by_alias=True, exclude_unset=True),
            )
            for one in self.shifts
        ]


@router.get("", responses=answers(Roster))
def show_roster(session: Reader, have: Have, sealer: Seals, since: date | None = None) -> dict[str, Any]:
    """The roster: standing duties, shifts, swaps since a day (yesterday), and the people in it."""
    with have.pool.transaction() as connection:
        return looked_up.roster(connection, sealer, scope_of(session), session.role, have.clock.now(), since)


@router.put("", responses=answers(RosterSaved))
def save_roster(told: RosterIn, session: Saver, have: Have) -> dict[str, Any]:
    """Save a whole roster. 422 with `gaps` when it leaves a time or an area with nobody."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        saved = acts.save_roster(
            connection, by, told.duties_told(), told.shifts_told(), area=told.area, was=told.version
        )
    odd = looked_up.checked(saved, by.scope, by.at)["doubts"]
    return {"version": acts.fingerprint(saved), "doubts": odd}


@router.get("/now", responses=answers(DutyNow))
def now(
    session: Watcher,
    have: Have,
    place: Annotated[str | None, Query(max_length=64)] = None,
    area: Annotated[str | None, Query(max_length=64)] = None,
    at: AwareDatetime | None = None,
) -> dict[str, Any]:
    """Who answers at a place, in an area or for the station now (or `at` a time), why, and who is nearest."""
    with have.pool.transaction() as connection:
        return looked_up.now(connection, scope_of(session), place=place, area=area, at=at or have.clock.now())


@router.get("/calendar", responses=answers(DutyCalendar))
def duty_calendar(  # one parameter per thing asked
    session: Reader,
    have: Have,
    first: Annotated[date, Query(alias="from")],
    days: Annotated[int, Query(ge=1, le=92)] = 14,
    area: Annotated[str | None, Query(max_length=64)] = None,
) -> dict[str, Any]:
    """Who is on when: each duty day's turns for an area, its own and those it inherits; for all without one."""
    with have.pool.transaction() as connection:
        return looked_up.calendar(connection, scope_of(session), area=area, first=first, days=days)


@router.get("/check", responses=answers(RosterCheck))
def check_roster(session: Checker, have: Have, days: Annotated[int, Query(ge=1, le=366)] = 60) -> dict[str, Any]:
    """Gaps and doubts of the roster as it is saved."""
    now_ = have.clock.now()
    with have.pool.transaction() as connection:
        registry = acts.load(connection, session.station, now_)
    return looked_up.checked(registry, scope_of(session), now_, days)


@router.post("/check", responses=answers(RosterCheck))
def check_given_roster(told: RosterIn, session: Saver, have: Have) -> dict[str, Any]:
    """Gaps and doubts of a roster that is not saved yet: what saving it would say. Nothing is written."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        would_be = acts.considered(connection, by, told.duties_told(), told.shifts_told(), area=told.area)
    return looked_up.checked(would_be, by.scope, by.at)


class SwapIn(BaseModel):
    """Somebody stands in for whoever's turn it is, on the day the hours begin."""

    model_config = ConfigDict(extra="forbid")

    shift: Id
    day: date
    instead_of: Id
    by: Id
    reason: str = Field(default="", max_length=500)


@router.post("/swaps", status_code=201, responses=answers(SwapMade, status=201))
def add_swap(told: SwapIn, session: Swapper, have: Have, sealer: Seals) -> dict[str, Any]:
    """Stand in for somebody: an officer for their own turn names who does, commander and admin for anybody's."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        meant = Swap(**told.model_dump(exclude={"reason"}))
        swap_id, registry = swaps.add_swap(connection, sealer, by, meant, told.reason)
    odd = [
        one
        for one in doubts(registry, by.at)
        if (one.about.get("shift"), one.about.get("day")) == (told.shift, told.day)
    ]
    return {"id": swap_id, **told.model_dump(), "doubts": [doubt_shown(registry, one) for one in odd]}


@router.delete("/swaps/{swap_id}", status_code=204)
def drop_swap(swap_id: int, session: Swapper, have: Have) -> None:
    """Take a swap back: whoever's turn it is serves again."""
    with have.pool.transaction() as connection:
        swaps.drop_swap(connection, actor(session, have), swap_id)
