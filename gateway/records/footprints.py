"""足迹: what phones say of visits, patrols and where their officers are; taken in once, however often it is said.

A phone that was offline hands in a batch. Each of it is taken or refused by itself, with a sentence: one that can never
be taken must not keep the others waiting on the phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.figures.period import NEWEST, OLDEST, Period
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Forbidden
from gateway.model.scope import Scope
from gateway.sealing import Sealer
from gateway.store import accounts
from gateway.store import footprints as footprint_store
from gateway.store import registry as registry_store
from gateway.store.footprints import Row

Kind = Literal["position", "visit", "patrol", "look"]
WRITERS = frozenset({"officer", "commander", "grid_worker"})
MOST = 200
#: A phone's clock is believed so far back (it was offline) and so far ahead; else it happened when it was received.
BELIEVED_BACK, BELIEVED_AHEAD = timedelta(days=7), timedelta(minutes=2)
#: How long it is known where somebody was.
POSITIONS_KEPT = timedelta(days=90)

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=r"\A[^\x00]+\Z")]


class Footprint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a phone says. `at` is its own clock's (with an offset), `client_id` its own id; coordinates are WGS-84."""

    client_id: Name
    kind: Kind
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    lat: Annotated[float, msgspec.Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, msgspec.Meta(ge=-180, le=180)] | None = None
    place: Name | None = None
    person: Name | None = None
    incident: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    note: Annotated[str, msgspec.Meta(max_length=2000)] | None = None


class Taken(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one: its id, `new` unless it was known already; or why it was refused."""

    client_id: str | None
    id: int | None = None
    new: bool = False
    refused: str | None = None


def take(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, batch: Sequence[dict[str, Any]]
) -> list[Taken]:
    """Take in a batch, in its order, each by itself. Raises `Forbidden`, and `BadInput` for more than 200."""
    if actor.role not in WRITERS:
        raise Forbidden(f"the role {actor.role} leaves no footprints")
    if len(batch) > MOST:
        raise BadInput(f"{len(batch)} footprints; at most {MOST} are taken at once", reason="oversized")
    read = [_read(told) for told in batch]
    known = [one for one in read if isinstance(one, Footprint)]
    where = _Where(connection, actor.scope, known)
    return [_one(connection, sealer, actor, where, one) if isinstance(one, Footprint) else one for one in read]


def of_user(
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    username: str,
    period: Period,
    *,
    kind: Kind | None = None,
    before: int | None = None,
    limit: int = 200,
) -> list[dict[str, Any]]:
    """Return somebody's footprints, newest first: one's own, or a commander those of others, which is audited.

    Raises `Forbidden`.
    """
    scope = may_see(actor, username)
    rows = footprint_store.list_of(
        connection, scope, username, period.since, period.until, kind=kind, before=before, limit=limit
    )
    if username != actor.username:
        accounts.write_audit(
            connection, at=actor.at, station=scope.station, username=actor.username, act="footprints.read",
            object_=f"user/{username}",
            detail={"since": period.since.isoformat(), "until": period.until.isoformat(), "count": len(rows)},
        )  # fmt: skip
    return [_public(row, sealer, scope.station, username) for row in rows]


def may_see(actor: Actor, username: str) -> Scope:
    """Return within which scope somebody may see a record: all of one's own, a commander others' within their areas.

    Raises `Forbidden`.
    """
    if username == actor.username and actor.role in WRITERS:
        return Scope(actor.scope.station)
    if actor.role != "commander":
        raise Forbidden("a record is seen by whom it is about, and by the commander")
    return actor.scope


class _Where:
    """Where what a batch speaks of lies, as far as its writer's scope reaches."""

    def __init__(self, connection: Connection[TupleRow], scope: Scope, batch: Sequence[Footprint]) -> None:
        self.places = registry_store.areas_of_places(connection, scope, {one.place for one in batch if one.place})
        self.homes = footprint_store.homes_of_persons(connection, scope, {one.person for one in batch if one.person})
        self.incidents = footprint_store.places_of_incidents(
            connection, scope, {one.incident for one in batch if one.incident}
        )


def _read(told: dict[str, Any]) -> Footprint | Taken:
    try:
        return msgspec.convert(told, Footprint)
    except msgspec.ValidationError as error:
        client_id = told.get("client_id")
        return Taken(client_id if isinstance(client_id, str) else None, refused=str(error))


def _one(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, where: _Where, told: Footprint) -> Taken:
    refused = wrong_with(told)
    for what, name, known in (
        ("place", told.place, where.places),
        ("person", told.person, where.homes),
        ("incident", told.incident, where.incidents),
    ):
        if refused is None and name is not None and name not in known:
            refused = f"there is no {what} {name} within your reach"
    if refused is not None:
        return Taken(told.client_id, refused=refused)
    place, area = _whereabouts(told, where)
    station = actor.scope.station
    note = sealer.seal(told.note, _note_of(station, actor.username, told.client_id)) if told.note else None
    stored, new = footprint_store.put(
        connection,
        station,
        actor.username,
        Row(
            at=happened(told.at, actor.at),
            client_at=told.at if OLDEST < told.at < NEWEST else None,
            kind=told.kind,
            client_id=told.client_id,
            area=area,
            place=place,
            person=told.person,
            incident=told.incident,
            lat=told.lat,
            lon=told.lon,
            note=note,
        ),
    )
    return Taken(told.client_id, id=stored, new=new)


def wrong_with(told: Footprint) -> str | None:
    """Say what a footprint lacks; None: nothing."""
    if (told.lat is None) != (told.lon is None):
        return "lat and lon come together"
    if told.kind == "position" and told.lat is None:
        return "a position needs lat and lon (WGS-84)"
    if told.kind == "visit" and told.place is None and told.person is None:
        return "a visit needs a place or a person"
    if told.kind in {"patrol", "look"} and told.lat is None and told.place is None and told.incident is None:
        return f"a {told.kind} needs a place, an incident, or lat and lon (WGS-84)"
    return None


def happened(at: datetime, received: datetime) -> datetime:
    """Return when it was: by the phone's clock as far as it is to be believed, else when it was received."""
    return at if received - BELIEVED_BACK <= at <= received + BELIEVED_AHEAD else received


def _whereabouts(told: Footprint, where: _Where) -> tuple[str | None, str | None]:
    """The place and area: as told, else the person's home, else the incident's."""
    if told.place is not None:
        return told.place, where.places[told.place]
    if told.person is not None:
        return where.homes[told.person]
    if told.incident is not None:
        return where.incidents[told.incident]
    return None, None


def _public(row: dict[str, Any], sealer: Sealer, station: str, username: str) -> dict[str, Any]:
    sealed = row.pop("note_sealed")
    about = _note_of(station, username, row["client_id"])
    return {**row, "note": sealer.unseal(bytes(sealed), about) if sealed is not None else None}


def _note_of(station: str, username: str, client_id: str) -> str:
    return f"footprint.note/{station}/{username}/{client_id}"
