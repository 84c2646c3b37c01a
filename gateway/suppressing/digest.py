"""digest: in a flood, now and then and at its end, tell the people of the first alert how many more there were.

«P3 违停 × 14», with the area and the incident they all joined. One message per rule and building and person.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import Incident
from gateway.model.registry import Registry
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store import soundings
from gateway.store.changes import Change
from gateway.store.soundings import DueDigest
from gateway.telling import message, tell

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
    first = incident.ladder[0]["recipients"] if incident.ladder else []
    users = dict.fromkeys(recipient["user"] for recipient in first)
    occasion = message.Occasion(
        key=f"digest:{incident.station}:{one.id}:{one.count}",
        purpose="digest",
        line={
            "zh": f"告警集中，已并入警情 {incident.id}",
            "en": f"folded into incident {incident.id} during a flood",
        },
        after_title=dict.fromkeys(message.LANGUAGES, f" × {one.count}"),
        alert=one.alert,
    )
    ways = [
        (user, message.showing(registry.responders[user].contacts)) for user in users if user in registry.responders
    ]
    return message.tell(connection, incident, occasion, ways, message.area_of(incident, registry), now)
