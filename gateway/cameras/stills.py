"""Watching a camera live, as stills: somebody asks for the newest, and keeps it coming by asking.

Only the newest of a camera is kept, sealed, while somebody watches, and a minute longer. Each viewing that begins is
audited: who looks again within a minute looks on.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.actor import Actor
from gateway.model.errors import Forbidden, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES, RESPONDER_ROLES
from gateway.sealing import Sealer
from gateway.store import live as store

#: Who may watch: the desk, and whoever goes there.
WATCHING_ROLES = COMMAND_ROOM_ROLES | RESPONDER_ROLES
#: So long after somebody has asked a camera goes on.
LASTS = timedelta(seconds=15)
#: A still that came longer ago is none.
FRESH = timedelta(seconds=10)
#: Who asks again within this looks on; then stills are let go of.
PAUSE = timedelta(seconds=60)
#: That somebody asks is written at most this often: pages ask every two seconds.
WRITE_EVERY = timedelta(seconds=4)


class Still(NamedTuple):
    """A camera's newest still: when it was taken, by the camera's clock, and the JPEG."""

    taken_at: datetime
    content: bytes


def watch(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, device: str) -> Still | None:
    """Ask for a camera's newest still, and for more; None while none has come lately.

    Raises `Forbidden`, `NotFound`.
    """
    if actor.role not in WATCHING_ROLES:
        raise Forbidden(f"the role {actor.role} may not watch cameras")
    if not store.is_camera(connection, actor.scope, device):
        raise NotFound(f"there is no camera {device!r} within your reach")
    station, now = actor.scope.station, actor.at
    noted = store.watch(
        connection, station, device, actor.username, now=now, paused=now - PAUSE, written=now - WRITE_EVERY
    )
    if noted is not None:
        since, last = noted
        if since == now:
            trail.note(connection, actor, "camera.watched", f"device/{device}")
        if last is None or last <= now - LASTS:
            store.wake(connection)
    found = store.still(connection, station, device, now - FRESH)
    if found is None:
        return None
    taken_at, sealed = found
    return Still(taken_at, base64.b64decode(sealer.unseal(bytes(sealed), about(station, device))))


def about(station: str, device: str) -> str:
    """Return what a still is sealed about: it opens as no other camera's."""
    return f"camera_still/{station}/{device}"
