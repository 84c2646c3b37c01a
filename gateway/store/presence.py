"""Who has which incident open right now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("presence")


def arrive(connection: Connection[TupleRow], incident: int, username: str, now: datetime, alive: datetime) -> None:
    """Note that somebody has an incident open; whoever was not heard of since `alive` has opened it anew."""
    connection.execute(SQL["arrive"], {"incident": incident, "username": username, "now": now, "alive": alive})


def leave(connection: Connection[TupleRow], incident: int, username: str) -> None:
    """Note that somebody has an incident open no more."""
    connection.execute(SQL["leave"], {"incident": incident, "username": username})


def others(
    connection: Connection[TupleRow], scope: Scope, incident: int, username: str, alive: datetime
) -> list[dict[str, Any]]:
    """Return who else has an incident within a scope open, heard of since `alive`: username, name, role, since."""
    told = {**scope.parameters(), "incident": incident, "username": username, "alive": alive}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["others"], told).fetchall()


def forget(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop who was last heard of before a moment; returns how many."""
    return connection.execute(SQL["forget"], {"station": station, "before": before}).rowcount
