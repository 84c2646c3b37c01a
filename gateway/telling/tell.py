"""What is said to whom: the calls of a ladder, and the changes that the console and the command room follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.batch import Batch, Mode, Turn
from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.policy import By
from gateway.model.registry import Registry
from gateway.store import changes as change_store
from gateway.store import incidents as incident_store
from gateway.store import outbox
from gateway.store.changes import Change
from gateway.store.outbox import Notification
from gateway.telling.message import LIVES, NOTHING, Occasion, area_of, contacts_for, numbered, tell

COMMAND_ROOM = "command_room"
PROBE = "probe"
AGAIN = {"zh": "（再次提醒）", "en": " (again)"}
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
    """Put a message for each recipient and way of a rung into the outbox and return who is told."""
    people = [registry.responders[user] for one in recipients if (user := one["user"]) in registry.responders]
    occasion = Occasion(
        key=f"incident:{incident.station}:{incident.id}:{sounding}:{rung}",
        purpose="incident",
        line=numbered(incident),
        after_title=AGAIN if rung else NOTHING,
        alert=alert,
        rung=rung,
    )
    ways = [(one.username, contacts_for(one.contacts, by)) for one in people]
    return tell(connection, incident, occasion, ways, area_of(incident, registry), now)


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
