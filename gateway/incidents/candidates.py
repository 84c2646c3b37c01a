"""Whom to send: those the roster names for the place now, then every other responder, and how busy each is."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.duty.answer import who_answers
from gateway.incidents.actor import Actor
from gateway.model.errors import NotFound
from gateway.model.incident import RESPONDER_ROLES
from gateway.store import incident_calls
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store


def candidates(connection: Connection[TupleRow], actor: Actor, incident_id: int) -> list[dict[str, Any]]:
    """Return `{"user", "name", "role", "duty_as", "why", "reachable", "assigned", "busy"}`, the first to send first.

    `busy`: on how many open incidents they are. Raises `NotFound`.
    """
    incident = incident_store.get(connection, actor.scope, incident_id)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id} within your reach")
    registry = registry_store.load(connection, incident.station)
    busy = incident_calls.busy(connection, incident.station)
    answers = who_answers(registry, incident.place, incident.area, actor.at)
    others = [one.username for one in registry.responders.values() if one.role in RESPONDER_ROLES]
    found: list[dict[str, Any]] = []
    for user in dict.fromkeys([*(answer.user for answer in answers), *others]):
        person = registry.responders.get(user)
        if person is None:
            continue
        duties = [answer for answer in answers if answer.user == user]
        found.append(
            {
                "user": user,
                "name": person.name,
                "role": person.role,
                "duty_as": [answer.duty_as for answer in duties],
                "why": duties[0].why if duties else None,
                "reachable": bool(person.contacts),
                "assigned": user in incident.assignees,
                "busy": busy.get(user, 0),
            }
        )
    return found
