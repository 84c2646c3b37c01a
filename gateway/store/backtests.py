"""Backtests: what was asked for, how far it has come, what came of it; and what people said of past alerts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.store.sql import queries

SQL = queries("backtests")
#: A process that has not said for so long that it is still at it has ended.
SILENT_S = 20.0
#: So many of each rule are kept.
KEPT = 50
ENDED = "its process ended before it was done; start it again"


class Order(msgspec.Struct, frozen=True):
    """What is to be tested: a definition as written down, over `[since, until)`, against a running version or none."""

    rule: str
    version: int
    definition: dict[str, Any]
    against: int | None
    since: datetime
    until: datetime


class Running(msgspec.Struct, frozen=True):
    """The backtest under way."""

    id: int
    rule: str
    asked_at: datetime


def running(connection: Connection[TupleRow], station: str) -> Running | None:
    """Return the one under way. Until the transaction ends nobody else can begin one."""
    connection.execute(SQL["hold"], {"station": station})
    row = connection.execute(SQL["running"], {"station": station, "silent_s": SILENT_S}).fetchone()
    return Running(*row) if row is not None else None


def begin(connection: Connection[TupleRow], station: str, order: Order, digest: str, *, by: str, at: datetime) -> int:
    """Note that one begins; returns its id."""
    told = msgspec.structs.asdict(order) | {"definition": Jsonb(order.definition)}
    row = connection.execute(
        SQL["begin"], {**told, "station": station, "digest": digest, "by": by, "at": at}
    ).fetchone()
    connection.execute(SQL["forget"], {"station": station, "rule": order.rule, "keep": KEPT})
    return int(row[0]) if row is not None else 0


def order(connection: Connection[TupleRow], station: str, backtest: int) -> Order | None:
    """Return what is to be tested."""
    with connection.cursor(row_factory=class_row(Order)) as cursor:
        return cursor.execute(SQL["order"], {"station": station, "id": backtest}).fetchone()


def touch(connection: Connection[TupleRow], station: str, backtest: int, progress: float) -> None:
    """Say that it is under way, and how far (0 to 1)."""
    connection.execute(SQL["touch"], {"station": station, "id": backtest, "progress": progress})


def done(connection: Connection[TupleRow], station: str, backtest: int, report: dict[str, Any]) -> None:
    """Keep what came of it."""
    told = {"state": "done", "report": Jsonb(report), "detail": None}
    connection.execute(SQL["end"], {"station": station, "id": backtest, **told})


def failed(connection: Connection[TupleRow], station: str, backtest: int, why: str) -> None:
    """Say why nothing came of it; one that has ended otherwise stays as it is."""
    told = {"state": "failed", "report": None, "detail": why}
    connection.execute(SQL["end"], {"station": station, "id": backtest, **told})


def list_of(connection: Connection[TupleRow], station: str, rule: str, limit: int) -> list[dict[str, Any]]:
    """Return backtests of a rule without their reports, the latest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        told = {"station": station, "rule": rule, "limit": limit, "silent_s": SILENT_S}
        return [_as_it_is(row) for row in cursor.execute(SQL["list"], told).fetchall()]


def get(connection: Connection[TupleRow], station: str, rule: str, backtest: int) -> dict[str, Any] | None:
    """Return one with its report."""
    with connection.cursor(row_factory=dict_row) as cursor:
        told = {"station": station, "rule": rule, "id": backtest, "silent_s": SILENT_S}
        row = cursor.execute(SQL["get"], told).fetchone()
    return _as_it_is(row) if row is not None else None


def _as_it_is(row: dict[str, Any]) -> dict[str, Any]:
    if row.pop("silent") and row["state"] == "running":
        row |= {"state": "failed", "detail": ENDED}
    return row


def judged(
    connection: Connection[TupleRow], station: str, rule: str, since: datetime, until: datetime
) -> list[tuple[str, datetime, datetime | None, str]]:
    """Return (subject, raised, over, disposition) of a rule's alerts within a stretch whose incidents are closed."""
    told = {"station": station, "rule": rule, "since": since, "until": until}
    return [(row[0], row[1], row[2], row[3]) for row in connection.execute(SQL["judged"], told).fetchall()]


def raised_by_others(
    connection: Connection[TupleRow], station: str, rule: str, since: datetime, until: datetime
) -> list[tuple[datetime, str]]:
    """Return when alerts of other rules were raised within a stretch, with their priorities."""
    told = {"station": station, "rule": rule, "since": since, "until": until}
    return [(row[0], row[1]) for row in connection.execute(SQL["raised_by_others"], told).fetchall()]
