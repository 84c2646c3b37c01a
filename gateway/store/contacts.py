"""The ways to reach users. Addresses come and go sealed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.contact import Contact
from gateway.model.scope import Scope
from gateway.store import registry as registry_store
from gateway.store.sql import queries

SQL = queries("contacts")


def put(  # one argument per column
    connection: Connection[TupleRow],
    station: str,
    username: str,
    channel: str,
    *,
    address_sealed: bytes,
    address_index: bytes,
    label: str = "",
) -> int:
    """Add a way to reach a user, or take up again one that was retired; returns its id."""
    row = connection.execute(
        SQL["put"],
        {
            "station": station, "username": username, "channel": channel, "sealed": address_sealed,
            "index": address_index, "label": label,
        },
    ).fetchone()  # fmt: skip
    return int(row[0]) if row is not None else 0


def retire_others(connection: Connection[TupleRow], station: str, username: str, channel: str, keep: int) -> None:
    """Let go of a user's other ways on a channel: the site file names the one there is."""
    connection.execute(
        SQL["retire_others"], {"station": station, "username": username, "channel": channel, "keep": keep}
    )


def of_user(connection: Connection[TupleRow], scope: Scope, username: str, *, me: str) -> list[dict[str, Any]]:
    """Return the ways to a user within a scope, `me` always within it; addresses sealed as `address_sealed`."""
    told = {**scope.parameters(), "username": username, "me": me}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["of_user"], told).fetchall()


def channels(connection: Connection[TupleRow], station: str) -> set[str]:
    """Return the channels that somebody at a station has a contact on."""
    return {row[0] for row in connection.execute(SQL["channels"], {"station": station}).fetchall()}


def active_of(connection: Connection[TupleRow], station: str, username: str) -> list[Contact]:
    """Return the ways a user can be reached by, oldest first."""
    with connection.cursor(row_factory=class_row(Contact)) as cursor:
        return cursor.execute(SQL["active_of"], {"station": station, "username": username}).fetchall()


def get(connection: Connection[TupleRow], station: str, username: str, contact: int) -> Contact | None:
    """Return one way a user can be reached by."""
    told = {"station": station, "username": username, "id": contact}
    with connection.cursor(row_factory=class_row(Contact)) as cursor:
        return cursor.execute(SQL["get"], told).fetchone()


def of_address(
    connection: Connection[TupleRow], station: str, username: str, channel: str, address_index: bytes
) -> int | None:
    """Return a user's contact of an address, by its blind index."""
    told = {"station": station, "username": username, "channel": channel, "index": address_index}
    row = connection.execute(SQL["of_address"], told).fetchone()
    return int(row[0]) if row is not None else None


def knows_user(connection: Connection[TupleRow], scope: Scope, username: str, *, me: str) -> bool:
    """Say whether there is such a user within a scope; `me` always is."""
    row = connection.execute(SQL["knows_user"], {**scope.parameters(), "username": username, "me": me}).fetchone()
    return row is not None and bool(row[0])


def relabel(connection: Connection[TupleRow], contact: int, label: str) -> None:
    """Call a contact something else."""
    connection.execute(SQL["relabel"], {"id": contact, "label": label})


def retire(connection: Connection[TupleRow], station: str, contact: int, why: str) -> tuple[str, str] | None:
    """Let go of a way to a user; returns whose and on which channel, None when it was let go of before."""
    row = connection.execute(SQL["retire"], {"station": station, "id": contact, "why": why}).fetchone()
    if row is None:
        return None
    registry_store.changed(connection, station)
    return row[0], row[1]


def tested(connection: Connection[TupleRow], contact: int, now: datetime) -> None:
    """Note that a contact is being tried."""
    connection.execute(SQL["tested"], {"id": contact, "now": now})


def reach(
    connection: Connection[TupleRow], station: str, usernames: Collection[str], since: datetime
) -> list[dict[str, Any]]:
    """Return each active way to these users, with when it was last reached.

    `unconfirmed`: a provider that tells no more took a message for it after `since`.
    """
    told = {"station": station, "usernames": list(usernames), "since": since}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["reach"], told).fetchall()
