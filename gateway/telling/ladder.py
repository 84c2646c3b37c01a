"""The ladder of an incident: who is called, and when, until a responder signs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import Incident
from gateway.model.registry import Registry
from gateway.stops import route
from gateway.store import incidents as incident_store
from gateway.telling import tell


def freeze(
    registry: Registry,
    *,
    area: str | None,
    place: str | None,  # noqa: ARG001
    priority: str,
    now: datetime,  # noqa: ARG001
) -> list[dict[str, Any]]:
    """Return the ladder of an incident: rungs `{"after_s", "recipients"}`, the first at once."""
    return route.ladder(registry, area, priority, {"P1": 30.0, "P2": 120.0})


def start(
    connection: Connection[TupleRow], incident: Incident, registry: Registry, now: datetime, *, alert: int | None = None
) -> list[str]:
    """Call the first rung with this very transaction and write the others down; returns whom it calls."""
    sounding = -incident.version
    first, *later = incident.ladder
    told = tell.tell_phones(
        connection, incident, alert, sounding=sounding, rung=0, recipients=first["recipients"], now=now,
        registry=registry,
    )  # fmt: skip
    for number, rung in enumerate(later, start=1):
        due = now + timedelta(seconds=rung["after_s"])
        incident_store.add_rung(connection, incident.id, sounding, number, due, rung["recipients"])
    return told
