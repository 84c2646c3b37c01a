"""Setting a camera up: what its worker looks at, for whoever keeps places and devices; no picture of anybody.

The worker's file is the one place of truth and stays where it is. What the worker tells of it is kept, sealed, while
somebody asks and a minute longer, and written nowhere else.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.cameras.stills import LASTS
from gateway.incidents.actor import Actor
from gateway.model.camera import Description
from gateway.model.errors import Forbidden, NotFound
from gateway.sealing import Sealer
from gateway.store import live as store

#: Who may see what cameras look at: whoever keeps places and devices.
ROLES = frozenset({"commander", "admin"})
#: What was told longer ago may no longer be so: the worker is asked every four seconds.
FRESH = timedelta(seconds=30)


def description(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, device: str
) -> tuple[datetime, Description] | None:
    """Ask what a camera looks at; returns when its worker said so and what, None while it has not.

    Raises `Forbidden`, `NotFound`.
    """
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not set cameras up")
    if not store.is_camera(connection, actor.scope, device):
        raise NotFound(f"there is no camera {device!r} within your reach")
    station, now = actor.scope.station, actor.at
    last = store.ask_description(connection, station, device, now)
    if last is None or last <= now - LASTS:
        store.wake(connection)
    found = store.description(connection, station, device, now - FRESH)
    if found is None:
        return None
    told_at, sealed = found
    plain = base64.b64decode(sealer.unseal(bytes(sealed), about(station, device)))
    return told_at, msgspec.json.decode(plain, type=Description)


def about(station: str, device: str) -> str:
    """Return what a description is sealed about: it opens as no other camera's."""
    return f"camera_description/{station}/{device}"
