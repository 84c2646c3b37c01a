"""Shelves: what people keep quiet for a while, and the alerts that shows on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.model.quiet import Matcher, Shelf
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("shelves")


class Hidden(msgspec.Struct, frozen=True):
    """How many alerts a matcher fits: open ones, and those heard lately; P1 apart, since they take two people."""

    open: int
    recent: int
    open_p1: int
    recent_p1: int


def standing(connection: Connection[TupleRow], station: str, now: datetime) -> list[Shelf]:
    """Return what is on the shelf at a moment."""
    with connection.cursor(row_factory=class_row(Shelf)) as cursor:
        return cursor.execute(SQL["standing"], {"station": station, "now": now}).fetchall()


def list_shelves(connection: Connection[TupleRow], scope: Scope, *, now: datetime, limit: int) -> list[Shelf]:
    """Return shelves within a scope: those that stand first, then the latest."""
    with connection.cursor(row_factory=class_row(Shelf)) as cursor:
        return cursor.execute(SQL["list"], {**scope.parameters(), "now": now, "limit": limit}).fetchall()


def get_held(connection: Connection[TupleRow], scope: Scope, shelf: int) -> Shelf | None:
    """Return one shelf that somebody of this scope may change, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Shelf)) as cursor:
        return cursor.execute(SQL["get_held"], {**scope.parameters(), "id": shelf}).fetchone()


def reasons(
    connection: Connection[TupleRow], station: str, ids: Sequence[int]
) -> list[tuple[int, str, datetime, bytes | None]]:
    """Return `(id, by, begins_at, sealed reason)` of shelves that were looked up."""
    return connection.execute(SQL["reasons"], {"station": station, "ids": list(ids)}).fetchall()


def insert(connection: Connection[TupleRow], shelf: Shelf) -> Shelf:
    """Store a new shelf and return it with its id."""
    row = connection.execute(SQL["insert"], msgspec.structs.asdict(shelf)).fetchone()
    return msgspec.structs.replace(shelf, id=int(row[0]) if row is not None else 0)


def change(connection: Connection[TupleRow], shelf: Shelf) -> None:
    """Store who agreed to a shelf, and its end."""
    connection.execute(SQL["change"], msgspec.structs.asdict(shelf))


def cleared(connection: Connection[TupleRow], station: str, now: datetime) -> list[Shelf]:
    """Return the shelves that waited for a condition to clear that has cleared; held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Shelf)) as cursor:
        return cursor.execute(SQL["cleared"], {"station": station, "now": now}).fetchall()


def reach(connection: Connection[TupleRow], station: str, matcher: Matcher) -> tuple[list[str], list[str]]:
    """Return the areas that a matcher's area and its place reach into; empty for one that is not known here."""
    named = {"station": station, "area": matcher.area, "place": matcher.place}
    row = connection.execute(SQL["reach"], named).fetchone()
    return (row[0], row[1]) if row is not None else ([], [])


def counts(connection: Connection[TupleRow], scope: Scope, matcher: Matcher, since: datetime) -> Hidden:
    """Return how many alerts within a scope a matcher fits: open, and heard since a moment."""
    with connection.cursor(row_factory=class_row(Hidden)) as cursor:
        found = cursor.execute(
            SQL["counts"], {**scope.parameters(), **msgspec.structs.asdict(matcher), "since": since}
        ).fetchone()
    return found or Hidden(0, 0, 0, 0)


def cover(
    connection: Connection[TupleRow], station: str, matcher: Matcher, until: datetime | None, *, with_p1: bool
) -> list[int]:
    """Show on the open alerts a matcher fits until when they are shelved (None: not any more); returns their ids."""
    told = {"station": station, **msgspec.structs.asdict(matcher), "until": until, "with_p1": with_p1}
    return [row[0] for row in connection.execute(SQL["cover"], told).fetchall()]
