"""route: who answers. Opens the incident or joins one, freezes its ladder, and puts the first rung into the outbox.

Place → grid → beat → whoever is on duty there; their deputy; and when an area has nobody, every officer and
commander of the station: never nobody. See `gateway.duty` for who that is and `gateway.telling.ladder` for how.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.batch import AlertTurn, Turn
from gateway.incidents import proposal
from gateway.incidents.earlier import OPENED
from gateway.model.incident import ANSWERED, HANDLED, SIGNED, UNANSWERED, URGENT, Incident
from gateway.store import incidents as incident_store
from gateway.store import outbox, rungs
from gateway.suppressing import fold
from gateway.telling import ladder, tell

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.model.alert import Alert
    from gateway.road import Road

#: What speaks in a timeline when no person acted.
SYSTEM = "anxin"
#: Sorts of things of which each is a thing of its own.
ALONE = frozenset({"system", "other"})


def route(batch: Batch, road: Road) -> None:
    """Open or find the incident of each turn that sounds; close what was retracted."""
    for turn in batch.turns:
        if turn.sounds and turn.alert.stream == "probe":
            tell.tell_probe(batch.connection, turn.alert, turn.at)
        elif turn.sounds:
            _tell(turn, batch, road)
        elif turn.fold:
            joined = fold.join(batch.connection, turn)
            if joined is not None:
                batch.incidents[joined.id] = joined
            else:  # people have ended that one: this is news
                _tell(turn, batch, road)
        elif turn.turn is Turn.RETRACTED:
            _withdraw(turn, batch)


def _tell(turn: AlertTurn, batch: Batch, road: Road) -> None:
    alert = turn.alert
    incident = incident_store.open_of_alert(batch.connection, alert.id)
    if incident is not None:
        _sound_again(turn, incident, batch, road)
        return
    incident = _to_join(alert, turn, batch, road)
    if incident is not None:
        _join(turn, incident, batch, road)
    else:
        _open(turn, batch, road)


def _open(turn: AlertTurn, batch: Batch, road: Road) -> None:
    alert = turn.alert
    deadline = road.registry.policy.deadline(alert.priority, "new")
    incident = incident_store.insert(
        batch.connection,
        Incident(
            station=road.station,
            priority=alert.priority,
            title=alert.title,
            opened_at=turn.at,
            changed_at=turn.at,
            ladder=ladder.freeze(
                road.registry, area=alert.area, place=alert.place, priority=alert.priority, now=turn.at
            ),
            category=road.book.category(alert.rule),
            place=alert.place,
            area=alert.area,
            person=alert.person,
            due_at=turn.at + timedelta(seconds=deadline) if deadline is not None else None,
            drill=alert.drill,
        ),
    )
    incident_store.link(batch.connection, incident.id, alert.id)
    _step(batch, incident, turn, OPENED, to_state="new", detail={"rule": alert.rule})
    _told(turn, batch, incident, ladder.start(batch.connection, incident, road.registry, turn.at, alert=alert.id))


def _sound_again(turn: AlertTurn, incident: Incident, batch: Batch, road: Road) -> None:
    """More of an alert that people know: who was called first is called again; a ladder that ended starts anew."""
    alert = turn.alert
    _step(batch, incident, turn, "sounded_again", detail={"sounded": alert.sounded, **proposal.withdrawn(incident)})
    incident, was_drill = proposal.overtake(batch.connection, incident, turn.at), incident.drill
    if (incident.drill and not alert.drill) or alert.priority < incident.priority:
        incident = _raised(incident, alert, turn, batch, road)
    connection, registry = batch.connection, road.registry
    anew = _taken_up_again(incident, turn, batch, road, drilled=was_drill and not alert.drill)
    ended = anew.state in UNANSWERED and not rungs.waits(connection, incident.id)
    call = ladder.start if ended else ladder.ring_again
    _told(turn, batch, anew, call(connection, anew, registry, turn.at, alert=alert.id))


def _join(turn: AlertTurn, incident: Incident, batch: Batch, road: Road) -> None:
    """Another alert of what people are busy with already: a part of it.

    A P1 rings all the same, one more urgent than the incident climbs a ladder of its own; of anything else those who
    are on it are told, the ladder calls the others already.
    """
    alert, connection, registry = turn.alert, batch.connection, road.registry
    incident_store.link(connection, incident.id, alert.id)
    _step(batch, incident, turn, "joined", detail={"rule": alert.rule, **proposal.withdrawn(incident)})
    incident = proposal.overtake(connection, incident, turn.at)
    raised = alert.priority < incident.priority
    if raised:
        incident = _raised(incident, alert, turn, batch, road)
    before, incident = incident.state, _taken_up_again(incident, turn, batch, road)
    if raised or incident.state != before:
        told = ladder.start(connection, incident, registry, turn.at, alert=alert.id)
    elif alert.priority == "P1" or incident.assignees:
        told = ladder.ring_again(connection, incident, registry, turn.at, alert=alert.id)
    else:
        told = []
    _told(turn, batch, incident, told)


def _raised(incident: Incident, alert: Alert, turn: AlertTurn, batch: Batch, road: Road) -> Incident:
    """The incident is as urgent, and as real, as the most urgent of its alerts; then other people may be due."""
    priority = min(incident.priority, alert.priority)
    frozen = incident.ladder
    if priority != incident.priority:
        rungs.stop(batch.connection, incident.id)
        frozen = ladder.freeze(road.registry, area=incident.area, place=incident.place, priority=priority, now=turn.at)
    return incident_store.move(
        batch.connection,
        msgspec.structs.replace(
            incident,
            priority=priority,
            title=alert.title if priority != incident.priority else incident.title,
            ladder=frozen,
            drill=incident.drill and alert.drill,
            changed_at=turn.at,
        ),
    )


def _taken_up_again(
    incident: Incident, turn: AlertTurn, batch: Batch, road: Road, *, drilled: bool = False
) -> Incident:
    """A call for help where nobody is on it any more, or was for a drill only, is answered by somebody anew.

    Whoever signed has found what was there and left, or came to practise: this they have not heard of.
    """
    nobody = incident.state == HANDLED or (incident.state == SIGNED and not incident.assignees)
    over = nobody and turn.alert.priority in URGENT
    if not over and not (drilled and incident.state in ANSWERED):
        return incident
    incident_store.add_step(
        batch.connection, incident.id, at=turn.at, actor=SYSTEM, act="reopen", from_state=incident.state,
        to_state="reopened", reason="it was a drill" if drilled else "nobody is on it, and somebody called again",
        detail={"alert": turn.alert.id},
    )  # fmt: skip
    deadline = road.registry.policy.deadline(incident.priority, "reopened")
    return incident_store.move(
        batch.connection,
        msgspec.structs.replace(
            incident,
            state="reopened",
            changed_at=turn.at,
            due_at=turn.at + timedelta(seconds=deadline) if deadline is not None else None,
            overdue=0,
        ),
    )


def _to_join(alert: Alert, turn: AlertTurn, batch: Batch, road: Road) -> Incident | None:
    """The open incident an alert is part of: of the same sort, at the same place or about the same person; young."""
    category = road.book.category(alert.rule)
    if category in ALONE:
        return None
    young = turn.at - timedelta(seconds=road.registry.policy.join_within_s)
    return incident_store.to_join(
        batch.connection, road.station, category=category, place=alert.place, person=alert.person, drill=alert.drill,
        since=young,
    )  # fmt: skip


def _told(turn: AlertTurn, batch: Batch, incident: Incident, told: list[str]) -> None:
    turn.incident, turn.told = incident.id, told
    batch.incidents[incident.id] = incident


def _step(  # what a line of the timeline says
    batch: Batch, incident: Incident, turn: AlertTurn, act: str, *, to_state: str | None = None, detail: dict[str, Any]
) -> None:
    incident_store.add_step(
        batch.connection, incident.id, at=turn.at, actor=SYSTEM, act=act, to_state=to_state,
        detail={"alert": turn.alert.id, **detail},
    )  # fmt: skip


def _withdraw(turn: AlertTurn, batch: Batch) -> None:
    """The alert was taken back: nobody needs to be told any more, unless somebody has already gone."""
    alert = turn.alert
    incident = incident_store.open_of_alert(batch.connection, alert.id)
    if incident is None:
        return
    # What people reported is theirs: a device that takes its word back says nothing of it.
    stands = incident_store.others_stand(batch.connection, incident.id, alert.id)
    # Nor is a call for help answered by taking the button out of the registry.
    waits = bool(batch.departed) and incident.priority in URGENT and not incident.drill
    if stands or waits or incident_store.reported(batch.connection, incident.id):
        _step(batch, incident, turn, "retracted", detail={})
        batch.incidents[incident.id] = incident
        return
    cancelled = incident.state in UNANSWERED
    state = "cancelled" if cancelled else incident.state
    rungs.stop(batch.connection, incident.id)
    outbox.stop(batch.connection, incident.id, over=cancelled)
    incident_store.add_step(
        batch.connection, incident.id, at=turn.at, actor=SYSTEM, act="retracted",
        from_state=incident.state, to_state=state, detail={"alert": alert.id},
    )  # fmt: skip
    batch.incidents[incident.id] = incident_store.move(
        batch.connection,
        msgspec.structs.replace(
            incident,
            state=state,
            changed_at=turn.at,
            closed_at=turn.at if cancelled else incident.closed_at,
        ),
    )
