"""What routes are handed: the application's parts, and who is asking."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from api.follower import Follower
from api.problems import unauthorised
from gateway.clock import Clock
from gateway.incidents.acts import Actor
from gateway.model.errors import Forbidden
from gateway.model.scope import Scope
from gateway.settings import Settings
from gateway.store import accounts
from gateway.store.accounts import Session
from gateway.store.pool import Pool
from gateway.telling.tell import Announcer

COOKIE = "anxin_session"
#: A session's last use is written at most this often.
TOUCH_EVERY = timedelta(seconds=30)

#: Roles that may look at alerts, incidents, events and places. The auditor sees logs, not data.
DATA_ROLES = frozenset({"operator", "officer", "commander", "grid_worker", "admin"})


@dataclass(frozen=True)
class Parts:
    """What the API is made of, built once at start."""

    settings: Settings
    clock: Clock
    pool: Pool
    follower: Follower
    announcer: Announcer


def parts(request: Request) -> Parts:
    """The application's parts."""
    found: Parts = request.app.state.parts
    return found


Have = Annotated[Parts, Depends(parts)]


def token_of(request: Request) -> str | None:
    """The session token a request carries: `Authorization: Bearer …` or the cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return request.cookies.get(COOKIE)


def hashed(token: str) -> str:
    """A token as it is kept: whoever reads the table cannot log in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def current_session(request: Request, have: Have) -> Session:
    """Who is asking. Raises 401 when nobody has logged in, or too long ago."""
    token = token_of(request)
    if token is None:
        raise unauthorised()
    now = have.clock.now()
    with have.pool.transaction() as connection:
        session = accounts.session(connection, hashed(token))
        if session is None:
            raise unauthorised("the session is over; log in again")
        if session.station != have.settings.station:
            raise unauthorised(f"this is station {have.settings.station}; log in at {session.station}")
        if now - session.used_at > timedelta(minutes=have.settings.session_idle_minutes):
            accounts.close_session(connection, hashed(token))
            raise unauthorised("the session was idle for too long; log in again")
        if now - session.used_at > TOUCH_EVERY:
            accounts.touch_session(connection, hashed(token), now)
    return session


Who = Annotated[Session, Depends(current_session)]


def allow(*roles: str) -> Callable[[Session], Session]:
    """Return a dependency that lets only these roles through."""

    def check(session: Who) -> Session:
        if session.role not in roles:
            raise Forbidden(f"the role {session.role} may not see or do this")
        return session

    return check


Reader = Annotated[Session, Depends(allow(*DATA_ROLES))]


def scope_of(session: Session) -> Scope:
    """What somebody may see. A grid worker sees their grid: without one, nothing instead of the whole station."""
    if session.areas is None:
        return Scope(session.station, () if session.role == "grid_worker" else None)
    return Scope(session.station, tuple(session.areas))


def actor(session: Session, have: Parts) -> Actor:
    """Somebody acting now."""
    return Actor(session.username, session.role, scope_of(session), have.clock.now())
