"""How far messages have come, and which have not reached their person in time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("receipts")
#: As many are looked after in one turn.
AT_ONCE = 100
Step = Literal["delivered", "seen"]


class Unreached(msgspec.Struct, frozen=True):
    """A message to a person that has not arrived in time, by the names of the outbox."""

    id: int
    key: str
    channel: str
    contact: int | None
    username: str | None
    incident: int | None
    alert: int | None
    priority: str
    body: dict[str, Any]
    purpose: str
    state: str


class Tried(msgspec.Struct, frozen=True):
    """One way on which somebody is told by a rung.

    `awaited`: it may yet arrive, or its turn to be given up is to come. `given_up`: the next way has been tried.
    """

    username: str
    channel: str
    contact: int | None
    state: str
    awaited: bool
    given_up: bool


def receive(  # one keyword per fact of the receipt
    connection: Connection[TupleRow],
    station: str,
    notification: int,
    step: Step,
    *,
    at: datetime,
    now: datetime,
    username: str | None = None,
) -> bool:
    """Take a receipt: the message's ladder goes up, its contact was reached.

    With `username` only a message of theirs. Returns False when there is none. Twice is as good as once.
    """
    told = {"station": station, "id": notification, "step": step, "at": at, "now": now, "username": username}
    row = connection.execute(SQL["receive"], told).fetchone()
    if row is None:
        return False
    if row[0] is not None:
        connection.execute(SQL["reached"], {"id": row[0], "at": now})
    return True


def of_provider(connection: Connection[TupleRow], station: str, channel: str, provider_id: str) -> int | None:
    """Return the message a provider knows by this number."""
    told = {"station": station, "channel": channel, "provider_id": provider_id}
    row = connection.execute(SQL["of_provider"], told).fetchone()
    return int(row[0]) if row is not None else None


def failed(connection: Connection[TupleRow], notification: int, detail: str, now: datetime) -> bool:
    """Take back an acceptance: the provider could not deliver it. Returns False when it had arrived or ended."""
    if connection.execute(SQL["failed"], {"id": notification, "now": now}).rowcount == 0:
        return False
    connection.execute(SQL["note"], {"id": notification, "at": now, "detail": detail[:500]})
    return True


def overdue(connection: Connection[TupleRow], station: str, now: datetime) -> list[Unreached]:
    """Return messages whose person should have been reached by now, the most urgent first."""
    with connection.cursor(row_factory=class_row(Unreached)) as cursor:
        return cursor.execute(SQL["overdue"], {"station": station, "now": now, "limit": AT_ONCE}).fetchall()


def stuck(connection: Connection[TupleRow], station: str, down: Collection[str], now: datetime) -> list[Unreached]:
    """Return what calls, dispatches and urges people and waits for channels nobody can send on at the moment."""
    told = {"station": station, "down": list(down), "now": now, "limit": AT_ONCE}
    with connection.cursor(row_factory=class_row(Unreached)) as cursor:
        return cursor.execute(SQL["stuck"], told).fetchall()


def matters(connection: Connection[TupleRow], notification: int) -> bool:
    """Say whether it is still of use that a message to somebody about an incident arrives."""
    return connection.execute(SQL["matters"], {"id": notification}).fetchone() is not None


def stop(connection: Connection[TupleRow], notification: int) -> None:
    """A message need not go out any more if it waits, nor be waited for if it went."""
    connection.execute(SQL["stop"], {"id": notification})


def of_rung(connection: Connection[TupleRow], incident: int, rung: str) -> list[Tried]:
    """Return who is told by a rung, a dispatch or an urging on which ways; `rung` is what those keys begin with."""
    with connection.cursor(row_factory=class_row(Tried)) as cursor:
        return cursor.execute(SQL["of_rung"], {"incident": incident, "rung": rung}).fetchall()


def give_up(connection: Connection[TupleRow], notification: int, now: datetime) -> bool:
    """Note that a way did not reach its person; returns False when it has after all, or somebody noted it before."""
    return connection.execute(SQL["give_up"], {"id": notification, "now": now}).rowcount == 1


def wait_no_more(connection: Connection[TupleRow], notification: int) -> None:
    """Nobody needs to know any more whether a message arrives."""
    connection.execute(SQL["wait_no_more"], {"id": notification})


def hasten(connection: Connection[TupleRow], incident: int, now: datetime) -> bool:
    """Let the next rung that calls somebody be due now; returns False when there is none to come."""
    return connection.execute(SQL["hasten"], {"incident": incident, "now": now}).rowcount == 1


def get(
    connection: Connection[TupleRow], scope: Scope, notification: int, *, me: str, others: bool
) -> dict[str, Any] | None:
    """Return a message to a person and how far it has come: my own; with `others` also those of users in reach."""
    told = {**scope.parameters(), "id": notification, "me": me, "others": others}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["get"], told).fetchone()
