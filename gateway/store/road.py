"""Who drives a station's road, and what it knows of its devices' health."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import sleep

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.device_health import Health
from gateway.model.errors import Fenced
from gateway.store.sql import queries

SQL = queries("road")


#: «Last heard» is written this sparingly at the most; what lies between is in the events.
UNWRITTEN = timedelta(minutes=1)


def try_hold(connection: Connection[TupleRow], station: str) -> bool:
    """Take the road's session lock; it is held for as long as this connection lives."""
    row = connection.execute(SQL["hold"], {"station": station}).fetchone()
    return row is not None and bool(row[0])


def hold(connection: Connection[TupleRow], station: str) -> bool:
    """Take the lock like `try_hold`, within five seconds: PostgreSQL lets go a little after the holder's end."""
    for _ in range(50):
        if try_hold(connection, station):
            return True
        sleep(0.1)
    return False


def version(connection: Connection[TupleRow], station: str) -> int:
    """Return the road's version, to be known by every commit."""
    row = connection.execute(SQL["version"], {"station": station}).fetchone()
    return int(row[0]) if row is not None else 0


def advance(connection: Connection[TupleRow], station: str, known: int) -> None:
    """Make the next version in this transaction. Raises `Fenced` when somebody else drove in between."""
    if connection.execute(SQL["advance"], {"station": station, "version": known}).rowcount != 1:
        raise Fenced


def load_health(connection: Connection[TupleRow], station: str) -> tuple[dict[str, datetime], dict[str, bool]]:
    """Return when each device was last heard (as kept, and what later events say), and which said whether online."""
    kept = connection.execute(SQL["heard"], {"station": station}).fetchall()
    heard: dict[str, datetime] = {device: moment for device, moment, _ in kept}
    if heard:
        rows = connection.execute(SQL["heard_since"], {"station": station, "since": max(heard.values()) - UNWRITTEN})
        for device, moment in rows.fetchall():
            heard[device] = max(moment, heard.get(device, moment))
    return heard, {device: online for device, _, online in kept if online is not None}


def keep_health(connection: Connection[TupleRow], station: str, health: Mapping[str, Health]) -> None:
    """Keep what was learnt of these devices."""
    if health:
        connection.execute(
            SQL["keep_health"],
            {
                "station": station,
                "devices": list(health),
                "heard": [told.heard for told in health.values()],
                "online": [told.online for told in health.values()],
                "battery": [told.battery for told in health.values()],
            },
        )
