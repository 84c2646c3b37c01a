"""What people register ahead, so that nobody is alarmed for nothing: a drill of a device, a person's absence.

Each act is one transaction and leaves its mark in the audit trail.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.registry import Drill
from gateway.sealing import Sealer
from gateway.store import registry as registry_store

#: Who may say that what a device reports is only practised.
DRILL_ROLES = frozenset({"operator", "commander", "admin"})
#: Who may say that somebody is away; a grid worker within their grid.
AWAY_ROLES = frozenset({"grid_worker", "officer", "operator", "commander"})
LONGEST_DRILL = timedelta(hours=8)
#: Nobody looks at somebody's silence while they are away: that must be said anew now and then.
LONGEST_ABSENCE = timedelta(days=180)


def announce_drill(connection: Connection[TupleRow], actor: Actor, device: str, length: timedelta, note: str) -> Drill:
    """Announce a drill that begins now: what the device reports rings as always and is marked everywhere.

    Raises `Forbidden`, `BadInput` when it is longer than `LONGEST_DRILL`, `NotFound` outside of the actor's scope.
    """
    if actor.role not in DRILL_ROLES:
        raise Forbidden(f"the role {actor.role} may not announce drills")
    if not timedelta() < length <= LONGEST_DRILL:
        raise BadInput("a drill lasts up to 480 minutes; announce another one when it is over", reason="drill")
    drill = Drill(device, actor.at, actor.at + length, note)
    if not registry_store.announce_drill(connection, actor.scope, drill, by=actor.username):
        raise NotFound(f"there is no device {device!r} within your reach")
    told = {"ends_at": drill.ends_at.isoformat(), "note": note}
    trail.note(connection, actor, "drill.announce", f"device/{device}", told)
    return drill


def end_drill(connection: Connection[TupleRow], actor: Actor, device: str) -> None:
    """End a device's drill now: what it reports from here on is real.

    Raises `Forbidden`, `NotFound` when none is under way or to come within the actor's scope.
    """
    if actor.role not in DRILL_ROLES:
        raise Forbidden(f"the role {actor.role} may not end drills")
    if not registry_store.end_drill(connection, actor.scope, device, now=actor.at):
        raise NotFound(f"no drill of {device!r} is under way within your reach")
    trail.note(connection, actor, "drill.end", f"device/{device}", {})


def mark_away(
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    person: str,
    until: datetime | None,
    reason: str | None,
) -> None:
    """Say that a person is away until a moment (aware); None: they are back.

    Silence means nothing until then; a standing alert about it clears. The reason goes, sealed, into the audit
    trail only. The very same said again, by the device's clock (`actor.client_at`), does nothing.
    Raises `Forbidden`, `BadInput` for a moment that is past or too far off, `NotFound` outside of the actor's scope,
    and `Conflict` when something was said after this was: a phone sends late what was done without a network.
    """
    if actor.role not in AWAY_ROLES:
        raise Forbidden(f"the role {actor.role} may not register absences")
    if until is not None and until <= actor.at:
        raise BadInput("that moment is past; say until when the person will be away", reason="away_until")
    if until is not None and until - actor.at > LONGEST_ABSENCE:
        raise BadInput("an absence is registered for at most 180 days at a time", reason="away_until")
    act = "person.away" if until is not None else "person.back"
    told_until = until.isoformat() if until is not None else None
    if not registry_store.lock_person(connection, actor.scope, person):
        raise NotFound(f"there is no person {person!r} within your reach")
    last = registry_store.last_absence(connection, actor.scope.station, person)
    said_at = actor.client_at
    if last is not None and said_at is not None:
        if (last.username, last.act, last.until, last.said_at) == (actor.username, act, told_until, said_at):
            return
        since, by = last.said_at or last.at, last.username
        if said_at < since and last.until is None:
            raise Conflict(f"{by} said at {since.isoformat()}, after you, that they are back; look again")
        if said_at < since:
            raise Conflict(
                f"{by} said at {since.isoformat()}, after you, that they are away until {last.until}; look again"
            )
    # Back: what came before is not held against them, so silence counts from now.
    registry_store.patch_care(connection, actor.scope, person, {"away_until": (until or actor.at).isoformat()})
    detail = {"until": told_until} | ({"said_at": said_at.isoformat()} if said_at is not None else {})
    trail.write(connection, sealer, actor, act, f"person/{person}", detail, reason=reason)
