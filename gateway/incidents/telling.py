"""Telling those assigned to an incident, and their commanders: beside the ladder, by whatever shows on their phones.

Nothing personal: the incident's title is its sort, the place its area.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import Incident
from gateway.store import incident_calls
from gateway.telling.message import Occasion, numbered, showing, tell

Why = Literal["dispatch", "urged", "supervised", "raised", "joined"]
#: What the message is about, by why somebody is told.
_PURPOSE = {"dispatch": "dispatch", "urged": "urge", "supervised": "urge", "raised": "dispatch", "joined": "dispatch"}
_HEAD = {
    "dispatch": {"zh": "【派警】", "en": "[Dispatched] "},
    "urged": {"zh": "【催办】", "en": "[Overdue] "},
    "supervised": {"zh": "【督办】", "en": "[Long overdue] "},
    "raised": {"zh": "【升级】", "en": "[More urgent] "},
    "joined": {"zh": "【并入】", "en": "[More to it] "},
}


def tell_users(
    connection: Connection[TupleRow], incident: Incident, why: Why, usernames: Sequence[str], now: datetime
) -> list[str]:
    """Put a message for each way to show something on their phones (any way where there is no such) into the outbox.

    Returns who can be reached. Once per user, reason and version of the incident, however often it is called.
    """
    occasion = Occasion(
        key=f"{why}:{incident.station}:{incident.id}:{incident.version}",
        purpose=_PURPOSE[why],
        line=numbered(incident),
        before_title=_HEAD[why],
    )
    people = incident_calls.responders(connection, incident.station, usernames)
    ways = [(person.username, showing(person.contacts)) for person in people.values()]
    area = incident_calls.where_it_is(connection, incident.station, incident.area)
    return tell(connection, incident, occasion, ways, area, now)
