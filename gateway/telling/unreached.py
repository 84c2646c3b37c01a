"""The line of a timeline that says that somebody could not be reached, whatever they were to be told of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import Incident
from gateway.store import incidents as incident_store

#: Who wrote it: the gateway itself.
SYSTEM = "anxin"


def say_unreachable(  # one keyword per fact of the line
    connection: Connection[TupleRow],
    incident: Incident,
    username: str,
    *,
    about: str,
    ways: Sequence[str],
    now: datetime,
    rung: int | None = None,
    next_rung_now: bool = False,
) -> None:
    """Write it, in the caller's transaction; announcing the incident is the caller's too.

    `about` is a message's purpose (incident, dispatch, urge), `ways` are the channels that were tried: none, when there
    was nothing to try. `rung` and `next_rung_now` are of a call of the ladder only.
    """
    incident_store.add_step(
        connection, incident.id, at=now, actor=SYSTEM, act="unreachable", from_state=incident.state,
        to_state=incident.state, reason=f"{username} could not be reached on any way",
        detail={
            "user": username, "about": about, "ways": list(ways), "rung": rung, "next_rung_now": next_rung_now,
        },
    )  # fmt: skip
