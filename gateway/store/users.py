"""The accounts of a station as the admin sees them, and people's own sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.store.sql import queries

SQL = queries("users")


class Account(msgspec.Struct, frozen=True):
    """An account, without anything one could log in with. `areas` None means the whole station."""

    username: str
    name: str
    role: str
    areas: list[str] | None
    auxiliary: bool
    disabled: bool
    locked_until: datetime | None
    has_password: bool
    totp: bool


def list_accounts(connection: Connection[TupleRow], station: str, *, after: str | None, limit: int) -> list[Account]:
    """Return the station's accounts by user name, after one."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(SQL["list"], {"station": station, "after": after, "limit": limit}).fetchall()


def get(connection: Connection[TupleRow], station: str, username: str) -> Account | None:
    """Return an account of the station, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(SQL["get_held"], {"station": station, "username": username}).fetchone()


def insert(connection: Connection[TupleRow], station: str, account: dict[str, Any], password_hash: str | None) -> bool:
    """Write a new account (username, name, role, areas, auxiliary); False when the name is taken, wherever."""
    told = {**account, "station": station, "password_hash": password_hash}
    return connection.execute(SQL["insert"], told).rowcount == 1


def update(connection: Connection[TupleRow], station: str, account: Account, now: datetime) -> None:
    """Write an account that was changed."""
    connection.execute(SQL["update"], {**msgspec.structs.asdict(account), "station": station, "now": now})


def unknown_areas(connection: Connection[TupleRow], station: str, areas: list[str]) -> list[str]:
    """Return those that are no areas of the station."""
    rows = connection.execute(SQL["unknown_areas"], {"station": station, "asked": areas}).fetchall()
    return [area for (area,) in rows]


def has_other_admin(connection: Connection[TupleRow], station: str, username: str) -> bool:
    """Whether the station has another admin who can log in."""
    row = connection.execute(SQL["other_admins"], {"station": station, "username": username}).fetchone()
    return row is not None and row[0] > 0


def sessions(connection: Connection[TupleRow], username: str) -> list[dict[str, Any]]:
    """Return somebody's sessions, the last used first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["sessions"], {"username": username}).fetchall()


def end_session(connection: Connection[TupleRow], username: str, session: int) -> bool:
    """End one of somebody's sessions; False when they have no such session."""
    return connection.execute(SQL["end_session"], {"username": username, "id": session}).rowcount == 1


def end_sessions(connection: Connection[TupleRow], username: str, *, but: int | None = None) -> int:
    """End all of somebody's sessions, `but` one; returns how many."""
    return connection.execute(SQL["end_sessions"], {"username": username, "but": but}).rowcount
