"""What is kept how long, and what would go now: numbers of the whole station, nothing of anybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends

from api.answers.documented import answers
from api.answers.retention import RetentionLook
from api.deps import Have, allow_to
from gateway.retention import look
from gateway.store.accounts import Session

router = APIRouter(tags=["retention"])


@router.get("/retention", responses=answers(RetentionLook))
def get_retention(session: Annotated[Session, Depends(allow_to("retention.read"))], have: Have) -> dict[str, Any]:
    """What would go now and what stays, class by class; a dry run that changes nothing."""
    del session
    with have.pool.transaction() as connection:
        seen = look(connection, have.settings, have.clock.now())
    return {**seen._asdict(), "classes": [one._asdict() for one in seen.classes]}
