"""Figures: how fast people are, what happened where, how right the rules are, how the alarm system is."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from api.answers.stats import AlarmsFigures, ClocksFigures, MixFigures, RulesFigures
from api.deps import Have, Watcher, allow_to, scope_of
from api.permissions import PERMISSIONS
from api.table import Shaped, answers_or_file
from gateway.figures import alarms as alarm_figures
from gateway.figures import clocks as clock_figures
from gateway.figures import mix as mix_figures
from gateway.figures import rules as rule_figures
from gateway.figures.period import period
from gateway.model.errors import Forbidden
from gateway.store import figures as figure_store
from gateway.store.accounts import Session

router = APIRouter(prefix="/stats", tags=["stats"])

#: Who sees colleagues one by one; a grid worker or an administrator has no need to.
COLLEAGUES = PERMISSIONS["stats.officers"].roles


@router.get("/clocks", responses=answers_or_file(ClocksFigures))
def clocks(
    session: Watcher,
    have: Have,
    shape: Shaped,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    by: clock_figures.By = "beat",
    at_least: Annotated[int, Query(ge=1, le=10_000)] = 5,
    table: Literal["units", "open"] = "units",
) -> Response:
    """Sign-in, departure, arrival, feedback per unit, in the policy's buckets; the slowest named, open ones listed."""
    if by == "officer" and session.role not in COLLEAGUES:
        raise Forbidden(f"the role {session.role} sees units, not single officers; ask with by=beat or by=area")
    asked = period(since, until, have.clock.now())
    with have.pool.transaction() as connection:
        ground = figure_store.ground(connection, session.station)
        known = clock_figures.read(connection, scope_of(session), asked, by)
    told = clock_figures.clocks(known, asked, by, ground.policy.buckets, at_least)
    sheet = clock_figures.open_sheet(told) if table == "open" else clock_figures.sheet(told)
    return shape.answer(told, sheet, ground.time_zone, f"clocks-{table}")


@router.get("/mix", responses=answers_or_file(MixFigures))
def mix(
    session: Watcher,
    have: Have,
    shape: Shaped,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    table: Literal["mix", "heat", "places"] = "mix",
) -> Response:
    """Incidents by category and priority against the period before and a year ago, a heat map, repeat places."""
    asked = period(since, until, have.clock.now())
    with have.pool.transaction() as connection:
        ground = figure_store.ground(connection, session.station)
        told = mix_figures.mix(connection, scope_of(session), ground, asked)
    sheets = {"mix": mix_figures.sheet, "heat": mix_figures.heat_sheet, "places": mix_figures.places_sheet}
    return shape.answer(told, sheets[table](told), ground.time_zone, f"mix-{table}")


@router.get("/rules", responses=answers_or_file(RulesFigures))
def rules(
    session: Watcher,
    have: Have,
    shape: Shaped,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    table: Literal["rules", "quiet"] = "rules",
) -> Response:
    """How right each rule was by coded dispositions; priorities against 80/15/5; what was kept quiet."""
    asked = period(since, until, have.clock.now())
    with have.pool.transaction() as connection:
        ground = figure_store.ground(connection, session.station)
        told = rule_figures.rules(connection, scope_of(session), asked)
    sheet = rule_figures.quiet_sheet(told) if table == "quiet" else rule_figures.sheet(told)
    return shape.answer(told, sheet, ground.time_zone, f"rules-{table}")


@router.get("/alarms", responses=answers_or_file(AlarmsFigures))
def alarms(
    session: Annotated[Session, Depends(allow_to("stats.alarms"))],
    have: Have,
    shape: Shaped,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    table: Literal["indicators", "positions", "top"] = "indicators",
) -> Response:
    """How the alarm system is (ISA-18.2): per operator and stretch at the desk, floods, chatter, against targets."""
    now = have.clock.now()
    asked = period(since, until, now)
    with have.pool.transaction() as connection:
        ground = figure_store.ground(connection, session.station)
        known = alarm_figures.read(
            connection, scope_of(session), asked, ground.policy, now,
            timedelta(minutes=have.settings.session_idle_minutes),
        )  # fmt: skip
    told = alarm_figures.alarms(known, asked, now)
    sheets = {
        "indicators": alarm_figures.sheet, "positions": alarm_figures.positions_sheet, "top": alarm_figures.top_sheet,
    }  # fmt: skip
    return shape.answer(told, sheets[table](told), ground.time_zone, f"alarms-{table}")
