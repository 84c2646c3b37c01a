"""What is said to whom: phone messages, and the changes that the console and the command room follow.

Nothing personal is in a push: no name, no exact flat. A phone shows «P1 校园一键报警 · 东街网格 · 点开查看».
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.batch import Batch, Mode, Turn
from gateway.model.alert import Alert
from gateway.model.contact import CHANNELS, UNCONFIRMED, WAYS, Contact
from gateway.model.incident import Incident
from gateway.model.policy import By
from gateway.model.registry import Registry, Responder
from gateway.store import changes as change_store
from gateway.store import incidents as incident_store
from gateway.store import outbox
from gateway.store.changes import Change
from gateway.store.outbox import Notification

COMMAND_ROOM = "command_room"
PROBE = "probe"

#: How long a message is of use. After that the ladder, not this message, carries on.
LIVES = {
    "P1": timedelta(minutes=10),
    "P2": timedelta(minutes=30),
    "P3": timedelta(hours=4),
    "P4": timedelta(hours=8),
}
COMMAND_ROOM_LIVES = timedelta(days=1)


def tell_people(  # one keyword per fact of the rung
    connection: Connection[TupleRow],
    incident: Incident,
    alert: int | None,
    *,
    sounding: int,
    rung: int,
    recipients: Sequence[dict[str, Any]],
    by: Sequence[By],
    now: datetime,
    registry: Registry,
) -> list[str]:
    """Put a message for each recipient and way into the outbox and return who is told.

    Whoever cannot be reached by any way a rung asks for is told by the ways there are.
    """
    told: list[str] = []
    for recipient in recipients:
        responder = registry.responders.get(recipient["user"])
        ways = contacts_for(responder, by) if responder is not None else []
        if responder is None or not ways:
            continue
        for contact in ways:
            outbox.enqueue(
                connection,
                Notification(
                    station=incident.station,
                    key=f"incident:{incident.station}:{incident.id}:{sounding}:{rung}:{contact.id}:{responder.username}",
                    channel=contact.channel,
                    recipient="",
                    priority=incident.priority,
                    body=phone_body(incident, alert, rung, registry),
                    incident=incident.id,
                    alert=alert,
                    username=responder.username,
                    contact=contact.id,
                ),
                now,
                LIVES[incident.priority],
            )
        told.append(responder.username)
    return told


def contacts_for(responder: Responder, by: Sequence[By]) -> list[Contact]:
    """Return by which contacts somebody is told: all that show a push, the first for a text and for a call.

    What says nothing of what became of a message (apprise) serves only where there is nothing better.
    """
    found: list[Contact] = []
    for way in by:
        mine = [one for channel in WAYS[way] for one in responder.contacts if one.channel == channel]
        sure = [one for one in mine if one.channel != UNCONFIRMED] or mine
        found += sure if way == "push" else sure[:1]
    if found or not responder.contacts:
        return found
    return sorted(responder.contacts, key=lambda one: CHANNELS.index(one.channel))[:1]


def tell_probe(connection: Connection[TupleRow], alert: Alert, now: datetime) -> None:
    """Send a probe on the last stretch of its way: through the outbox to the channel that takes it back."""
    outbox.enqueue(
        connection,
        Notification(
            station=alert.station,
            key=f"probe:{alert.station}:{alert.id}:{alert.sounded}",
            channel=PROBE,
            recipient=PROBE,
            priority=alert.priority,
            body=alert.explanation["facts"].get("data", {}),
            alert=alert.id,
        ),
        now,
        LIVES["P1"],
    )


def phone_body(incident: Incident, alert: int | None, rung: int, registry: Registry) -> dict[str, Any]:
    """Return what a phone shows. Area, not address; no names."""
    area = registry.areas.get(incident.area) if incident.area is not None else None
    where = area.name if area is not None else registry.station.name
    drill = {"zh": "【演练】", "en": "[Drill] "} if incident.drill else {"zh": "", "en": ""}
    again = {"zh": "（再次提醒）", "en": " (again)"} if rung else {"zh": "", "en": ""}
    return {
        "title": {
            language: f"{drill[language]}{incident.priority} {incident.title[language]}{again[language]}"
            for language in ("zh", "en")
        },
        "body": {
            "zh": f"{where} · 警情 {incident.id} · 点开查看",
            "en": f"{where} · incident {incident.id} · open for details",
        },
        "incident": incident.id,
        "alert": alert,
        "rung": rung,
        "drill": incident.drill,
        "ttl_s": int(LIVES[incident.priority].total_seconds()),
        "url": f"/m?incident={incident.id}",
    }


class Announcer:
    """Numbers changes for the console and, where a command room is configured, posts them to it."""

    def __init__(self, station: str, *, command_room: bool) -> None:
        self._station = station
        self._command_room = command_room

    def announce(self, connection: Connection[TupleRow], changes: Sequence[tuple[Change, bool]], now: datetime) -> None:
        """Announce changes in order; the flag says whether the command room is to hear of one.

        The last thing a transaction does before it commits.
        """
        if not changes:
            return
        numbers = change_store.append(connection, self._station, [change for change, _ in changes], now)
        if not self._command_room:
            return
        for number, (change, told) in zip(numbers, changes, strict=True):
            if told and change.kind in {"alert", "incident"}:
                outbox.enqueue(connection, self._cloud_event(number, change, now), now, COMMAND_ROOM_LIVES)

    def _cloud_event(self, number: int, change: Change, now: datetime) -> Notification:
        subject = change.body["id"]
        return Notification(
            station=self._station,
            key=f"change:{self._station}:{number}",
            channel=COMMAND_ROOM,
            recipient=COMMAND_ROOM,
            priority=change.body["priority"],
            body={
                "specversion": "1.0",
                "id": f"{self._station}-{number}",
                "source": f"/anxin/{self._station}",
                "type": f"cn.anxin.{change.kind}.changed",
                "subject": f"{change.kind}/{subject}",
                "time": now.isoformat(),
                "sequence": f"{number:012d}",
                "datacontenttype": "application/json",
                "data": change.body,
            },
            incident=subject if change.kind == "incident" else None,
            alert=subject if change.kind == "alert" else None,
        )


def tell_changes(batch: Batch, announcer: Announcer) -> None:
    """Announce what a batch did: alerts first, then their incidents.

    More of the same (an extension) is for the console only; the command room hears what changes the picture. History is
    for nobody, but for what it changes of an alert that people know.
    """
    changes = [
        (
            Change(turn.alert.stream, turn.alert.area, turn.alert.public(), turn.at),
            turn.turn is not Turn.EXTENDED and turn.alert.stream == "alert",
        )
        for turn in batch.turns
        if turn.alert.stream != PROBE and (batch.mode is not Mode.HISTORY or turn.alert.sounded)
    ]
    changes.extend((incident_change(batch.connection, incident), True) for incident in batch.incidents.values())
    announcer.announce(batch.connection, changes, batch.now)


def incident_change(connection: Connection[TupleRow], incident: Incident) -> Change:
    """Return an incident as a change."""
    return Change(
        "incident",
        incident.area,
        incident.public(incident_store.alerts_of(connection, incident.id)),
        incident.changed_at,
    )
