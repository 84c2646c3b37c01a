"""escalate: climb the rungs whose moment has come. Each is a row; nothing lives in a sleep."""

from __future__ import annotations

from datetime import datetime

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.incident import UNANSWERED, Incident
from gateway.model.policy import By
from gateway.model.registry import Registry
from gateway.model.scope import Scope
from gateway.stops.route import SYSTEM
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store import rungs
from gateway.store.changes import Change
from gateway.store.rungs import Rung
from gateway.telling import ladder, tell

log = structlog.get_logger()


def escalate(
    connection: Connection[TupleRow],
    station: str,
    announcer: tell.Announcer,
    now: datetime,
) -> int:
    """Climb every rung due by now, within the caller's transaction; returns how many.

    A rung of an incident somebody has signed, or that is over, is stopped instead.
    """
    due = rungs.due(connection, station, now)
    if not due:
        return 0
    registry = registry_store.load(connection, station)
    climbed: list[Incident] = []
    for rung in due:
        incident = incident_store.get(connection, Scope(station), rung.incident_id)
        if incident is None or incident.state not in UNANSWERED:
            rungs.end(connection, rung, "stopped")
            continue
        try:
            with connection.transaction():
                _climb(connection, rung, incident, registry, now)
        except (LookupError, TypeError, ValueError, AttributeError):
            # What cannot be read of one incident must not silence all the others; the watch says that it stands still.
            log.exception("a rung cannot be climbed", stop="escalate", incident=rung.incident_id, rung=rung.number)
            continue
        climbed.append(incident)
    changes: list[tuple[Change, bool]] = [(tell.incident_change(connection, incident), True) for incident in climbed]
    announcer.announce(connection, changes, now)
    return len(climbed)


def _climb(connection: Connection[TupleRow], rung: Rung, incident: Incident, registry: Registry, now: datetime) -> None:
    alert = next(iter(incident_store.alerts_of(connection, incident.id)), None)
    told: list[str] = []
    if rung.kind == "call":
        recipients = ladder.still_there(rung.recipients, incident, registry, now)
        told = tell.tell_people(
            connection, incident, alert, sounding=rung.sounding, rung=rung.number, recipients=recipients,
            by=_ways(incident, rung.number), now=now, registry=registry,
        )  # fmt: skip
    rungs.end(connection, rung, "climbed")
    # That nobody answers is made loud by `gateway.telling.watch`, which sees it in these rows after any crash.
    incident_store.add_step(
        connection, incident.id, at=now, actor=SYSTEM, act="escalated" if rung.kind == "call" else "expired",
        from_state=incident.state, to_state=incident.state, reason="nobody has signed in time",
        detail={"rung": rung.number, "told": told},
    )  # fmt: skip
    known = {"stop": "escalate", "incident": incident.id, "alert": alert, "rung": rung.number}
    if rung.kind == "call":
        log.info("rung climbed", **known, told=told)
    else:
        log.error("nobody has signed and the ladder has ended", **known)


def _ways(incident: Incident, number: int) -> list[By]:
    """By which ways a rung calls; a rung of a ladder that was frozen before ways were told is a push."""
    rung = incident.ladder[number] if number < len(incident.ladder) else {}
    return list(rung.get("by", ["push"]))
