"""The registry's tables: read as one frozen snapshot, written by import, listed for the API."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.model.contact import Contact
from gateway.model.duty import Duty, Shift, Swap
from gateway.model.errors import Misconfigured
from gateway.model.person import Person
from gateway.model.policy import Policy
from gateway.model.registry import Area, Device, Drill, Place, Registry, Responder, Station
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("registry")


def load(connection: Connection[TupleRow], station: str) -> Registry:
    """Return the station's registry. Raises `Misconfigured` when there is no such station."""
    row = connection.execute(SQL["station"], {"station": station}).fetchone()
    if row is None:
        raise Misconfigured(f"there is no station {station!r} in the database; run `anxin import SITE.yaml`")
    *named, version, policy = row

    def rows(kind: type[Any], name: str) -> list[Any]:
        with connection.cursor(row_factory=class_row(kind)) as cursor:
            return cursor.execute(SQL[name], {"station": station}).fetchall()

    return Registry(
        station=Station(*named),
        version=version,
        areas=rows(Area, "areas"),
        places=rows(Place, "places"),
        devices=rows(Device, "devices"),
        persons=rows(Person, "persons"),
        duties=rows(Duty, "duties"),
        shifts=rows(Shift, "shifts"),
        swaps=rows(Swap, "swaps"),
        responders=[
            msgspec.structs.replace(one, contacts=msgspec.convert(one.contacts, list[Contact]))
            for one in rows(Responder, "responders")
        ],
        policy=msgspec.convert(policy, Policy),
        drills=rows(Drill, "drills"),
    )


def station(connection: Connection[TupleRow], station_id: str) -> Station | None:
    """Return a station."""
    row = connection.execute(SQL["station"], {"station": station_id}).fetchone()
    return Station(*row[:3]) if row is not None else None


def policy(connection: Connection[TupleRow], station: str) -> Policy:
    """Return the station's policy as it is in this transaction."""
    row = connection.execute(SQL["station"], {"station": station}).fetchone()
    return msgspec.convert(row[4], Policy) if row is not None else Policy()


def current_version(connection: Connection[TupleRow], station: str) -> int:
    """Return the registry's version, 0 when there is no such station."""
    row = connection.execute(SQL["station"], {"station": station}).fetchone()
    return int(row[3]) if row is not None else 0


def put_station(connection: Connection[TupleRow], station: Station) -> None:
    """Make or change a station; the registry's version grows."""
    connection.execute(SQL["put_station"], msgspec.structs.asdict(station))
    connection.execute("notify anxin_registry")


def put_areas(connection: Connection[TupleRow], station: str, areas: list[Area]) -> None:
    """Make or change areas; parents before children."""
    waiting = {area.id: area for area in areas}
    while waiting:
        ready = [area for area in waiting.values() if area.parent not in waiting or area.parent == area.id]
        if not ready:
            raise Misconfigured(f"areas {', '.join(waiting)} are each other's parents")
        for area in ready:
            del waiting[area.id]
        with connection.cursor() as cursor:
            cursor.executemany(SQL["put_area"], [_area_row(station, area) for area in ready])


def _area_row(station: str, area: Area) -> dict[str, Any]:
    shape = Jsonb(area.shape) if area.shape is not None else None
    return {"station": station, **msgspec.structs.asdict(area), "shape": shape}


def areas(connection: Connection[TupleRow], station: str) -> list[Area]:
    """Return the areas with their shapes, by id."""
    with connection.cursor(row_factory=class_row(Area)) as cursor:
        return cursor.execute(SQL["areas_with_shapes"], {"station": station}).fetchall()


def put_places(connection: Connection[TupleRow], station: str, places: list[Place]) -> None:
    """Make or change places."""
    with connection.cursor() as cursor:
        cursor.executemany(
            SQL["put_place"],
            [
                {"station": station, **msgspec.structs.asdict(place), "attributes": Jsonb(place.attributes)}
                for place in places
            ],
        )


def put_devices(connection: Connection[TupleRow], station: str, devices: list[Device], secrets: dict[str, str]) -> None:
    """Make or change devices; `secrets` maps device ids to the SHA-256 (hex) of a new secret."""
    with connection.cursor() as cursor:
        cursor.executemany(
            SQL["put_device"],
            [
                {
                    "station": station,
                    **msgspec.structs.asdict(device),
                    "attributes": Jsonb(device.attributes),
                    "secret_sha256": secrets.get(device.id),
                }
                for device in devices
            ],
        )


def put_user(  # one argument per column
    connection: Connection[TupleRow],
    station: str,
    responder: Responder,
    *,
    areas: list[str] | None = None,
    password_hash: str | None = None,
) -> bool:
    """Make or change a user; returns False when the name belongs to another station."""
    done = connection.execute(
        SQL["put_user"],
        {
            "station": station,
            **msgspec.structs.asdict(responder),
            "areas": areas,
            "password_hash": password_hash,
        },
    )
    return done.rowcount == 1


def put_duties(connection: Connection[TupleRow], station: str, duties: list[Duty]) -> None:
    """Make or change who is on duty."""
    _put_all(connection, "put_duty", station, duties)


def put_shifts(connection: Connection[TupleRow], station: str, shifts: list[Shift]) -> None:
    """Make or change shifts."""
    with connection.cursor() as cursor:
        cursor.executemany(
            SQL["put_shift"],
            [{"station": station, **msgspec.structs.asdict(shift), "hours": Jsonb(shift.hours)} for shift in shifts],
        )


def put_policy(connection: Connection[TupleRow], station: str, policy: Policy) -> None:
    """Set how the station's people are told; what is as it comes is not written down."""
    connection.execute(SQL["put_policy"], {"station": station, "policy": Jsonb(msgspec.to_builtins(policy))})


def announce_drill(connection: Connection[TupleRow], scope: Scope, drill: Drill, *, by: str) -> bool:
    """Announce a planned test; returns False when there is no such device within the scope."""
    told = {**scope.parameters(), "by": by, **msgspec.structs.asdict(drill)}
    done = connection.execute(SQL["announce_drill"], told)
    changed(connection, scope.station)
    return done.rowcount == 1


def end_drill(connection: Connection[TupleRow], scope: Scope, device: str, *, now: datetime) -> bool:
    """End what is under way or to come of a device's drills within a scope; returns False when there is nothing."""
    done = connection.execute(SQL["end_drill"], {**scope.parameters(), "device": device, "now": now})
    changed(connection, scope.station)
    return done.rowcount > 0


def list_drills(connection: Connection[TupleRow], scope: Scope, *, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Return drills within a scope: those under way and to come first, then the latest that are over."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["list_drills"], {**scope.parameters(), "now": now, "limit": limit}).fetchall()


def patch_care(connection: Connection[TupleRow], scope: Scope, person: str, patch: dict[str, Any]) -> bool:
    """Change parts of a person's care profile (None takes one out); returns False when nobody is within the scope."""
    done = connection.execute(SQL["patch_care"], {**scope.parameters(), "person": person, "patch": Jsonb(patch)})
    changed(connection, scope.station)
    return done.rowcount == 1


class Absence(NamedTuple):
    """What was last said of a person: away or back, `until` when (RFC 3339).

    `at` is the server's time, `said_at` that of the device it was said on.
    """

    username: str
    act: str
    at: datetime
    until: str | None
    said_at: datetime | None


def lock_person(connection: Connection[TupleRow], scope: Scope, person: str) -> bool:
    """Let whoever else would change a person wait until the transaction ends; False when nobody is within the scope."""
    return connection.execute(SQL["lock_person"], {**scope.parameters(), "person": person}).fetchone() is not None


def last_absence(connection: Connection[TupleRow], station: str, person: str) -> Absence | None:
    """Return what was last said of where a person is, away or back."""
    told = {"station": station, "object": f"person/{person}"}
    with connection.cursor(row_factory=class_row(Absence)) as cursor:
        return cursor.execute(SQL["last_absence"], told).fetchone()


def away_until(connection: Connection[TupleRow], scope: Scope, person: str) -> str | None:
    """Return until when a person within a scope is registered as away (RFC 3339), however long ago that was."""
    row = connection.execute(SQL["away_until"], {**scope.parameters(), "person": person}).fetchone()
    return row[0] if row is not None else None


def areas_of_places(connection: Connection[TupleRow], scope: Scope, places: Iterable[str]) -> dict[str, str]:
    """Return the areas of those of these places that lie within a scope."""
    told = {**scope.parameters(), "places": sorted(places)}
    return dict(connection.execute(SQL["areas_of_places"], told).fetchall())


def area_of_place(connection: Connection[TupleRow], scope: Scope, place: str) -> str | None:
    """Return the area of a place; None when it does not lie within the scope."""
    return areas_of_places(connection, scope, [place]).get(place)


def changed(connection: Connection[TupleRow], station: str) -> None:
    """Let the registry's version grow, and everybody who keeps a copy know."""
    connection.execute(SQL["touch"], {"station": station})
    connection.execute("notify anxin_registry")


def _put_all(connection: Connection[TupleRow], name: str, station: str, rows: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(SQL[name], [{"station": station, **msgspec.structs.asdict(row)} for row in rows])


def list_areas(connection: Connection[TupleRow], scope: Scope) -> list[dict[str, Any]]:
    """Return the areas within a scope."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["list_areas"], scope.parameters()).fetchall()


def span_of_places(connection: Connection[TupleRow], scope: Scope) -> tuple[float, float, float, float] | None:
    """Return south, west, north, east (WGS-84 degrees) of the places within a scope; None: none has coordinates."""
    row = connection.execute(SQL["span_of_places"], scope.parameters()).fetchone()
    return (row[0], row[1], row[2], row[3]) if row is not None and row[0] is not None else None


def list_places(
    connection: Connection[TupleRow], scope: Scope, *, area: str | None, after: str | None, limit: int
) -> list[dict[str, Any]]:
    """Return places within a scope, by id, after one."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            SQL["list_places"], {**scope.parameters(), "area": area, "after": after, "limit": limit}
        ).fetchall()


def list_devices(  # one keyword per filter
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    kind: str | None,
    area: str | None,
    place: str | None,
    after: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return devices within a scope, by id, after one, with how they are."""
    parameters = {"kind": kind, "area": area, "place": place, "after": after, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["list_devices"], {**scope.parameters(), **parameters}).fetchall()


def device_secret(connection: Connection[TupleRow], station: str, device: str) -> str | None:
    """Return the SHA-256 (hex) of a device's secret."""
    row = connection.execute(SQL["device_secret"], {"station": station, "device": device}).fetchone()
    return row[0] if row is not None else None
