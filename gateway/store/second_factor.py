"""Second factors: the sealed secret, the step last used, recovery codes as hashes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("second_factor")


def read(connection: Connection[TupleRow], username: str) -> tuple[bytes | None, bool, int]:
    """Return a user's sealed secret, whether it is confirmed, and the last step that was used."""
    row = connection.execute(SQL["read"], {"username": username}).fetchone()
    return (None, False, 0) if row is None or row[0] is None else (bytes(row[0]), row[1], row[2])


def offer(connection: Connection[TupleRow], username: str, sealed: bytes) -> bool:
    """Keep a secret to be confirmed; False when there is a confirmed one."""
    return connection.execute(SQL["offer"], {"username": username, "sealed": sealed}).rowcount == 1


def use_step(connection: Connection[TupleRow], username: str, step: int) -> bool:
    """Use a step of time up; False when it, or a later one, was used."""
    return connection.execute(SQL["use_step"], {"username": username, "step": step}).rowcount == 1


def confirm(connection: Connection[TupleRow], username: str, codes: Iterable[str], now: datetime) -> None:
    """Let the secret count from now on, with these recovery codes (SHA-256, hex)."""
    connection.execute(SQL["confirm"], {"username": username, "now": now})
    connection.execute(SQL["forget_codes"], {"username": username})
    with connection.cursor() as cursor:
        cursor.executemany(SQL["add_code"], [{"username": username, "code": code} for code in codes])


def reset(connection: Connection[TupleRow], username: str) -> None:
    """Take a user's second factor away."""
    connection.execute(SQL["reset"], {"username": username})
    connection.execute(SQL["forget_codes"], {"username": username})


def use_code(connection: Connection[TupleRow], username: str, code: str, now: datetime) -> bool:
    """Use a recovery code (SHA-256, hex) up; False when there is no such code, or it was used."""
    return connection.execute(SQL["use_code"], {"username": username, "code": code, "now": now}).rowcount == 1


def lacking(connection: Connection[TupleRow], station: str, roles: Iterable[str]) -> list[str]:
    """Return who of these roles can log in without a second factor."""
    rows = connection.execute(SQL["lacking"], {"station": station, "roles": sorted(roles)}).fetchall()
    return [name for (name,) in rows]
