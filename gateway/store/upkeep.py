"""Partitions ahead, compression, retention: on TimescaleDB and on native partitions alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from psycopg import Connection
from psycopg import sql as compose
from psycopg.rows import TupleRow

from gateway.store import retention
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


def old_events(connection: Connection[TupleRow], before: datetime) -> list[str]:
    """Return the partitions or chunks that lie as a whole before `before` (UTC days): those `drop_events` drops."""
    if has_timescaledb(connection):
        return [name for (name,) in connection.execute(SQL["timescale_old"], {"before": before}).fetchall()]
    last_kept = f"event_{before.astimezone(UTC):%Y%m%d}"
    return [name for (name,) in connection.execute(SQL["partitions"]).fetchall() if name < last_kept]


def look_at_events(connection: Connection[TupleRow], before: datetime) -> tuple[int, datetime | None]:
    """Return how many events `drop_events` would drop, and of when the oldest is that stays (None: there is none)."""
    went, last = _in_tables(connection, old_events(connection, before))
    row = connection.execute(SQL["oldest_after"], {"after": last}).fetchone()
    return went, row[0] if row is not None else None


def drop_events(connection: Connection[TupleRow], station: str, before: datetime, now: datetime) -> list[str]:
    """Drop whole days of events older than `before` and return the partitions or chunks dropped; the trail says it."""
    old = old_events(connection, before)
    went, _ = _in_tables(connection, old)
    if has_timescaledb(connection):
        connection.execute(SQL["timescale_drop"], {"before": before})
    else:
        for name in old:
            connection.execute(compose.SQL("drop table {}").format(compose.Identifier(name)))
    retention.say(connection, station, "events", went, before, now)
    return old


def _in_tables(connection: Connection[TupleRow], tables: list[str]) -> tuple[int, datetime | None]:
    """How many events these partitions or chunks hold, and the newest of them."""
    went, last = 0, None
    for name in tables:
        table = compose.Identifier(*name.split("."))
        row = connection.execute(compose.SQL("select count(*), max(ts) from {}").format(table)).fetchone()
        if row is not None and row[0]:
            went, last = went + int(row[0]), max(row[1], last or row[1])
    return went, last


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
