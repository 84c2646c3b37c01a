"""Which cameras near an alert have video on a platform, and where it is."""

from __future__ import annotations

from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("video")


class Near(NamedTuple):
    """A camera with video. `metres` from the alert's place; 0 at the place itself or where nobody knows how far."""

    device: str
    name: str
    place: str
    metres: int


def near(
    connection: Connection[TupleRow], scope: Scope, place: str, *, metres: int, platforms: list[str], limit: int
) -> list[Near]:
    """Return cameras of these platforms at a place, in its building or within so many metres, the nearest first."""
    told = {**scope.parameters(), "place": place, "metres": metres, "platforms": platforms, "limit": limit}
    with connection.cursor(row_factory=class_row(Near)) as rows:
        return rows.execute(SQL["near"], told).fetchall()


def attributes(connection: Connection[TupleRow], scope: Scope, device: str) -> dict[str, Any] | None:
    """Return a camera's attributes; None when there is no such camera within a scope."""
    row = connection.execute(SQL["attributes"], {**scope.parameters(), "device": device}).fetchone()
    return dict(row[0]) if row is not None else None
