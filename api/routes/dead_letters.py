"""Dead letters on their way again, once what was wrong with them is mended."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.answers.documented import answers
from api.answers.events import LetterReplayed, LettersReplayed
from api.deps import Have, actor, allow_to
from gateway import replaying
from gateway.store.accounts import Session

router = APIRouter(tags=["events"])

Mender = Annotated[Session, Depends(allow_to("deadletters.replay"))]


class OfReason(BaseModel):
    """Which letters: those that stand for this reason."""

    reason: str = Field(min_length=1, max_length=64)


@router.post("/dead-letters/{letter_id}/replay", status_code=202, responses=answers(LetterReplayed, status=202))
def replay_one(letter_id: int, session: Mender, have: Have) -> dict[str, Any]:
    """Send one on its way again, under its own topic; what fails again stands here again."""
    with have.pool.transaction() as connection:
        at, by = replaying.replay(connection, actor(session, have), letter_id)
    return {"id": letter_id, "replayed_at": at, "replayed_by": by}


@router.post("/dead-letters/replay", status_code=202, responses=answers(LettersReplayed, status=202))
def replay_all(which: OfReason, session: Mender, have: Have) -> dict[str, Any]:
    """Send those that stand for a reason on their way again, at most 1,000; ask again while there are `remaining`."""
    with have.pool.transaction() as connection:
        told = replaying.replay_all(connection, actor(session, have), which.reason)
    body: dict[str, Any] = msgspec.to_builtins(told)
    return body
