"""Watching over the ladders: one that ended with nobody's signature, one that stands still.

What is found is read from the rows again and again and said as verdicts of the gateway's own, so that a crash between
finding and saying loses nothing, and saying it twice changes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.alert import Alert
from gateway.model.incident import UNANSWERED
from gateway.model.judgement import Verdict
from gateway.model.scope import Scope
from gateway.own_alerts import LADDER_EXPIRED, LADDER_STALLED, ladder_expired_verdict, ladder_stalled_verdict
from gateway.stops.route import SYSTEM
from gateway.store import alerts as alert_store
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store import rungs
from gateway.telling import ladder

log = structlog.get_logger()

#: A rung so late, or an urgent incident for which nobody has been called for so long, stands still.
STALLED = timedelta(seconds=60)
#: A ladder that began so far ahead of now: the clock was put back by as much.
STEPPED = timedelta(seconds=5)
WATCHED = ("P1", "P2")
#: For so long it is shown that a ladder stood still.
LOOKED_AT = timedelta(hours=1)


def watch(connection: Connection[TupleRow], station: str, now: datetime) -> list[Verdict]:
    """Start ladders anew that stand still, and return what is to be said of all of them."""
    said: list[Verdict] = []
    stalled = rungs.stalled(connection, station, WATCHED, now - STALLED, now + STEPPED)
    if stalled:
        registry = registry_store.load(connection, station)
        for number in stalled:
            incident = incident_store.get(connection, Scope(station), number, hold=True)
            if incident is None or incident.state not in UNANSWERED:
                continue
            try:
                with connection.transaction():
                    rungs.stop(connection, number)
                    told = ladder.start(connection, incident, registry, now)
            except (LookupError, TypeError, ValueError, AttributeError):
                # It is said all the same, and the others are looked after.
                log.exception("a ladder cannot be started anew", incident=number)
                said.append(ladder_stalled_verdict("raise", number, now, place=incident.place))
                continue
            incident_store.add_step(
                connection, number, at=now, actor=SYSTEM, act="ladder_restarted", from_state=incident.state,
                to_state=incident.state, reason="the ladder stood still", detail={"told": told},
            )  # fmt: skip
            log.error("a ladder stood still and was started anew", incident=number, told=told)
            said.append(ladder_stalled_verdict("raise", number, now, place=incident.place))
    expired = {one.id: one for one in rungs.expired(connection, station)}
    known = {_incident_of(alert) for alert in _open(connection, station, LADDER_EXPIRED)}
    said += [
        ladder_expired_verdict("raise", one.id, now, place=one.place) for one in expired.values() if one.id not in known
    ]
    said += [ladder_expired_verdict("clear", number, now) for number in known if number not in expired]
    said += [
        ladder_stalled_verdict("clear", _incident_of(alert), now)
        for alert in _open(connection, station, LADDER_STALLED)
        if now - alert.last_event_at > LOOKED_AT
    ]
    return said


def _incident_of(alert: Alert) -> int:
    return int(alert.subject.partition(":")[2])


def _open(connection: Connection[TupleRow], station: str, rule: str) -> list[Alert]:
    """Work items that are open, not held: incidents are held here already, and alerts come before incidents."""
    return alert_store.list_alerts(connection, Scope(station), stream="work_item", state="open", rule=rule, limit=500)
