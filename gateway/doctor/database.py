"""The database: whether it answers, is set to lose nothing, has room, and has in it what should be there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow

from gateway.clock import SystemClock, clock_of
from gateway.doctor import county, evidence, machine, mappings, privacy, road, roster, waiting
from gateway.doctor.finding import Finding, bad, graded, warn, well
from gateway.model.errors import AnxinError
from gateway.settings import Settings
from gateway.store import checkup, migrate, upkeep
from gateway.store.pool import connect

#: The oldest PostgreSQL, as its number; the oldest TimescaleDB (docs/timescaledb.md).
OLDEST, OLDEST_TIMESCALEDB = 150000, (2, 18, 1)
#: Seconds of difference between two clocks.
CLOCK_WARN_S, CLOCK_BAD_S = 2.0, 30.0
FEW_CONNECTIONS, TOO_FEW_CONNECTIONS = 10, 3


def look(settings: Settings) -> Iterator[Finding]:
    """Look at the database, and at what the gateway says of itself in it."""
    if not settings.database:
        yield bad("database", "ANXIN_DATABASE_URL is not set", "`anxin demo` brings a database of its own")
        return
    try:
        with connect(settings.database, "doctor", autocommit=True) as connection:
            yield from _server(connection, settings)
            migrations = _schema(connection)
            yield migrations
            if migrations.level == "BAD":
                return
            yield from _contents(connection, settings)
            yield from road.look(connection, settings)
            yield from mappings.look(connection, settings)
            yield from county.look(connection, settings)
            yield from waiting.look(connection, settings)
            yield from evidence.look(connection, settings)
            yield from roster.look(connection, settings)
            yield from privacy.look(connection, settings)
    except (AnxinError, psycopg.Error) as error:
        yield bad("database", " ".join(str(error).split()), "check ANXIN_DATABASE_URL and that PostgreSQL runs")


def _server(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    server = checkup.server(connection)
    if server is None:
        return
    kind = f"TimescaleDB {server.timescaledb}" if server.timescaledb else "no TimescaleDB"
    told = f"PostgreSQL {server.version}, {kind}, {server.size / 1e6:,.0f} MB"
    if server.number < OLDEST:
        yield bad("database", told, "too old: PostgreSQL 15 is the oldest to use")
    elif server.timescaledb and _numbers(server.timescaledb) < OLDEST_TIMESCALEDB:
        yield bad("database", told, "too old: use TimescaleDB 2.18.1 or newer (docs/timescaledb.md)")
    else:
        yield well("database", told)
    off = [name for name in ("fsync", "full_page_writes", "synchronous_commit") if not getattr(server, name)]
    if off:
        yield bad("database durability", f"{', '.join(off)} off: a crash loses what was acknowledged", "set it to on")
    else:
        yield well("database durability", "fsync, full_page_writes and synchronous_commit are on")
    free = server.most_connections - server.reserved_connections - server.connections
    yield graded(
        "database connections",
        -free,
        f"{free} of {server.most_connections} free",
        warn_at=-FEW_CONNECTIONS,
        bad_at=-TOO_FEW_CONNECTIONS,
        do="raise max_connections (gateway and API together need about 30), or see who holds them: pg_stat_activity",
    )
    yield _clock(connection)
    yield _disk(connection, settings, readable=server.reads_settings)


def _clock(connection: Connection[TupleRow]) -> Finding:
    clock = SystemClock()
    before = clock.now()
    theirs = checkup.time(connection)
    after = clock.now()
    if theirs is None:
        return warn("database clock", "it does not tell the time", "check the server")
    return graded_clock("database clock", (theirs - (before + (after - before) / 2)).total_seconds())


def graded_clock(name: str, ahead_s: float, *, precise_to_s: float = 0.0) -> Finding:
    """Grade how far another clock is ahead of this machine's."""
    off = max(abs(ahead_s) - precise_to_s, 0.0)
    told = f"{abs(ahead_s):.1f} s {'ahead of' if ahead_s > 0 else 'behind'} this machine's"
    if off == 0:
        told = f"this machine's, to within {precise_to_s:.0f} s"
    return graded(
        name, off, told, warn_at=CLOCK_WARN_S, bad_at=CLOCK_BAD_S, do="let NTP set both clocks (timedatectl, chronyc)"
    )


def _disk(connection: Connection[TupleRow], settings: Settings, *, readable: bool) -> Finding:
    host = str(conninfo_to_dict(settings.database).get("host") or "localhost")
    if host not in {"localhost", "127.0.0.1", "::1"} and not host.startswith("/"):
        return well("database disk", f"on {host}: not to be seen from here, watch it there")
    folder = Path(checkup.folder(connection)) if readable else None
    if folder is None or not folder.exists():
        return well("database disk", "its data directory is not to be seen from here; watch it where it is")
    return machine.room("database disk", folder, "make room soon: a full disk stops the database (docs/operations.md)")


def _schema(connection: Connection[TupleRow]) -> Finding:
    applied, known = set(migrate.applied(connection)), set(migrate.known())
    if not applied:
        return bad("schema", "the schema is not there", "run `anxin migrate`")
    if pending := sorted(known - applied):
        return bad("schema", f"not up to date, missing: {', '.join(pending)}", "run `anxin migrate`")
    if newer := sorted(applied - known):
        return bad("schema", f"newer than this Anxin: {', '.join(newer)}", "upgrade Anxin on this machine")
    return well("schema", f"up to date ({max(applied)})")


def _contents(connection: Connection[TupleRow], settings: Settings) -> Iterator[Finding]:
    if not checkup.has_station(connection, settings.station):
        yield bad("station", f"{settings.station} is not in the registry", "`anxin import SITE.yaml`, or ANXIN_STATION")
    if upkeep.has_timescaledb(connection):
        yield well("partitions", "a hypertable makes its own")
        return
    until, now = checkup.partitions_until(connection), clock_of(settings.clock).now()
    if until is None:
        yield warn("partitions", "there are none yet", "the gateway makes them when it starts: `anxin run`")
        return
    yield graded(
        "partitions",
        -((until + timedelta(days=1) - now) / timedelta(days=1)),
        f"there until {until:%Y-%m-%d}",
        warn_at=-3.0,
        bad_at=0.0,
        do="the gateway makes them a week ahead: see its log for «upkeep»",
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split(".") if part.isdecimal())
