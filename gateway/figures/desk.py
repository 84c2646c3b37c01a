"""Operators at the command room's desk: «I am here», a pause, «I am not»; and the handover from one to the next.

The roster (`gateway.duty`) says who should be there; this says who was, so that alarms can be counted per operator.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail, words
from gateway.incidents.acts import Actor
from gateway.model.errors import Conflict, Forbidden, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES
from gateway.sealing import Sealer
from gateway.store import desk as desk_store
from gateway.store import registry as registry_store
from gateway.store import shelves as shelf_store
from gateway.store.desk import OpenDesk
from gateway.telling import reach


def begin(connection: Connection[TupleRow], actor: Actor) -> OpenDesk:
    """Sit down at the desk, or come back from a pause; whoever is there already stays. Raises `Forbidden`."""
    _must_be_command_room(actor)
    desk_store.begin(connection, actor.scope.station, actor.username, actor.at)
    desk = _mine(connection, actor)
    if desk.paused_at is None and desk.began_at != actor.at:
        return desk
    desk_store.resume(connection, desk.id, actor.at)
    trail.note(connection, actor, "desk.begin", f"desk/{desk.id}")
    return msgspec.structs.replace(desk, paused_at=None)


def pause(connection: Connection[TupleRow], actor: Actor) -> OpenDesk:
    """Leave the desk for a while. Raises `Forbidden`, and `Conflict` for whoever is not there."""
    _must_be_command_room(actor)
    desk = _mine(connection, actor)
    if desk.paused_at is not None:
        return desk
    desk_store.pause(connection, desk.id, actor.at)
    trail.note(connection, actor, "desk.pause", f"desk/{desk.id}")
    return msgspec.structs.replace(desk, paused_at=actor.at)


def end(connection: Connection[TupleRow], actor: Actor) -> OpenDesk:
    """Leave the desk. Raises `Forbidden`, and `Conflict` for whoever is not there."""
    _must_be_command_room(actor)
    desk = _mine(connection, actor)
    desk_store.end(connection, desk.id, actor.at)
    trail.note(connection, actor, "desk.end", f"desk/{desk.id}")
    return desk


def page(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, idle: timedelta) -> dict[str, Any]:
    """Return what the one who comes has to know, as it is now, within the actor's areas. Raises `Forbidden`."""
    return _with_reasons(connection, sealer, actor.scope.station, _page(connection, actor, idle))


def _page(connection: Connection[TupleRow], actor: Actor, idle: timedelta) -> dict[str, Any]:
    """The page without why something was shelved: so it is kept, and those words stand with the shelf, sealed."""
    _must_be_command_room(actor)
    left = desk_store.left(connection, actor.scope, _silent(connection, actor), actor.at)
    return {
        "at": actor.at,
        "at_desk": [
            {"username": seat.username, "name": seat.name, "began_at": seat.began_at, "paused": seat.paused}
            for seat in desk_store.seats(
                connection, actor.scope.station, actor.at, actor.at + timedelta(seconds=1), now=actor.at, idle=idle
            )
            if seat.at_desk
        ],
        "counts": {name: len(rows) for name, rows in left.items()} | {"overdue": sum(i["late"] for i in left["open"])},
        **left,
        "overdue": [incident["id"] for incident in left["open"] if incident["late"]],
    }


def _silent(connection: Connection[TupleRow], actor: Actor) -> list[str]:
    """Who is on duty now, within the actor's areas, and cannot be reached as far as anybody knows."""
    registry = registry_store.load(connection, actor.scope.station)
    people = reach.on_duty(registry, actor.scope.areas, actor.at)
    found = reach.reach_of(connection, actor.scope.station, people, actor.at)
    return [username for username, told in found.items() if told.reach == "silent"]


def hand_over(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, note: str | None, idle: timedelta
) -> dict[str, Any]:
    """Keep the page as it is now, signed by the one who gives. Raises `Forbidden`."""
    told = _page(connection, actor, idle)
    station = actor.scope.station
    sealed = sealer.seal(note, _note_of(station, actor.username)) if note else None
    handover = desk_store.hand_over(connection, actor.scope, told, sealed, actor.username, actor.at)
    trail.note(connection, actor, "desk.hand_over", f"handover/{handover}")
    return _public(connection, sealer, station, _held(connection, actor, handover))


def take_over(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, handover_id: int) -> dict[str, Any]:
    """Sign as the one who takes over; done twice by the same person it stays as it was.

    Raises `Forbidden`, `NotFound`, and `Conflict` for whoever gave it, or when somebody else has taken it.
    """
    _must_be_command_room(actor)
    row = _held(connection, actor, handover_id)
    if row["given_by"] == actor.username:
        raise Conflict(f"you wrote handover {handover_id}; whoever takes over signs it")
    if row["taken_by"] not in {None, actor.username}:
        raise Conflict(f"{row['taken_by']} took handover {handover_id} over at {row['taken_at'].isoformat()}")
    if row["taken_by"] is None:
        desk_store.take_over(connection, handover_id, actor.username, actor.at)
        trail.note(connection, actor, "desk.take_over", f"handover/{handover_id}")
        row |= {"taken_by": actor.username, "taken_at": actor.at}
    return _public(connection, sealer, actor.scope.station, row)


def handover(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, handover_id: int) -> dict[str, Any]:
    """Return one handover. Raises `Forbidden`, `NotFound`."""
    _must_be_command_room(actor)
    return _public(connection, sealer, actor.scope.station, _held(connection, actor, handover_id))


def _held(connection: Connection[TupleRow], actor: Actor, handover_id: int) -> dict[str, Any]:
    row = desk_store.handover(connection, actor.scope, handover_id)
    if row is None:
        raise NotFound(f"there is no handover {handover_id} within your reach")
    return row


def _with_reasons(
    connection: Connection[TupleRow], sealer: Sealer, station: str, page: dict[str, Any]
) -> dict[str, Any]:
    """A page with why each of its shelves was made; of a single alert nobody has said."""
    shelved = page.get("shelved", [])
    why = {
        number: words.opened(sealer, sealed, words.of_shelf(station, by, begins_at))
        for number, by, begins_at, sealed in shelf_store.reasons(
            connection, station, [one["id"] for one in shelved if one["what"] == "shelf"]
        )
    }
    told = [{**one, "reason": why.get(one["id"]) if one["what"] == "shelf" else None} for one in shelved]
    return {**page, "shelved": told}


def _public(connection: Connection[TupleRow], sealer: Sealer, station: str, row: dict[str, Any]) -> dict[str, Any]:
    sealed = row.pop("note_sealed")
    note = sealer.unseal(bytes(sealed), _note_of(station, row["given_by"])) if sealed is not None else None
    return {**row, "page": _with_reasons(connection, sealer, station, row["page"]), "note": note}


def _note_of(station: str, username: str) -> str:
    return f"desk_handover.note/{station}/{username}"


def _mine(connection: Connection[TupleRow], actor: Actor) -> OpenDesk:
    desk = desk_store.open_of(connection, actor.scope.station, actor.username)
    if desk is None:
        raise Conflict("you are not at the desk; begin first: POST /api/v1/desk/begin")
    return desk


def _must_be_command_room(actor: Actor) -> None:
    if actor.role not in COMMAND_ROOM_ROLES:
        raise Forbidden(f"the role {actor.role} has no place at the desk")
