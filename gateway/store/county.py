"""The county video platform: codes of devices, how links stand, what became of alarms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from gateway.store.sql import queries

SQL = queries("county")


class Captured(NamedTuple):
    """What a process has recorded: until when that was asked for, in which file, how many messages."""

    until: datetime | None
    file: str | None
    messages: int


def try_hold(connection: Connection[TupleRow], station: str, name: str) -> bool:
    """Take a link's session lock; it is held for as long as this connection lives."""
    row = connection.execute(SQL["hold"], {"station": station, "name": name}).fetchone()
    return row is not None and bool(row[0])


def codes(connection: Connection[TupleRow], station: str) -> dict[str, str]:
    """Return the code of each device that has, or had, one."""
    return dict(connection.execute(SQL["codes"], {"station": station}).fetchall())


def give(connection: Connection[TupleRow], station: str, given: Mapping[str, str], now: datetime) -> None:
    """Give codes to devices."""
    told = {"station": station, "devices": list(given), "codes": list(given.values()), "now": now}
    connection.execute(SQL["give"], told)


def online(connection: Connection[TupleRow], station: str) -> dict[str, bool]:
    """Return of each device whether its connection stands, where anything was ever heard of it."""
    return dict(connection.execute(SQL["online"], {"station": station}).fetchall())


def begin(  # one argument per fact
    connection: Connection[TupleRow], station: str, name: str, server: str, code: str, now: datetime
) -> datetime | None:
    """Know a link; one that is new begins with what happens from now on. Returns when its catalogue was told last."""
    told = {"station": station, "name": name, "server": server, "device_code": code, "now": now}
    row = connection.execute(SQL["begin"], told).fetchone()
    return row[0] if row is not None else None


def position(connection: Connection[TupleRow], station: str, name: str) -> int:
    """Return the last change a link has dealt with, and hold it for this transaction."""
    row = connection.execute(SQL["position"], {"station": station, "name": name}).fetchone()
    return int(row[0]) if row is not None else 0


def advance(connection: Connection[TupleRow], station: str, name: str, change: int) -> None:
    """A link has dealt with all changes up to this one."""
    connection.execute(SQL["advance"], {"station": station, "name": name, "change": change})


def state(  # one argument per fact
    connection: Connection[TupleRow], station: str, name: str, state: str, status: int, why: str, now: datetime
) -> None:
    """Note that a link is in another state."""
    told = {"station": station, "name": name, "state": state, "status": status, "why": why[:300], "now": now}
    connection.execute(SQL["state"], told)


def seen(  # one keyword per fact
    connection: Connection[TupleRow],
    station: str,
    name: str,
    *,
    now: datetime,
    offset: float | None,
    items: int,
    told_at: datetime | None,
    subscriptions: Mapping[str, int],
    captured: Captured,
) -> datetime | None:
    """Note that a link's process runs, and how things are. Returns until when it is to record its traffic."""
    told = {
        "station": station, "name": name, "now": now, "offset": offset, "items": items, "told_at": told_at,
        "subscriptions": Jsonb(dict(subscriptions)), "capturing": captured.until, "capture_file": captured.file,
        "captured": captured.messages,
    }  # fmt: skip
    row = connection.execute(SQL["seen"], told).fetchone()
    return row[0] if row is not None else None


def ask_capture(connection: Connection[TupleRow], station: str, name: str, until: datetime | None) -> bool:
    """Ask a link's process to record its traffic until a moment, or no more (None). False: there is no such link."""
    told = {"station": station, "name": name, "until": until}
    return connection.execute(SQL["ask_capture"], told).rowcount > 0


def captured(connection: Connection[TupleRow], station: str, name: str) -> tuple[str | None, int]:
    """Return where a link's traffic is recorded, None before it is, and how many messages there are."""
    row = connection.execute(SQL["captured"], {"station": station, "name": name}).fetchone()
    return (row[0], int(row[1])) if row is not None else (None, 0)


def links(connection: Connection[TupleRow], station: str, since: datetime) -> list[dict[str, Any]]:
    """Return how each link stands, with counts of alarms made since a moment; what waits counts whatever its age."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["links"], {"station": station, "since": since}).fetchall()


def standing(connection: Connection[TupleRow], station: str) -> list[dict[str, Any]]:
    """Return of each link `name`, `state`, `changed_at` (since it is online, or is not) and `seen_at`."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["standing"], {"station": station}).fetchall()


def buttons(connection: Connection[TupleRow], station: str) -> tuple[int, int]:
    """Return how many buttons to call for help there are, and how many of them have no code."""
    row = connection.execute(SQL["buttons"], {"station": station}).fetchone()
    return (int(row[0]), int(row[1])) if row is not None else (0, 0)


def alarms(  # one argument per filter
    connection: Connection[TupleRow],
    station: str,
    *,
    link: str | None = None,
    alert: int | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return the newest alarms below a number, newest first, and what became of each."""
    told = {"station": station, "link": link, "alert": alert, "before": before, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["alarms"], told).fetchall()


def totals(connection: Connection[TupleRow], station: str) -> list[tuple[str, str, int, datetime]]:
    """Return of each link and state of the outbox how many alarms there are, and from when the oldest is."""
    return connection.execute(SQL["totals"], {"station": station}).fetchall()


def acknowledge(connection: Connection[TupleRow], station: str, channel: str, number: int, now: datetime) -> bool:
    """The platform acknowledged an alarm; False when there is none of this number, or it was before."""
    told = {"station": station, "channel": channel, "id": number, "now": now}
    return connection.execute(SQL["acknowledge"], told).rowcount > 0


def contradict(  # one argument per fact
    connection: Connection[TupleRow], station: str, channel: str, number: int, detail: str, now: datetime
) -> None:
    """The platform answered an alarm with an error."""
    told = {"station": station, "channel": channel, "id": number, "detail": detail[:300], "now": now}
    connection.execute(SQL["contradict"], told)
