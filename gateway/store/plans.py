"""Plans of places: pictures that lie over the map, sealed."""

from __future__ import annotations

from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("plans")


class Plan(msgspec.Struct, frozen=True):
    """What a plan is, without its picture. `corners` are (lat, lon), WGS-84: see `gateway.registering.plans`."""

    content_type: str
    size: int
    sha256: str
    corners: list[tuple[float, float]]


def put(
    connection: Connection[TupleRow], scope: Scope, place: str, plan: Plan, content: bytes, *, by: str, now: datetime
) -> bool:
    """Keep a place's plan, `content` sealed; returns False when there is no such place within the scope."""
    told = {**scope.parameters(), "place": place, **msgspec.structs.asdict(plan)}
    told |= {"corners": Jsonb(plan.corners), "content": content, "by": by, "now": now}
    return connection.execute(SQL["put"], told).rowcount == 1


def get(connection: Connection[TupleRow], scope: Scope, place: str) -> Plan | None:
    """Return the plan of a place within a scope."""
    with connection.cursor(row_factory=class_row(Plan)) as cursor:
        return cursor.execute(SQL["get"], {**scope.parameters(), "place": place}).fetchone()


def content(connection: Connection[TupleRow], scope: Scope, place: str) -> bytes | None:
    """Return the sealed picture of a place's plan within a scope."""
    row = connection.execute(SQL["content"], {**scope.parameters(), "place": place}).fetchone()
    return bytes(row[0]) if row is not None else None


def remove(connection: Connection[TupleRow], scope: Scope, place: str) -> bool:
    """Let go of a place's plan; returns False when there is none within the scope."""
    return connection.execute(SQL["remove"], {**scope.parameters(), "place": place}).rowcount == 1
