"""What else an act entails: its line in the timeline with the texts sealed, alerts acknowledged, phones that stop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents import texts
from gateway.incidents.actor import Actor
from gateway.incidents.decide import Asked, Decision
from gateway.incidents.earlier import ASSIST, PROPOSED
from gateway.incidents.telling import tell_users
from gateway.incidents.undo import UNACK
from gateway.model.alert import Alert
from gateway.model.errors import NotFound
from gateway.model.incident import OVER, UNANSWERED, Incident
from gateway.model.scope import Scope
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import incident_calls, outbox, rungs
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store.changes import Change
from gateway.telling import tell
from gateway.telling.unreached import say_unreachable

#: A change, and whether the command room is to hear of it.
Told = tuple[Change, bool]


def held(connection: Connection[TupleRow], scope: Scope, incident_id: int) -> Incident:
    """Return an incident within a scope, held until the transaction ends. Raises `NotFound`."""
    incident = incident_store.get(connection, scope, incident_id, hold=True)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id} within your reach")
    return incident


def carry_out(  # what was decided, and about what
    connection: Connection[TupleRow],
    sealer: Sealer | None,
    actor: Actor,
    before: Incident,
    decision: Decision,
    asked: Asked,
    alerts: Sequence[Alert],
) -> tuple[Incident, list[Told]]:
    """Write a decision down with all it entails; returns the incident and what is to be announced."""
    detail = dict(decision.detail)
    if decision.act == "decline":
        detail["climbs"] = incident_calls.climb_next(connection, before.id, actor.at)
    step = write_step(connection, actor, before.id, decision.act, before.state, decision.incident.state, detail)
    if sealer is not None:
        said = {"reason": asked.reason, "feedback": asked.text if asked.act == "handle" else None}
        texts.keep(connection, sealer, before.station, before.id, step, **said)
    moved = incident_store.move(connection, decision.incident)
    changes: list[Told] = []
    # Whoever has been there and says what they found has heard it: what comes after that is a new call.
    if decision.act in {"ack", "handle"} or moved.state in OVER:
        changes.extend(acknowledge_all(connection, alerts, actor))
    if decision.act == UNACK:
        changes.extend(_acknowledge_no_more(connection, alerts, detail["acknowledged_at"]))
    if moved.state not in UNANSWERED:
        rungs.stop(connection, moved.id)
        outbox.stop(connection, moved.id, over=moved.state in OVER)
    if decision.act in {"sign", ASSIST}:
        outbox.acknowledge(connection, moved.id, actor.username, actor.at)
    if decision.act == "dispatch":
        _send(connection, moved, actor)
    if moved.state in UNANSWERED and before.state not in UNANSWERED:
        _call_again(connection, moved, actor)
    if decision.act == "decline" and not detail["climbs"]:
        _call_the_others(connection, moved, actor)
    changes.append((tell.incident_change(connection, moved), True))
    act = "close_proposed" if decision.act == PROPOSED else decision.act
    trail.note(connection, actor, f"incident.{act}", f"incident/{moved.id}", detail)
    return moved, changes


def write_step(  # one argument per thing a line says
    connection: Connection[TupleRow],
    actor: Actor,
    incident: int,
    act: str,
    from_state: str | None,
    to_state: str | None,
    detail: dict[str, Any] | None = None,
    client_id: str | None = None,
) -> int:
    """Append a line of somebody's to a timeline and return its id. Write it before the incident moves."""
    return incident_store.add_step(
        connection, incident, at=actor.at, client_at=actor.client_at, actor=actor.username, act=act,
        from_state=from_state, to_state=to_state, detail=detail, client_id=client_id,
    )  # fmt: skip


def acknowledge_all(connection: Connection[TupleRow], alerts: Sequence[Alert], actor: Actor) -> list[Told]:
    """Acknowledge an incident's alerts with it; those that still stand go on standing."""
    return [
        alert_change(alert_store.update(connection, acknowledged(alert, actor)))
        for alert in alerts
        if alert.ended_at is None and alert.acknowledged_at is None
    ]


def acknowledged(alert: Alert, actor: Actor) -> Alert:
    """Return an alert as it is when somebody has acknowledged it."""
    standing = alert.active or alert.latched
    return msgspec.structs.replace(
        alert,
        acknowledged_at=actor.at,
        acknowledged_by=actor.username,
        ended_at=None if standing else actor.at,
    )


def unacknowledged(connection: Connection[TupleRow], alert: Alert) -> Alert | None:
    """Return an alert as if nobody had acknowledged it, stored; None when it is over whatever anybody acknowledged.

    It is, when it was reset or taken back, or when the same has begun anew.
    """
    if alert.ended_at is not None and (
        alert.reset_by is not None
        or alert.retracted
        or alert_store.open_one(connection, alert.station, alert.rule, alert.subject)
    ):
        return None
    return alert_store.update(
        connection, msgspec.structs.replace(alert, acknowledged_at=None, acknowledged_by=None, ended_at=None)
    )


def _acknowledge_no_more(connection: Connection[TupleRow], alerts: Sequence[Alert], at: str) -> list[Told]:
    """Let those alerts ask for somebody again that were acknowledged with their incident, at this moment."""
    moment = datetime.fromisoformat(at)
    again = [unacknowledged(connection, alert) for alert in alerts if alert.acknowledged_at == moment]
    return [alert_change(alert) for alert in again if alert is not None]


def alert_change(alert: Alert) -> Told:
    """Return an alert as a change."""
    return Change(alert.stream, alert.area, alert.public()), alert.stream == "alert"


def _send(connection: Connection[TupleRow], incident: Incident, actor: Actor) -> None:
    """Tell those who are sent; the timeline says who has no contact at all."""
    told = tell_users(connection, incident, "dispatch", incident.assignees, actor.at)
    for username in incident.assignees:
        if username not in told:
            say_unreachable(connection, incident, username, about="dispatch", ways=[], now=actor.at)


def _call_again(connection: Connection[TupleRow], incident: Incident, actor: Actor) -> None:
    """Nobody is on it any more, opened again or others sent: the ladder it froze is climbed from its foot."""
    from gateway.telling import ladder  # noqa: PLC0415  # it tells, and what it tells of imports us

    registry = registry_store.load(connection, incident.station)
    ladder.start(connection, incident, registry, actor.at)


def _call_the_others(connection: Connection[TupleRow], incident: Incident, actor: Actor) -> None:
    """Who was called cannot come, and no rung is left: everybody else of the station is called for an urgent one."""
    from gateway.telling import ladder  # noqa: PLC0415  # it tells, and what it tells of imports us

    ladder.call_the_others(connection, incident, registry_store.load(connection, incident.station), actor.at)
