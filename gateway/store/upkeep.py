"""Partitions ahead, compression, retention: on TimescaleDB and on native partitions alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg import Connection
from psycopg import sql as compose
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("upkeep")
DAY = timedelta(days=1)


def has_timescaledb(connection: Connection[TupleRow]) -> bool:
    """Say whether events live in a hypertable."""
    row = connection.execute(SQL["is_hypertable"]).fetchone()
    return row is not None and bool(row[0])


def make_partitions(connection: Connection[TupleRow], since: datetime, until: datetime) -> list[str]:
    """Make the day partitions that cover `[since, until]` (UTC days) and return those that were missing.

    A hypertable makes its own chunks: then nothing is to be done.
    """
    if has_timescaledb(connection):
        return []
    there = {name for (name,) in connection.execute(SQL["partitions"]).fetchall()}
    made: list[str] = []
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= until:
        name = f"event_{day:%Y%m%d}"
        if name not in there:
            _make_partition(connection, name, day)
            made.append(name)
        day += DAY
    return made


def _make_partition(connection: Connection[TupleRow], name: str, day: datetime) -> None:
    """Make a table and attach it: unlike `create … partition of`, that waits for no reader and holds up no writer."""
    table = compose.Identifier(name)
    connection.execute(compose.SQL("create table if not exists {} (like event including defaults)").format(table))
    connection.execute(
        compose.SQL("alter table event attach partition {} for values from ({}) to ({})").format(
            table, compose.Literal(day), compose.Literal(day + DAY)
        )
    )


def drop_events(connection: Connection[TupleRow], before: datetime) -> list[str]:
    """Drop whole days of events older than `before` and return the partitions or chunks dropped."""
    if has_timescaledb(connection):
        return [name for (name,) in connection.execute(SQL["timescale_drop"], {"before": before}).fetchall()]
    last_kept = f"event_{before.astimezone(UTC):%Y%m%d}"
    old = [name for (name,) in connection.execute(SQL["partitions"]).fetchall() if name < last_kept]
    for name in old:
        connection.execute(compose.SQL("drop table {}").format(compose.Identifier(name)))
    return old


def compress_events(connection: Connection[TupleRow], before: datetime) -> int:
    """Compress chunks no event can reach any more; returns how many there are. Native partitions stay as they are."""
    if not has_timescaledb(connection):
        return 0
    return len(connection.execute(SQL["timescale_compress"], {"before": before}).fetchall())


def forget_seen(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop the ids of events that are too old to be taken in again."""
    return connection.execute(SQL["forget_seen"], {"station": station, "before": before}).rowcount


def forget_dead_letters(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop old dead letters."""
    return connection.execute(SQL["forget_dead_letters"], {"station": station, "before": before}).rowcount


def forget_probes(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop the watchdog's probes that are over; returns how many."""
    connection.execute(SQL["forget_probes"], {"station": station, "before": before})
    return connection.execute(SQL["forget_probe_alerts"], {"station": station, "before": before}).rowcount


def forget_notifications(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop messages settled long ago, with their attempts."""
    connection.execute(SQL["forget_attempts"], {"station": station, "before": before})
    return connection.execute(SQL["forget_notifications"], {"station": station, "before": before}).rowcount


def try_lead(connection: Connection[TupleRow], station: str) -> bool:
    """Take the lock of the process that runs scheduled work; held as long as this connection lives."""
    row = connection.execute(SQL["lead"], {"station": station}).fetchone()
    return row is not None and bool(row[0])
