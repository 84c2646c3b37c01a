"""What people do: acknowledge and reset alerts, move incidents. Each act is one transaction and leaves its mark.

Rows are held in one order everywhere, alerts before incidents, so that the road and people never block each other
for good. An act that has been done already by the same person answers as it did: a lost answer may be asked again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.alert import Alert
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.incident import ACTS, COMMAND_ROOM_ROLES, DISPOSITIONS, OVER, UNANSWERED, Incident
from gateway.model.scope import Scope
from gateway.store import accounts, outbox
from gateway.store import alerts as alert_store
from gateway.store import incidents as incident_store
from gateway.store.changes import Change
from gateway.telling import tell
from gateway.telling.tell import Announcer


class Actor(msgspec.Struct, frozen=True):
    """Who acts, within which scope, and when (UTC); `client_at` is what their device's clock said."""

    username: str
    role: str
    scope: Scope
    at: datetime
    client_at: datetime | None = None


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
    alert = alert_store.update(connection, _acknowledged(alert, actor))
    changes = [_changed(alert)]
    incident = incident_store.open_of_alert(connection, alert.id)
    if incident is not None and incident.state == "new":
        changes.append(_changed_incident(connection, _step(connection, incident, "ack", "acknowledged", actor)))
    _audit(connection, actor, "alert.ack", f"alert/{alert.id}")
    announcer.announce(connection, changes, actor.at)
    return alert


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
    _audit(connection, actor, "alert.reset", f"alert/{alert.id}")
    announcer.announce(connection, [_changed(alert)], actor.at)
    return alert


def move_incident(  # one argument per thing said
    connection: Connection[TupleRow],
    announcer: Announcer,
    actor: Actor,
    incident_id: int,
    act: str,
    *,
    version: int | None = None,
    disposition: str | None = None,
    reason: str | None = None,
) -> Incident:
    """Move an incident one step.

    `version`, when given, must be the incident's: otherwise `Conflict` says what somebody else did in between.
    Closing needs a coded disposition. Raises `NotFound`, `Forbidden`, `BadInput`, `Conflict`.
    """
    step = ACTS[act]
    if actor.role not in step.roles:
        raise Forbidden(f"the role {actor.role} may not {act} incidents")
    if act == "close" and disposition not in DISPOSITIONS:
        raise BadInput(f"closing needs a disposition, one of {', '.join(DISPOSITIONS)}", reason="disposition")
    alerts = alert_store.of_incident(connection, incident_id)
    incident = incident_store.get(connection, actor.scope, incident_id, hold=True)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id} within your reach")
    timeline = incident_store.timeline(connection, incident_id)
    if incident.state == step.target and _did_it(timeline, actor, act, disposition):
        return incident
    if incident.state not in step.sources or (version is not None and version != incident.version):
        raise Conflict(f"incident {incident_id} is {incident.state}: {_last_act(timeline)}")
    detail = {"disposition": disposition} if disposition is not None else {}
    moved = _step(connection, incident, act, step.target or incident.state, actor, reason=reason, detail=detail)
    changes: list[tuple[Change, bool]] = []
    if act == "ack" or moved.state in OVER:
        changes.extend(_acknowledge_all(connection, alerts, actor))
    if moved.state not in UNANSWERED:
        incident_store.stop_rungs(connection, incident_id)
        outbox.stop(connection, incident_id)
    changes.append(_changed_incident(connection, moved))
    _audit(connection, actor, f"incident.{act}", f"incident/{incident_id}", detail)
    announcer.announce(connection, changes, actor.at)
    return moved


def _step(  # one argument per thing a step says
    connection: Connection[TupleRow],
    incident: Incident,
    act: str,
    target: str,
    actor: Actor,
    *,
    reason: str | None = None,
    detail: dict[str, Any] | None = None,
) -> Incident:
    incident_store.add_step(
        connection, incident.id, at=actor.at, client_at=actor.client_at, actor=actor.username, act=act,
        from_state=incident.state, to_state=target, reason=reason, detail=detail,
    )  # fmt: skip
    over = target in OVER
    return incident_store.move(
        connection,
        msgspec.structs.replace(
            incident,
            state=target,
            changed_at=actor.at,
            closed_at=actor.at if over else None,
            disposition=(detail or {}).get("disposition", incident.disposition),
        ),
    )


def _acknowledge_all(connection: Connection[TupleRow], alerts: list[Alert], actor: Actor) -> list[tuple[Change, bool]]:
    """Acknowledge an incident's alerts with it; those that still stand go on standing."""
    return [
        _changed(alert_store.update(connection, _acknowledged(alert, actor)))
        for alert in alerts
        if alert.ended_at is None and alert.acknowledged_at is None
    ]


def _acknowledged(alert: Alert, actor: Actor) -> Alert:
    standing = alert.active or alert.latched
    return msgspec.structs.replace(
        alert,
        acknowledged_at=actor.at,
        acknowledged_by=actor.username,
        ended_at=None if standing else actor.at,
    )


def _held_alert(connection: Connection[TupleRow], scope: Scope, alert_id: int) -> Alert:
    alert = alert_store.get(connection, scope, alert_id, hold=True)
    if alert is None:
        raise NotFound(f"there is no alert {alert_id} within your reach")
    return alert


def _must_be_command_room(actor: Actor, what: str) -> None:
    if actor.role not in COMMAND_ROOM_ROLES:
        raise Forbidden(f"the role {actor.role} may not {what}")


def _did_it(timeline: list[dict[str, Any]], actor: Actor, act: str, disposition: str | None) -> bool:
    """Say whether the last move was this very act by this very person: a lost answer asked again."""
    last = _last_move(timeline)
    return (
        last is not None
        and (last["act"], last["actor"]) == (act, actor.username)
        and last["detail"].get("disposition") == disposition
    )


def _last_move(timeline: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The last step that changed the state; sounding again and escalating do not."""
    return next((step for step in reversed(timeline) if step["from_state"] != step["to_state"]), None)


def _last_act(timeline: list[dict[str, Any]]) -> str:
    last = _last_move(timeline)
    if last is None:
        return "nothing has happened yet"
    return f"{last['actor']} did «{last['act']}» at {last['at'].isoformat()}"


def _changed(alert: Alert) -> tuple[Change, bool]:
    return Change(alert.stream, alert.area, alert.public()), alert.stream == "alert"


def _changed_incident(connection: Connection[TupleRow], incident: Incident) -> tuple[Change, bool]:
    return tell.incident_change(connection, incident), True


def _audit(
    connection: Connection[TupleRow], actor: Actor, act: str, what: str, detail: dict[str, Any] | None = None
) -> None:
    accounts.write_audit(
        connection, at=actor.at, station=actor.scope.station, username=actor.username, act=act, object_=what,
        detail=detail,
    )  # fmt: skip
