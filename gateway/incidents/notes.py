"""Notes: what anybody who is on it writes down, in any state. An offline phone may say one twice."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents import effects, texts
from gateway.incidents.actor import Actor
from gateway.incidents.decide import Asked, decide
from gateway.model.errors import BadInput
from gateway.model.incident import Incident
from gateway.sealing import Sealer
from gateway.store import incident_texts
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.telling import tell
from gateway.telling.tell import Announcer


def add(
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    incident_id: int,
    asked: Asked,
) -> Incident:
    """Add a note to an incident; with a `client_id` that stands there already, nothing happens.

    Raises `NotFound`, `Forbidden`, `BadInput` for an empty one and for a `client_id` of something else.
    """
    incident = effects.held(connection, actor.scope, incident_id)
    timeline = incident_store.timeline(connection, incident_id)
    policy = registry_store.policy(connection, incident.station)
    # A note is no move: whatever others did meanwhile does not make it wrong.
    decision = decide(incident, Asked("note", text=asked.text, client_id=asked.client_id), actor, timeline, policy)
    if decision.repeated:
        return incident
    if asked.client_id is not None and incident_texts.incident_of_client(connection, actor.username, asked.client_id):
        raise BadInput(f"the client_id {asked.client_id} is of something else; give each note its own", reason="client")
    step = effects.write_step(
        connection, actor, incident_id, "note", incident.state, incident.state, client_id=asked.client_id
    )
    texts.keep(connection, sealer, incident.station, incident_id, step, note=asked.text)
    trail.note(connection, actor, "incident.note", f"incident/{incident_id}")
    announcer.announce(connection, [(tell.incident_change(connection, incident), False)], actor.at)
    return incident
