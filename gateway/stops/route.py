"""route: who answers. Opens the incident, freezes its ladder, and puts the first rung into the outbox.

Place → grid → beat → whoever is on duty there; their deputy; and when an area has nobody, every officer and
commander of the station: never nobody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from gateway.batch import AlertTurn, Turn
from gateway.model.duty import Duty
from gateway.model.incident import UNANSWERED, Incident
from gateway.model.registry import Registry
from gateway.store import incidents as incident_store
from gateway.store import outbox
from gateway.suppressing import fold
from gateway.telling import tell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.batch import Batch
    from gateway.road import Road

#: What speaks in a timeline when no person acted.
SYSTEM = "anxin"


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
        elif turn.turn is Turn.RETRACTED:
            _withdraw(turn, batch)


def _tell(turn: AlertTurn, batch: Batch, road: Road) -> None:
    alert = turn.alert
    incident = incident_store.open_of_alert(batch.connection, alert.id)
    if incident is None:
        incident = _open(turn, batch, road)
    else:
        incident_store.add_step(
            batch.connection, incident.id, at=turn.at, actor=SYSTEM, act="sounded_again",
            detail={"alert": alert.id, "sounded": alert.sounded},
        )  # fmt: skip
        if incident.drill and not alert.drill:
            incident = incident_store.move(
                batch.connection, msgspec.structs.replace(incident, drill=False, changed_at=turn.at)
            )
        batch.incidents[incident.id] = incident
    first, *later = incident.ladder
    answered = incident.state not in UNANSWERED
    # Somebody has signed and it sounds again: there is no ladder to climb any more, so all of it is told at once.
    recipients = incident.ladder[-1]["recipients"] if answered else first["recipients"]
    # The rung that is due at once goes out with this very transaction; those to come are rows with a due time.
    turn.incident = incident.id
    turn.told = tell.tell_phones(
        batch.connection, incident, alert.id, sounding=alert.sounded, rung=0, recipients=recipients,
        now=turn.at, registry=road.registry,
    )  # fmt: skip
    if not answered:
        for number, rung in enumerate(later, start=1):
            due = turn.at + timedelta(seconds=rung["after_s"])
            incident_store.add_rung(batch.connection, incident.id, alert.sounded, number, due, rung["recipients"])


def _open(turn: AlertTurn, batch: Batch, road: Road) -> Incident:
    alert = turn.alert
    incident = incident_store.insert(
        batch.connection,
        Incident(
            station=road.station,
            priority=alert.priority,
            title=alert.title,
            opened_at=turn.at,
            changed_at=turn.at,
            ladder=ladder(road.registry, alert.area, alert.priority, road.sign_deadlines),
            place=alert.place,
            area=alert.area,
            drill=alert.drill,
        ),
    )
    incident_store.link(batch.connection, incident.id, alert.id)
    incident_store.add_step(
        batch.connection, incident.id, at=turn.at, actor=SYSTEM, act="opened", to_state="new",
        detail={"alert": alert.id, "rule": alert.rule},
    )  # fmt: skip
    batch.incidents[incident.id] = incident
    return incident


def _withdraw(turn: AlertTurn, batch: Batch) -> None:
    """The alert was taken back: nobody needs to be told any more, unless somebody has already gone."""
    alert = turn.alert
    incident = incident_store.open_of_alert(batch.connection, alert.id)
    if incident is None:
        return
    cancelled = incident.state in UNANSWERED
    state = "cancelled" if cancelled else incident.state
    incident_store.stop_rungs(batch.connection, incident.id)
    outbox.stop(batch.connection, incident.id)
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


def ladder(
    registry: Registry, area: str | None, priority: str, sign_deadlines: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Return the ladder of an incident: rungs `{"after_s", "recipients"}`, the first at once.

    A recipient is `{"user", "role"}`. The second rung repeats the officer and adds the deputy when nobody has
    signed by the priority's deadline; priorities without a deadline have one rung.
    """
    duty = duty_for(registry, area)
    on_duty: list[dict[str, Any]] = []
    if duty is not None:
        named = ((duty.officer, "officer"), (duty.deputy, "deputy"), (duty.commander, "commander"))
        on_duty = [{"user": user, "role": role} for user, role in named if _has_phone(registry, user)]
    if on_duty:
        # The commander is told when nobody else can be; otherwise the officer, then the officer again and the deputy.
        first, second = on_duty[:1], [one for one in on_duty if one["role"] != "commander"] or on_duty
    else:
        first = second = [
            {"user": responder.username, "role": responder.role}
            for responder in registry.responders.values()
            if responder.contacts and responder.role in {"officer", "commander"}
        ]
    rungs: list[dict[str, Any]] = [{"after_s": 0.0, "recipients": first}]
    if priority in sign_deadlines:
        rungs.append({"after_s": sign_deadlines[priority], "recipients": second})
    return rungs


def _has_phone(registry: Registry, user: str | None) -> bool:
    responder = registry.responders.get(user) if user is not None else None
    return responder is not None and bool(responder.contacts)


def duty_for(registry: Registry, area: str | None) -> Duty | None:
    """Return who is on duty for an area, or for the nearest area above it that has somebody."""
    for above in registry.areas_above(area):
        duty = registry.duties.get(above)
        if duty is not None:
            return duty
    return None
