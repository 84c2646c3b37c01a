"""The officers' record: footprints, and a month of an officer's or a beat's work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, Field

from api.answers.documented import answers
from api.answers.records import FootprintPage, FootprintsTaken, Record, RecordList
from api.deps import Have, Who, actor, allow_to
from api.table import Shaped, answers_or_file
from gateway.figures.period import period
from gateway.records import footprints, read
from gateway.records.month import inputs_sheet, sheet
from gateway.store import figures as figure_store
from gateway.store.accounts import Session

router = APIRouter(tags=["records"])

Writer = Annotated[Session, Depends(allow_to("footprints.write"))]
Month = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}$")]


class FootprintBatch(BaseModel):
    """Footprints as a phone has gathered them: see `gateway.records.footprints.Footprint` for one of them."""

    items: list[dict[str, Any]] = Field(max_length=footprints.MOST)


@router.post("/footprints", responses=answers(FootprintsTaken))
def take_footprints(batch: FootprintBatch, session: Writer, have: Have) -> dict[str, Any]:
    """Hand in visits, patrols, looks and positions; each is taken once, or refused with a sentence, by itself."""
    with have.pool.transaction() as connection:
        taken = footprints.take(connection, have.sealer, actor(session, have), batch.items)
    return {"items": [msgspec.to_builtins(one) for one in taken]}


@router.get("/footprints", responses=answers(FootprintPage))
def list_footprints(  # one parameter per filter
    session: Who,
    have: Have,
    username: str | None = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    kind: footprints.Kind | None = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> dict[str, Any]:
    """Footprints, newest first: my own; a commander sees those of others, and that is audited."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        found = footprints.of_user(
            connection, have.sealer, by, username or by.username, period(since, until, by.at),
            kind=kind, before=before, limit=limit,
        )  # fmt: skip
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}


@router.get("/records", responses=answers_or_file(RecordList))
def list_records(
    session: Who, have: Have, shape: Shaped, by: Literal["beat", "officer"] = "beat", month: Month = None
) -> Response:
    """A month per beat; per officer for the commander, which is audited."""
    asking = actor(session, have)
    with have.pool.transaction() as connection:
        told = read.everybody(connection, asking, by, month)
        zone = figure_store.ground(connection, session.station).time_zone
    return shape.answer(told, sheet(told.items), zone, f"records-{by}-{told.month}")


@router.get("/records/{username}", responses=answers_or_file(Record))
def get_record(username: str, session: Who, have: Have, shape: Shaped, month: Month = None) -> Response:
    """A month of one officer: the inputs of their rating, how each is counted, the station's median beside it."""
    with have.pool.transaction() as connection:
        told = read.one(connection, actor(session, have), username, month)
        zone = figure_store.ground(connection, session.station).time_zone
    return shape.answer(told, inputs_sheet(told.inputs), zone, f"record-{told.month}")
