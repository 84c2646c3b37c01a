"""Screens on the wall: what may look at a station without being anybody.

A wall has a token that is told once and opens sessions which do not go idle, since nobody touches a wall. It reads what
a screen for everybody in the room may show, and acts on nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.store import accounts, users
from gateway.store import walls as wall_store
from gateway.store.walls import Wall

#: What a session of a wall says its role is; no user has it.
WALL = "wall"
ROLES = frozenset({"commander", "admin"})
#: A session ends after this time, whatever looks; its token opens the next one.
LASTS = timedelta(days=30)
#: Tokens are told from session tokens at a glance, and from anything else in a log.
PREFIX = "wall_"


def hashed(token: str) -> str:
    """A token as it is kept: by its SHA-256, so that looking it up compares no secret byte by byte."""
    return hashlib.sha256(token.encode()).hexdigest()


def make(connection: Connection[TupleRow], actor: Actor, label: str, areas: list[str] | None) -> tuple[int, str]:
    """Make a wall and return its id and its token, which is told this once. Raises `Forbidden` and `BadInput`."""
    _must_look_after_walls(actor)
    if not label.strip():
        raise BadInput("say where the screen hangs (label)", reason="label")
    if unknown := users.unknown_areas(connection, actor.scope.station, areas or []):
        raise BadInput(f"there is no area {', '.join(unknown)}; null means the whole station", reason="areas")
    token = PREFIX + secrets.token_urlsafe(32)
    wall = wall_store.insert(
        connection, actor.scope.station, label=label.strip(), areas=areas, token_sha256=hashed(token),
        by=actor.username, now=actor.at,
    )  # fmt: skip
    trail.note(connection, actor, "wall.make", f"wall/{wall}", {"areas": areas})
    return wall, token


def remove(connection: Connection[TupleRow], actor: Actor, wall: int) -> None:
    """Let a wall look no more: its token and its sessions end. Raises `Forbidden` and `NotFound`."""
    _must_look_after_walls(actor)
    if not wall_store.delete(connection, actor.scope.station, wall):
        raise NotFound(f"there is no wall {wall} at this station")
    trail.note(connection, actor, "wall.remove", f"wall/{wall}")


def enter(connection: Connection[TupleRow], station: str, token: str, now: datetime) -> tuple[Wall, str] | None:
    """Open a session for a wall's token and return both; None for a token that is nobody's."""
    wall = wall_store.of_token(connection, station, hashed(token))
    if wall is None:
        return None
    session = secrets.token_urlsafe(32)
    wall_store.open_session(connection, wall.id, hashed(session), now)
    accounts.write_audit(
        connection, at=now, station=station, username=f"wall/{wall.id}", act="login", object_=f"wall/{wall.id}"
    )
    return wall, session


def note_wrong(connection: Connection[TupleRow], station: str, now: datetime, limit: int, lock: timedelta) -> None:
    """Write a wrong token down, not what it was. Raises `Forbidden` once there were `limit` within `lock`.

    A token of 256 bits is not guessed: the limit is to what strangers may write into the trail, and a right one still
    gets in.
    """
    if (until := wall_store.locked_until(connection, station, now)) is not None:
        raise Forbidden(f"too many wrong tokens; a right one gets in, others wait until {until.isoformat()}")
    wall_store.failed(connection, station, now, limit, lock)
    accounts.write_audit(
        connection, at=now, station=station, username=None, act="login.failed", detail={"wrong": "wall token"}
    )


def _must_look_after_walls(actor: Actor) -> None:
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not look after walls")
    if actor.scope.areas is not None:
        raise Forbidden("whoever has areas of their own may not look after the station's walls")
