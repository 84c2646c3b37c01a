"""One's own second factor: enrol, confirm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from api.answers.accounts import RecoveryCodes, TotpOffer
from api.answers.documented import answers
from api.deps import Entering, Have
from gateway.accounts import second_factor
from gateway.model.errors import Forbidden
from gateway.passwords import password_fits
from gateway.store import accounts, users

router = APIRouter(tags=["auth"])


class Enrolment(BaseModel):
    """One's password again: an unwatched screen must not be enough."""

    password: str = Field(max_length=256)


class Confirmation(BaseModel):
    """The six digits the app shows now."""

    otp: str = Field(pattern=r"^\s*\d{3}\s?\d{3}\s*$")


@router.post("/auth/totp/enrol", status_code=201, responses=answers(TotpOffer, status=201))
def enrol(given: Enrolment, session: Entering, have: Have) -> dict[str, Any]:
    """Offer a secret: `uri` is what an authenticator app scans. It counts once it is confirmed."""
    with have.pool.transaction() as connection:
        known = accounts.user(connection, session.username)
    if known is None or not password_fits(known.password_hash, given.password):
        with have.pool.transaction() as connection:
            accounts.login_failed(
                connection, session.username, have.clock.now(), have.settings.login_attempts,
                timedelta(minutes=have.settings.login_lock_minutes),
            )  # fmt: skip
        raise Forbidden("the password is wrong", reason="password")
    with have.pool.transaction() as connection:
        secret, uri = second_factor.enrol(connection, have.sealer, session.username, session.station)
    return {"secret": secret, "uri": uri}


@router.post("/auth/totp/confirm", responses=answers(RecoveryCodes))
def confirm(given: Confirmation, session: Entering, have: Have) -> dict[str, Any]:
    """Let the secret count. Answers the recovery codes, each good once, shown now and never again."""
    now = have.clock.now()
    with have.pool.transaction() as connection:
        codes = second_factor.confirm(connection, have.sealer, session.username, "".join(given.otp.split()), now)
        users.end_sessions(connection, session.username, but=session.id)  # those had one factor only
        accounts.write_audit(
            connection, at=now, station=session.station, username=session.username, act="me.totp",
            object_=f"user/{session.username}",
        )  # fmt: skip
    return {"recovery_codes": codes}
