"""Send dead letters on their way again, once what was wrong is mended: a device registered, a clock set.

The bytes go into the inbox under the topic they came with and travel the road like any other message; what was stored
after all is known by its id. What fails again is a dead letter again: the same one, which then stands once more.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, NotFound
from gateway.store import dead_letters, events

#: Letters sent again by one request: the rest waits for the next one, and the road is not held up.
AT_ONCE = 1000


class Replayed(msgspec.Struct, frozen=True):
    """How many letters went, how many of that reason can still go, and how many cannot: they are not kept whole."""

    replayed: int
    remaining: int
    not_whole: int


def replay(connection: Connection[TupleRow], actor: Actor, letter_id: int) -> tuple[datetime, str]:
    """Send one letter on its way again and return when and by whom that was done; asked twice, it goes once.

    Raises `NotFound`, and `BadInput` for one of which not all is kept.
    """
    station = actor.scope.station
    letter = dead_letters.hold(connection, station, letter_id)
    if letter is None:
        raise NotFound(f"there is no dead letter {letter_id}")
    if letter.replayed_at is not None:
        return letter.replayed_at, letter.replayed_by or ""
    if letter.kept < letter.size:
        raise BadInput(
            f"of its {letter.size} bytes only the first {letter.kept} are kept; let the device say it anew",
            reason="truncated",
        )
    dead_letters.mark(connection, letter_id, actor.username, actor.at)
    events.inbox_put(connection, station, letter.topic, bytes(letter.payload), actor.at)
    trail.note(connection, actor, "dead_letter.replay", f"dead-letter/{letter_id}", {"reason": letter.reason})
    return actor.at, actor.username


def replay_all(connection: Connection[TupleRow], actor: Actor, reason: str) -> Replayed:
    """Send the standing letters of a reason on their way again, the oldest first, `AT_ONCE` at most."""
    station = actor.scope.station
    count = dead_letters.replay(connection, station, reason, by=actor.username, now=actor.at, limit=AT_ONCE)
    remaining, not_whole = dead_letters.standing(connection, station, reason)
    if count:
        trail.note(connection, actor, "dead_letter.replay", "dead-letter", {"reason": reason, "count": count})
    return Replayed(count, remaining, not_whole)
