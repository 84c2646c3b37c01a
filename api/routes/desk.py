"""The command room's desk: who sits there, and what one leaves to the next."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.answers.desk import DeskOpen, Handover, HandoverList, HandoverPage
from api.answers.documented import answers
from api.deps import Have, Parts, actor, allow_to, scope_of
from gateway.figures import desk
from gateway.store import desk as desk_store
from gateway.store.accounts import Session

router = APIRouter(prefix="/desk", tags=["desk"])

Operator = Annotated[Session, Depends(allow_to("desk.sit"))]


class Leaving(BaseModel):
    """What the one who gives has to say."""

    note: str | None = Field(default=None, max_length=4000)


@router.post("/begin", responses=answers(DeskOpen))
def begin_desk(session: Operator, have: Have) -> dict[str, Any]:
    """I am at the desk, or back from a pause."""
    with have.pool.transaction() as connection:
        return msgspec.structs.asdict(desk.begin(connection, actor(session, have)))


@router.post("/pause", responses=answers(DeskOpen))
def pause_desk(session: Operator, have: Have) -> dict[str, Any]:
    """I am away for a while; `begin` says that I am back."""
    with have.pool.transaction() as connection:
        return msgspec.structs.asdict(desk.pause(connection, actor(session, have)))


@router.post("/end", status_code=204)
def leave_desk(session: Operator, have: Have) -> None:
    """I leave the desk."""
    with have.pool.transaction() as connection:
        desk.end(connection, actor(session, have))


@router.get("/handover", responses=answers(HandoverPage))
def handover_page(session: Operator, have: Have) -> dict[str, Any]:
    """What the next has to know, as it is now: open, overdue, shelved, out of order, unreachable."""
    with have.pool.transaction() as connection:
        return desk.page(connection, have.sealer, actor(session, have), _idle(have))


@router.post("/handover", status_code=201, responses=answers(Handover, status=201))
def hand_over(session: Operator, have: Have, leaving: Leaving | None = None) -> dict[str, Any]:
    """Keep that page as it is now, signed by me who gives."""
    note = leaving.note if leaving is not None else None
    with have.pool.transaction() as connection:
        return desk.hand_over(connection, have.sealer, actor(session, have), note, _idle(have))


@router.get("/handovers", responses=answers(HandoverList))
def list_handovers(session: Operator, have: Have, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> dict[str, Any]:
    """The latest handovers, without their pages."""
    with have.pool.transaction() as connection:
        return {"items": desk_store.handovers(connection, scope_of(session), limit), "next": None}


@router.get("/handover/{handover_id}", responses=answers(Handover))
def get_handover(handover_id: int, session: Operator, have: Have) -> dict[str, Any]:
    """One handover: its page, its note, who gave and who took it."""
    with have.pool.transaction() as connection:
        return desk.handover(connection, have.sealer, actor(session, have), handover_id)


@router.post("/handover/{handover_id}/sign", responses=answers(Handover))
def take_over(handover_id: int, session: Operator, have: Have) -> dict[str, Any]:
    """I take over what another has written."""
    with have.pool.transaction() as connection:
        return desk.take_over(connection, have.sealer, actor(session, have), handover_id)


def _idle(have: Parts) -> timedelta:
    return timedelta(minutes=have.settings.session_idle_minutes)
