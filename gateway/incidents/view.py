"""An incident as whoever may see it sees it whole: what people wrote opened, and what they may do now."""

from __future__ import annotations

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents import attachments, dispute, texts, trail
from gateway.incidents.actor import Actor
from gateway.incidents.acts import stand
from gateway.incidents.decide import may
from gateway.incidents.earlier import OPENED
from gateway.model.errors import NotFound
from gateway.model.incident import OPEN, Incident
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import incident_texts
from gateway.store import incidents as incident_store


def whole(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, incident_id: int) -> dict[str, Any]:
    """Return an incident with `alerts`, `said`, `timeline`, `attachments`, `receipts` and `may`. Raises `NotFound`.

    `said` is what whoever opened it by hand reported: headline, text, reporter.
    """
    incident = incident_store.get(connection, actor.scope, incident_id)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id} within your reach")
    alerts = alert_store.look_at_incident(connection, incident_id)
    written = texts.opened(connection, sealer, incident.station, incident_id)
    timeline = incident_store.timeline(connection, incident_id)
    said: dict[str, Any] = {}
    for step in timeline:
        # Free text takes the place the system's own reasons have.
        step.update(written.get(step["id"], {}))
        if step["act"] == OPENED:
            said = {key: step.get(key) for key in ("headline", "text", "reporter")}
    return {
        **incident.public([alert.id for alert in alerts]),
        "said": said,
        "timeline": timeline,
        "attachments": incident_texts.attachments(connection, incident_id),
        "receipts": incident_store.receipts(connection, incident_id),
        "may": [*may(incident, actor, timeline, stand=stand(connection, incident, alerts)), *_more(incident, actor)],
    }


def _more(incident: Incident, actor: Actor) -> list[str]:
    """What else somebody may do that moves nothing."""
    allowed: list[str] = []
    if actor.role in attachments.ATTACHING_ROLES:
        allowed.append("attach")
    if incident.category == "dispute" and incident.merged_into is None and actor.role in dispute.DISPUTE_ROLES:
        allowed.append("dispute")
    if incident.category in trail.CATEGORIES and incident.state in OPEN and actor.role in trail.TRAIL_ROLES:
        allowed.append("trail")
    return allowed
