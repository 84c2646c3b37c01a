"""What a rehearsal looks at: everything that was told, in the order it was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.store.sql import queries

SQL = queries("rehearsal")


def notifications_after(connection: Connection[TupleRow], station: str, number: int) -> list[dict[str, Any]]:
    """Return the messages to people with a higher id, by id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["notifications_after"], {"station": station, "after": number}).fetchall()


def climbs_after(connection: Connection[TupleRow], station: str, number: int) -> list[dict[str, Any]]:
    """Return the rungs climbed with a higher id: id, at, incident, rung, told."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["climbs_after"], {"station": station, "after": number}).fetchall()


def anything_quiet(connection: Connection[TupleRow], station: str, now: datetime) -> bool:
    """Say whether anything is quiet, or stands, that ends by itself: an alert, a shelf, chatter, a flood, a digest."""
    row = connection.execute(SQL["anything_quiet"], {"station": station, "now": now}).fetchone()
    return bool(row is not None and row[0])


def next_rung(connection: Connection[TupleRow], station: str) -> datetime | None:
    """Return when the next rung is due."""
    row = connection.execute(SQL["next_rung"], {"station": station}).fetchone()
    return row[0] if row is not None else None
