"""By which key the database is sealed, and what an older version left readable in its accounts."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("data_key")


def read(connection: Connection[TupleRow]) -> bytes | None:
    """Return the check value; None when nothing was ever sealed here."""
    row = connection.execute(SQL["read"]).fetchone()
    return bytes(row[0]) if row is not None else None


def write(connection: Connection[TupleRow], sealed: bytes) -> None:
    """Keep a check value unless there is one."""
    connection.execute(SQL["write"], {"sealed": sealed})


def phones_in_the_clear(connection: Connection[TupleRow]) -> list[tuple[str, str, str]]:
    """Return `(station, user name, address)` of the accounts that still have one, held."""
    return connection.execute(SQL["phones"]).fetchall()


def forget_phone(connection: Connection[TupleRow], username: str) -> None:
    """Take the readable address out of an account."""
    connection.execute(SQL["forget_phone"], {"username": username})
