"""The second factor: time-based digits (TOTP, RFC 6238: SHA-1, six digits, 30 s); recovery codes for a lost phone."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime

import pyotp
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.errors import BadInput, Conflict
from gateway.sealing import Sealer
from gateway.store import second_factor as store

STEP_S = 30
#: A phone's clock may be a step off, either way.
DRIFT = 1
RECOVERY_CODES = 10
#: Letters and digits that nobody mistakes for each other.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def enrol(connection: Connection[TupleRow], sealer: Sealer, username: str, station: str) -> tuple[str, str]:
    """Offer a secret and return it with its `otpauth://` address, for an app to read. It counts once confirmed.

    Raises `Conflict` when there is a confirmed one.
    """
    secret = pyotp.random_base32()
    if not store.offer(connection, username, sealer.seal(secret, _about(username))):
        raise Conflict("there is a second factor already; an admin takes it away when the phone is lost")
    return secret, pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=f"Anxin {station}")


def confirm(connection: Connection[TupleRow], sealer: Sealer, username: str, digits: str, now: datetime) -> list[str]:
    """Let the offered secret count and return the recovery codes, which are shown this once.

    Raises `BadInput` for wrong digits and `Conflict` when nothing was offered or it is confirmed already.
    """
    sealed, confirmed, _ = store.read(connection, username)
    if sealed is None or confirmed:
        raise Conflict("there is nothing to confirm; enrol first: POST /api/v1/auth/totp/enrol")
    if not _right(connection, sealer, username, sealed, digits, now):
        raise BadInput(
            "these digits are wrong; check the clock of the phone and send the ones it shows now", reason="otp"
        )
    codes = [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(2)) for _ in range(RECOVERY_CODES)
    ]
    store.confirm(connection, username, [_hashed(code) for code in codes], now)
    return codes


def check(connection: Connection[TupleRow], sealer: Sealer, username: str, given: str, now: datetime) -> str | None:
    """Return how somebody proved themselves: `totp`, `recovery_code` or None. Each proof is good once."""
    told = "".join(given.split())
    sealed, confirmed, _ = store.read(connection, username)
    if sealed is None or not confirmed:
        return None
    if told.isdecimal():
        return "totp" if _right(connection, sealer, username, sealed, told, now) else None
    return "recovery_code" if store.use_code(connection, username, _hashed(told), now) else None


def _right(  # what is known, what was given, and when
    connection: Connection[TupleRow], sealer: Sealer, username: str, sealed: bytes, digits: str, now: datetime
) -> bool:
    totp = pyotp.TOTP(sealer.unseal(sealed, _about(username)))
    present = int(now.timestamp()) // STEP_S
    for step in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), digits.encode()):
            return store.use_step(connection, username, step)
    return False


def _hashed(code: str) -> str:
    return hashlib.sha256(code.lower().replace("-", "").encode()).hexdigest()


def _about(username: str) -> str:
    return f"user_account.totp/{username}"
