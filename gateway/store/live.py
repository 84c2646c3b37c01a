"""Who watches which camera, its newest still and what it looks at meanwhile, clips that were asked of cameras."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("live")


class Watched(NamedTuple):
    """A camera and when somebody last asked for its still."""

    device: str
    asked_at: datetime


class ToAsk(NamedTuple):
    """An alert and a camera of its place. `event` (device/id) is the alert's newest, of moment `at`.

    `lately`: how often the camera was asked within the last minute.
    """

    alert: int
    camera: str
    event: str
    at: datetime
    lately: int


def is_camera(connection: Connection[TupleRow], scope: Scope, device: str) -> bool:
    """Say whether a device is a camera within a scope."""
    return connection.execute(SQL["camera"], {**scope.parameters(), "device": device}).fetchone() is not None


def watch(  # one keyword per moment
    connection: Connection[TupleRow],
    station: str,
    device: str,
    username: str,
    *,
    now: datetime,
    paused: datetime,
    written: datetime,
) -> tuple[datetime, datetime | None] | None:
    """Note that somebody asks for a still; returns since when without a pause, and when anybody had asked last.

    Who was last heard before `paused` begins anew; what was noted since `written` is not noted again: then None.
    """
    told = {
        "station": station, "device": device, "username": username, "now": now, "paused": paused, "written": written,
    }  # fmt: skip
    return connection.execute(SQL["watch"], told).fetchone()


def wake(connection: Connection[TupleRow]) -> None:
    """Tell the gateway, with this commit, that a camera is watched."""
    connection.execute(SQL["wake"])


def watched(connection: Connection[TupleRow], station: str, since: datetime) -> list[Watched]:
    """Return the cameras somebody has asked for since a moment, by id."""
    rows = connection.execute(SQL["watched"], {"station": station, "since": since})
    return [Watched(*row) for row in rows]


def put_still(  # one keyword per column
    connection: Connection[TupleRow],
    station: str,
    device: str,
    *,
    taken_at: datetime,
    sealed: bytes,
    now: datetime,
    since: datetime,
) -> bool:
    """Keep a camera's newest still in the place of the last; False when nobody has asked for it since a moment."""
    told = {
        "station": station, "device": device, "taken_at": taken_at, "sealed": sealed, "now": now, "since": since,
    }  # fmt: skip
    return connection.execute(SQL["put_still"], told).fetchone() is not None


def still(
    connection: Connection[TupleRow], station: str, device: str, since: datetime
) -> tuple[datetime, bytes] | None:
    """Return when a camera's still was taken, and it, sealed; None when none came since a moment."""
    return connection.execute(SQL["still"], {"station": station, "device": device, "since": since}).fetchone()


def forget(connection: Connection[TupleRow], station: str, before: datetime) -> None:
    """Drop who last asked before a moment, and the stills and descriptions nobody has asked for since."""
    connection.execute(SQL["forget_watches"], {"station": station, "before": before})
    connection.execute(SQL["forget_stills"], {"station": station})
    connection.execute(SQL["forget_descriptions"], {"station": station, "before": before})


def ask_description(connection: Connection[TupleRow], station: str, device: str, now: datetime) -> datetime | None:
    """Note that somebody asks what a camera looks at; returns when anybody had asked last."""
    told = {"station": station, "device": device, "now": now}
    row = connection.execute(SQL["ask_description"], told).fetchone()
    return row[0] if row is not None else None


def description(
    connection: Connection[TupleRow], station: str, device: str, since: datetime
) -> tuple[datetime, bytes] | None:
    """Return when a camera's worker told what it looks at, and that, sealed; None when it has not since a moment."""
    return connection.execute(SQL["description"], {"station": station, "device": device, "since": since}).fetchone()


def to_describe(connection: Connection[TupleRow], station: str, since: datetime) -> list[str]:
    """Return the cameras of which somebody has asked since a moment what they look at, by id."""
    rows = connection.execute(SQL["to_describe"], {"station": station, "since": since})
    return [row[0] for row in rows]


def put_description(  # one keyword per column
    connection: Connection[TupleRow], station: str, device: str, *, sealed: bytes, now: datetime, since: datetime
) -> bool:
    """Keep what a camera looks at; False when nobody has asked for it since a moment."""
    told = {"station": station, "device": device, "sealed": sealed, "now": now, "since": since}
    return connection.execute(SQL["put_description"], told).fetchone() is not None


def to_ask(
    connection: Connection[TupleRow], station: str, *, since: datetime, minute: datetime, most: int, limit: int
) -> list[ToAsk]:
    """Return alerts raised since a moment with the cameras that may have seen it, the most urgent first.

    A camera that was asked `most` times since `minute` is left out.
    """
    told = {"station": station, "since": since, "minute": minute, "most": most, "limit": limit}
    with connection.cursor(row_factory=class_row(ToAsk)) as rows:
        return rows.execute(SQL["to_ask"], told).fetchall()


def note_asked(connection: Connection[TupleRow], station: str, one: ToAsk, now: datetime) -> None:
    """Note that a camera is asked for a clip of an alert's event."""
    device, _, event = one.event.partition("/")
    told = {
        "station": station, "alert": one.alert, "camera": one.camera, "of_device": device, "of_event": event,
        "now": now,
    }  # fmt: skip
    connection.execute(SQL["note_asked"], told)


def was_asked(connection: Connection[TupleRow], station: str, camera: str, device: str, event: str) -> bool:
    """Say whether a camera was asked for a clip of another device's event."""
    told = {"station": station, "camera": camera, "of_device": device, "of_event": event}
    row = connection.execute(SQL["was_asked"], told).fetchone()
    return row is not None and bool(row[0])
