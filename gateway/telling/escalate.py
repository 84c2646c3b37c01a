"""escalate: climb the rungs whose moment has come. Each is a row; nothing lives in a sleep."""

from __future__ import annotations

from datetime import datetime

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import UNANSWERED, Incident
from gateway.model.scope import Scope
from gateway.stops.route import SYSTEM
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store.changes import Change
from gateway.telling import tell

log = structlog.get_logger()


def escalate(
    connection: Connection[TupleRow],
    station: str,
    announcer: tell.Announcer,
    now: datetime,
) -> int:
    """Climb every rung due by now, within the caller's transaction; returns how many.

    A rung of an incident somebody has signed, or that is over, is stopped instead.
    """
    due = incident_store.due_rungs(connection, station, now)
    if not due:
        return 0
    registry = registry_store.load(connection, station)
    climbed: list[Incident] = []
    for rung in due:
        if rung.state not in UNANSWERED:
            incident_store.end_rung(connection, rung, "stopped")
            continue
        incident = incident_store.get(connection, Scope(station), rung.incident_id)
        if incident is None:
            continue
        told = tell.tell_phones(
            connection, incident, rung.alert_id, sounding=rung.sounding, rung=rung.number,
            recipients=rung.recipients, now=now, registry=registry,
        )  # fmt: skip
        incident_store.end_rung(connection, rung, "climbed")
        incident_store.add_step(
            connection, incident.id, at=now, actor=SYSTEM, act="escalated", from_state=incident.state,
            to_state=incident.state, reason="nobody has signed in time",
            detail={"rung": rung.number, "told": told},
        )  # fmt: skip
        log.info(
            "rung climbed", stop="escalate", incident=incident.id, alert=rung.alert_id, rung=rung.number, told=told
        )
        climbed.append(incident)
    changes: list[tuple[Change, bool]] = [(tell.incident_change(connection, incident), True) for incident in climbed]
    announcer.announce(connection, changes, now)
    return len(climbed)
