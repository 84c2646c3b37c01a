"""What the console follows: changes numbered in the order they commit, without gaps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.store.sql import queries

SQL = queries("changes")
_encode = msgspec.json.Encoder().encode


class Change(msgspec.Struct, frozen=True):
    """One thing the console should know. `kind` is alert, incident, work_item or picture; `body` its public form.

    `at` is when it changed; None: now.
    """

    kind: str
    area: str | None
    body: dict[str, Any]
    at: datetime | None = None


class Numbered(msgspec.Struct, frozen=True):
    """A change with its number."""

    id: int
    at: datetime
    kind: str
    area: str | None
    body: dict[str, Any]


def append(connection: Connection[TupleRow], station: str, changes: Sequence[Change], now: datetime) -> list[int]:
    """Number these changes and return their numbers. The last thing a transaction does before it commits."""
    connection.execute(SQL["lock"], {"station": station})
    rows = connection.execute(
        SQL["append"],
        {
            "station": station,
            "ats": [change.at or now for change in changes],
            "kinds": [change.kind for change in changes],
            "areas": [change.area for change in changes],
            "bodies": [_encode(change.body).decode() for change in changes],
        },
    ).fetchall()
    connection.execute("notify anxin_change")
    return sorted(row[0] for row in rows)


def after(connection: Connection[TupleRow], station: str, number: int, limit: int) -> list[Numbered]:
    """Return what changed after a number, in order."""
    with connection.cursor(row_factory=class_row(Numbered)) as cursor:
        return cursor.execute(SQL["after"], {"station": station, "after": number, "limit": limit}).fetchall()


def span(connection: Connection[TupleRow], station: str) -> tuple[int, int]:
    """Return the oldest and newest numbers kept; (0, 0) when there is none."""
    row = connection.execute(SQL["span"], {"station": station}).fetchone()
    return (row[0] or 0, row[1] or 0) if row is not None else (0, 0)


def forget(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop old changes and return how many; the newest always stays."""
    return connection.execute(SQL["forget"], {"station": station, "before": before}).rowcount
