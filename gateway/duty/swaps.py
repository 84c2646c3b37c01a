"""Swaps (换班): somebody stands in for somebody on one day of a shift, and takes it back.

Each act is one transaction, makes the gateway read its registry anew and leaves its mark in the audit trail.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail, words
from gateway.duty.acts import SAVE_ROLES, LeavesNobody, load, reaches, rebuilt
from gateway.duty.coverage import gaps
from gateway.duty.roster import reachable
from gateway.duty.turns import Span, on_turn, posts_of
from gateway.incidents.acts import Actor
from gateway.model.duty import Shift, Swap
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.incident import ACTS
from gateway.model.registry import Registry
from gateway.model.scope import Scope
from gateway.sealing import Sealer
from gateway.store import duty as duty_store
from gateway.store import registry as registry_store
from gateway.store import registry_edit

#: The hours of a duty day may go on this long after it: a weekend that began on a Friday evening.
_LONGEST = timedelta(days=3)


def add_swap(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, swap: Swap, reason: str = ""
) -> tuple[int, Registry]:
    """Let somebody stand in for whoever's turn it is; returns the swap's id and the registry with it.

    An officer may for their own turn, commander and admin for anybody's. `reason` ends up sealed. Raises `Forbidden`,
    `NotFound`, `BadInput`, `Conflict` when somebody stands in already, `LeavesNobody`.
    """
    _may_swap(actor, swap.instead_of)
    registry_edit.hold(connection, actor.scope.station)
    before = load(connection, actor.scope.station, actor.at)
    shift = next((one for one in before.shifts if one.id == swap.shift), None)
    mine = shift is not None and actor.username == swap.instead_of and actor.username in shift.people
    if shift is None or not (reaches(actor, shift.area) or mine):
        raise NotFound(f"there is no shift {swap.shift!r} within your reach")
    spans = _to_come(before, shift, swap, actor.at)
    _can_stand_in(before, swap)
    after = rebuilt(before, before.duties.values(), before.shifts, {**before.swaps, _key(swap): swap.by})
    station = actor.scope.station
    sealed = words.sealed(sealer, reason, words.of_swap(station, swap.shift, swap.day, swap.instead_of))
    swap_id = duty_store.add_swap(connection, station, swap, sealed, made_by=actor.username, now=actor.at)
    if swap_id is None:
        raise Conflict(f"somebody stands in for {swap.instead_of} on {swap.day} already; take that back first")
    _opens_no_gap(before, after, spans, actor.at)
    registry_store.changed(connection, actor.scope.station)
    told = {"id": swap_id, **msgspec.to_builtins(swap)}
    trail.write(connection, sealer, actor, "duty.swap", f"shift/{swap.shift}", told, reason=reason)
    return swap_id, after


def drop_swap(connection: Connection[TupleRow], actor: Actor, swap_id: int) -> None:
    """Take a swap back: whoever's turn it is serves again.

    Raises `Forbidden`, `NotFound`, `BadInput` when it is over, `LeavesNobody`.
    """
    whole = Scope(actor.scope.station) if actor.role == "officer" else actor.scope
    registry_edit.hold(connection, actor.scope.station)
    row = duty_store.swap(connection, whole, swap_id)
    # An officer takes back their own turn's, wherever it is; another's out of reach is not there for them.
    if row is None or (
        row["instead_of"] != actor.username and duty_store.swap(connection, actor.scope, swap_id) is None
    ):
        raise NotFound(f"there is no swap {swap_id} within your reach")
    swap = Swap(row["shift"], row["day"], row["instead_of"], row["by"])
    _may_swap(actor, swap.instead_of)
    before = load(connection, actor.scope.station, actor.at)
    shift = next(one for one in before.shifts if one.id == swap.shift)
    spans = _to_come(before, shift, swap, actor.at) if on_turn(shift, swap.day) == swap.instead_of else []
    left = {key: by for key, by in before.swaps.items() if key != _key(swap)}
    _opens_no_gap(before, rebuilt(before, before.duties.values(), before.shifts, left), spans, actor.at)
    duty_store.drop_swap(connection, actor.scope.station, swap_id)
    registry_store.changed(connection, actor.scope.station)
    trail.note(connection, actor, "duty.unswap", f"shift/{swap.shift}", {"id": swap_id, **msgspec.to_builtins(swap)})


def _may_swap(actor: Actor, instead_of: str) -> None:
    if actor.role in SAVE_ROLES or (actor.role == "officer" and actor.username == instead_of):
        return
    if actor.role == "officer":
        raise Forbidden("an officer swaps their own turns; ask a commander for somebody else's")
    raise Forbidden(f"the role {actor.role} may not swap turns")


def _to_come(registry: Registry, shift: Shift, swap: Swap, now: datetime) -> list[Span]:
    """What is left of the hours somebody is to stand in for."""
    turn = on_turn(shift, swap.day)
    if turn != swap.instead_of:
        whose = f"it is {turn}'s turn" if turn is not None else f"the shift begins on {shift.since}"
        raise BadInput(f"{swap.day} is not {swap.instead_of}'s in {shift.id}: {whose}", reason="swap")
    begins = datetime.combine(swap.day, time.min, ZoneInfo(registry.station.time_zone))
    (post,) = (post for post in posts_of(registry).all if post.shift.id == shift.id)
    spans = [span for span in post.spans(begins, begins + _LONGEST) if span.turn.day == swap.day]
    if not spans:
        raise BadInput(f"the shift {shift.id} has no hours on {swap.day}", reason="swap")
    left = [span for span in spans if span.ends > now]
    if not left:
        raise BadInput(f"{swap.day} is over in {shift.id}; what was cannot be swapped", reason="swap")
    return left


def _can_stand_in(registry: Registry, swap: Swap) -> None:
    responder = registry.responders.get(swap.by)
    if responder is None:
        raise BadInput(f"{swap.by!r} is no user of the station", reason="swap")
    if swap.by == swap.instead_of:
        raise BadInput(f"{swap.by} cannot stand in for themselves", reason="swap")
    if responder.role not in ACTS["sign"].roles:
        raise BadInput(f"{swap.by} has the role {responder.role}, which may not sign incidents", reason="swap")
    if not reachable(registry, swap.by):
        raise BadInput(f"{swap.by} has no contact: let them add one first", reason="swap")


def _opens_no_gap(before: Registry, after: Registry, spans: list[Span], now: datetime) -> None:
    """A gap that was there already is not this swap's doing."""
    for span in spans:
        since = max(span.begins, now)
        days = (span.ends - since) / timedelta(days=1)
        known = gaps(before, since, days=days)
        found = [gap for gap in gaps(after, since, days=days) if gap not in known]
        if found:
            raise LeavesNobody(after, found)


def _key(swap: Swap) -> tuple[str, date, str]:
    return swap.shift, swap.day, swap.instead_of
