"""Screens on the wall: their tokens as hashes, their sessions, and how often a wrong token was tried."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.store.accounts import Session
from gateway.store.sql import queries

SQL = queries("walls")


class Wall(msgspec.Struct, frozen=True):
    """A wall. `areas` None means the whole station."""

    id: int
    label: str
    areas: list[str] | None


def insert(  # one argument per column
    connection: Connection[TupleRow],
    station: str,
    *,
    label: str,
    areas: list[str] | None,
    token_sha256: str,
    by: str,
    now: datetime,
) -> int:
    """Store a wall and return its id."""
    told = {"station": station, "label": label, "areas": areas, "token": token_sha256, "by": by, "now": now}
    row = connection.execute(SQL["insert"], told).fetchone()
    return int(row[0]) if row is not None else 0


def list_walls(connection: Connection[TupleRow], station: str) -> list[dict[str, Any]]:
    """Return the station's walls: id, label, areas, made_by, made_at, and used_at, when it last looked."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["list"], {"station": station}).fetchall()


def delete(connection: Connection[TupleRow], station: str, wall: int) -> bool:
    """Drop a wall with its sessions; False when there is none."""
    return connection.execute(SQL["delete"], {"station": station, "id": wall}).rowcount == 1


def of_token(connection: Connection[TupleRow], station: str, token_sha256: str) -> Wall | None:
    """Return the wall of a token."""
    with connection.cursor(row_factory=class_row(Wall)) as cursor:
        return cursor.execute(SQL["of_token"], {"station": station, "token": token_sha256}).fetchone()


def open_session(connection: Connection[TupleRow], wall: int, token_sha256: str, now: datetime) -> None:
    """Open a session of a wall."""
    connection.execute(SQL["open_session"], {"wall": wall, "token": token_sha256, "now": now})


def session(connection: Connection[TupleRow], token_sha256: str) -> Session | None:
    """Return a wall's session: its user name is `wall/` and its id, which no user's can be."""
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(SQL["session"], {"token": token_sha256}).fetchone()


def touch_session(connection: Connection[TupleRow], token_sha256: str, now: datetime) -> None:
    """Note that a wall looks."""
    connection.execute(SQL["touch_session"], {"token": token_sha256, "now": now})


def close_session(connection: Connection[TupleRow], token_sha256: str) -> None:
    """End a wall's session."""
    connection.execute(SQL["close_session"], {"token": token_sha256})


def forget_sessions(connection: Connection[TupleRow], before: datetime) -> None:
    """Drop sessions of walls opened before a moment."""
    connection.execute(SQL["forget_sessions"], {"before": before})


def locked_until(connection: Connection[TupleRow], station: str, now: datetime) -> datetime | None:
    """Return until when too many wrong tokens were tried; None: they were not."""
    row = connection.execute(SQL["tries"], {"station": station, "now": now}).fetchone()
    return row[0] if row is not None else None


def failed(connection: Connection[TupleRow], station: str, now: datetime, limit: int, lock: timedelta) -> None:
    """Count a wrong token; after `limit` of them no more are written down for `lock`."""
    connection.execute(SQL["failed"], {"station": station, "now": now, "limit": limit, "until": now + lock})
