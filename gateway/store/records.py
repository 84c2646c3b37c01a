"""What an officer's record and a beat's are counted from, within a period."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("records")
By = Literal["officer", "beat"]


class Asked(msgspec.Struct, frozen=True):
    """Of what: a period `[since, until)`, by officer or beat, within a scope, of one user or of all (None)."""

    scope: Scope
    since: datetime
    until: datetime
    by: By
    username: str | None = None

    def parameters(self) -> dict[str, object]:
        """The parameters every query of a record names."""
        return {
            **self.scope.parameters(), "since": self.since, "until": self.until, "by": self.by,
            "username": self.username,
        }  # fmt: skip


class Work(msgspec.Struct, frozen=True):
    """What was signed: incidents, seconds to the signature and from departure to arrival, late ones."""

    unit: str | None
    signed: int
    sign: list[float]
    arrive: list[float]
    urged: int
    supervised: int


def units(connection: Connection[TupleRow], asked: Asked) -> list[dict[str, Any]]:
    """Return who, or which beats, have a record: `unit`, `name`, for people `role` and `auxiliary`."""
    return _rows(connection, "people" if asked.by == "officer" else "beats", asked)


def work(connection: Connection[TupleRow], asked: Asked) -> dict[str | None, Work]:
    """Return by unit what was signed."""
    with connection.cursor(row_factory=class_row(Work)) as cursor:
        return {row.unit: row for row in cursor.execute(SQL["work"], asked.parameters()).fetchall()}


def handled(connection: Connection[TupleRow], asked: Asked) -> dict[str | None, int]:
    """Return by unit how many incidents were handled."""
    return dict(connection.execute(SQL["handled"], asked.parameters()).fetchall())


def closed(connection: Connection[TupleRow], asked: Asked) -> list[dict[str, Any]]:
    """Return by unit and disposition how many incidents were closed."""
    return _rows(connection, "closed", asked)


def visits(connection: Connection[TupleRow], asked: Asked) -> dict[str | None, dict[str, Any]]:
    """Return by unit the visits, patrols, looks and places visited."""
    return {row["unit"]: row for row in _rows(connection, "visits", asked)}


def care(connection: Connection[TupleRow], asked: Asked) -> dict[str | None, dict[str, Any]]:
    """Return by unit the persons under care and how many of them were visited."""
    return {row["unit"]: row for row in _rows(connection, "care", asked)}


def _rows(connection: Connection[TupleRow], query: str, asked: Asked) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[query], asked.parameters()).fetchall()
