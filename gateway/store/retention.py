"""Records of what people did go after their time, though their tables are append-only: by guarded functions only.

Each function refuses to touch the last 180 days (pictures: 30), and writes into the audit trail how many went, in one
transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("retention")
#: So many cases, and so many alerts, go in one transaction: nobody waits for it.
AT_ONCE = 1000


def retire_incidents(
    connection: Connection[TupleRow], station: str, older: datetime, lesser: datetime, now: datetime
) -> int:
    """Drop incidents over since before `older` (P4: `lesser`), with timeline, texts, pictures and messages."""
    return _went(connection, "incidents", station=station, older=older, lesser=lesser, now=now, most=AT_ONCE)


def retire_alerts(
    connection: Connection[TupleRow], station: str, older: datetime, lesser: datetime, now: datetime
) -> int:
    """Drop alerts without an incident that ended before `older` (work items and P4: `lesser`)."""
    return _went(connection, "alerts", station=station, older=older, lesser=lesser, now=now, most=AT_ONCE)


def retire_bulletins(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop bulletins that ended before `older`."""
    return _went(connection, "bulletins", station=station, older=older, now=now)


def retire_rounds(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop rounds of online patrol that were over before `older`, with their looks."""
    return _went(connection, "rounds", station=station, older=older, now=now)


def retire_audit(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop lines of the audit trail written before `older`."""
    return _went(connection, "audit", station=station, older=older, now=now)


def retire_consent(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop the consent of people whose record, and whose last word, is from before `older`."""
    return _went(connection, "consent", station=station, older=older, now=now)


def retire_media(connection: Connection[TupleRow], station: str, older: datetime, now: datetime) -> int:
    """Drop pictures and clips from before `older` that no alert names any more, or never did."""
    return _went(connection, "media", station=station, older=older, now=now, most=AT_ONCE)


def _went(connection: Connection[TupleRow], what: str, **told: Any) -> int:
    row = connection.execute(SQL[what], told).fetchone()
    return int(row[0]) if row is not None else 0
