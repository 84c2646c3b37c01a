"""The clocks of the loop: each state is to be left in time. First 催办 to whoever is on it, then 督办 to commanders.

Rows only: what falls due while nothing runs is said at the next start, urged first. Each incident is looked at anew in
every state; after 督办 it is quiet until it moves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents.effects import Told
from gateway.incidents.telling import tell_users
from gateway.model.incident import OVER, UNANSWERED, Incident
from gateway.model.policy import Policy
from gateway.model.scope import Scope
from gateway.stops.route import SYSTEM
from gateway.store import incident_calls
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.telling import tell
from gateway.telling.tell import Announcer

log = structlog.get_logger()

#: Incidents looked at in one transaction: the rest is due at the next tick.
AT_ONCE = 50
URGED, SUPERVISED = 1, 2
_REASON = {"urged": "its deadline has passed", "supervised": "its deadline passed long ago"}


class Late(NamedTuple):
    """What being late comes to: what is done, how overdue it is from now on, and when it is looked at again."""

    act: Literal["urged", "supervised"] | None
    overdue: int
    due_at: datetime | None


def late(incident: Incident, policy: Policy, now: datetime) -> Late | None:
    """Return what is to be done about an incident that is late at a moment; None: it is not.

    `due_at` of one that was urged is when it is to be supervised: `supervised_after` times the deadline after it came
    into its state. A state that has no deadline any more is let go of.
    """
    if incident.due_at is None or incident.due_at > now or incident.state in OVER:
        return None
    deadline = policy.deadline(incident.priority, incident.state)
    if deadline is None:
        return Late(None, incident.overdue, None)
    if incident.overdue >= URGED:
        return Late("supervised", SUPERVISED, None)
    further = timedelta(seconds=deadline * max(policy.supervised_after - 1, 0))
    return Late("urged", URGED, incident.due_at + further)


def overdue(connection: Connection[TupleRow], station: str, announcer: Announcer, now: datetime) -> int:
    """Urge and supervise what is late by now, within the caller's transaction; returns how many incidents that were.

    At most `AT_ONCE`, the most urgent first; what somebody is changing this moment is left for the next time.
    """
    found = incident_calls.overdue(connection, station, now, AT_ONCE)
    if not found:
        return 0
    policy = registry_store.policy(connection, station)
    changes: list[Told] = []
    for incident_id in found:
        incident = incident_store.get(connection, Scope(station), incident_id)
        happens = late(incident, policy, now) if incident is not None else None
        if incident is not None and happens is not None:
            moved = _say(connection, incident, happens, now)
            changes.append((tell.incident_change(connection, moved), True))
    announcer.announce(connection, changes, now)
    return len(changes)


def _say(connection: Connection[TupleRow], incident: Incident, happens: Late, now: datetime) -> Incident:
    after = msgspec.structs.replace(incident, overdue=happens.overdue, due_at=happens.due_at, changed_at=now)
    if happens.act is None:
        return incident_store.move(connection, after)
    people = incident.assignees
    if happens.act == "supervised":
        # While nobody has signed, the ladder calls the commander when it is time; the command room sees it as late.
        waits = incident.state in UNANSWERED
        people = [] if waits else incident_calls.supervisors(connection, incident.station, incident.area)
    # The step is written at the version before the move, the messages carry the one after it.
    told = tell_users(
        connection, msgspec.structs.replace(after, version=incident.version + 1), happens.act, people, now
    )
    incident_store.add_step(
        connection, incident.id, at=now, actor=SYSTEM, act=happens.act, from_state=incident.state,
        to_state=incident.state, reason=_REASON[happens.act],
        detail={"due_at": incident.due_at.isoformat() if incident.due_at is not None else None, "told": told},
    )  # fmt: skip
    log.warning("an incident is late", stop="clocks", incident=incident.id, state=incident.state, act=happens.act,
                told=told)  # fmt: skip
    return incident_store.move(connection, after)
