"""What an incident is about: places, areas and persons within a scope, and a person's trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.model.scope import Scope
from gateway.store import registry as registry_store
from gateway.store.sql import queries

SQL = queries("incident_subjects")


def has_area(connection: Connection[TupleRow], scope: Scope, area: str) -> bool:
    """Say whether an area is within a scope."""
    return connection.execute(SQL["area"], {**scope.parameters(), "id": area}).fetchone() is not None


def home_of(connection: Connection[TupleRow], scope: Scope, person: str) -> str | None:
    """Return where a person within a scope lives; None when nobody is."""
    row = connection.execute(SQL["person"], {**scope.parameters(), "id": person}).fetchone()
    return row[0] if row is not None else None


def persons_at(connection: Connection[TupleRow], scope: Scope, place: str) -> list[str]:
    """Return who lives at a place within a scope."""
    if registry_store.area_of_place(connection, scope, place) is None:
        return []
    found = connection.execute(SQL["persons_at"], {"station": scope.station, "place": place}).fetchall()
    return [row[0] for row in found]


def trail(  # one keyword per bound
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    persons: Sequence[str],
    devices: Sequence[str],
    doors: Sequence[str],
    credentials: Sequence[str],
    since: datetime,
    until: datetime,
    limit: int,
) -> list[dict[str, Any]]:
    """Return events within `[since, until)` and a scope, newest first: all of `devices`, of `doors` what names persons.

    A door's event names somebody by `person` or by one of `credentials`.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            SQL["trail"],
            {
                **scope.parameters(), "persons": list(persons), "devices": list(devices), "doors": list(doors),
                "credentials": list(credentials), "since": since, "until": until, "limit": limit,
            },
        ).fetchall()  # fmt: skip
