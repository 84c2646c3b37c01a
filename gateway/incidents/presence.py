"""Presence: who else has this incident open, so that two people do not do the same thing unawares.

A heartbeat of each browser, and nothing more: it is no act, it stands in no timeline and in no trail.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents.actor import Actor
from gateway.model.errors import NotFound
from gateway.store import incidents as incident_store
from gateway.store import presence as presence_store

#: Whoever was not heard of for so long has it open no more. Browsers say it three times as often.
LASTS = timedelta(seconds=30)


def look(
    connection: Connection[TupleRow], actor: Actor, incident_id: int, *, leaving: bool = False
) -> list[dict[str, Any]]:
    """Note that somebody has an incident open, or closes it; returns who else has: username, name, role, since (UTC).

    Raises `NotFound`.
    """
    if incident_store.get(connection, actor.scope, incident_id) is None:
        raise NotFound(f"there is no incident {incident_id} within your reach")
    alive = actor.at - LASTS
    if leaving:
        presence_store.leave(connection, incident_id, actor.username)
    else:
        presence_store.arrive(connection, incident_id, actor.username, actor.at, alive)
    return presence_store.others(connection, actor.scope, incident_id, actor.username, alive)
