"""Drills: what a device reports meanwhile rings as always and is marked as practised."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from api.answers.documented import answers
from api.answers.drills import DrillAnnounced, DrillList
from api.deps import Have, Reader, actor, scope_of
from gateway import register
from gateway.store import registry as registry_store

router = APIRouter(tags=["drills"])


class Planned(BaseModel):
    """A drill that begins now."""

    device: str = Field(max_length=64)
    minutes: float = Field(ge=1, le=480)
    note: str = Field(default="", max_length=2000)


@router.post("/drills", status_code=201, responses=answers(DrillAnnounced, status=201))
def announce(planned: Planned, session: Reader, have: Have) -> dict[str, Any]:
    """Announce a drill of one device, from now on for so many minutes."""
    by = actor(session, have)
    with have.pool.transaction() as connection:
        drill = register.announce_drill(
            connection, by, planned.device, timedelta(minutes=planned.minutes), planned.note
        )
    return {
        "device": drill.device,
        "starts_at": drill.starts_at,
        "ends_at": drill.ends_at,
        "note": drill.note,
        "announced_by": by.username,
    }


class Ended(BaseModel):
    """Whose drill is over."""

    device: str = Field(max_length=64)


@router.post("/drills/end", status_code=204)
def end_drill(ended: Ended, session: Reader, have: Have) -> None:
    """End a device's drill now: what it reports from here on is real."""
    with have.pool.transaction() as connection:
        register.end_drill(connection, actor(session, have), ended.device)


@router.get("/drills", responses=answers(DrillList))
def list_drills(session: Reader, have: Have, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> dict[str, Any]:
    """Drills: those under way and to come first, then the latest that are over."""
    with have.pool.transaction() as connection:
        found = registry_store.list_drills(connection, scope_of(session), now=have.clock.now(), limit=limit)
    return {"items": found, "next": None}
