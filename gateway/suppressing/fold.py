"""fold: what a flood folded joins the incident of the first of its rule and building; nobody is told of it alone."""

from __future__ import annotations

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.batch import AlertTurn
from gateway.incidents import proposal
from gateway.model.incident import Incident
from gateway.store import incidents as incident_store

SYSTEM = "anxin"


def join(connection: Connection[TupleRow], turn: AlertTurn) -> Incident | None:
    """Let a folded alert belong to the incident it is folded into; returns that, None when it is over.

    The first of its rule and building must have been routed before: it stands before it in the batch.
    """
    if turn.fold_into is None:
        return None
    incident = incident_store.open_of_alert(connection, turn.fold_into)
    if incident is None:
        return None
    incident_store.link(connection, incident.id, turn.alert.id)
    incident_store.add_step(
        connection, incident.id, at=turn.at, actor=SYSTEM, act="folded", from_state=incident.state,
        to_state=incident.state,
        detail={"alert": turn.alert.id, "rule": turn.alert.rule, **proposal.withdrawn(incident)},
    )  # fmt: skip
    if incident.proposed is not None:  # what folds is counted and told in a digest: by itself it holds nobody up
        incident = proposal.overtake(connection, incident, turn.at)
    turn.incident = incident.id
    return incident
