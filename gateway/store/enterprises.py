"""Enterprises that take notices by machine. Where and with which secret comes and goes sealed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.model.bulletin import Enterprise
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("enterprises")


def list_enterprises(connection: Connection[TupleRow], scope: Scope, limit: int) -> list[Enterprise]:
    """Return those within a scope that take notices."""
    with connection.cursor(row_factory=class_row(Enterprise)) as cursor:
        return cursor.execute(SQL["list"], {**scope.parameters(), "limit": limit}).fetchall()


def unknown(connection: Connection[TupleRow], scope: Scope, wanted: Collection[int]) -> list[int]:
    """Return which of these are not within a scope, or take no notices any more."""
    rows = connection.execute(SQL["unknown"], {**scope.parameters(), "wanted": list(wanted)}).fetchall()
    return [row[0] for row in rows]


def next_id(connection: Connection[TupleRow]) -> int:
    """Draw the id of an enterprise to be added: its endpoint is sealed about it."""
    row = connection.execute(SQL["next"]).fetchone()
    return int(row[0]) if row is not None else 0


def add(  # one argument per column
    connection: Connection[TupleRow],
    scope: Scope,
    enterprise: int,
    *,
    name: str,
    area: str,
    endpoint_sealed: bytes,
    by: str,
    now: datetime,
) -> bool:
    """Store an enterprise; False when the area is not within the scope."""
    told = {
        **scope.parameters(), "id": enterprise, "name": name, "area": area, "sealed": endpoint_sealed, "by": by,
        "now": now,
    }  # fmt: skip
    return connection.execute(SQL["add"], told).fetchone() is not None


def end(connection: Connection[TupleRow], scope: Scope, enterprise: int, now: datetime) -> bool:
    """Let an enterprise take no notices any more and forget where it did; False when there is none within the scope."""
    told = {**scope.parameters(), "id": enterprise, "now": now}
    if connection.execute(SQL["end"], told).fetchone() is None:
        return False
    connection.execute(SQL["stop"], {"id": enterprise})
    return True


def is_there(connection: Connection[TupleRow], scope: Scope, enterprise: int) -> bool:
    """Say whether an enterprise within a scope takes notices."""
    return connection.execute(SQL["there"], {**scope.parameters(), "id": enterprise}).fetchone() is not None
