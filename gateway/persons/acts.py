"""What people do with persons' data: look at it masked, reveal it for a reason, write, change and erase it.

Each act is one transaction and, where somebody's data is touched, a line in the audit trail.
"""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Conflict, NotFound
from gateway.persons import care as care_profile
from gateway.persons import personal as sealing
from gateway.persons.consent import must_work_with_persons
from gateway.persons.personal import Personal
from gateway.sealing import Sealer
from gateway.store import incidents as incident_store
from gateway.store import persons as store
from gateway.store import registry as registry_store

#: Fewer characters explain nothing; four Chinese ones may: 上门核实.
SHORTEST_REASON = 4
#: Words of a profile that have acts of their own.
_NOT_BY_HAND = {"consent": "POST /persons/{id}/consent", "away_until": "POST /persons/{id}/away"}


def look(  # one keyword per filter
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    *,
    area: str | None,
    place: str | None,
    care: str | None,
    name: str | None,
    phone: str | None,
    after: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return persons within the actor's scope, masked, by id. A search by name or phone is exact, and audited."""
    must_work_with_persons(actor)
    found = store.list_persons(
        connection, actor.scope, area=area, place=place, care=care, after=after, limit=limit,
        name_index=sealing.name_index(sealer, name) if name else None,
        phone_index=sealing.phone_index(sealer, phone) if phone else None,
    )  # fmt: skip
    if name or phone:
        by = [what for what, asked in (("name", name), ("phone", phone)) if asked]
        told = {"by": by, "found": [row.id for row in found]}
        trail.write(connection, sealer, actor, "person.search", "person", told)
    return [masked(row, _open(sealer, actor, row)) for row in found]


def see(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, person: str) -> dict[str, Any]:
    """Return one person, masked. Raises `Forbidden` and `NotFound`."""
    row = _found(connection, actor, person)
    return masked(row, _open(sealer, actor, row))


def reveal(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, person: str, reason: str, incident: int | None
) -> dict[str, Any]:
    """Return a person's data as it is; who saw what, and why, stands in the audit trail.

    Raises `Forbidden`, `NotFound` (also for an incident out of reach) and `BadInput` when the reason says who instead
    of why: the trail is for people who may not know who somebody is.
    """
    row = _found(connection, actor, person)
    if row.erased:
        raise NotFound(f"the data of person {person!r} was erased")
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise BadInput("say why in a few words; they stand in the audit trail", reason="reason")
    data = _open(sealer, actor, row)
    if sealing.names(data, reason):
        raise BadInput("say why, not who: leave names and numbers of people out of the reason", reason="reason")
    if incident is not None and incident_store.get(connection, actor.scope, incident) is None:
        raise NotFound(f"there is no incident {incident} within your reach")
    told = {"fields": _fields(data), "incident": incident}
    trail.write(connection, sealer, actor, "person.reveal", f"person/{person}", told, reason=reason)
    return {"id": row.id, "place": row.place, "area": row.area, **msgspec.to_builtins(data)}


def write(  # one argument per column
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    *,
    person: str | None,
    place: str,
    care: dict[str, Any],
    personal: Personal,
) -> str:
    """Write a person down and return their id. Nobody watches over them before they, or somebody for them, agree.

    Raises `Forbidden`, `BadInput`, `NotFound` for a place out of reach and `Conflict` for an id that is taken.
    """
    must_work_with_persons(actor)
    _must_work(care)
    person = person or f"p-{secrets.token_hex(6)}"
    if registry_store.area_of_place(connection, actor.scope, place) is None:
        raise NotFound(f"there is no place {place!r} within your reach")
    sealed = sealing.seal(sealer, actor.scope.station, person, personal)
    columns = {"place": place, "care": {**care, "consent": False}, **msgspec.structs.asdict(sealed)}
    if not store.insert(connection, actor.scope, person, **columns):
        raise Conflict(f"the id {person!r} is taken; leave it out and one is made")
    registry_store.changed(connection, actor.scope.station)
    trail.write(connection, sealer, actor, "person.write", f"person/{person}", {"fields": _fields(personal)})
    return person


def change(  # one argument per column
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    person: str,
    *,
    place: str | None,
    care: dict[str, Any],
    personal: dict[str, Any],
) -> None:
    """Change a person: another place, parts of the profile (null takes one out), parts of their data.

    Raises `Forbidden`, `BadInput`, and `NotFound` when the person or the new place is out of reach.
    """
    row = _found(connection, actor, person, hold=True)
    if row.erased:
        raise NotFound(f"the data of person {person!r} was erased")
    _must_work(care)
    profile = {name: value for name, value in {**row.care, **care}.items() if value is not None}
    try:
        data = msgspec.convert({**msgspec.to_builtins(_open(sealer, actor, row)), **personal}, Personal)
    except msgspec.ValidationError as error:
        raise BadInput(f"personal: {error}", reason="personal") from error
    sealed = sealing.seal(sealer, actor.scope.station, person, data)
    columns = {"place": place or row.place, "care": profile, **msgspec.structs.asdict(sealed)}
    if not store.update(connection, actor.scope, person, **columns):
        raise NotFound(f"there is no place {place!r} within your reach")
    registry_store.changed(connection, actor.scope.station)
    told = {"fields": sorted(personal), "care": sorted(care), "moved": place is not None and place != row.place}
    trail.write(connection, sealer, actor, "person.change", f"person/{person}", told)


def erase(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, person: str, reason: str | None) -> None:
    """Erase what is personal of a person; the id stays, so that history does. Raises `Forbidden` and `NotFound`."""
    _found(connection, actor, person, hold=True)
    if not store.erase(connection, actor.scope, person, actor.at):
        raise NotFound(f"the data of person {person!r} was erased already")
    registry_store.changed(connection, actor.scope.station)
    trail.write(connection, sealer, actor, "person.erase", f"person/{person}", {}, reason=reason)


def masked(row: store.Row, data: Personal) -> dict[str, Any]:
    """A person as lists show them. `monitored`: whether rules watch over them now."""
    watched = bool(row.care.get("lives_alone")) and bool(row.care.get("consent", True))
    return {
        "id": row.id, "place": row.place, "area": row.area,
        "care": {name: value for name, value in row.care.items() if name != "consent"},
        "monitored": watched, "consent": row.consent, "erased": row.erased, **data.masked(),
    }  # fmt: skip


def _found(connection: Connection[TupleRow], actor: Actor, person: str, *, hold: bool = False) -> store.Row:
    must_work_with_persons(actor)
    row = store.get(connection, actor.scope, person, hold=hold)
    if row is None:
        raise NotFound(f"there is no person {person!r} within your reach")
    return row


def _open(sealer: Sealer, actor: Actor, row: store.Row) -> Personal:
    return sealing.unseal(sealer, actor.scope.station, row.id, row.sealed)


def _fields(data: Personal) -> list[str]:
    return [name for name, value in msgspec.structs.asdict(data).items() if value]


def _must_work(care: dict[str, Any]) -> None:
    for name, act in _NOT_BY_HAND.items():
        if name in care:
            raise BadInput(f"care.{name} is not written by hand: {act}", reason="care")
    if told := list(care_profile.complaints(care)):
        raise BadInput("; ".join(f"care.{complaint}" for complaint in told), reason="care")
