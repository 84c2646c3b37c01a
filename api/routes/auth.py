"""Log in, log out, who am I."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.answers.accounts import LoggedIn, Me
from api.answers.documented import answers
from api.deps import COOKIE, Anyone, Have, Parts, end, hashed, needs_totp, token_of
from api.permissions import may
from api.problems import unauthorised
from gateway.accounts import second_factor
from gateway.model.errors import Forbidden
from gateway.passwords import password_fits
from gateway.store import accounts
from gateway.store import registry as registry_store

router = APIRouter(tags=["auth"])

#: Whose phone keeps them logged in for days. Who may change more than their own cases logs in like at a desk.
PHONE_ROLES = frozenset({"officer", "grid_worker"})


class Login(BaseModel):
    """A name, a password, and for whoever has one the second factor's six digits (or a recovery code)."""

    username: str = Field(max_length=64)
    password: str = Field(max_length=256)
    otp: str | None = Field(default=None, max_length=32)
    phone: bool = Field(
        default=False,
        description="it is one's own phone: officers and grid workers stay logged in for days; for everybody else, who "
        "may do more, it is a session like any other",
    )


@router.post("/auth/login", responses=answers(LoggedIn))
def login(given: Login, response: Response, have: Have) -> dict[str, Any]:
    """Log in. The token goes into `Authorization: Bearer …`; browsers get it as a cookie too."""
    now = have.clock.now()
    detail: dict[str, Any] = {}
    with have.pool.transaction() as connection:
        user = accounts.user(connection, given.username)
    if user is not None and user.station != have.settings.station:
        user = None  # another station's people are unknown here
    if user is not None and user.disabled:
        user = None  # and so are those who have left
    if user is not None and user.locked_until is not None and user.locked_until > now:
        raise Forbidden(f"the account is locked until {user.locked_until.isoformat()} after too many wrong passwords")
    if not password_fits(user.password_hash if user is not None else None, given.password) or user is None:
        _failed(have, given.username, "password", now)
        raise unauthorised("the user name or the password is wrong")
    if user.totp:
        if not given.otp:
            raise unauthorised("send the six digits of your second factor as `otp`", "otp_required")
        with have.pool.transaction() as connection:
            how = second_factor.check(connection, have.sealer, user.username, given.otp, now)
        if how is None:
            _failed(have, given.username, "second factor", now)
            raise unauthorised("these digits are wrong, too old or used already; wait for the next ones", "otp_wrong")
        detail["second_factor"] = how
    token = secrets.token_urlsafe(32)
    phone = given.phone and user.role in PHONE_ROLES
    with have.pool.transaction() as connection:
        accounts.login_succeeded(connection, user.username, hashed(token), now, phone=phone)
        accounts.write_audit(
            connection, at=now, station=user.station, username=user.username, act="login", detail=detail
        )
    # A browser on a phone is ended by the phone at will: without an age the cookie would be gone with it.
    age = timedelta(days=have.settings.phone_session_days) if phone else None
    response.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=have.settings.secure_cookies, path="/",
        max_age=None if age is None else int(age.total_seconds()),
    )  # fmt: skip
    return {"token": token, "token_type": "bearer", "phone": phone, "user": _public(user)}


def _failed(have: Parts, username: str, what: str, now: datetime) -> None:
    """Count it and write it down, with the name only when it is one: what people type there may be their password."""
    with have.pool.transaction() as connection:
        known = accounts.user(connection, username)
        ours = known is not None and known.station == have.settings.station
        accounts.login_failed(
            connection, username, now, have.settings.login_attempts, timedelta(minutes=have.settings.login_lock_minutes)
        )
        accounts.write_audit(
            connection, at=now, station=have.settings.station, act="login.failed", detail={"wrong": what},
            username=username if ours else None,
        )  # fmt: skip


@router.post("/auth/logout", status_code=204)
def logout(request: Request, response: Response, session: Anyone, have: Have) -> None:
    """End this session."""
    token = token_of(request)
    with have.pool.transaction() as connection:
        if token is not None:
            end(connection, session, hashed(token))
        accounts.write_audit(
            connection, at=have.clock.now(), station=session.station, username=session.username, act="logout"
        )
    response.delete_cookie(COOKIE, path="/")


@router.get("/me", responses=answers(Me))
def me(session: Anyone, have: Have) -> dict[str, Any]:
    """Who is logged in, at which station, and which acts their role allows."""
    with have.pool.transaction() as connection:
        station = registry_store.station(connection, session.station)
    return {
        **_public(session),
        "station_name": station.name if station is not None else None,
        "time_zone": station.time_zone if station is not None else None,
        "may": may(session.role, session.areas),
        # What has to be done before anything else: enrol a second factor.
        "totp": {"enrolled": session.totp, "must_enrol": needs_totp(session, have.settings)},
        # In a demo the console shows newcomers around, the stand-in for the officers' phones included.
        "demo": {"phones": f"{have.settings.phone_url}/"} if have.settings.demo else None,
    }


def _public(user: accounts.User | accounts.Session) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.name,
        "role": user.role,
        "station": user.station,
        "areas": user.areas,
    }
