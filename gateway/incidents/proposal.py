"""A P1 somebody wants closed as nothing real: it waits for a second one who agrees, unless something overtakes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import TAKES_TWO, Incident
from gateway.store import incidents as incident_store


def needs_two(incident: Incident, disposition: str | None) -> bool:
    """Say whether two different people have to close an incident as this."""
    return incident.priority == "P1" and not incident.drill and disposition in TAKES_TWO


def withdrawn(incident: Incident) -> dict[str, Any]:
    """Return what the line of the timeline says that ends a proposal: whose, and of what; nothing without one."""
    if incident.proposed is None:
        return {}
    return {"withdrawn": {key: incident.proposed[key] for key in ("disposition", "by")}}


def overtake(connection: Connection[TupleRow], incident: Incident, at: datetime) -> Incident:
    """There is more to it: nobody's proposal stands any more, and whoever ends it must have seen a later version.

    Write the line of the timeline before.
    """
    return incident_store.move(connection, msgspec.structs.replace(incident, proposed=None, changed_at=at))
