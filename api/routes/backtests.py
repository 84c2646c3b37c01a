"""Backtests: what a version of a rule would have said of the stored past, asked for and read."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime, BaseModel, Field

from api.answers.backtests import Backtest, BacktestBegun, BacktestList
from api.answers.documented import answers
from api.deps import Have, actor, allow_to
from gateway import backtest_job
from gateway.model.errors import BadInput, NotFound
from gateway.store import backtests
from gateway.store.accounts import Session

router = APIRouter(tags=["rules"])


Deciding = Annotated[Session, Depends(allow_to("rules.backtest"))]


class BacktestIn(BaseModel):
    """A stretch of the past, and what is to be tried on it: a definition, a version written down, or what runs."""

    since: AwareDatetime
    until: AwareDatetime
    definition: dict[str, Any] | None = Field(default=None, description="The words of a definition not written down.")
    version: int | None = Field(default=None, ge=1)
    against: Literal["running"] | None = None


@router.post("/rules/{rule}/backtest", status_code=202, responses=answers(BacktestBegun, status=202))
def begin_backtest(rule: str, wanted: BacktestIn, session: Deciding, have: Have) -> dict[str, Any]:
    """Begin a backtest; it runs in a process of its own, one at a time. Follow it at `/rules/{rule}/backtests/{id}`."""
    if wanted.definition is not None and wanted.version is not None:
        raise BadInput("either a definition or a version", reason="definition")
    definition = backtest_job.parse(wanted.definition, rule) if wanted.definition is not None else None
    with have.pool.transaction() as connection:
        begun = backtest_job.begin(
            connection, have.settings, actor(session, have), rule, wanted.since, wanted.until,
            definition=definition, version=wanted.version, against_running=wanted.against is not None,
        )  # fmt: skip
    backtest_job.start(have.settings, begun)
    return {"id": begun, "rule": rule}


@router.get("/rules/{rule}/backtests", responses=answers(BacktestList))
def list_backtests(
    rule: str, session: Deciding, have: Have, limit: Annotated[int, Query(ge=1, le=50)] = 20
) -> dict[str, Any]:
    """Backtests of a rule, the latest first: how far each is and how many alerts it would have raised."""
    del session
    with have.pool.transaction() as connection:
        return {"items": backtests.list_of(connection, have.settings.station, rule, limit), "next": None}


@router.get("/rules/{rule}/backtests/{backtest_id}", responses=answers(Backtest))
def read_backtest(rule: str, backtest_id: int, session: Deciding, have: Have) -> dict[str, Any]:
    """One backtest: `state` running, done or failed (`detail` says why), `progress` 0 to 1, and its `report`."""
    del session
    with have.pool.transaction() as connection:
        found = backtests.get(connection, have.settings.station, rule, backtest_id)
    if found is None:
        raise NotFound(f"rule {rule!r} has no backtest {backtest_id}")
    return found
