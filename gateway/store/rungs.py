"""The rungs of ladders: rows with a due time, so that nothing a person waits for lives in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from gateway.store.sql import queries

SQL = queries("rungs")

Kind = Literal["call", "expiry"]


class Rung(msgspec.Struct, frozen=True):
    """A rung whose moment has come."""

    incident_id: int
    sounding: int
    number: int
    kind: Kind
    recipients: list[dict[str, Any]]


class Unanswered(msgspec.Struct, frozen=True):
    """An incident whose ladder has ended and that nobody has signed."""

    id: int
    priority: str
    area: str | None
    place: str | None


def next_sounding(connection: Connection[TupleRow], incident: int) -> int:
    """Return the number of an incident's next sounding."""
    row = connection.execute(SQL["next_sounding"], {"incident": incident}).fetchone()
    return int(row[0]) if row is not None else 1


def plan(  # one argument per column
    connection: Connection[TupleRow],
    incident: int,
    *,
    sounding: int,
    number: int,
    kind: Kind,
    due_at: datetime,
    recipients: Sequence[dict[str, Any]],
    climbed: bool,
) -> None:
    """Write one rung down: to come, or climbed this very moment."""
    connection.execute(
        SQL["plan"],
        {
            "incident": incident, "sounding": sounding, "number": number, "kind": kind, "due_at": due_at,
            "recipients": Jsonb(list(recipients)), "state": "climbed" if climbed else "waiting",
        },
    )  # fmt: skip


def waits(connection: Connection[TupleRow], incident: int) -> bool:
    """Say whether a ladder of this incident is being climbed."""
    row = connection.execute(SQL["waits"], {"incident": incident}).fetchone()
    return bool(row is not None and row[0])


def calls_wait(connection: Connection[TupleRow], incident: int) -> bool:
    """Say whether a rung of this incident is still to call somebody."""
    row = connection.execute(SQL["calls_wait"], {"incident": incident}).fetchone()
    return bool(row is not None and row[0])


def told(connection: Connection[TupleRow], incident: int) -> set[str]:
    """Return who was told of an incident."""
    return {row[0] for row in connection.execute(SQL["told"], {"incident": incident}).fetchall()}


def due(connection: Connection[TupleRow], station: str, now: datetime) -> list[Rung]:
    """Return the rungs whose moment has come, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Rung)) as cursor:
        return cursor.execute(SQL["due"], {"station": station, "now": now}).fetchall()


def end(connection: Connection[TupleRow], rung: Rung, state: Literal["climbed", "stopped"]) -> None:
    """A rung was climbed, or need not be."""
    connection.execute(
        SQL["end"],
        {"incident": rung.incident_id, "sounding": rung.sounding, "number": rung.number, "state": state},
    )


def hasten(connection: Connection[TupleRow], incident: int, now: datetime) -> bool:
    """Let the next rung be climbed now; returns False when none waits."""
    return connection.execute(SQL["hasten"], {"incident": incident, "now": now}).rowcount == 1


def expired(connection: Connection[TupleRow], station: str) -> list[Unanswered]:
    """Return the incidents that nobody has signed though their ladder has ended."""
    with connection.cursor(row_factory=class_row(Unanswered)) as cursor:
        return cursor.execute(SQL["expired"], {"station": station}).fetchall()


def stalled(
    connection: Connection[TupleRow], station: str, priorities: Sequence[str], before: datetime, ahead: datetime
) -> list[int]:
    """Return the incidents of these priorities that nobody is called for any more, though nobody has signed.

    What should have been done by `before` was not, or what is written down as done lies after `ahead`.
    """
    parameters = {"station": station, "priorities": list(priorities), "before": before, "ahead": ahead}
    return [row[0] for row in connection.execute(SQL["stalled"], parameters).fetchall()]


def stop(connection: Connection[TupleRow], incident: int) -> None:
    """Climb no further: a responder signed, the incident ended, or a new ladder begins."""
    connection.execute(SQL["stop"], {"incident": incident})
