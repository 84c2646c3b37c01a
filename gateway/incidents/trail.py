"""The trail of a person somebody worries about: what the devices known to be theirs have said of late.

For calls for help and people in care only, while the incident is open, with a reason, each time audited and written
into the incident's timeline. It follows doors and sensors; nobody's face.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail as audit_trail
from gateway.incidents import effects, texts
from gateway.incidents.actor import Actor
from gateway.incidents.earlier import overtaken
from gateway.model.errors import BadInput, Forbidden
from gateway.model.incident import COMMAND_ROOM_ROLES, OPEN, RESPONDER_ROLES, Incident
from gateway.model.registry import Registry
from gateway.sealing import Sealer
from gateway.store import incident_subjects
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.telling import tell
from gateway.telling.tell import Announcer

TRAIL_ROLES = COMMAND_ROOM_ROLES | RESPONDER_ROLES
#: The sorts of incident about somebody who may need help.
CATEGORIES = frozenset({"distress", "care"})
LONGEST = timedelta(hours=72)
MOST_EVENTS = 500


def trail(  # what is asked by whom about what
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    incident_id: int,
    *,
    reason: str,
    back: timedelta,
) -> dict[str, Any]:
    """Return `{"persons", "devices", "doors", "since", "until", "items", "more"}`: events, newest first.

    `back`: how far before now, at most 72 hours. Raises `NotFound`, `Forbidden`, `BadInput` without a reason, for
    another sort of incident and when nobody is known to be concerned, `Conflict` when it is over.
    """
    if actor.role not in TRAIL_ROLES:
        raise Forbidden(f"the role {actor.role} may not see anybody's trail")
    if not reason.strip():
        raise BadInput("say why the trail is needed (reason); it is written down", reason="reason")
    if not timedelta() < back <= LONGEST:
        raise BadInput("a trail goes back at most 72 hours", reason="hours")
    incident = effects.held(connection, actor.scope, incident_id)
    if incident.category not in CATEGORIES:
        raise BadInput(
            f"a trail is shown for calls for help and people in care only, not for {incident.category}",
            reason="category",
        )
    if incident.state not in OPEN:
        raise overtaken(incident, incident_store.timeline(connection, incident_id))
    persons = _persons(connection, actor, incident)
    registry = registry_store.load(connection, incident.station)
    devices, doors, credentials = known_of(registry, persons)
    since = actor.at - back
    found = incident_subjects.trail(
        connection, actor.scope, persons=persons, devices=devices, doors=doors, credentials=credentials, since=since,
        until=actor.at, limit=MOST_EVENTS + 1,
    )  # fmt: skip
    told = {"persons": persons, "hours": round(back / timedelta(hours=1), 2), "events": len(found[:MOST_EVENTS])}
    step = effects.write_step(connection, actor, incident_id, "trail", incident.state, incident.state, told)
    texts.keep(connection, sealer, incident.station, incident_id, step, reason=reason)
    # The auditor has to judge the reason, and sees no incident's texts; it may speak of people, so it is sealed there.
    audit_trail.write(connection, sealer, actor, "incident.trail", f"incident/{incident_id}", told, reason=reason)
    announcer.announce(connection, [(tell.incident_change(connection, incident), False)], actor.at)
    return {
        "persons": persons,
        "devices": _within(registry, actor, devices),
        "doors": _within(registry, actor, doors),
        "since": since,
        "until": actor.at,
        "items": found[:MOST_EVENTS],
        "more": len(found) > MOST_EVENTS,
    }


def known_of(registry: Registry, persons: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Return what is known to tell of these persons: their own devices, doors that may name them, their cards.

    Their own are the devices at their homes and those that speak through a gateway there. The doors are the station's
    door controllers; `care.credentials` names cards.
    """
    homes = {registry.persons[one].place for one in persons if one in registry.persons}
    at_home = {device.id for home in homes for device in registry.devices_at(home)}
    behind = {device.id for device in registry.devices.values() if device.via in at_home}
    own = at_home | behind
    doors = {device.id for device in registry.devices.values() if device.kind == "door_controller"} - own
    cards = {
        str(card)
        for one in persons
        if one in registry.persons
        for card in registry.persons[one].care.get("credentials", ())
    }
    return sorted(own), sorted(doors), sorted(cards)


def _within(registry: Registry, actor: Actor, devices: list[str]) -> list[str]:
    """Of these devices, those in the actor's areas: what was looked through, and all they may know of."""
    areas = actor.scope.areas
    return [one for one in devices if areas is None or registry.area_of(registry.devices[one].place) in areas]


def _persons(connection: Connection[TupleRow], actor: Actor, incident: Incident) -> list[str]:
    if incident.person is not None:
        if incident_subjects.home_of(connection, actor.scope, incident.person) is None:
            raise Forbidden(f"{incident.person} lives outside of your areas; ask a colleague whose areas they are")
        return [incident.person]
    found = incident_subjects.persons_at(connection, actor.scope, incident.place) if incident.place is not None else []
    if not found:
        raise BadInput("nobody is known to be concerned: the incident names no person, nor a home", reason="person")
    return found
