"""The ways to reach users. Addresses come and go sealed."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

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
