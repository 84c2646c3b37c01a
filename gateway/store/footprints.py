"""Where officers were and whom they looked in on, as their phones said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("footprints")


class Position(msgspec.Struct, frozen=True):
    """Where somebody was: WGS-84 degrees, at a moment (UTC)."""

    username: str
    at: datetime
    lat: float
    lon: float


class Row(msgspec.Struct, frozen=True):
    """A footprint to be stored. `at` is when it was (UTC), as far as the phone's clock is to be believed."""

    at: datetime
    client_at: datetime | None
    kind: str
    client_id: str
    area: str | None = None
    place: str | None = None
    person: str | None = None
    incident: int | None = None
    lat: float | None = None
    lon: float | None = None
    note: bytes | None = None


def homes_of_persons(connection: Connection[TupleRow], scope: Scope, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return (place, area) of those of these persons who live within a scope."""
    found = connection.execute(SQL["persons"], {**scope.parameters(), "ids": sorted(ids)}).fetchall()
    return {person: (place, area) for person, place, area in found}


def places_of_incidents(
    connection: Connection[TupleRow], scope: Scope, ids: Iterable[int]
) -> dict[int, tuple[str | None, str | None]]:
    """Return (place, area) of those of these incidents that are within a scope."""
    found = connection.execute(SQL["incidents"], {**scope.parameters(), "ids": sorted(ids)}).fetchall()
    return {incident: (place, area) for incident, place, area in found}


def put(connection: Connection[TupleRow], station: str, username: str, row: Row) -> tuple[int, bool]:
    """Store a footprint; returns its id, and whether it was new."""
    told = {"station": station, "username": username, **msgspec.structs.asdict(row)}
    stored = connection.execute(SQL["put"], told).fetchone()
    if stored is not None:
        return int(stored[0]), True
    known = connection.execute(SQL["known"], told).fetchone()
    return (int(known[0]) if known is not None else 0), False


def list_of(
    connection: Connection[TupleRow],
    scope: Scope,
    username: str,
    since: datetime,
    until: datetime,
    *,
    kind: str | None = None,
    before: int | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Return somebody's footprints in `[since, until)`, newest first, with ids below `before`; notes are sealed."""
    told = {
        **scope.parameters(), "username": username, "since": since, "until": until, "kind": kind, "before": before,
        "limit": limit,
    }  # fmt: skip
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["list"], told).fetchall()


def latest(
    connection: Connection[TupleRow], scope: Scope, usernames: Iterable[str], since: datetime
) -> dict[str, Position]:
    """Return where each of these users was last, if that was not before `since`, for «who is nearest»."""
    told = {**scope.parameters(), "usernames": sorted(set(usernames)), "since": since}
    with connection.cursor(row_factory=class_row(Position)) as cursor:
        return {found.username: found for found in cursor.execute(SQL["latest"], told).fetchall()}


def note_seen(connection: Connection[TupleRow], scope: Scope, username: str, *, now: datetime, after: datetime) -> None:
    """Write into the audit trail that somebody sees positions, unless it says so of a moment later than `after`."""
    told = {**scope.parameters(), "username": username, "now": now, "after": after}
    connection.execute(SQL["note_seen"], told)


def forget_positions(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop positions older than `before` and the coordinates of older visits; returns how many positions."""
    return connection.execute(SQL["forget_positions"], {"station": station, "before": before}).rowcount
