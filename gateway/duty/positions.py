"""Who on duty is where now, for whoever sends people: the last place of each, never a trail (decision 0013)."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.duty.acts import load
from gateway.duty.answer import FRESH, posted
from gateway.duty.roster import answering
from gateway.duty.turns import posts_of
from gateway.incidents.actor import Actor
from gateway.model.errors import Forbidden
from gateway.model.registry import Registry
from gateway.store import footprints as footprint_store

#: Who sends people, and so sees where they are.
ROLES = frozenset({"operator", "commander"})
#: Somebody who keeps looking leaves a line in the audit trail this often.
NOTED_EVERY = timedelta(hours=1)


class Duty(msgspec.Struct, frozen=True):
    """What somebody answers for now: an area (None: the station), or as a guard the place's, and as what."""

    area: str | None
    duty_as: str


class Whereabouts(msgspec.Struct, frozen=True):
    """Somebody on duty and where they are: WGS-84 degrees, None when nobody knows.

    `where` says how it is known: by a footprint `age_s` seconds old, or by the place of their shift.
    """

    user: str
    name: str
    role: str
    duties: list[Duty]
    where: Literal["footprint", "shift"] | None = None
    lat: float | None = None
    lon: float | None = None
    seen_at: datetime | None = None
    age_s: int | None = None


def positions(connection: Connection[TupleRow], actor: Actor) -> list[Whereabouts]:
    """Return who serves within the actor's scope now and where they were last, if that is younger than `FRESH`.

    Whoever is not on duty is not in it. Noted in the audit trail once an hour. Raises `Forbidden`.
    """
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} does not see where people are")
    registry = load(connection, actor.scope.station, actor.at)
    serving = _serving(registry, actor)
    seen = footprint_store.latest(connection, actor.scope, serving, actor.at - FRESH)
    stands = posted(registry, actor.at)
    found: list[Whereabouts] = []
    for user, duties in sorted(serving.items()):
        person = registry.responders.get(user)
        if person is None:
            continue
        told = Whereabouts(user, person.name, person.role, duties)
        if user in seen:
            step = seen[user]
            age = max(0, round((actor.at - step.at).total_seconds()))
            told = msgspec.structs.replace(
                told, where="footprint", lat=step.lat, lon=step.lon, seen_at=step.at, age_s=age
            )
        elif user in stands:
            lat, lon = stands[user]
            told = msgspec.structs.replace(told, where="shift", lat=lat, lon=lon)
        found.append(told)
    footprint_store.note_seen(connection, actor.scope, actor.username, now=actor.at, after=actor.at - NOTED_EVERY)
    return found


def _serving(registry: Registry, actor: Actor) -> dict[str, list[Duty]]:
    """Whom the roster names for the areas within reach; a last resort is not on duty."""
    reach = actor.scope.areas
    found: dict[str, list[Duty]] = defaultdict(list)
    for area in [*registry.areas, None] if reach is None else reach:
        for answer in answering(registry, area, actor.at):
            if answer.why["code"] != "last_resort":
                found[answer.user].append(Duty(area, answer.duty_as))
    for post in posts_of(registry).all:
        area = registry.area_of(post.shift.place)
        turn = post.at(actor.at) if post.guards_a_place and (reach is None or area in reach) else None
        if turn is not None:
            found[turn.user].append(Duty(area, post.shift.duty_as))
    return found
