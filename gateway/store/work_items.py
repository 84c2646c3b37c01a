"""What people did about work items."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("work_items")


def finish(
    connection: Connection[TupleRow], scope: Scope, item: int, username: str, text: bytes, *, now: datetime
) -> None:
    """Write down what was done about an item that is held, `text` sealed."""
    connection.execute(
        SQL["finish"], {**scope.parameters(), "id": item, "username": username, "text": text, "now": now}
    )


def done(connection: Connection[TupleRow], scope: Scope, item: int) -> dict[str, Any] | None:
    """Return who ended an item within a scope, when, and `text_sealed`; None when nobody did."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["done"], {**scope.parameters(), "id": item}).fetchone()
