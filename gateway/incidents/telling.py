"""Telling those assigned to an incident, and their commanders: beside the ladder, by whatever shows on their phones.

Nothing personal: the incident's title is its sort, the place its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.contact import WAYS
from gateway.model.incident import Incident
from gateway.store import incident_calls, outbox
from gateway.store.outbox import Notification
from gateway.telling.tell import LIVES

Why = Literal["dispatch", "urged", "supervised", "raised"]
#: What the message is about, by why somebody is told.
_PURPOSE = {"dispatch": "dispatch", "urged": "urge", "supervised": "urge", "raised": "dispatch"}
_HEAD = {
    "dispatch": {"zh": "【派警】", "en": "[Dispatched] "},
    "urged": {"zh": "【催办】", "en": "[Overdue] "},
    "supervised": {"zh": "【督办】", "en": "[Long overdue] "},
    "raised": {"zh": "【升级】", "en": "[More urgent] "},
}
_DRILL = {"zh": "【演练】", "en": "[Drill] "}


def tell_users(
    connection: Connection[TupleRow], incident: Incident, why: Why, usernames: Sequence[str], now: datetime
) -> list[str]:
    """Put a message for each way to show something on their phones (any way where there is no such) into the outbox.

    Returns who can be reached. Once per user, reason and version of the incident, however often it is called.
    """
    people = incident_calls.responders(connection, incident.station, usernames)
    body = _body(incident, why, incident_calls.where_it_is(connection, incident.station, incident.area))
    told: list[str] = []
    for person in people.values():
        ways = [contact for contact in person.contacts if contact.channel in WAYS["push"]] or person.contacts
        for contact in ways:
            outbox.enqueue(
                connection,
                Notification(
                    station=incident.station,
                    key=f"{why}:{incident.station}:{incident.id}:{incident.version}:{contact.id}:{person.username}",
                    channel=contact.channel,
                    recipient="",
                    priority=incident.priority,
                    body=body,
                    incident=incident.id,
                    purpose=_PURPOSE[why],
                    username=person.username,
                    contact=contact.id,
                ),
                now,
                LIVES[incident.priority],
            )
        if ways:
            told.append(person.username)
    return told


def _body(incident: Incident, why: Why, where: str) -> dict[str, Any]:
    title = {
        language: (_DRILL[language] if incident.drill else "")
        + f"{_HEAD[why][language]}{incident.priority} {incident.title[language]}"
        for language in ("zh", "en")
    }
    return {
        "title": title,
        "body": {
            "zh": f"{where} · 警情 {incident.id} · 点开查看",
            "en": f"{where} · incident {incident.id} · open for details",
        },
        "incident": incident.id,
        "alert": None,
        "rung": 0,
        "purpose": _PURPOSE[why],
        "drill": incident.drill,
        "ttl_s": int(LIVES[incident.priority].total_seconds()),
        "url": f"/m?incident={incident.id}",
    }
