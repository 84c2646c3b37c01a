"""Persons: what the station is told of them. Never a list of who lives where."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from api.deps import Have, Reader, actor
from gateway import register

router = APIRouter(tags=["persons"])


class Absence(BaseModel):
    """Until when somebody is away (RFC 3339 with an offset); null: they are back."""

    until: AwareDatetime | None
    reason: str | None = Field(default=None, max_length=2000)


@router.post("/persons/{person_id}/away")
def mark_away(person_id: str, absence: Absence, session: Reader, have: Have) -> dict[str, Any]:
    """Register somebody as away, or as back: until then their silence alarms nobody, a standing alert of it clears."""
    with have.pool.transaction() as connection:
        register.mark_away(connection, actor(session, have), person_id, absence.until, absence.reason)
    return {"person": person_id, "away_until": absence.until}
