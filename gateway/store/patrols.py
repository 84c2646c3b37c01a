"""Patrol routes, rounds and looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from gateway.model.patrol import PatrolPoint, PatrolRoute
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("patrols")


class Round(msgspec.Struct, frozen=True):
    """One walk through a route as it was when it began. Times are UTC.

    `state`: `under_way`; `done`, every point was looked at; `partial`, ended before; `expired`, nobody ended it by
    `ends_by`. `looked`: at how many of its points somebody looked.
    """

    id: int
    route: str
    area: str
    name: str
    points: list[PatrolPoint]
    username: str
    began_at: datetime
    ends_by: datetime
    ended_at: datetime | None
    ended_by: str | None
    looked: int
    state: str


class Look(msgspec.Struct, frozen=True):
    """What somebody saw at a point (from 1) of a round; `note` is sealed."""

    round: int
    point: int
    username: str
    at: datetime
    client_at: datetime | None
    client_id: str | None
    seen: str
    code: str | None
    note: bytes | None
    alert: int | None


def routes(connection: Connection[TupleRow], station: str) -> list[PatrolRoute]:
    """Return every route of a station, by id."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [msgspec.convert(row, PatrolRoute) for row in cursor.execute(SQL["all"], {"station": station})]


def list_routes(
    connection: Connection[TupleRow], scope: Scope, *, area: str | None
) -> list[tuple[PatrolRoute, datetime]]:
    """Return the routes within a scope, by id, with since when there has been each."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["list"], {**scope.parameters(), "area": area}).fetchall()
    made = [row.pop("made_at") for row in rows]
    return list(zip((msgspec.convert(row, PatrolRoute) for row in rows), made, strict=True))


def hold_route(connection: Connection[TupleRow], scope: Scope, route: str) -> PatrolRoute | None:
    """Return a route within a scope, held until the transaction ends."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(SQL["held"], {**scope.parameters(), "route": route}).fetchone()
    return msgspec.convert(row, PatrolRoute) if row is not None else None


def is_route(connection: Connection[TupleRow], scope: Scope, route: str) -> bool:
    """Say whether there is such a route within a scope."""
    return connection.execute(SQL["is_route"], {**scope.parameters(), "route": route}).fetchone() is not None


def put_routes(connection: Connection[TupleRow], station: str, told: list[PatrolRoute]) -> None:
    """Make or change routes; rounds that are under way keep the points they began with."""
    rows = [
        {"station": station, **msgspec.structs.asdict(one), "points": Jsonb(msgspec.to_builtins(one.points))}
        for one in told
    ]
    with connection.cursor() as cursor:
        cursor.executemany(SQL["put"], rows)


def begin(
    connection: Connection[TupleRow], scope: Scope, route: str, username: str, *, now: datetime, ends_by: datetime
) -> int:
    """Begin a round of a route that is held, and return its id."""
    told = {**scope.parameters(), "route": route, "username": username, "now": now, "ends_by": ends_by}
    row = connection.execute(SQL["begin"], told).fetchone()
    return int(row[0]) if row is not None else 0


def get(
    connection: Connection[TupleRow], scope: Scope, round_id: int, *, now: datetime, hold: bool = False
) -> Round | None:
    """Return a round within a scope as it is now; with `hold`, it is nobody else's until the transaction ends."""
    told = {**scope.parameters(), "id": round_id, "now": now}
    if hold:
        connection.execute(SQL["hold"], told)
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(SQL["get"], told).fetchone()
    return msgspec.convert(row, Round) if row is not None else None


def rounds(
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    now: datetime,
    route: str | None = None,
    since: datetime | None = None,
    before: int | None = None,
    limit: int,
) -> list[Round]:
    """Return rounds within a scope, newest first: of one route or all, begun since a moment, ids below `before`."""
    told = {**scope.parameters(), "now": now, "route": route, "since": since, "before": before, "limit": limit}
    return _rounds(connection, "rounds", told)


def last(connection: Connection[TupleRow], scope: Scope, *, now: datetime) -> dict[str, Round]:
    """Return the newest round of each route within a scope."""
    return {one.route: one for one in _rounds(connection, "last", {**scope.parameters(), "now": now})}


def end(connection: Connection[TupleRow], scope: Scope, round_id: int, username: str, *, now: datetime) -> None:
    """End a round that is held."""
    connection.execute(SQL["end"], {**scope.parameters(), "id": round_id, "username": username, "now": now})


def look(connection: Connection[TupleRow], told: Look) -> int:
    """Write a look at a round that is held down, and return its id."""
    row = connection.execute(SQL["look"], msgspec.structs.asdict(told)).fetchone()
    return int(row[0]) if row is not None else 0


def keep_picture(  # one keyword per column
    connection: Connection[TupleRow], look: int, device: str, *, taken_at: datetime, size: int, sha256: str,
    sealed: bytes,
) -> None:  # fmt: skip
    """Keep what a look's camera showed, sealed."""
    told = {
        "look": look, "device": device, "taken_at": taken_at, "size": size, "sha256": sha256, "content": sealed,
    }  # fmt: skip
    connection.execute(SQL["keep_picture"], told)


def picture(connection: Connection[TupleRow], scope: Scope, round_id: int, look: int) -> tuple[str, bytes] | None:
    """Return SHA-256 and sealed content of the picture of a look at a round within a scope."""
    return connection.execute(SQL["picture"], {**scope.parameters(), "round": round_id, "look": look}).fetchone()


def is_known(connection: Connection[TupleRow], round_id: int, username: str, client_id: str) -> bool:
    """Say whether this look of somebody's was told before."""
    told = {"round": round_id, "username": username, "client_id": client_id}
    return connection.execute(SQL["known"], told).fetchone() is not None


def looks(connection: Connection[TupleRow], scope: Scope, round_id: int) -> list[dict[str, Any]]:
    """Return the looks of a round within a scope, oldest first; `note_sealed` is what was written."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["looks"], {**scope.parameters(), "id": round_id}).fetchall()


def hold_place(connection: Connection[TupleRow], station: str, place: str) -> str | None:
    """Return the area of a place, held until the transaction ends; None when it is gone."""
    row = connection.execute(SQL["hold_place"], {"station": station, "place": place}).fetchone()
    return str(row[0]) if row is not None else None


def _rounds(connection: Connection[TupleRow], query: str, told: dict[str, Any]) -> list[Round]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return [msgspec.convert(row, Round) for row in cursor.execute(SQL[query], told)]
