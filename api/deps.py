"""What routes are handed: the application's parts, and who is asking."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request

from api.follower import Follower
from api.problems import unauthorised
from gateway.clock import Clock
from gateway.incidents.acts import Actor
from gateway.model.errors import Forbidden
from gateway.model.scope import Scope
from gateway.sealing import Sealer, sealer_of
from gateway.settings import Settings
from gateway.store import accounts
from gateway.store.accounts import Session
from gateway.store.pool import Pool
from gateway.telling.tell import Announcer

COOKIE = "anxin_session"
#: A session's last use is written at most this often.
TOUCH_EVERY = timedelta(seconds=30)

#: Roles that do the most harm in wrong hands: they log in with a second factor.
TOTP_ROLES = frozenset({"admin", "commander"})
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

    @cached_property
    def sealer(self) -> Sealer:
        """Seals and opens personal data; the key is read, or made, when it is first needed."""
        return sealer_of(self.settings)


def parts(request: Request) -> Parts:
    """The application's parts."""
    found: Parts = request.app.state.parts
    return found


Have = Annotated[Parts, Depends(parts)]


def sealer(have: Have) -> Sealer:
    """What opens personal data for the routes that show it."""
    return have.sealer


Seals = Annotated[Sealer, Depends(sealer)]


def token_of(request: Request) -> str | None:
    """The session token a request carries: `Authorization: Bearer …` or the cookie."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token
    return request.cookies.get(COOKIE)


def hashed(token: str) -> str:
    """A token as it is kept: whoever reads the table cannot log in with it."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(request: Request, have: Have) -> Session:
    """Who is asking, a second factor or not. Raises 401 when nobody has logged in, or too long ago."""
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
        why = why_over(session.created_at, session.used_at, have.settings, now)
        if why is not None:
            accounts.close_session(connection, hashed(token))
        elif now - session.used_at > TOUCH_EVERY:
            accounts.touch_session(connection, hashed(token), now)
    if why is not None:  # after the commit: it is over for good
        raise unauthorised(why)
    return session


def why_over(created_at: datetime, used_at: datetime, settings: Settings, now: datetime) -> str | None:
    """Say why a session is over, if it is."""
    if now - used_at > timedelta(minutes=settings.session_idle_minutes):
        return "the session was idle for too long; log in again"
    if now - created_at > timedelta(hours=settings.session_hours):
        return f"a session ends after {settings.session_hours:g} hours; log in again"
    return None


#: For what somebody needs in order to get their second factor, and for leaving.
Entering = Annotated[Session, Depends(open_session)]


def current_session(session: Entering, have: Have) -> Session:
    """Who is asking. Raises as `open_session`, and `Forbidden` when their role needs a second factor they lack."""
    if needs_totp(session, have.settings):
        raise Forbidden(
            f"the role {session.role} logs in with a second factor: POST /api/v1/auth/totp/enrol, or on the server "
            f"`anxin user totp {session.username}`",
            reason="totp_required",
        )
    return session


def needs_totp(session: Session, settings: Settings) -> bool:
    """Whether somebody has to enrol before anything else."""
    return settings.totp_required and session.role in TOTP_ROLES and not session.totp


Who = Annotated[Session, Depends(current_session)]


class Allow:
    """Lets only these roles through; the test of every route reads `roles`."""

    def __init__(self, roles: frozenset[str]) -> None:
        self.roles = roles

    def __call__(self, session: Who) -> Session:
        """Return who is asking. Raises `Forbidden`."""
        if session.role not in self.roles:
            raise Forbidden(f"the role {session.role} may not see or do this")
        return session


def allow(*roles: str) -> Allow:
    """Return a dependency that lets only these roles through."""
    return Allow(frozenset(roles))


Reader = Annotated[Session, Depends(allow(*DATA_ROLES))]


def scope_of(session: Session) -> Scope:
    """What somebody may see. A grid worker sees their grid: without one, nothing instead of the whole station."""
    if session.areas is None:
        return Scope(session.station, () if session.role == "grid_worker" else None)
    return Scope(session.station, tuple(session.areas))


def actor(session: Session, have: Parts) -> Actor:
    """Somebody acting now."""
    return Actor(session.username, session.role, scope_of(session), have.clock.now())
