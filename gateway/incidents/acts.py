"""What people do: acknowledge and reset alerts, move incidents. Each act is one transaction and leaves its mark.

Rows are held in one order everywhere, alerts before incidents, so that the road and people never block each other
for good. An act that has been done already by the same person answers as it did: a lost answer may be asked again.
"""

from __future__ import annotations

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents import effects, merging, notes, undo
from gateway.incidents.actor import Actor
from gateway.incidents.decide import Asked, decide, must_be_allowed
from gateway.model.alert import Alert
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES, RESPONDER_ROLES, Incident
from gateway.model.scope import Scope
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import incident_calls
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.telling.tell import Announcer

__all__ = ["Actor", "Asked", "acknowledge_alert", "move_incident", "reset_alert", "stand", "unacknowledge_alert"]


def acknowledge_alert(connection: Connection[TupleRow], announcer: Announcer, actor: Actor, alert_id: int) -> Alert:
    """Acknowledge an alert and its incident: stops the console's tone, not the phones' ladder.

    Raises `NotFound`, `Forbidden`, and `Conflict` when the alert is over.
    """
    _must_be_command_room(actor, "acknowledge alerts")
    alert = _held_alert(connection, actor.scope, alert_id)
    if alert.acknowledged_at is not None:
        return alert
    if alert.ended_at is not None:
        raise Conflict(f"alert {alert_id} ended at {alert.ended_at.isoformat()}; there is nothing to acknowledge")
    alert = alert_store.update(connection, effects.acknowledged(alert, actor))
    changes = [effects.alert_change(alert)]
    incident = incident_store.open_of_alert(connection, alert.id)
    if incident is not None and incident.state == "new":
        asked = Asked("ack")
        policy = registry_store.policy(connection, incident.station)
        # The alerts beside it are not held here: they go on asking for somebody of their own.
        decision = decide(incident, asked, actor, (), policy)
        changes.extend(effects.carry_out(connection, None, actor, incident, decision, asked, ())[1])
    trail.note(connection, actor, "alert.ack", f"alert/{alert.id}")
    announcer.announce(connection, changes, actor.at)
    return alert


def unacknowledge_alert(
    connection: Connection[TupleRow], announcer: Announcer, sealer: Sealer, actor: Actor, alert_id: int
) -> Alert:
    """Take one's acknowledgement of an alert back: the tone is heard again. An incident it acknowledged goes with it.

    Raises `NotFound`, `Forbidden`, and `Conflict` when it is too late or something has happened since.
    """
    _must_be_command_room(actor, "take an acknowledgement back")
    alert = _known_alert(connection, actor.scope, alert_id)
    incident = _latest_incident(connection, actor.scope, alert)
    timeline = incident_store.timeline(connection, incident.id) if incident is not None else []
    at, by = alert.acknowledged_at, alert.acknowledged_by
    if incident is not None and at is not None and undo.came_with(at, by, timeline):
        move_incident(connection, announcer, sealer, actor, incident.id, Asked(undo.UNACK))
        return _known_alert(connection, actor.scope, alert_id)
    alert = _held_alert(connection, actor.scope, alert_id)
    if alert.acknowledged_at is None:
        return alert
    undo.must_be_fresh(actor, alert.acknowledged_by, alert.acknowledged_at)
    if incident is not None:
        incident = effects.held(connection, actor.scope, incident.id)
        timeline = incident_store.timeline(connection, incident.id)
        undo.refuse_what_happened(incident, [step for step in timeline if step["at"] >= alert.acknowledged_at])
    again = effects.unacknowledged(connection, alert)
    if again is None:
        raise Conflict(f"alert {alert_id} is over, or began anew; there is nothing to take back")
    trail.note(connection, actor, "alert.unack", f"alert/{alert.id}")
    announcer.announce(connection, [effects.alert_change(again)], actor.at)
    return again


def reset_alert(connection: Connection[TupleRow], announcer: Announcer, actor: Actor, alert_id: int) -> Alert:
    """Let go of a latched alert: the button is pulled out, the door is repaired.

    Raises `NotFound`, `Forbidden`, and `Conflict` when nobody has acknowledged it yet or it is not latched.
    """
    _must_be_command_room(actor, "reset alerts")
    alert = _held_alert(connection, actor.scope, alert_id)
    if alert.ended_at is not None and alert.reset_by is not None:
        return alert
    if alert.ended_at is not None or not alert.latched:
        raise Conflict(f"alert {alert_id} is {alert.state}, not latched; there is nothing to reset")
    if alert.acknowledged_at is None:
        raise Conflict(f"alert {alert_id} has not been acknowledged; acknowledge it first")
    alert = alert_store.update(
        connection,
        msgspec.structs.replace(
            alert,
            active=False,
            latched=False,
            cleared_at=alert.cleared_at or actor.at,
            reset_by=actor.username,
            ended_at=actor.at,
        ),
    )
    trail.note(connection, actor, "alert.reset", f"alert/{alert.id}")
    announcer.announce(connection, [effects.alert_change(alert)], actor.at)
    return alert


def move_incident(
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    incident_id: int,
    asked: Asked,
) -> Incident:
    """Do one act of `gateway.model.incident.ACTS` to an incident.

    Raises `NotFound`, `Forbidden`, `BadInput`, and `Conflict` that says what somebody else did in between.
    """
    # Before anything is looked up: who may not do it does not learn what there is.
    must_be_allowed(actor, asked.act)
    if asked.act == "note":
        return notes.add(connection, announcer, sealer, actor, incident_id, asked)
    if asked.act == "merge":
        return merging.merge(connection, announcer, sealer, actor, incident_id, asked)
    alerts = alert_store.of_incident(connection, incident_id)
    incident = effects.held(connection, actor.scope, incident_id)
    timeline = incident_store.timeline(connection, incident_id)
    policy = registry_store.policy(connection, incident.station)
    still = stand(connection, incident, alerts)
    decision = decide(incident, asked, actor, timeline, policy, stand=still)
    if decision.repeated:
        return incident
    if asked.act == "dispatch":
        _must_be_able_to_come(connection, incident.station, decision.incident.assignees)
    moved, changes = effects.carry_out(connection, sealer, actor, incident, decision, asked, alerts)
    announcer.announce(connection, changes, actor.at)
    return moved


def stand(connection: Connection[TupleRow], incident: Incident, alerts: list[Alert]) -> bool | None:
    """Say whether any of an incident's alerts was not taken back; None when it has none: people reported it.

    What people reported and was merged into it stands: no device takes that back.
    """
    if not alerts or any(not alert.retracted for alert in alerts):
        return True if alerts else None
    return incident.origin != "person" and incident_store.reported(connection, incident.id)


def _must_be_able_to_come(connection: Connection[TupleRow], station: str, usernames: list[str]) -> None:
    known = incident_calls.responders(connection, station, usernames)
    for name in usernames:
        person = known.get(name)
        if person is None:
            raise BadInput(f"{name} is nobody of this station; see /api/v1/users", reason="assignees")
        if person.role not in RESPONDER_ROLES and not person.contacts:
            raise BadInput(f"{name} is no officer and cannot be reached; send somebody else", reason="assignees")


def _latest_incident(connection: Connection[TupleRow], scope: Scope, alert: Alert) -> Incident | None:
    of_alert = incident_store.of_alerts(connection, [alert.id])
    return incident_store.get(connection, scope, of_alert[-1]) if of_alert else None


def _held_alert(connection: Connection[TupleRow], scope: Scope, alert_id: int) -> Alert:
    return _known_alert(connection, scope, alert_id, hold=True)


def _known_alert(connection: Connection[TupleRow], scope: Scope, alert_id: int, *, hold: bool = False) -> Alert:
    alert = alert_store.get(connection, scope, alert_id, hold=hold)
    if alert is None:
        raise NotFound(f"there is no alert {alert_id} within your reach")
    return alert


def _must_be_command_room(actor: Actor, what: str) -> None:
    if actor.role not in COMMAND_ROOM_ROLES:
        raise Forbidden(f"the role {actor.role} may not {what}")
