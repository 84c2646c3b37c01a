"""The roster's tables: duties, shifts, swaps, and where people were last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.contact import Contact
from gateway.model.duty import Duty, Shift, Swap
from gateway.model.errors import Misconfigured
from gateway.model.registry import Area, Place, Registry, Responder
from gateway.model.scope import Scope
from gateway.store import registry as registry_store
from gateway.store.registry import SQL as REGISTRY
from gateway.store.sql import queries

SQL = queries("duty")


def load(connection: Connection[TupleRow], station: str, *, since: date, places: Iterable[str] = ()) -> Registry:
    """Return what a roster needs of a station's registry: no devices, no persons, few places.

    Swaps are those from the day `since` on. `places` are in it besides where shifts are. Raises `Misconfigured` when
    there is no such station.
    """
    known = registry_store.station(connection, station)
    if known is None:
        raise Misconfigured(f"there is no station {station!r} in the database; run `anxin import SITE.yaml`")
    asked: dict[str, Any] = {"station": station, "since": since, "places": list(places)}

    def rows(kind: type[Any], query: Any) -> list[Any]:
        with connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(query, asked).fetchall()

    return Registry(
        station=known,
        areas=rows(Area, REGISTRY["areas"]),
        places=rows(Place, SQL["places"]),
        duties=rows(Duty, REGISTRY["duties"]),
        shifts=rows(Shift, REGISTRY["shifts"]),
        swaps=rows(Swap, SQL["swaps_since"]),
        responders=[
            msgspec.structs.replace(one, contacts=msgspec.convert(one.contacts, list[Contact]))
            for one in rows(Responder, REGISTRY["responders"])
        ],
    )


def replace(
    connection: Connection[TupleRow], scope: Scope, area: str | None, duties: list[Duty], shifts: list[Shift]
) -> None:
    """Write the roster of an area, or of the station (None) with all its areas, instead of what there is."""
    told = {**scope.parameters(), "area": area}
    connection.execute(SQL["drop_duties"], told)
    connection.execute(SQL["drop_shifts"], {**told, "keep": [shift.id for shift in shifts]})
    registry_store.put_duties(connection, scope.station, duties)
    registry_store.put_shifts(connection, scope.station, shifts)


def list_swaps(connection: Connection[TupleRow], scope: Scope, since: date) -> list[dict[str, Any]]:
    """Return the swaps within a scope from a day on, with who made them; `reason_sealed` is why."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["list_swaps"], {**scope.parameters(), "since": since}).fetchall()


def swap(connection: Connection[TupleRow], scope: Scope, swap_id: int) -> dict[str, Any] | None:
    """Return a swap within a scope."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["swap"], {**scope.parameters(), "id": swap_id}).fetchone()


def add_swap(
    connection: Connection[TupleRow], station: str, swap: Swap, reason: bytes | None, *, made_by: str, now: datetime
) -> int | None:
    """Write a swap down, its reason sealed, and return its id; None when somebody stands in already."""
    told = {"station": station, "reason_sealed": reason, "made_by": made_by, "now": now}
    told |= msgspec.structs.asdict(swap)
    row = connection.execute(SQL["add_swap"], told).fetchone()
    return int(row[0]) if row is not None else None


def drop_swap(connection: Connection[TupleRow], station: str, swap_id: int) -> None:
    """Take a swap back."""
    connection.execute(SQL["drop_swap"], {"station": station, "id": swap_id})


def footprints(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime
) -> list[tuple[str, datetime, float, float]]:
    """Return where each user was last within `(since, until]` and a scope: username, when, lat, lon (WGS-84)."""
    told = {**scope.parameters(), "since": since, "until": until}
    return connection.execute(SQL["footprints"], told).fetchall()
