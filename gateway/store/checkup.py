"""What `anxin doctor` asks the database. Reads only."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.store.sql import queries

SQL = queries("checkup")


class Server(msgspec.Struct, frozen=True):
    """The server and what it is set to. `size` is the database's, in bytes."""

    version: str
    number: int
    timescaledb: str | None
    fsync: bool
    full_page_writes: bool
    synchronous_commit: bool
    most_connections: int
    reserved_connections: int
    connections: int
    reads_settings: bool
    size: int


class Buried(msgspec.Struct, frozen=True):
    """Dead letters of one reason: how many, and the newest one's topic and detail."""

    reason: str
    count: int
    topic: str
    detail: str


def server(connection: Connection[TupleRow]) -> Server | None:
    """Return what the server is."""
    with connection.cursor(row_factory=class_row(Server)) as cursor:
        return cursor.execute(SQL["server"]).fetchone()


def time(connection: Connection[TupleRow]) -> datetime | None:
    """Return the server's clock this very moment."""
    row = connection.execute(SQL["time"]).fetchone()
    return row[0] if row is not None else None


def folder(connection: Connection[TupleRow]) -> str:
    """Return the server's data directory; whoever asks needs the role pg_read_all_settings."""
    row = connection.execute(SQL["folder"]).fetchone()
    return str(row[0]) if row is not None else ""


def has_station(connection: Connection[TupleRow], station: str) -> bool:
    """Say whether a station is in the registry."""
    row = connection.execute(SQL["station"], {"station": station}).fetchone()
    return row is not None and row[0] > 0


def partitions_until(connection: Connection[TupleRow]) -> datetime | None:
    """Return the last day (UTC) that has a native partition; None when there is none."""
    row = connection.execute(SQL["partition_bounds"]).fetchone()
    if row is None or row[0] is None:
        return None
    return datetime.strptime(str(row[0]), "event_%Y%m%d").replace(tzinfo=UTC)


def inbox(connection: Connection[TupleRow], station: str) -> tuple[int, datetime | None]:
    """Return how many wait in the inbox, and since when the oldest."""
    row = connection.execute(SQL["inbox"], {"station": station}).fetchone()
    return (row[0], row[1]) if row is not None else (0, None)


def unsent(connection: Connection[TupleRow], station: str, since: datetime) -> list[tuple[str, str, int]]:
    """Return (channel, refused or expired, how many) of messages made since then."""
    return connection.execute(SQL["unsent"], {"station": station, "since": since}).fetchall()


def dead_letters(connection: Connection[TupleRow], station: str, since: datetime) -> list[Buried]:
    """Return the dead letters that came since then, by reason."""
    rows = connection.execute(SQL["dead_letters"], {"station": station, "since": since}).fetchall()
    return [Buried(*row) for row in rows]
