"""Records of what people did go after their time, though their tables are append-only: by guarded functions only.

Each function refuses to touch the last 180 days (pictures: 30), and writes into the audit trail how many went, in one
transaction. What goes is what the views of migration 0026 say; `look` asks the same views and touches nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("retention")
#: So many cases, and so many alerts, go in one transaction: nobody waits for it.
AT_ONCE = 1000
BY_PORTIONS = frozenset({"incidents", "alerts", "media"})


def retire_incidents(
    connection: Connection[TupleRow], station: str, older: datetime, lesser: datetime, now: datetime
) -> int:
    """Drop incidents over since before `older` (P4: `lesser`), with timeline, texts, pictures and messages."""
    return _went(connection, "retire_incidents", station=station, older=older, lesser=lesser, now=now, most=AT_ONCE)


def retire_alerts(
    connection: Connection[TupleRow], station: str, older: datetime, lesser: datetime, now: datetime
) -> int:
    """Drop alerts without an incident that ended before `older` (work items and P4: `lesser`)."""
    return _went(connection, "retire_alerts", station=station, older=older, lesser=lesser, now=now, most=AT_ONCE)


def retire_bulletins(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop bulletins that ended before `older`."""
    return _went(connection, "retire_bulletins", station=station, older=older, now=now)


def retire_rounds(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop rounds of online patrol that were over before `older`, with their looks."""
    return _went(connection, "retire_rounds", station=station, older=older, now=now)


def retire_audit(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop lines of the audit trail written before `older`."""
    return _went(connection, "retire_audit", station=station, older=older, now=now)


def retire_consent(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop the consent of people whose record, and whose last word, is from before `older`."""
    return _went(connection, "retire_consent", station=station, older=older, now=now)


def retire_media(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop pictures and clips from before `older` that no alert names any more, or never did."""
    return _went(connection, "retire_media", station=station, older=older, now=now, most=AT_ONCE)


class Standing(NamedTuple):
    """So many of a class: `goes`, `young` (within their time), or why they stay; the oldest counts from `oldest`."""

    is_lesser: bool
    standing: str
    how_many: int
    oldest: datetime | None


def only_read(connection: Connection[TupleRow]) -> None:
    """Let nothing be written any more in this transaction."""
    connection.execute(SQL["only_read"])


def look(  # one keyword per cutoff
    connection: Connection[TupleRow], station: str, what: str, *, older: datetime, lesser: datetime, now: datetime
) -> list[Standing]:
    """Return how all of a class stand: what its function would take now, what not, and why not."""
    told = {"station": station, "older": older, "lesser": lesser, "now": now}
    looks = {
        "incidents": SQL["look_incidents"],
        "alerts": SQL["look_alerts"],
        "bulletins": SQL["look_bulletins"],
        "rounds": SQL["look_rounds"],
        "media": SQL["look_media"],
        "audit": SQL["look_audit"],
        "consent": SQL["look_consent"],
    }
    return [Standing(*row) for row in connection.execute(looks[what], told)]


def note_turn(connection: Connection[TupleRow], station: str, now: datetime) -> None:
    """Write down that the gateway has looked."""
    connection.execute(SQL["turn"], {"station": station, "now": now})


def last_turn(connection: Connection[TupleRow], station: str) -> datetime | None:
    """Return when the gateway looked last, None before the first time."""
    row = connection.execute(SQL["last_turn"], {"station": station}).fetchone()
    return row[0] if row is not None else None


def say(connection: Connection[TupleRow], station: str, what: str, count: int, older: datetime, now: datetime) -> None:
    """Write into the trail how many went of what no function of the database takes; nothing for none."""
    connection.execute(SQL["say"], {"station": station, "what": what, "count": count, "older": older, "now": now})


def _went(connection: Connection[TupleRow], what: str, **told: Any) -> int:
    row = connection.execute(SQL[what], told).fetchone()
    return int(row[0]) if row is not None else 0
