"""The ladder: who is called for an incident, when and how, frozen as it is when the incident opens.

The plan is the station's policy, the people are the roster's at that moment, each with why it is them. A rung that
would call nobody calls the next wider circle instead: commander, leader, the whole station.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.duty.answer import who_answers
from gateway.duty.roster import Answer, reachable
from gateway.model.incident import UNANSWERED, URGENT, Incident
from gateway.model.policy import Rung, Who
from gateway.model.registry import Registry
from gateway.store import rungs
from gateway.telling import tell

#: Who is called when nobody is there of those a rung asks for.
_WIDER: tuple[Who, ...] = ("commander", "leader", "station")
#: Who is called when all who were to be called are gone: whoever is on duty now.
_WHOEVER = Rung(0, ("officer", "deputy", "guard"))
_STATION_ROLES = frozenset({"officer", "commander"})


def freeze(
    registry: Registry, *, area: str | None, place: str | None, priority: str, now: datetime
) -> list[dict[str, Any]]:
    """Return the ladder of an incident: rungs `{"after_s", "by", "recipients"}`, the first at once.

    A recipient is `{"user", "role", "why"}`. A ladder that ends in time ends with `{"after_s", "expiry": true}`.
    """
    plan = registry.policy.ladder(priority, registry.areas_above(area))
    answers = who_answers(registry, place, area, now)
    frozen: list[dict[str, Any]] = [
        {"after_s": rung.after_s, "by": list(rung.by), "recipients": _recipients(rung, answers, registry)}
        for rung in plan.rungs
    ]
    if plan.expires_after_s is not None:
        frozen.append({"after_s": plan.expires_after_s, "by": [], "recipients": [], "expiry": True})
    return frozen


def start(
    connection: Connection[TupleRow], incident: Incident, registry: Registry, now: datetime, *, alert: int | None = None
) -> list[str]:
    """Call the first rung with this very transaction and write the others down; returns whom it calls."""
    sounding = rungs.next_sounding(connection, incident.id)
    told: list[str] = []
    for number, rung in enumerate(incident.ladder):
        climbed, recipients = number == 0, rung["recipients"]
        if climbed:
            recipients = still_there(recipients, incident, registry, now)
            told = tell.tell_people(
                connection, incident, alert, sounding=sounding, rung=0, recipients=recipients, by=rung["by"],
                now=now, registry=registry,
            )  # fmt: skip
        rungs.plan(
            connection, incident.id, sounding=sounding, number=number,
            kind="expiry" if rung.get("expiry") else "call", due_at=now + timedelta(seconds=rung["after_s"]),
            recipients=recipients, climbed=climbed,
        )  # fmt: skip
    return told


def ring_again(
    connection: Connection[TupleRow], incident: Incident, registry: Registry, now: datetime, *, alert: int | None = None
) -> list[str]:
    """Call the first rung and those who are on it once more, and nobody else: a ladder goes on as it was."""
    sounding = rungs.next_sounding(connection, incident.id)
    first = incident.ladder[0]
    known = {recipient["user"] for recipient in first["recipients"]}
    assigned = [{"user": user, "role": "assignee"} for user in incident.assignees if user not in known]
    recipients = still_there([*first["recipients"], *assigned], incident, registry, now)
    rungs.plan(
        connection, incident.id, sounding=sounding, number=0, kind="call", due_at=now, recipients=recipients,
        climbed=True,
    )  # fmt: skip
    return tell.tell_people(
        connection, incident, alert, sounding=sounding, rung=0, recipients=recipients, by=first["by"], now=now,
        registry=registry,
    )  # fmt: skip


def call_the_others(
    connection: Connection[TupleRow], incident: Incident, registry: Registry, now: datetime
) -> list[str]:
    """Call everybody of the station who was not told of an urgent incident yet; returns them.

    For when nobody of those who were called can come or be reached and no rung is left that would call anybody else.
    """
    if incident.priority not in URGENT or incident.state not in UNANSWERED or rungs.calls_wait(connection, incident.id):
        return []
    told = rungs.told(connection, incident.id)
    others = [one for one in _called_as("station", [], registry) if one["user"] not in told]
    if not others:
        return []
    sounding = rungs.next_sounding(connection, incident.id)
    rungs.plan(
        connection, incident.id, sounding=sounding, number=0, kind="call", due_at=now, recipients=others, climbed=True
    )
    return tell.tell_people(
        connection, incident, None, sounding=sounding, rung=0, recipients=others, by=["push", "voice"], now=now,
        registry=registry,
    )  # fmt: skip


def still_there(
    recipients: list[dict[str, Any]], incident: Incident, registry: Registry, now: datetime
) -> list[dict[str, Any]]:
    """Return whom a rung calls: those that were frozen, as long as one of them can be reached.

    When all of them have left or lost their contacts since, those who answer for it now are called in their place.
    """
    if any(reachable(registry, one["user"]) for one in recipients):
        return recipients
    return _recipients(_WHOEVER, who_answers(registry, incident.place, incident.area, now), registry)


def _recipients(rung: Rung, answers: list[Answer], registry: Registry) -> list[dict[str, Any]]:
    called: dict[str, dict[str, Any]] = {}
    for who in rung.who:
        for one in _called_as(who, answers, registry):
            called.setdefault(one["user"], one)
    for wider in _WIDER:
        if called:
            break
        called = {one["user"]: one for one in _called_as(wider, answers, registry)}
    return list(called.values())


def _called_as(who: Who, answers: list[Answer], registry: Registry) -> list[dict[str, Any]]:
    if who == "station":
        return [
            {"user": one.username, "role": one.role, "why": {"code": "station"}}
            for one in registry.responders.values()
            if one.contacts and one.role in _STATION_ROLES
        ]
    return [{"user": one.user, "role": one.duty_as, "why": one.why} for one in answers if one.duty_as == who]
