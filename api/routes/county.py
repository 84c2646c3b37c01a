"""The county's platforms: how each link stands, whether alarms get there, and what became of each. Read only."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from api.answers.county import CountyAlarmPage, CountyLinks
from api.answers.documented import answers
from api.deps import Have, allow_to
from gateway.county.path import walk
from gateway.store import county as county_store
from gateway.store.accounts import Session

router = APIRouter(prefix="/county", tags=["county"])

Looker = Annotated[Session, Depends(allow_to("county.read"))]


@router.get("/links", responses=answers(CountyLinks))
def list_links(session: Looker, have: Have) -> dict[str, Any]:
    """How each link stands; and, step by step, what stands between a button and the county. Empty without a link."""
    del session
    now = have.clock.now()
    with have.pool.transaction() as connection:
        seen = walk(connection, have.settings, now)
    return {"at": now, "items": seen.links, "path": [step._asdict() for step in seen.steps]}


@router.get("/alarms", responses=answers(CountyAlarmPage))
def list_alarms(  # one parameter per filter
    session: Looker,
    have: Have,
    link: str | None = None,
    alert: int | None = None,
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """Alarms that went up, or are to, newest first, and what became of each."""
    with have.pool.transaction() as connection:
        found = county_store.alarms(connection, session.station, link=link, alert=alert, before=before, limit=limit)
    return {"items": found, "next": found[-1]["id"] if len(found) == limit else None}
