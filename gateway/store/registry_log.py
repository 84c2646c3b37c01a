"""The registry as it was: changes of places, devices and persons, with the moment from which they held.

The database notes each change by a trigger; the road takes it in and writes when (`take_in`). Going back from what
stands now, change by change, gives the registry of any moment. What was there before the road ever lived has been there
for ever. Nothing personal is kept: names of people are not on the road at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.person import Person
from gateway.model.registry import Device, Place, Registry
from gateway.store.sql import queries

SQL = queries("registry_log")
_KINDS: dict[str, type[Place | Device | Person]] = {"place": Place, "device": Device, "person": Person}
_COLUMNS = {"area_id": "area", "place_id": "place"}


class RegistryChange(msgspec.Struct, frozen=True):
    """From `at` (UTC) on something is other than it was. `before` None: it was not there; `after` None: it is gone."""

    at: datetime
    kind: str
    id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def take_in(connection: Connection[TupleRow], station: str, now: datetime, *, first: bool = False) -> None:
    """Say that what has changed holds from now on; on a road's `first` day, that it has held for ever."""
    connection.execute(SQL["forget_untaken" if first else "take_in"], {"station": station, "now": now})


def forget(connection: Connection[TupleRow], station: str, before: datetime) -> None:
    """Let go of what is older than any event that is kept."""
    connection.execute(SQL["forget"], {"station": station, "before": before})


def since(connection: Connection[TupleRow], station: str, moment: datetime) -> list[RegistryChange]:
    """Return the changes after a moment, oldest first."""
    rows = connection.execute(SQL["since"], {"station": station, "since": moment}).fetchall()
    return [RegistryChange(*row) for row in rows]


def undone(registry: Registry, changes: Iterable[RegistryChange]) -> Registry:
    """Return the registry as it was before these changes (oldest first)."""
    return _with(registry, [(change.kind, change.id, change.before) for change in reversed(list(changes))])


def redone(registry: Registry, changes: Iterable[RegistryChange]) -> Registry:
    """Return the registry as it is after these changes (oldest first)."""
    return _with(registry, [(change.kind, change.id, change.after) for change in changes])


def _with(registry: Registry, things: list[tuple[str, str, dict[str, Any] | None]]) -> Registry:
    tables: dict[str, dict[str, Any]] = {
        "place": dict(registry.places),
        "device": dict(registry.devices),
        "person": dict(registry.persons),
    }
    for kind, name, row in things:
        table = tables[kind]
        if row is None:
            table.pop(name, None)
            continue
        table[name] = msgspec.convert({"name": "", **dict(_renamed(row))}, _KINDS[kind])
    return registry.replaced(
        places=tables["place"].values(), devices=tables["device"].values(), persons=tables["person"].values()
    )


def _renamed(row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        yield _COLUMNS.get(name, name), value
