"""What a backup holds, seen in one snapshot; what a restore needs of the database it goes into."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import psycopg
from psycopg import Connection, IsolationLevel
from psycopg import sql as compose
from psycopg.rows import TupleRow

from gateway.store import migrate
from gateway.store.sql import queries

SQL = queries("backup")
#: How far ids jump: more than any station gives between a backup and the day it is needed.
MARGIN = 1_000_000


class Contents(msgspec.Struct, frozen=True):
    """What there is to back up. `server` is PostgreSQL's version as a number (180006), `snapshot` is for pg_dump."""

    snapshot: str
    server: int
    timescaledb: str | None
    migrations: list[str]
    stations: list[str]
    tables: list[str]


@contextmanager
def snapshot(connection: Connection[TupleRow]) -> Iterator[Contents]:
    """Hold one consistent view of everything, while others go on writing. `connection` must be in no transaction."""
    be_patient(connection)
    connection.execute(SQL["lock_timeout"])
    tables = _tables(connection)
    connection.commit()
    connection.isolation_level = IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    with connection.transaction():
        # Locks first, then the snapshot: no partition can be dropped or rewritten between the two.
        for table in tables:
            connection.execute(compose.SQL("lock table {} in access share mode").format(compose.Identifier(table)))
        exported = connection.execute(SQL["export"]).fetchone()
        version, timescaledb = server(connection)
        yield Contents(
            str(exported[0]) if exported is not None else "",
            version,
            timescaledb,
            migrate.applied(connection),
            stations(connection),
            tables,
        )


def be_patient(connection: Connection[TupleRow]) -> None:
    """Take every timeout off this session."""
    connection.execute(SQL["patience"])


def server(connection: Connection[TupleRow]) -> tuple[int, str | None]:
    """Return PostgreSQL's version as a number, and TimescaleDB's where it is in this database."""
    row = connection.execute(SQL["server"]).fetchone()
    return (int(row[0]), row[1]) if row is not None else (0, None)


def stations(connection: Connection[TupleRow]) -> list[str]:
    """Return the ids of the stations in this database."""
    return [station for (station,) in connection.execute(SQL["stations"]).fetchall()]


def count(connection: Connection[TupleRow], table: str) -> int:
    """Return how many rows a table has, its partitions included."""
    row = connection.execute(compose.SQL("select count(*) from {}").format(compose.Identifier(table))).fetchone()
    return int(row[0]) if row is not None else 0


def strangers(connection: Connection[TupleRow]) -> list[str]:
    """Return some of what is in this database, if it isn't empty."""
    return [name for (name,) in connection.execute(SQL["strangers"]).fetchall()]


def timescaledb_offers(connection: Connection[TupleRow]) -> list[str]:
    """Return the versions of TimescaleDB this server could load."""
    return [version for (version,) in connection.execute(SQL["timescale_offers"]).fetchall()]


def admit_timescaledb(connection: Connection[TupleRow], version: str) -> bool:
    """Make the extension in exactly this version and open its catalogue; returns whether it had to be made."""
    _, there = server(connection)
    with connection.transaction():
        if there is None:
            connection.execute(compose.SQL("create extension timescaledb version {}").format(compose.Literal(version)))
        connection.execute(SQL["timescale_before"])
    return there is None


def close_timescaledb(connection: Connection[TupleRow], *, drop: bool) -> None:
    """Close its catalogue again; `drop` it when nothing was restored and it was not there before."""
    connection.execute(SQL["timescale_after"])
    if drop:
        connection.execute(SQL["timescale_drop"])


def renumber(connection: Connection[TupleRow]) -> None:
    """Let every id from now on be far above any that was given after the backup."""
    with connection.transaction():
        connection.execute(SQL["renumber"], {"margin": MARGIN})
        connection.execute(SQL["forget_changes"])
        connection.execute(SQL["renumber_changes"], {"margin": MARGIN})


def drop_database(maintenance_url: str, name: str) -> None:
    """Drop a database that we made a moment ago."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(compose.SQL("drop database if exists {}").format(compose.Identifier(name)))


def _tables(connection: Connection[TupleRow]) -> list[str]:
    return [table for (table,) in connection.execute(SQL["tables"]).fetchall()]
