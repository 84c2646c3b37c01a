"""What routes are handed: the application's parts, and who is asking."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Annotated
from urllib.parse import unquote

from fastapi import Depends, Request
from psycopg import Connection
from psycopg.rows import TupleRow

from api.follower import Follower
from api.permissions import PERMISSIONS, Permission
from api.problems import unauthorised
from gateway.accounts import walls
from gateway.accounts.walls import WALL
from gateway.clock import Clock
from gateway.incidents.acts import Actor
from gateway.model.errors import Forbidden
from gateway.model.scope import Scope
from gateway.sealing import Sealer, sealer_of
from gateway.settings import Settings
from gateway.store import accounts
from gateway.store import walls as wall_store
from gateway.store.accounts import Session
from gateway.store.pool import Pool
from gateway.telling.tell import Announcer
from gateway.video.platforms import Platforms

COOKIE = "anxin_session"
#: For whom a page speaks, percent-encoded: the tabs of a browser share one session, which another user may have begun.
SPEAKER = "X-Anxin-User"
#: A session's last use is written at most this often.
TOUCH_EVERY = timedelta(seconds=30)

#: Roles that do the most harm in wrong hands: they log in with a second factor.
TOTP_ROLES = frozenset({"admin", "commander"})


@dataclass(frozen=True)
class Parts:
    """What the API is made of, built once at start."""

    settings: Settings
    clock: Clock
    pool: Pool
    follower: Follower
    announcer: Announcer
    video: Platforms

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


def found_session(connection: Connection[TupleRow], token_sha256: str) -> Session | None:
    """Return the session of a token, a user's or a wall's."""
    return accounts.session(connection, token_sha256) or wall_store.session(connection, token_sha256)


def touch(connection: Connection[TupleRow], session: Session, token_sha256: str, now: datetime) -> None:
    """Note that a session is in use."""
    if session.role == WALL:
        wall_store.touch_session(connection, token_sha256, now)
    else:
        accounts.touch_session(connection, token_sha256, now)


def end(connection: Connection[TupleRow], session: Session, token_sha256: str) -> None:
    """End a session."""
    if session.role == WALL:
        wall_store.close_session(connection, token_sha256)
    else:
        accounts.close_session(connection, token_sha256)


def any_session(request: Request, have: Have) -> Session:
    """Who is asking, or which wall. Raises 401 when nobody is in, for too long, or somebody else than the page says."""
    token = token_of(request)
    if token is None:
        raise unauthorised()
    now = have.clock.now()
    with have.pool.transaction() as connection:
        session = found_session(connection, hashed(token))
        if session is None:
            raise unauthorised("the session is over; log in again")
        if session.station != have.settings.station:
            raise unauthorised(f"this is station {have.settings.station}; log in at {session.station}")
        speaker = unquote(request.headers.get(SPEAKER, ""))
        if speaker not in ("", session.username):
            raise unauthorised(f"the session is {session.username}'s, not {speaker}'s; log in again", "other_user")
        why = over(session, have.settings, now)
        if why is not None:
            end(connection, session, hashed(token))
        elif now - session.used_at > TOUCH_EVERY:
            touch(connection, session, hashed(token), now)
    if why is not None:  # after the commit: it is over for good
        raise unauthorised(why)
    return session


def open_session(request: Request, have: Have) -> Session:
    """Who is asking, a second factor or not. Raises 401 as `any_session`, and `Forbidden` for a wall: it is nobody."""
    session = any_session(request, have)
    if session.role == WALL:
        raise Forbidden("a wall looks at what it was made for and does nothing; log in as somebody")
    return session


def over(session: Session, settings: Settings, now: datetime) -> str | None:
    """Say why a user's or a wall's session is over, if it is. A wall does not go idle."""
    if session.role != WALL:
        return why_over(session.created_at, session.used_at, settings, now, phone=session.phone)
    if now - session.created_at > walls.LASTS:
        return f"a wall's session ends after {walls.LASTS.days} days; open another with its token"
    return None


def why_over(
    created_at: datetime, used_at: datetime, settings: Settings, now: datetime, *, phone: bool = False
) -> str | None:
    """Say why a user's session is over, if it is; one on a `phone` lasts longer than one at a desk."""
    idle, lasts = timedelta(minutes=settings.session_idle_minutes), timedelta(hours=settings.session_hours)
    if phone:
        idle, lasts = timedelta(hours=settings.phone_session_idle_hours), timedelta(days=settings.phone_session_days)
    if now - used_at > idle:
        return "the session was idle for too long; log in again"
    if now - created_at > lasts:
        return f"a session ends after {lasts / timedelta(hours=1):g} hours; log in again"
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
    """Lets only those through who have a permission; the test of every route reads `roles`."""

    def __init__(self, permission: Permission) -> None:
        self.roles, self.whole = permission

    def __call__(self, session: Who) -> Session:
        """Return who is asking. Raises `Forbidden`."""
        if session.role not in self.roles:
            raise Forbidden(f"the role {session.role} may not see or do this")
        if self.whole and session.areas is not None:
            raise Forbidden("this concerns the whole station, and your account is for some of its areas")
        return session


def allow_to(permission: str) -> Allow:
    """Return a dependency that lets only those through who have one of `api.permissions.PERMISSIONS`."""
    return Allow(PERMISSIONS[permission])


Reader = Annotated[Session, Depends(allow_to("data.read"))]


class Watch:
    """Lets those through who read data, and walls; what a wall is shown, `api.shown` says."""

    roles = PERMISSIONS["data.watch"].roles

    def __call__(self, session: Annotated[Session, Depends(any_session)], have: Have) -> Session:
        """Return who is asking. Raises `Forbidden`."""
        if session.role != WALL:
            session = current_session(session, have)
        if session.role not in self.roles:
            raise Forbidden(f"the role {session.role} may not see or do this")
        return session


#: For what the screen on the wall shows too.
Watcher = Annotated[Session, Depends(Watch())]
#: Whoever has a session, a wall too.
Anyone = Annotated[Session, Depends(any_session)]


def scope_of(session: Session) -> Scope:
    """What somebody may see. A grid worker sees their grid: without one, nothing instead of the whole station."""
    if session.areas is None:
        return Scope(session.station, () if session.role == "grid_worker" else None)
    return Scope(session.station, tuple(session.areas))


def actor(session: Session, have: Parts) -> Actor:
    """Somebody acting now."""
    return Actor(session.username, session.role, scope_of(session), have.clock.now())
