"""What an older version left readable of what people gave as reasons."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("words")
_SEAL = {"shelf": SQL["seal_shelf"], "swap": SQL["seal_swap"], "line": SQL["seal_line"]}


def shelves_in_the_clear(connection: Connection[TupleRow]) -> list[tuple[int, str, str, datetime, str]]:
    """Return `(id, station, by, begins_at, reason)` of shelves whose reason is readable, held."""
    return connection.execute(SQL["shelves"]).fetchall()


def swaps_in_the_clear(connection: Connection[TupleRow]) -> list[tuple[int, str, str, date, str, str]]:
    """Return `(id, station, shift, day, instead_of, reason)` of swaps whose reason is readable, held."""
    return connection.execute(SQL["swaps"]).fetchall()


def lines_in_the_clear(connection: Connection[TupleRow]) -> list[tuple[int, str, str, str, str]]:
    """Return `(id, station, act, object, reason)` of lines of the trail in which such a reason is readable."""
    return connection.execute(SQL["lines"]).fetchall()


def put_sealed(
    connection: Connection[TupleRow], what: Literal["shelf", "swap", "line"], number: int, sealed: bytes | None
) -> None:
    """Put a sealed reason in the place of the readable one."""
    connection.execute(_SEAL[what], {"id": number, "sealed": sealed})
