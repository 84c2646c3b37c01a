"""Changes of the registry as a whole: alone, with what leaves it, and what rules still keep of what has left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.model.registry import ROAD_DEVICE
from gateway.store.sql import queries

SQL = queries("registry_edit")
#: What may leave, in an order in which nothing is left that refers to it.
REMOVED: dict[str, tuple[str, ...]] = {
    "duty": ("remove_duty",),
    "patrol": ("remove_patrol",),
    "shift": ("remove_shift",),
    "person": ("remove_person",),
    "device": ("remove_drills", "remove_health", "remove_mapped", "remove_device"),
    "user": ("remove_user",),
    "place": ("remove_place",),
    "area": ("remove_area",),
}


def hold(connection: Connection[TupleRow], station: str) -> None:
    """Be the only one who changes a station's registry until the transaction ends; a station need not be there yet."""
    connection.execute(SQL["hold"], {"station": station})


def users(connection: Connection[TupleRow], station: str) -> list[dict[str, Any]]:
    """Return the accounts by username: username, name, role, areas, auxiliary."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["users"], {"station": station}).fetchall()


def sealed_contacts(connection: Connection[TupleRow], station: str) -> list[tuple[str, str, bytes]]:
    """Return (username, channel, sealed address) of every way to reach somebody."""
    rows = connection.execute(SQL["contacts"], {"station": station}).fetchall()
    return [(username, channel, bytes(sealed)) for username, channel, sealed in rows]


def secrets(connection: Connection[TupleRow], station: str) -> dict[str, str]:
    """Return the hashed secret of each device that has one."""
    return dict(connection.execute(SQL["secrets"], {"station": station}).fetchall())


def put_secrets(connection: Connection[TupleRow], station: str, hashed: Mapping[str, str]) -> None:
    """Give devices new secrets (SHA-256, hex); those behind a gateway have none."""
    told = {"station": station, "devices": list(hashed), "secrets": list(hashed.values())}
    connection.execute(SQL["put_secrets"], told)


def with_record(connection: Connection[TupleRow], station: str) -> dict[str, str]:
    """Return the accounts that something is recorded of, and what."""
    return dict(connection.execute(SQL["with_record"], {"station": station}).fetchall())


def remove(connection: Connection[TupleRow], station: str, gone: Mapping[str, Collection[str]]) -> None:
    """Remove things by sort (`REMOVED`) and id; the duty of the whole station has the id ''."""
    for sort, statements in REMOVED.items():
        if ids := list(gone.get(sort, ())):
            for statement in statements:
                connection.execute(SQL[statement], {"station": station, "ids": ids})


def departed(connection: Connection[TupleRow], station: str) -> list[str]:
    """Return the subjects that something stands of although the registry no longer has them."""
    told = {"station": station, "road": f"device:{ROAD_DEVICE}"}
    return [subject for (subject,) in connection.execute(SQL["departed"], told).fetchall()]


def forget_subjects(connection: Connection[TupleRow], station: str, subjects: Collection[str]) -> None:
    """Let go of every rule's state and timers of these subjects."""
    told = {"station": station, "subjects": list(subjects)}
    connection.execute(SQL["forget_states"], told)
    connection.execute(SQL["forget_timers"], told)
