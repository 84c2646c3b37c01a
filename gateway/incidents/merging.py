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
from gateway.model.incident import ANSWERED, HANDLED, OPEN, UNANSWERED, URGENT, Incident
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
    _must_not_be_forgotten(source, target)
    climbed = rungs.waits(connection, source.id)
    moved_alerts = incident_store.relink(connection, source.id, target.id)
    decision = msgspec.structs.replace(decision, detail={**decision.detail, "alerts": moved_alerts})
    merged, changes = effects.carry_out(connection, sealer, actor, source, decision, asked, alerts[source.id])
    kept = _take_over(connection, actor, source, target, moved_alerts, climbed=climbed)
    changes.append((tell.incident_change(connection, kept), True))
    announcer.announce(connection, changes, actor.at)
    return merged


def _must_not_be_forgotten(source: Incident, target: Incident) -> None:
    """What nobody has signed goes on being called for, or to somebody who is on it."""
    if source.state not in UNANSWERED or source.priority not in URGENT or target.state in UNANSWERED:
        return
    if target.state == HANDLED or not target.assignees:
        raise BadInput(
            f"nobody has signed this {source.priority} and nobody is on incident {target.id} any more; merge that one "
            "into this one, or sign this one first",
            reason="into",
        )


def _take_over(
    connection: Connection[TupleRow], actor: Actor, source: Incident, target: Incident, alerts: list[int],
    *, climbed: bool,
) -> Incident:  # fmt: skip
    """Let the incident that stays take over what the other one was, also that its ladder was being `climbed`."""
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
    from gateway.telling import ladder  # noqa: PLC0415  # it tells, and what it tells of imports us

    if not raised:
        kept = incident_store.move(connection, kept)
        if kept.state in ANSWERED and source.state in UNANSWERED:
            tell_users(connection, kept, "joined", kept.assignees, actor.at)
        elif kept.state in UNANSWERED and climbed and not rungs.waits(connection, kept.id):
            ladder.start(connection, kept, registry_store.load(connection, kept.station), actor.at)
        return kept
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
