"""Screens on the wall: their tokens, and how they get in."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from api.answers.documented import answers
from api.answers.walls import WallEntered, WallList, WallMade
from api.deps import COOKIE, Have, actor, allow_to
from api.problems import unauthorised
from gateway.accounts import walls
from gateway.store import walls as wall_store
from gateway.store.accounts import Session

router = APIRouter(tags=["auth"])


Keeper = Annotated[Session, Depends(allow_to("walls.change"))]


class NewWall(BaseModel):
    """Where the screen hangs, and what it shows: these areas, or (null) the whole station."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(min_length=1, max_length=100)
    areas: list[str] | None = Field(default=None, min_length=1, max_length=100)


class Token(BaseModel):
    """A wall's token, as it was told when the wall was made."""

    token: str = Field(max_length=256)


@router.get("/walls", responses=answers(WallList))
def list_walls(session: Keeper, have: Have) -> dict[str, Any]:
    """The station's wall screens, and when each last looked."""
    with have.pool.transaction() as connection:
        return {"items": wall_store.list_walls(connection, session.station), "next": None}


@router.post("/walls", status_code=201, responses=answers(WallMade, status=201))
def make_wall(wall: NewWall, session: Keeper, have: Have) -> dict[str, Any]:
    """A wall screen that reads and does nothing. Its `token` is told this once."""
    with have.pool.transaction() as connection:
        made, token = walls.make(connection, actor(session, have), wall.label, wall.areas)
    return {"id": made, "token": token}


@router.delete("/walls/{wall_id}", status_code=204)
def remove_wall(wall_id: int, session: Keeper, have: Have) -> None:
    """It looks no more: its token is worth nothing, its session ends."""
    with have.pool.transaction() as connection:
        walls.remove(connection, actor(session, have), wall_id)


@router.post("/auth/wall", responses=answers(WallEntered))
def enter(given: Token, response: Response, have: Have) -> dict[str, Any]:
    """Open a wall's session with its token: a cookie that does not go idle and ends after 30 days."""
    now, settings = have.clock.now(), have.settings
    with have.pool.transaction() as connection:
        entered = walls.enter(connection, settings.station, given.token, now)
        if entered is None:
            lock = timedelta(minutes=settings.login_lock_minutes)
            walls.note_wrong(connection, settings.station, now, settings.login_attempts, lock)
    if entered is None:  # after the commit: it is written down
        raise unauthorised("this is no wall's token, or the wall was removed; make another: POST /api/v1/walls")
    wall, token = entered
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=settings.secure_cookies, path="/",
        max_age=int(walls.LASTS.total_seconds()),
    )  # fmt: skip
    return {
        "token": token, "token_type": "bearer", "ends_at": now + walls.LASTS,
        "wall": {"id": wall.id, "label": wall.label, "areas": wall.areas},
    }  # fmt: skip
