"""Snapshots and clips of events, sealed, and which alerts' records speak for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.store.sql import queries

SQL = queries("media")


class Kept(NamedTuple):
    """A picture or clip: of which event of which device, which camera took it, from when to when, its bytes sealed."""

    id: int
    device: str
    event: str
    role: str
    taken_by: str
    content_type: str
    size: int
    sha256: str
    from_at: datetime
    until_at: datetime
    received_at: datetime
    sealed: bytes


def put(  # one keyword per column
    connection: Connection[TupleRow],
    station: str,
    device: str,
    event: str,
    role: str,
    *,
    taken_by: str,
    content_type: str,
    size: int,
    sha256: str,
    from_at: datetime,
    until_at: datetime,
    now: datetime,
    sealed: bytes,
) -> int | None:
    """Keep a picture or clip; returns its number, None when the event has one in this role by this camera already."""
    told = {
        "station": station, "device": device, "event": event, "role": role, "taken_by": taken_by,
        "content_type": content_type, "size": size, "sha256": sha256, "from_at": from_at, "until_at": until_at,
        "now": now, "sealed": sealed,
    }  # fmt: skip
    row = connection.execute(SQL["put"], told).fetchone()
    return int(row[0]) if row is not None else None


def there(
    connection: Connection[TupleRow], station: str, device: str, event: str, role: str, taken_by: str
) -> tuple[int, str] | None:
    """Return number and SHA-256 of what an event has in a role by a camera."""
    told = {"station": station, "device": device, "event": event, "role": role, "taken_by": taken_by}
    return connection.execute(SQL["there"], told).fetchone()


def handed_in_since(connection: Connection[TupleRow], station: str, taken_by: str, since: datetime) -> int:
    """Return how many bytes a camera has handed in since a moment."""
    told = {"station": station, "taken_by": taken_by, "since": since}
    row = connection.execute(SQL["handed_in_since"], told).fetchone()
    return int(row[0]) if row is not None else 0


def fresh(connection: Connection[TupleRow], station: str, limit: int) -> list[tuple[int, list[int]]]:
    """Return pictures nobody has looked at yet, with the alerts that name their events; each is looked at with this."""
    found = connection.execute(SQL["fresh"], {"station": station, "limit": limit}).fetchall()
    connection.execute(SQL["looked_at"], {"ids": [row[0] for row in found]})
    return [(row[0], list(row[1])) for row in found]


def of_events(connection: Connection[TupleRow], station: str, references: Sequence[str]) -> list[int]:
    """Return the pictures of events, told by `device/id`."""
    rows = connection.execute(SQL["of_events"], {"station": station, "references": list(references)})
    return [row[0] for row in rows]


def take_up(connection: Connection[TupleRow], media: int, alert: int) -> bool:
    """A record of this alert speaks for a picture from now on; False when one does already."""
    return connection.execute(SQL["take_up"], {"media": media, "alert": alert}).fetchone() is not None


def whole(connection: Connection[TupleRow], media: int) -> Kept | None:
    """Return a picture or clip with its bytes, sealed."""
    with connection.cursor(row_factory=class_row(Kept)) as rows:
        return rows.execute(SQL["whole"], {"media": media}).fetchone()


def of_alert(connection: Connection[TupleRow], alert: int) -> list[dict[str, Any]]:
    """Return the pictures that an alert's records speak for, oldest first, without their bytes."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(SQL["of_alert"], {"alert": alert}).fetchall()


def areas_of(connection: Connection[TupleRow], alerts: Sequence[int]) -> dict[int, str | None]:
    """Return in which area each of these alerts is."""
    return dict(connection.execute(SQL["areas"], {"alerts": list(alerts)}).fetchall())
