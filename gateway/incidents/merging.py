"""Two incidents that are one: the alerts go over to the one that stays, and both timelines say so.

Nothing gets quieter by it: the one that stays is as urgent as the more urgent of the two, whoever was on either is on
it, and a ladder that would have to climb higher than its own starts anew.
"""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents import effects
from gateway.incidents.actor import Actor
from gateway.incidents.decide import Asked, decide, due
from gateway.incidents.earlier import overtaken
from gateway.incidents.proposal import withdrawn
from gateway.incidents.telling import tell_users
from gateway.model.errors import BadInput
from gateway.model.incident import OPEN, UNANSWERED, Incident
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store import rungs
from gateway.telling import tell
from gateway.telling.tell import Announcer


def merge(
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    incident_id: int,
    asked: Asked,
) -> Incident:
    """Merge an incident into another open one of the same station within reach; returns the one that is merged away.

    Raises `NotFound`, `Forbidden`, `BadInput` (into itself, a drill into a real one or the other way round) and
    `Conflict` when either is over or has moved.
    """
    if asked.into == incident_id:
        raise BadInput("an incident cannot be merged into itself; name another one", reason="into")
    # Both are held in the order of their ids, so that two merges across each other do not block for good.
    both = sorted({incident_id, asked.into or incident_id})
    alerts = {one: alert_store.of_incident(connection, one) for one in both}
    rows = {one: effects.held(connection, actor.scope, one) for one in both}
    source, timeline = rows[incident_id], incident_store.timeline(connection, incident_id)
    policy = registry_store.policy(connection, source.station)
    decision = decide(source, asked, actor, timeline, policy)
    if decision.repeated or asked.into is None:
        return source
    target = rows[asked.into]
    if target.state not in OPEN:
        # It may have been merged away itself: then no circle can come of it, and whoever asks is told into which.
        raise overtaken(target, incident_store.timeline(connection, target.id))
    if target.drill != source.drill:
        raise BadInput("a drill and a real incident stay apart; close the drill for itself", reason="into")
    moved_alerts = incident_store.relink(connection, source.id, target.id)
    decision = msgspec.structs.replace(decision, detail={**decision.detail, "alerts": moved_alerts})
    merged, changes = effects.carry_out(connection, sealer, actor, source, decision, asked, alerts[source.id])
    kept = _take_over(connection, actor, source, target, moved_alerts)
    changes.append((tell.incident_change(connection, kept), True))
    announcer.announce(connection, changes, actor.at)
    return merged


def _take_over(
    connection: Connection[TupleRow], actor: Actor, source: Incident, target: Incident, alerts: list[int]
) -> Incident:
    """Let the incident that stays take over what the other one was."""
    priority = min(source.priority, target.priority)
    raised = priority != target.priority
    # Whoever wanted it closed as nothing real did not know of this.
    told: dict[str, Any] = {"incident": source.id, "alerts": alerts, **withdrawn(target)}
    if raised:
        told["priority"] = priority
    effects.write_step(connection, actor, target.id, "took_over", target.state, target.state, told)
    kept = msgspec.structs.replace(
        target,
        priority=priority,
        person=target.person or source.person,
        assignees=list(dict.fromkeys([*target.assignees, *source.assignees])),
        changed_at=actor.at,
        proposed=None,
    )
    if not raised:
        return incident_store.move(connection, kept)
    from gateway.telling import ladder  # noqa: PLC0415  # it tells, and what it tells of imports us

    registry = registry_store.load(connection, kept.station)
    policy = registry.policy
    frozen = ladder.freeze(registry, priority=priority, area=kept.area, place=kept.place, now=actor.at)
    # Also when somebody has signed: whoever is called again is called as its priority asks for.
    kept = msgspec.structs.replace(kept, ladder=frozen, due_at=due(priority, kept.state, policy, actor.at), overdue=0)
    kept = incident_store.move(connection, kept)
    if kept.state in UNANSWERED:
        rungs.stop(connection, kept.id)
        ladder.start(connection, kept, registry, actor.at)
    else:
        tell_users(connection, kept, "raised", kept.assignees, actor.at)
    return kept
