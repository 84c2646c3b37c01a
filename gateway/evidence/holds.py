"""Legal hold: a case that is let go of by nobody and nothing until a commander releases it."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.evidence.acts import EXPORTING_ROLES
from gateway.incidents import effects
from gateway.incidents.actor import Actor
from gateway.model.errors import Forbidden
from gateway.sealing import Sealer
from gateway.store import evidence as store

HOLDING_ROLES = EXPORTING_ROLES


def hold(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, incident_id: int, reason: str
) -> dict[str, Any]:
    """Hold an incident; one that is held already stays so, under the first reason. Raises `Forbidden`, `NotFound`."""
    _must_be_allowed(actor)
    incident = effects.held(connection, actor.scope, incident_id)
    sealed = sealer.seal(reason.strip(), f"evidence.hold/{incident.station}/{incident_id}")
    if store.hold(connection, incident_id, at=actor.at, username=actor.username, reason_sealed=sealed):
        trail.write(connection, sealer, actor, "evidence.hold", f"incident/{incident_id}", {}, reason=reason.strip())
    return {"incident": incident_id, "held": True}


def release(connection: Connection[TupleRow], actor: Actor, incident_id: int) -> dict[str, Any]:
    """Let an incident go at the end of its time again. Raises `Forbidden`, `NotFound`."""
    _must_be_allowed(actor)
    effects.held(connection, actor.scope, incident_id)
    if store.release(connection, incident_id):
        trail.note(connection, actor, "evidence.release", f"incident/{incident_id}")
    return {"incident": incident_id, "held": False}


def _must_be_allowed(actor: Actor) -> None:
    if actor.role not in HOLDING_ROLES:
        raise Forbidden(f"the role {actor.role} may not hold evidence or release it")
