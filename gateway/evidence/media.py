"""Snapshots and clips of an alert: which there are, and one of them opened again, each look audited."""

from __future__ import annotations

import base64
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.actor import Actor
from gateway.model.errors import Forbidden, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES, RESPONDER_ROLES
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import media as store

#: Who may look at what a camera saw: the desk, and whoever goes there.
LOOKING_ROLES = COMMAND_ROOM_ROLES | RESPONDER_ROLES


def of_alert(connection: Connection[TupleRow], actor: Actor, alert: int) -> list[dict[str, Any]]:
    """Return which pictures and clips there are of an alert, oldest first. Raises `Forbidden`, `NotFound`."""
    _check_reach(connection, actor, alert)
    return store.of_alert(connection, alert)


def look(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, alert: int, number: int, *, noted: bool = True
) -> tuple[str, bytes]:
    """Return media type and bytes of a picture or clip of an alert; the look is audited, once where it comes in parts.

    Raises `Forbidden`, `NotFound`.
    """
    _check_reach(connection, actor, alert)
    kept = (
        store.whole(connection, number) if number in {one["id"] for one in store.of_alert(connection, alert)} else None
    )
    if kept is None:
        raise NotFound(f"there is no picture {number} of alert {alert} any more, or there never was")
    if noted:
        trail.note(connection, actor, "picture.seen", f"alert/{alert}", {"picture": number, "role": kept.role})
    return kept.content_type, opened(sealer, actor.scope.station, kept)


def _check_reach(connection: Connection[TupleRow], actor: Actor, alert: int) -> None:
    if actor.role not in LOOKING_ROLES:
        raise Forbidden(f"the role {actor.role} may not look at what cameras saw")
    if alert_store.get(connection, actor.scope, alert) is None:
        raise NotFound(f"there is no alert {alert} within your reach")


def opened(sealer: Sealer, station: str, kept: store.Kept) -> bytes:
    """Return the bytes of a picture or clip. Raises `Misconfigured` when it was sealed with another key."""
    return base64.b64decode(
        sealer.unseal(bytes(kept.sealed), about(station, kept.device, kept.event, kept.role, kept.taken_by))
    )


def about(station: str, device: str, event: str, role: str, taken_by: str) -> str:
    """Return what a picture is sealed about: it opens as nothing else."""
    whole = f"media.content/{station}/{device}/{event}/{role}"
    return whole if taken_by == device else f"{whole}/{taken_by}"
