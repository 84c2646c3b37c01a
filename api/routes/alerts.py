"""Alerts, and the work items beside them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from api import shown
from api.answers.alerts import Alert as AlertAnswer
from api.answers.alerts import AlertPage, AlertWhole
from api.answers.documented import answers
from api.deps import Have, Reader, Seals, Watcher, actor, scope_of
from gateway.incidents import acts
from gateway.model.alert import Alert
from gateway.model.errors import NotFound
from gateway.store import alerts as alert_store
from gateway.store import county as county_store
from gateway.store import events as event_store
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store.accounts import Session

router = APIRouter(tags=["alerts"])

State = Literal["all", "open", "active", "unacknowledged", "cleared", "ended"]
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/alerts", responses=answers(AlertPage))
def list_alerts(  # one parameter per filter
    session: Watcher,
    have: Have,
    state: State = "all",
    rule: str | None = None,
    priority: Literal["P1", "P2", "P3", "P4"] | None = None,
    device: str | None = None,
    place: str | None = None,
    person: str | None = None,
    area: str | None = None,
    suppressed_by: str | None = None,
    before: int | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Alerts, newest first. `active` are those whose condition stands or is latched."""
    shown.refuse_persons(session, person)
    with have.pool.transaction() as connection:
        found = alert_store.list_alerts(
            connection, scope_of(session), state=state, rule=rule, priority=priority, device=device, place=place,
            person=person, area=area, suppressed_by=suppressed_by, before=before, limit=limit,
        )  # fmt: skip
    return _page(session, found, limit)


@router.get("/work-items", responses=answers(AlertPage))
def list_work_items(
    session: Watcher, have: Have, state: State = "open", before: int | None = None, limit: Limit = 100
) -> dict[str, Any]:
    """Maintenance work items: silent devices, rules put aside. They never sound."""
    with have.pool.transaction() as connection:
        found = alert_store.list_alerts(
            connection, scope_of(session), stream="work_item", state=state, before=before, limit=limit
        )
    return _page(session, found, limit)


@router.get("/alerts/{alert_id}", responses=answers(AlertWhole))
def get_alert(alert_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """One alert: why it fired, the events that counted, its incidents; until when its person is registered as away."""
    with have.pool.transaction() as connection:
        alert = alert_store.get(connection, scope_of(session), alert_id)
        if alert is None:
            raise NotFound(f"there is no alert {alert_id} within your reach")
        away = registry_store.away_until(connection, scope_of(session), alert.person) if alert.person else None
        return {
            **alert.public(),
            "away_until": away,
            "evidence": event_store.by_reference(connection, session.station, alert.events),
            "incidents": incident_store.of_alerts(connection, [alert.id]),
            "county": county_store.alarms(connection, session.station, alert=alert.id),
        }


@router.post("/alerts/{alert_id}/ack", responses=answers(AlertAnswer))
def acknowledge_alert(alert_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """Acknowledge: stops the console's tone. The phones' ladder stops when somebody signs."""
    with have.pool.transaction() as connection:
        return acts.acknowledge_alert(connection, have.announcer, actor(session, have), alert_id).public()


@router.post("/alerts/{alert_id}/unack", responses=answers(AlertAnswer))
def unacknowledge_alert(alert_id: int, session: Reader, have: Have, sealer: Seals) -> dict[str, Any]:
    """Take one's acknowledgement back, within 30 s and while nothing has happened since: the tone is heard again."""
    with have.pool.transaction() as connection:
        by = actor(session, have)
        return acts.unacknowledge_alert(connection, have.announcer, sealer, by, alert_id).public()


@router.post("/alerts/{alert_id}/reset", responses=answers(AlertAnswer))
def reset_alert(alert_id: int, session: Reader, have: Have) -> dict[str, Any]:
    """Let go of a latched, acknowledged alert."""
    with have.pool.transaction() as connection:
        return acts.reset_alert(connection, have.announcer, actor(session, have), alert_id).public()


def _page(session: Session, found: list[Alert], limit: int) -> dict[str, Any]:
    return {
        "items": [shown.to(session, alert.stream, alert.public()) for alert in found],
        "next": found[-1].id if len(found) == limit else None,
    }
