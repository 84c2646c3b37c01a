"""One's own password and sessions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.answers.accounts import SessionList
from api.answers.documented import answers
from api.deps import Entering, Have, actor, why_over
from gateway.accounts import acts
from gateway.model.errors import NotFound
from gateway.store import accounts, users

router = APIRouter(tags=["auth"])


class NewPassword(BaseModel):
    """The old password and the new one."""

    old: str = Field(max_length=256)
    new: str = Field(max_length=256)


@router.post("/me/password", status_code=204)
def change_password(given: NewPassword, session: Entering, have: Have) -> None:
    """Change one's own password; one's other sessions end."""
    with have.pool.transaction() as connection:
        acts.change_own_password(connection, actor(session, have), session.id, given.old, given.new)


@router.get("/me/sessions", responses=answers(SessionList))
def list_sessions(session: Entering, have: Have) -> dict[str, Any]:
    """Where one is logged in: since when, and when it was last used."""
    now = have.clock.now()
    with have.pool.transaction() as connection:
        found = users.sessions(connection, session.username)
    items = [
        {**one, "this": one["id"] == session.id}
        for one in found
        if why_over(one["created_at"], one["used_at"], have.settings, now, phone=one["phone"]) is None
    ]
    return {"items": items, "next": None}


@router.delete("/me/sessions/{session_id}", status_code=204)
def end_session(session_id: int, session: Entering, have: Have) -> None:
    """End one of one's own sessions: a phone that was lost, a screen that was left."""
    with have.pool.transaction() as connection:
        if not users.end_session(connection, session.username, session_id):
            raise NotFound(f"you have no session {session_id}")
        accounts.write_audit(
            connection, at=have.clock.now(), station=session.station, username=session.username,
            act="me.session_ended", object_=f"session/{session_id}",
        )  # fmt: skip
