"""Accounts, sessions, the audit trail, and what processes say of themselves."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.store.sql import queries

SQL = queries("accounts")


class User(msgspec.Struct, frozen=True):
    """An account. `areas` None means the whole station."""

    username: str
    station: str
    name: str
    role: str
    areas: list[str] | None
    password_hash: str | None
    failed_logins: int
    locked_until: datetime | None
    totp: bool
    disabled: bool


class Session(msgspec.Struct, frozen=True):
    """Who holds a session token.

    `totp`: they have a second factor, and logged in with it if they had it then.
    `phone`: it lasts as one on a phone does.
    """

    username: str
    station: str
    name: str
    role: str
    areas: list[str] | None
    created_at: datetime
    used_at: datetime
    id: int
    totp: bool
    phone: bool = False


def user(connection: Connection[TupleRow], username: str) -> User | None:
    """Return an account."""
    with connection.cursor(row_factory=class_row(User)) as cursor:
        return cursor.execute(SQL["user"], {"username": username}).fetchone()


def list_names(connection: Connection[TupleRow], station: str, roles: Iterable[str]) -> list[dict[str, Any]]:
    """Return the station's users of these roles by username: `{"id", "name", "role"}`, nothing else of them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["names"], {"station": station, "roles": sorted(roles)}).fetchall()


def login_failed(connection: Connection[TupleRow], username: str, now: datetime, limit: int, lock: timedelta) -> None:
    """Count a wrong password; after `limit` of them the account is locked for `lock`."""
    connection.execute(SQL["failed"], {"username": username, "limit": limit, "now": now, "until": now + lock})


def login_succeeded(
    connection: Connection[TupleRow], username: str, token_sha256: str, now: datetime, *, phone: bool = False
) -> None:
    """Open a session, one on a `phone` or at a desk, and forget earlier failures."""
    connection.execute(SQL["succeeded"], {"username": username})
    connection.execute(SQL["open_session"], {"token": token_sha256, "username": username, "now": now, "phone": phone})


def session(connection: Connection[TupleRow], token_sha256: str) -> Session | None:
    """Return the session of a token."""
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(SQL["session"], {"token": token_sha256}).fetchone()


def touch_session(connection: Connection[TupleRow], token_sha256: str, now: datetime) -> None:
    """Note that a session is in use."""
    connection.execute(SQL["touch_session"], {"token": token_sha256, "now": now})


def close_session(connection: Connection[TupleRow], token_sha256: str) -> None:
    """End a session."""
    connection.execute(SQL["close_session"], {"token": token_sha256})


def forget_sessions(connection: Connection[TupleRow], before: datetime) -> None:
    """Drop sessions nobody used since."""
    connection.execute(SQL["forget_sessions"], {"before": before})


def write_audit(  # one argument per column
    connection: Connection[TupleRow],
    *,
    at: datetime,
    station: str | None,
    username: str | None,
    act: str,
    object_: str | None = None,
    detail: dict[str, Any] | None = None,
    said_sealed: bytes | None = None,
) -> None:
    """Append one line to the audit trail; what people typed of people comes sealed (`gateway.trail`)."""
    connection.execute(
        SQL["audit"],
        {
            "at": at,
            "station": station,
            "username": username,
            "act": act,
            "object": object_,
            "detail": Jsonb(detail or {}),
            "said_sealed": said_sealed,
        },
    )


def list_audit(  # one keyword per filter
    connection: Connection[TupleRow],
    station: str,
    *,
    user: str | None,
    act: str | None,
    object_: str | None,
    since: datetime | None,
    until: datetime | None,
    before: int | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return the audit trail within `[since, until)`, newest first, with ids below `before`."""
    asked = {"user": user, "act": act, "object": object_, "since": since, "until": until}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            SQL["audit_list"], {"station": station, **asked, "before": before, "limit": limit}
        ).fetchall()


def report_health(
    connection: Connection[TupleRow], station: str, process: str, facts: dict[str, Any], now: datetime
) -> None:
    """Say how a process is."""
    connection.execute(
        SQL["report_health"], {"station": station, "process": process, "now": now, "facts": Jsonb(facts)}
    )


def health(connection: Connection[TupleRow], station: str) -> dict[str, tuple[datetime, dict[str, Any]]]:
    """Return what each process said last, and when."""
    rows = connection.execute(SQL["health"], {"station": station}).fetchall()
    return {process: (at, facts) for process, at, facts in rows}


def set_password(connection: Connection[TupleRow], username: str, password_hash: str) -> bool:
    """Set a user's password; returns False when there is no such user."""
    done = connection.execute(SQL["set_password"], {"username": username, "hash": password_hash})
    return done.rowcount == 1


def replace_password(connection: Connection[TupleRow], username: str, password_hash: str) -> None:
    """Set a user's password and let their sessions be."""
    connection.execute(SQL["replace_password"], {"username": username, "hash": password_hash})
