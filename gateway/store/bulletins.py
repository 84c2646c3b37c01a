"""Bulletins: what they say, whom they reach, what each screen was last told, how far they got."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.model.bulletin import Bulletin, Draft
from gateway.model.scope import Scope
from gateway.store.incident_calls import Reached
from gateway.store.sql import queries

SQL = queries("bulletins")


class ChangedDisplay(msgspec.Struct, frozen=True):
    """A screen and the bulletins it is to show from now on, the first on top."""

    device: str
    medium: str
    bulletins: list[int]


def insert(
    connection: Connection[TupleRow], station: str, draft: Draft, by: str, now: datetime, client_id: str | None = None
) -> int:
    """Store a new bulletin and return its id."""
    told = {
        **msgspec.structs.asdict(draft), "title": Jsonb(draft.title), "text": Jsonb(draft.text), "station": station,
        "by": by, "now": now, "client_id": client_id,
    }  # fmt: skip
    row = connection.execute(SQL["insert"], told).fetchone()
    return int(row[0]) if row is not None else 0


def of_client(connection: Connection[TupleRow], station: str, by: str, client_id: str) -> Bulletin | None:
    """Return what somebody has asked for by this name; who asks at the same time waits until this transaction ends."""
    told = {"station": station, "by": by, "client_id": client_id}
    connection.execute(SQL["hold_client"], told)
    return next(iter(_read(connection, "of_client", told)), None)


def doubt_displays(connection: Connection[TupleRow], station: str) -> None:
    """Let every screen that has something to show be told again: a process before this one may not have said it."""
    connection.execute(SQL["doubt_displays"], {"station": station})


def list_bulletins(
    connection: Connection[TupleRow], scope: Scope, *, now: datetime, over: bool, after: int | None, limit: int
) -> list[Bulletin]:
    """Return the bulletins that concern a scope, newest first, those before `after` (id); with `over` past ones too."""
    told = {**scope.parameters(), "now": now, "over": over, "after": after, "limit": limit}
    return _read(connection, "list", told)


def get(connection: Connection[TupleRow], scope: Scope, bulletin: int) -> Bulletin | None:
    """Return one that concerns a scope."""
    return next(iter(_read(connection, "get", {**scope.parameters(), "id": bulletin})), None)


def get_held(connection: Connection[TupleRow], scope: Scope, bulletin: int) -> Bulletin | None:
    """Return one that somebody of this scope may withdraw, held until the transaction ends."""
    return next(iter(_read(connection, "get_held", {**scope.parameters(), "id": bulletin})), None)


def withdraw(connection: Connection[TupleRow], bulletin: int, by: str, now: datetime) -> None:
    """Store that a bulletin is withdrawn; what has not gone out of it does not any more."""
    connection.execute(SQL["withdraw"], {"id": bulletin, "by": by, "now": now})
    connection.execute(SQL["stop_messages"], {"id": bulletin})


def unknown_areas(connection: Connection[TupleRow], scope: Scope, wanted: Collection[str]) -> list[str]:
    """Return which of these areas are not within a scope."""
    rows = connection.execute(SQL["unknown_areas"], {**scope.parameters(), "wanted": list(wanted)}).fetchall()
    return [row[0] for row in rows]


def reached(connection: Connection[TupleRow], station: str, areas: Collection[str] | None) -> list[str]:
    """Return areas and all that lies below them; None stands for all there are."""
    wanted = list(areas) if areas is not None else None
    row = connection.execute(SQL["reached"], {"station": station, "wanted": wanted}).fetchone()
    return list(row[0]) if row is not None else []


def screens(connection: Connection[TupleRow], station: str, reached: Sequence[str]) -> dict[str, int]:
    """Return how many `screens` and `tvs` there are in areas."""
    return dict(connection.execute(SQL["screens"], {"station": station, "reached": list(reached)}).fetchall())


def residents(
    connection: Connection[TupleRow], station: str, reached: Sequence[str], *, after: str, limit: int
) -> list[str]:
    """Return residents of areas who agreed to be sent bulletins and have a number, by id, after one."""
    told = {"station": station, "reached": list(reached), "after": after, "limit": limit}
    return [row[0] for row in connection.execute(SQL["residents"], told).fetchall()]


def colleagues(connection: Connection[TupleRow], station: str, reached: Sequence[str]) -> list[Reached]:
    """Return the users whose areas these are or who are on duty for them, with the ways to reach them."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["colleagues"], {"station": station, "reached": list(reached)}).fetchall()
    return [msgspec.convert(row, Reached) for row in rows]


def due(connection: Connection[TupleRow], station: str, now: datetime) -> Bulletin | None:
    """Return a bulletin that not everybody has been told of who is to be, held until the transaction ends."""
    return next(iter(_read(connection, "due", {"station": station, "now": now})), None)


def spread(connection: Connection[TupleRow], bulletin: int, to: str, at: datetime | None) -> None:
    """Store up to which person a bulletin has been spread; `at` says that everybody has been told."""
    connection.execute(SQL["spread"], {"id": bulletin, "to": to, "at": at})


def changed_displays(
    connection: Connection[TupleRow], station: str, *, now: datetime, again: datetime, limit: int
) -> list[ChangedDisplay]:
    """Return screens that are to show something else than they were told, or were told before `again`."""
    told = {"station": station, "now": now, "again": again, "limit": limit}
    with connection.cursor(row_factory=class_row(ChangedDisplay)) as cursor:
        return cursor.execute(SQL["changed_displays"], told).fetchall()


def of_ids(connection: Connection[TupleRow], ids: Collection[int]) -> dict[int, Bulletin]:
    """Return bulletins by their ids."""
    return {one.id: one for one in _read(connection, "of_ids", {"ids": list(ids)})}


def told_display(
    connection: Connection[TupleRow], station: str, changed: ChangedDisplay, notification: int, now: datetime
) -> None:
    """Store what a screen was told to show, and by which message."""
    told = {
        "station": station, "device": changed.device, "bulletins": changed.bulletins, "medium": changed.medium,
        "notification": notification, "now": now,
    }  # fmt: skip
    connection.execute(SQL["told_display"], told)
    connection.execute(SQL["told_screen"], told)


def supersede(connection: Connection[TupleRow], station: str, channel: str, recipient: str) -> None:
    """Stop what waits to tell a screen an older state."""
    connection.execute(SQL["supersede"], {"station": station, "channel": channel, "recipient": recipient})


def counts(connection: Connection[TupleRow], bulletin: int) -> list[tuple[str, str, int]]:
    """Return (medium, state, messages) of what went to people and enterprises."""
    return connection.execute(SQL["counts"], {"id": bulletin}).fetchall()


def screens_told(
    connection: Connection[TupleRow], scope: Scope, bulletin: int, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Return each screen that was told of a bulletin: `device`, `medium`, `state`, `shown_at`, `within` the scope."""
    told = {**scope.parameters(), "id": bulletin, "since": since, "until": until}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["screens_told"], told).fetchall()


def sent_enterprises(connection: Connection[TupleRow], bulletin: int) -> list[int]:
    """Return the enterprises that have been sent a bulletin."""
    return [row[0] for row in connection.execute(SQL["sent_enterprises"], {"id": bulletin}).fetchall()]


def phones_known(connection: Connection[TupleRow], station: str, indexes: Collection[bytes]) -> bool:
    """Say whether somebody in the register has one of these numbers, by their blind indexes."""
    row = connection.execute(SQL["phones_known"], {"station": station, "indexes": list(indexes)}).fetchone()
    return row is not None and bool(row[0])


def concerned(connection: Connection[TupleRow], station: str, incident: int) -> list[tuple[str, bytes | None]]:
    """Return (id, sealed data) of the persons an incident is about or who live where it is."""
    return connection.execute(SQL["concerned"], {"station": station, "incident": incident}).fetchall()


def area_name(connection: Connection[TupleRow], station: str, areas: Collection[str] | None) -> str:
    """Return what may be said of where a bulletin is for: the one area's name, else the station's."""
    told = {"station": station, "wanted": list(areas or ())}
    row = connection.execute(SQL["area_name"], told).fetchone()
    return str(row[0]) if row is not None else station


def _read(connection: Connection[TupleRow], query: str, told: dict[str, Any]) -> list[Bulletin]:
    with connection.cursor(row_factory=class_row(Bulletin)) as cursor:
        return cursor.execute(SQL[query], told).fetchall()
