"""digest: in a flood, now and then and at its end, tell the people of the first alert how many more there were.

«P3 违停 × 14», with the area and the incident they all joined. One message per rule and building and person.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.contact import WAYS
from gateway.model.incident import Incident
from gateway.model.registry import Registry
from gateway.store import incidents as incident_store
from gateway.store import outbox, soundings
from gateway.store import registry as registry_store
from gateway.store.changes import Change
from gateway.store.outbox import Notification
from gateway.store.soundings import DueDigest
from gateway.telling import tell

log = structlog.get_logger()

#: Digests told in one transaction.
AT_ONCE = 50
SYSTEM = "anxin"


def digest(connection: Connection[TupleRow], station: str, announcer: tell.Announcer, now: datetime) -> int:
    """Tell every digest due by now, within the caller's transaction; returns how many were looked at.

    One whose incident is over is told nobody: whoever ended it has seen what joined it.
    """
    due = soundings.due_digests(connection, station, now, AT_ONCE)
    if not due:
        return 0
    registry = registry_store.load(connection, station)
    every = timedelta(seconds=registry.policy.flood.digest_every_s)
    # In the road's order, so that the two never wait for each other: alerts, digests, incidents.
    soundings.told_of(connection, station, [one.alert for one in due if one.count > one.told_count], now)
    for one in due:
        soundings.digest_told(connection, one, due_at=now + every, closed_at=now if one.over else None)
    changes: list[tuple[Change, bool]] = []
    for one in due:
        incident = incident_store.open_of_alert(connection, one.alert) if one.count > one.told_count else None
        if incident is not None:
            told = _tell(connection, incident, one, registry, now)
            incident_store.add_step(
                connection, incident.id, at=now, actor=SYSTEM, act="digest", from_state=incident.state,
                to_state=incident.state, detail={"count": one.count, "rule": one.rule, "told": told},
            )  # fmt: skip
            log.info("digest told", stop="digest", incident=incident.id, rule=one.rule, count=one.count, told=told)
            changes.append((tell.incident_change(connection, incident), True))
    announcer.announce(connection, changes, now)
    return len(due)


def _tell(
    connection: Connection[TupleRow], incident: Incident, one: DueDigest, registry: Registry, now: datetime
) -> list[str]:
    told: list[str] = []
    recipients = incident.ladder[0]["recipients"] if incident.ladder else []
    for user in dict.fromkeys(recipient["user"] for recipient in recipients):
        responder = registry.responders.get(user)
        if responder is None or not responder.contacts:
            continue
        quiet_ways = [contact for contact in responder.contacts if contact.channel in WAYS["push"]]
        for contact in quiet_ways or responder.contacts:
            outbox.enqueue(
                connection,
                Notification(
                    station=incident.station,
                    key=f"digest:{incident.station}:{one.id}:{one.count}:{contact.id}:{user}",
                    channel=contact.channel,
                    recipient="",
                    priority=incident.priority,
                    body=body(incident, one.count, registry),
                    incident=incident.id,
                    alert=one.alert,
                    purpose="digest",
                    username=user,
                    contact=contact.id,
                ),
                now,
                tell.LIVES[incident.priority],
            )
        told.append(user)
    return told


def body(incident: Incident, count: int, registry: Registry) -> dict[str, Any]:
    """Return what a phone shows of a digest. Area, not address; no names."""
    area = registry.areas.get(incident.area) if incident.area is not None else None
    where = area.name if area is not None else registry.station.name
    drill = {"zh": "【演练】", "en": "[Drill] "} if incident.drill else {"zh": "", "en": ""}
    return {
        "title": {
            language: f"{drill[language]}{incident.priority} {incident.title[language]} × {count}"
            for language in ("zh", "en")
        },
        "body": {
            "zh": f"{where} · 告警集中，已并入警情 {incident.id} · 点开查看",
            "en": f"{where} · folded into incident {incident.id} during a flood · open for details",
        },
        "incident": incident.id,
        "alert": None,
        "rung": 0,
        "digest": count,
        "drill": incident.drill,
        "ttl_s": int(tell.LIVES[incident.priority].total_seconds()),
        "url": f"/m?incident={incident.id}",
    }
