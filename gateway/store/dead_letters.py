"""Dead letters that are sent on their way again."""

from __future__ import annotations

from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.store.sql import queries

SQL = queries("dead_letters")


class Letter(msgspec.Struct, frozen=True):
    """A dead letter. `size` is that of the message in bytes, `kept` how much of it is."""

    topic: str
    reason: str
    payload: bytes
    size: int
    kept: int
    replayed_at: datetime | None
    replayed_by: str | None


def hold(connection: Connection[TupleRow], station: str, letter: int) -> Letter | None:
    """Return a dead letter, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Letter)) as cursor:
        return cursor.execute(SQL["hold"], {"station": station, "id": letter}).fetchone()


def mark(connection: Connection[TupleRow], letter: int, by: str, now: datetime) -> None:
    """Note who sent it on its way again, and when."""
    connection.execute(SQL["mark"], {"id": letter, "by": by, "now": now})


def replay(connection: Connection[TupleRow], station: str, reason: str, *, by: str, now: datetime, limit: int) -> int:
    """Put the standing letters of a reason into the inbox, at most `limit`, the oldest first; returns how many."""
    told = {"station": station, "reason": reason, "by": by, "now": now, "limit": limit}
    count = connection.execute(SQL["replay"], told).rowcount
    connection.execute("notify anxin_inbox")
    return count


def standing(connection: Connection[TupleRow], station: str, reason: str) -> tuple[int, int]:
    """Return how many letters of a reason stand and are kept whole, and how many are not kept whole."""
    row = connection.execute(SQL["standing"], {"station": station, "reason": reason}).fetchone()
    return (int(row[0]), int(row[1])) if row is not None else (0, 0)
