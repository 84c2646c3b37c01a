"""The county's image database: which pictures are to go there, and what it subscribed to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.store.sql import queries

SQL = queries("viid")


class Waiting(NamedTuple):
    """A picture that is to go, and of the alert it belongs to what is said with it."""

    media: int
    sha256: str
    taken_by: str
    from_at: datetime
    alert: int
    rule: str
    priority: str
    place: str | None
    title: dict[str, Any]
    drill: bool


def begin(  # one argument per fact
    connection: Connection[TupleRow], station: str, name: str, server: str, code: str, now: datetime
) -> datetime:
    """Know a link; returns since when."""
    told = {"station": station, "name": name, "server": server, "device_code": code, "now": now}
    row = connection.execute(SQL["begin"], told).fetchone()
    return row[0] if row is not None else now


def pictures(  # one keyword per thing it goes by
    connection: Connection[TupleRow],
    station: str,
    *,
    prefix: str,
    rules: Sequence[str],
    drills: bool,
    since: datetime,
    limit: int,
) -> list[Waiting]:
    """Return pictures of alerts since a moment that are in the outbox under no key of `prefix` and their number."""
    told = {
        "station": station, "prefix": prefix, "rules": list(rules), "drills": drills, "since": since, "limit": limit,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(Waiting)) as rows:
        return rows.execute(SQL["pictures"], told).fetchall()


def subscriptions(connection: Connection[TupleRow], station: str, link: str, now: datetime) -> list[dict[str, Any]]:
    """Return what a link's platform subscribed to and has not ended."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(SQL["subscriptions"], {"station": station, "link": link, "now": now}).fetchall()


def keep(
    connection: Connection[TupleRow], station: str, link: str, subscription: Mapping[str, Any], now: datetime
) -> None:
    """Keep a subscription, told as `subscriptions` returns it."""
    connection.execute(SQL["keep"], {**subscription, "station": station, "link": link, "now": now})


def drop(connection: Connection[TupleRow], station: str, link: str, own: str, now: datetime) -> None:
    """End a subscription."""
    connection.execute(SQL["drop"], {"station": station, "link": link, "id": own, "now": now})
