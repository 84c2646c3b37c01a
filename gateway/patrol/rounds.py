"""A round: begun, a look at each point, ended; whoever is within reach may go on where another left off."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import words
from gateway.incidents import effects
from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.patrol import Code, Seen
from gateway.patrol import pictures
from gateway.patrol.findings import find
from gateway.patrol.pictures import Shown
from gateway.records.footprints import happened
from gateway.sealing import Sealer
from gateway.store import patrols as patrol_store
from gateway.store.patrols import Look, Round
from gateway.telling.tell import Announcer

#: Who walks.
ROLES = frozenset({"operator", "officer", "commander"})
#: A round that nobody ends is over after this.
LASTS = timedelta(hours=2)


class Looked(msgspec.Struct, frozen=True):
    """What somebody saw at a point (from 1). `at` is their own clock's; `client_id` their own name for the look.

    `picture`: what the point's camera showed, to be kept with a finding.
    """

    point: int
    seen: Seen
    code: Code | None = None
    note: str | None = None
    at: datetime | None = None
    client_id: str | None = None
    picture: Shown | None = None


def begin(connection: Connection[TupleRow], actor: Actor, route: str) -> tuple[Round, bool]:
    """Begin a round; returns it, and whether it is new: one of the actor's own that is under way goes on.

    Raises `Forbidden`, `NotFound`.
    """
    _must_walk(actor)
    if patrol_store.hold_route(connection, actor.scope, route) is None:
        raise NotFound(f"there is no patrol route {route!r} within your reach")
    recent = patrol_store.rounds(connection, actor.scope, now=actor.at, route=route, since=actor.at - LASTS, limit=100)
    mine = next((one for one in recent if one.username == actor.username and one.state == "under_way"), None)
    if mine is not None:
        return mine, False
    number = patrol_store.begin(connection, actor.scope, route, actor.username, now=actor.at, ends_by=actor.at + LASTS)
    return _round(connection, actor, number), True


def look(
    connection: Connection[TupleRow], announcer: Announcer, sealer: Sealer, actor: Actor, round_id: int, told: Looked
) -> dict[str, Any]:
    """Write down what was seen at a point; a finding becomes a work item. Returns the round as `shown`.

    Looking again at a point is another look, the last one counts. Raises `Forbidden`, `NotFound`, `BadInput`, and
    `Conflict` when the round is over.
    """
    _must_walk(actor)
    round_ = _round(connection, actor, round_id, hold=True)
    if told.client_id and patrol_store.is_known(connection, round_id, actor.username, told.client_id):
        return shown(connection, sealer, actor, round_id)
    if round_.state != "under_way":
        raise Conflict(f"round {round_id} is over ({round_.state}); begin another one")
    if not 1 <= told.point <= len(round_.points):
        raise BadInput(f"the round has points 1 to {len(round_.points)}, no {told.point}", reason="point")
    if (told.code is None) is (told.seen == "finding"):
        raise BadInput("a finding says what it is (`code`), nothing else has one", reason="code")
    device = round_.points[told.point - 1].device
    if told.picture is not None and (told.code is None or device is None):
        raise BadInput("a picture is kept with a finding, at a point that has a camera", reason="picture")
    item = find(connection, actor, round_, told.point, told.code) if told.code is not None else None
    about = _note_of(actor.scope.station, round_id, told.point)
    number = patrol_store.look(
        connection,
        Look(
            round=round_id,
            point=told.point,
            username=actor.username,
            at=max(happened(told.at, actor.at), round_.began_at) if told.at is not None else actor.at,
            client_at=told.at,
            client_id=told.client_id,
            seen=told.seen,
            code=told.code,
            note=words.sealed(sealer, told.note or "", about),
            alert=item.id if item is not None else None,
        ),
    )
    if told.picture is not None and device is not None:
        pictures.keep(connection, sealer, actor, told.picture, round_id=round_id, look=number, device=device)
    answer = shown(connection, sealer, actor, round_id)
    if item is not None:
        announcer.announce(connection, [effects.alert_change(item)], actor.at)
    return answer


def end(connection: Connection[TupleRow], actor: Actor, round_id: int) -> Round:
    """End a round; one that has been ended stays as it is. Raises `Forbidden`, `NotFound`, `Conflict`: it ran out."""
    _must_walk(actor)
    round_ = _round(connection, actor, round_id, hold=True)
    if round_.state == "expired":
        raise Conflict(f"round {round_id} ended by itself at {round_.ends_by.isoformat()}; begin another one")
    if round_.state == "under_way":
        patrol_store.end(connection, actor.scope, round_id, actor.username, now=actor.at)
    return _round(connection, actor, round_id)


def shown(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, round_id: int) -> dict[str, Any]:
    """Return a round with its looks, notes opened (None: sealed with another key). Raises `NotFound`."""
    round_ = _round(connection, actor, round_id)
    looks = []
    for one in patrol_store.looks(connection, actor.scope, round_id):
        sealed = one.pop("note_sealed")
        about = _note_of(actor.scope.station, round_id, one["point"])
        looks.append({**one, "note": words.opened(sealer, bytes(sealed) if sealed is not None else None, about)})
    return {**public(round_), "looks": looks}


def public(round_: Round) -> dict[str, Any]:
    """A round as plain data."""
    told: dict[str, Any] = msgspec.to_builtins(round_)
    return told


def _round(connection: Connection[TupleRow], actor: Actor, round_id: int, *, hold: bool = False) -> Round:
    found = patrol_store.get(connection, actor.scope, round_id, now=actor.at, hold=hold)
    if found is None:
        raise NotFound(f"there is no round {round_id} within your reach")
    return found


def _must_walk(actor: Actor) -> None:
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} walks no rounds")


def _note_of(station: str, round_id: int, point: int) -> str:
    return f"patrol_look.note/{station}/{round_id}/{point}"
