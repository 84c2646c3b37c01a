"""Who is at the command room's desk, and what one leaves to the next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("desk")
MOST = 500


class OpenDesk(msgspec.Struct, frozen=True):
    """Somebody's place at the desk that has not ended; `paused_at` None: they are there."""

    id: int
    username: str
    began_at: datetime
    paused_at: datetime | None


class Seat(msgspec.Struct, frozen=True):
    """Somebody at the desk from `began_at` to `ended_at` (so far, if `at_desk`), but for the pauses. All UTC."""

    id: int
    username: str
    name: str
    began_at: datetime
    ended_at: datetime
    at_desk: bool = False
    pauses: list[list[datetime]] = []
    paused: bool = False


def open_of(connection: Connection[TupleRow], station: str, username: str) -> OpenDesk | None:
    """Return somebody's place at the desk, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(OpenDesk)) as cursor:
        return cursor.execute(SQL["open"], {"station": station, "username": username}).fetchone()


def begin(connection: Connection[TupleRow], station: str, username: str, at: datetime) -> None:
    """Sit down; whoever sits already does not sit down twice."""
    connection.execute(SQL["begin"], {"station": station, "username": username, "at": at})


def pause(connection: Connection[TupleRow], desk: int, at: datetime) -> None:
    """Leave for a while."""
    connection.execute(SQL["pause"], {"desk": desk, "at": at})


def resume(connection: Connection[TupleRow], desk: int, at: datetime) -> None:
    """Come back from a pause, if it is one."""
    connection.execute(SQL["resume"], {"desk": desk, "at": at})


def end(connection: Connection[TupleRow], desk: int, at: datetime) -> None:
    """Leave; a pause ends too."""
    connection.execute(SQL["resume"], {"desk": desk, "at": at})
    connection.execute(SQL["end"], {"desk": desk, "at": at})


def seats(
    connection: Connection[TupleRow], station: str, since: datetime, until: datetime, *, now: datetime, idle: timedelta
) -> list[Seat]:
    """Return who was at the desk in `[since, until)`; a session unused for `idle` is nobody at a desk any more."""
    told = {"station": station, "since": since, "until": until, "now": now, "idle": idle}
    with connection.cursor(row_factory=class_row(Seat)) as cursor:
        return cursor.execute(SQL["seats"], told).fetchall()


def left(
    connection: Connection[TupleRow], scope: Scope, silent: Iterable[str], now: datetime
) -> dict[str, list[dict[str, Any]]]:
    """Return what is left to the next: `open`, `shelved`, `out_of_order`, `unreachable`, at most 500 of each.

    `silent` are those on duty of whom nothing says that they can be reached.
    """
    told = {**scope.parameters(), "now": now, "limit": MOST, "silent": sorted(silent)}
    return {
        "open": _rows(connection, "left_open", told),
        "shelved": _rows(connection, "left_shelved", told),
        "out_of_order": _rows(connection, "left_out_of_order", told),
        "unreachable": _rows(connection, "left_unreachable", told),
    }


def hand_over(
    connection: Connection[TupleRow], scope: Scope, page: dict[str, Any], note: bytes | None, by: str, at: datetime
) -> int:
    """Keep a page that its giver has signed; returns its id."""
    told = {**scope.parameters(), "page": Jsonb(msgspec.to_builtins(page)), "note": note, "by": by, "at": at}
    row = connection.execute(SQL["hand_over"], told).fetchone()
    return int(row[0]) if row is not None else 0


def handover(connection: Connection[TupleRow], scope: Scope, handover_id: int) -> dict[str, Any] | None:
    """Return one handover within a scope, held until the transaction ends."""
    found = _rows(connection, "handover", {**scope.parameters(), "id": handover_id})
    return found[0] if found else None


def handovers(connection: Connection[TupleRow], scope: Scope, limit: int) -> list[dict[str, Any]]:
    """Return the latest handovers within a scope, without their pages."""
    return _rows(connection, "handovers", {**scope.parameters(), "limit": limit})


def take_over(connection: Connection[TupleRow], handover_id: int, by: str, at: datetime) -> None:
    """Note who has taken over."""
    connection.execute(SQL["take_over"], {"id": handover_id, "by": by, "at": at})


def _rows(connection: Connection[TupleRow], query: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[query], told).fetchall()
