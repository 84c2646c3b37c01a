"""Disputes (矛盾纠纷): who mediates, between how many parties where, what came of it, and when somebody looks again.

All of it is codes, places and numbers. Who the parties are and what was agreed is text, and sealed.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents import effects, texts
from gateway.incidents.actor import Actor
from gateway.incidents.earlier import is_stale, overtaken
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.model.incident import ACTS, Incident
from gateway.sealing import Sealer
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.telling import tell
from gateway.telling.tell import Announcer

#: By an officer alone (民警), or with the judicial office and the village (三方联调).
Route = Literal["police", "joint"]
Outcome = Literal["mediating", "agreed", "not_agreed", "withdrawn", "referred"]
#: Who may say something of it: those who may write a note.
DISPUTE_ROLES = ACTS["note"].roles
_FIELDS = ("route", "places", "parties", "outcome")


class Dispute(msgspec.Struct, frozen=True):
    """What is said of a dispute; what is left out stays as it is. `outcome_text` is free text and ends up sealed.

    `places` are the parties' places, `parties` how many they are. `follow_up_on` is a day by the station's calendar;
    `followed_up` says that somebody has looked, so none is due any more.
    """

    route: Route | None = None
    places: tuple[str, ...] | None = None
    parties: int | None = None
    outcome: Outcome | None = None
    outcome_text: str | None = None
    follow_up_on: date | None = None
    followed_up: bool = False


def coded(connection: Connection[TupleRow], actor: Actor, said: Dispute) -> dict[str, Any]:
    """Return what is kept of it in the incident's detail. Raises `NotFound` for a place outside of the scope."""
    told = {name: value for name in _FIELDS if (value := getattr(said, name)) is not None}
    if said.places is not None:
        strange = set(said.places) - registry_store.areas_of_places(connection, actor.scope, said.places).keys()
        if strange:
            raise NotFound(f"there is no place {', '.join(sorted(strange))} within your reach")
        told["places"] = list(said.places)
    return told


def change(
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    incident_id: int,
    said: Dispute,
    *,
    version: int | None = None,
) -> Incident:
    """Set the route, the parties, the outcome and the follow-up day of a dispute, in any state but a merged one.

    Saying what it is already changes nothing. Raises `Forbidden`, `NotFound`, `BadInput` when it is no dispute, and
    `Conflict` when somebody changed it meanwhile.
    """
    if actor.role not in DISPUTE_ROLES:
        raise Forbidden(f"the role {actor.role} may not mediate disputes")
    incident = effects.held(connection, actor.scope, incident_id)
    if incident.category != "dispute":
        raise BadInput(f"incident {incident_id} is no dispute but {incident.category}", reason="dispute")
    if said.followed_up and said.follow_up_on is not None:
        raise BadInput("either it was looked after (followed_up) or a day is set (follow_up_on)", reason="follow_up")
    timeline = incident_store.timeline(connection, incident_id)
    told = coded(connection, actor, said)
    follow_up_on = None if said.followed_up else said.follow_up_on or incident.follow_up_on
    detail = {**incident.detail, "dispute": {**incident.detail.get("dispute", {}), **told}}
    if (detail, follow_up_on) == (incident.detail, incident.follow_up_on) and said.outcome_text is None:
        return incident
    if incident.merged_into is not None or is_stale(incident, version, timeline):
        raise overtaken(incident, timeline)
    day = follow_up_on.isoformat() if follow_up_on is not None else None
    step = effects.write_step(
        connection, actor, incident_id, "dispute", incident.state, incident.state, {**told, "follow_up_on": day}
    )
    texts.keep(connection, sealer, incident.station, incident_id, step, outcome=said.outcome_text)
    moved = incident_store.move(
        connection,
        msgspec.structs.replace(incident, detail=detail, follow_up_on=follow_up_on, changed_at=actor.at),
    )
    trail.note(connection, actor, "incident.dispute", f"incident/{incident_id}", {**told, "follow_up_on": day})
    announcer.announce(connection, [(tell.incident_change(connection, moved), True)], actor.at)
    return moved
