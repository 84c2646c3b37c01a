"""Clips of what others said: when something speaks at a place, the cameras there are asked what they saw around it.

Asked once for each alert and camera, right after the alert was committed, so that the moment is still in the camera's
ring. Not for drills and history, not of a camera that is offline, and of one no more than it can cut.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store import live as store
from gateway.store.live import ToAsk

#: What a clip shows of the moment.
BEFORE, AFTER = timedelta(seconds=10), timedelta(seconds=30)
#: What happened longer ago may have left the camera's ring: it is not asked.
LATEST = timedelta(seconds=20)
#: One camera cuts so many clips a minute; in a flood the most urgent come first, the others have none.
MOST_A_MINUTE = 4
AT_ONCE = 20


def ask(connection: Connection[TupleRow], station: str, now: datetime) -> list[ToAsk]:
    """Return which cameras to ask for clips of which alerts, each noted: it is asked no second time.

    Some at once: ask again until there are none.
    """
    found = store.to_ask(
        connection, station, since=now - LATEST, minute=now - timedelta(minutes=1), most=MOST_A_MINUTE, limit=AT_ONCE
    )
    asked: list[ToAsk] = []
    lately: Counter[str] = Counter()
    for one in found:
        lately[one.camera] += 1
        if one.lately + lately[one.camera] <= MOST_A_MINUTE:
            store.note_asked(connection, station, one, now)
            asked.append(one)
    return asked


def command_of(one: ToAsk) -> dict[str, object]:
    """Return the words a camera is asked with; said twice they are one order, by their id."""
    device, _, event = one.event.partition("/")
    return {
        "id": f"clip-{one.alert}", "do": "clip", "device": device, "event": event, "at": one.at,
        "from": one.at - BEFORE, "until": one.at + AFTER,
    }  # fmt: skip
