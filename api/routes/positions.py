"""Where those on duty are now."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends

from api.answers.documented import answers
from api.answers.map import Positions
from api.deps import Have, actor, allow_to
from gateway.duty import positions
from gateway.store.accounts import Session

router = APIRouter(prefix="/duty", tags=["duty"])

Sender = Annotated[Session, Depends(allow_to("positions.read"))]


@router.get("/positions", responses=answers(Positions))
def list_positions(session: Sender, have: Have) -> dict[str, Any]:
    """Who is on duty within reach and where they were last, if that was within half an hour; noted once an hour."""
    with have.pool.transaction() as connection:
        found = positions.positions(connection, actor(session, have))
    return {"items": [msgspec.to_builtins(one) for one in found], "next": None}
