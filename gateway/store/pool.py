"""Connections: how they are opened, and which of their errors mean «the database is away»."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import Connection, IsolationLevel
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from gateway.model.errors import BadInput, Misconfigured, StoreUnavailable

#: What psycopg raises when the database is away, shutting down, starting up or out of room: try again later.
UNAVAILABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
)
#: SQLSTATE classes that a later try may not meet again (connection, transaction state, rollback, resources, object in
#: use, intervention, system).
TRANSIENT_CLASSES = frozenset({"08", "25", "40", "53", "55", "57", "58"})
#: SQLSTATE classes that one row of data can be to blame for (data, integrity, limits). Everything else is the
#: database's own trouble, and no message may be buried for it.
DATA_CLASSES = frozenset({"22", "23", "54"})

#: Every connection says who it is, never waits for ever, and notices a dead peer.
CONNECT_OPTIONS: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
#: The server too must notice that we are gone: its backend holds the road's lock as long as it believes in us.
_SESSION = (
    "-c timezone=UTC -c statement_timeout=30000 -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5"
    " -c tcp_keepalives_count=3 -c tcp_user_timeout=20000"
)
#: A process that is stopped in the middle of a transaction must not hold rows that others wait for.
_LONGEST_IDLE_MS = {"road": 60_000, "pool": 5_000}


def _options(name: str, use: str) -> dict[str, Any]:
    idle = f" -c idle_in_transaction_session_timeout={_LONGEST_IDLE_MS[use]}"
    return {**CONNECT_OPTIONS, "application_name": f"anxin {name}", "options": _SESSION + idle}


def connect(database_url: str, name: str, *, autocommit: bool = False) -> Connection[TupleRow]:
    """Open one connection. Raises `StoreUnavailable`."""
    try:
        return psycopg.connect(database_url, autocommit=autocommit, **_options(name, "road"))
    except psycopg.Error as error:
        raise StoreUnavailable(f"the database does not answer: {error}") from error


@contextmanager
def snapshot(connection: Connection[TupleRow]) -> Iterator[None]:
    """A read-only transaction that sees one moment of the store, however long it reads."""
    connection.isolation_level, connection.read_only = IsolationLevel.REPEATABLE_READ, True
    connection.execute("set statement_timeout = 0")
    with reaching_store(), connection.transaction():
        yield


@contextmanager
def reaching_store() -> Iterator[None]:
    """Let «the database is away» be one error, whatever psycopg calls it.

    Raises `StoreUnavailable`, and `Misconfigured` when the schema is not there.
    """
    try:
        yield
    except psycopg.errors.UndefinedTable as error:
        raise Misconfigured("the database has no schema yet, or an old one; run `anxin migrate`") from error
    except psycopg.Error as error:
        if is_transient(error):
            raise StoreUnavailable(f"the database does not answer: {error}") from error
        raise


class Pool:
    """A bounded pool of connections for short work. Opened explicitly, closed by its owner."""

    def __init__(self, database_url: str, name: str, size: int = 8) -> None:
        self._pool: ConnectionPool[Connection[TupleRow]] = ConnectionPool(
            database_url,
            kwargs={"autocommit": True, **_options(name, "pool")},
            min_size=1,
            max_size=size,
            max_waiting=200,
            timeout=2.0,
            # The pool doubles its pauses between attempts while this lasts; then the next who asks makes it try
            # again. Short, so that a long outage does not leave it asleep when the database is back.
            reconnect_timeout=1.5,
            check=ConnectionPool.check_connection,
            name=name,
            open=False,
        )

    def open(self) -> None:
        """Start; the database need not be there yet."""
        self._pool.open(wait=False)

    def close(self) -> None:
        """Close every connection."""
        self._pool.close(timeout=2.0)

    @contextmanager
    def transaction(self) -> Iterator[Connection[TupleRow]]:
        """One transaction on one connection.

        Raises `StoreUnavailable` when the database is away, `BadInput` for a value it cannot take (a NUL, say).
        """
        try:
            with reaching_store(), self._pool.connection() as connection, connection.transaction():
                yield connection
        except psycopg.DataError as error:
            raise BadInput(f"the database cannot take this value: {error}", reason="value") from error


def blames_data(error: psycopg.Error) -> bool:
    """Say whether one row of what we sent can be to blame, so that parting the batch will find it."""
    if isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name is None:
        return False  # so PostgreSQL calls a missing partition
    return error.sqlstate is not None and error.sqlstate[:2] in DATA_CLASSES


def is_transient(error: psycopg.Error) -> bool:
    """Say whether the same work may succeed later."""
    if error.sqlstate is not None:
        return error.sqlstate[:2] in TRANSIENT_CLASSES
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | PoolTimeout)
