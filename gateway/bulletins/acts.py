"""What people do with bulletins: make one, see whom it would reach, withdraw it. One transaction each, audited."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.bulletins import spread
from gateway.bulletins.wording import must_be_for_everybody
from gateway.incidents.actor import Actor
from gateway.model.bulletin import Bulletin, Draft
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES, RESPONDER_ROLES
from gateway.sealing import Sealer
from gateway.store import bulletins as store
from gateway.store import enterprises
from gateway.store import incidents as incident_store

ROLES = COMMAND_ROOM_ROLES | RESPONDER_ROLES
LONGEST, FARTHEST = timedelta(days=90), timedelta(days=366)
#: A phone's clock may be a little behind.
_BEHIND = timedelta(minutes=5)


def preview(connection: Connection[TupleRow], actor: Actor, draft: Draft) -> dict[str, int]:
    """Return how many screens, tvs, phones, colleagues (staff) and enterprises a bulletin would reach.

    Raises as `issue`, but for what its text says.
    """
    _must_be_possible(connection, actor, draft)
    return spread.reach(connection, actor.scope.station, draft)


def issue(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, draft: Draft, client_id: str | None = None
) -> Bulletin:
    """Make a bulletin; it goes out by itself when it begins. Asked for twice by one `client_id` it is the first one.

    Raises `Forbidden`, `NotFound` for an area, enterprise or incident out of reach, and `BadInput` for times that
    cannot be, for one that reaches nobody, and for a text that must not be read by everybody.
    """
    if client_id is not None:
        known = store.of_client(connection, actor.scope.station, actor.username, client_id)
        if known is not None:
            return known
    _must_be_possible(connection, actor, draft)
    must_be_for_everybody(connection, sealer, actor.scope.station, draft)
    if not any(spread.reach(connection, actor.scope.station, draft).values()):
        raise BadInput("this would reach nobody: choose other areas, media or enterprises", reason="media")
    made = store.insert(connection, actor.scope.station, draft, actor.username, actor.at, client_id)
    told = {
        "kind": draft.kind, "areas": draft.areas, "media": draft.media, "enterprises": draft.enterprises,
        "incident": draft.incident, "urgent": draft.urgent, "starts_at": draft.starts_at.isoformat(),
        "ends_at": draft.ends_at.isoformat(),
    }  # fmt: skip
    trail.note(connection, actor, "bulletin.issued", f"bulletin/{made}", told)
    return store.of_ids(connection, [made])[made]


def withdraw(connection: Connection[TupleRow], actor: Actor, bulletin_id: int) -> Bulletin:
    """Take a bulletin off the screens and stop what has not gone out; enterprises that have it are told.

    Raises `Forbidden`, `NotFound`, `Conflict` when it has ended.
    """
    _may_issue(actor)
    found = store.get_held(connection, actor.scope, bulletin_id)
    if found is None:
        raise NotFound(f"there is no bulletin {bulletin_id} that you may withdraw")
    state = found.state(actor.at)
    if state == "withdrawn":
        return found
    if state == "ended":
        raise Conflict(f"bulletin {bulletin_id} ended at {found.ends_at.isoformat()}")
    store.withdraw(connection, bulletin_id, actor.username, actor.at)
    spread.tell_withdrawn(connection, found, actor.at)
    trail.note(connection, actor, "bulletin.withdrawn", f"bulletin/{bulletin_id}", {"was": state})
    return store.of_ids(connection, [bulletin_id])[bulletin_id]


def standing(connection: Connection[TupleRow], actor: Actor, bulletin_id: int) -> dict[str, Any]:
    """Return a bulletin with how far it got: per medium by state, and each screen in one's areas. Raises `NotFound`."""
    found = store.get(connection, actor.scope, bulletin_id)
    if found is None:
        raise NotFound(f"there is no bulletin {bulletin_id} within your reach")
    screens = store.screens_told(
        connection, actor.scope, found.id, found.starts_at - _BEHIND, found.ends_at + timedelta(days=1)
    )
    delivered: dict[str, dict[str, int]] = {}
    for medium, state, count in store.counts(connection, found.id):
        delivered.setdefault(medium, {})[state] = count
    for screen in screens:
        states = delivered.setdefault(screen["medium"], {})
        state = "shown" if screen["shown_at"] is not None else screen["state"]
        states[state] = states.get(state, 0) + 1
    mine = [screen for screen in screens if screen.pop("within")]
    return {**found.public(actor.at), "delivered": delivered, "screens": mine}


def _must_be_possible(connection: Connection[TupleRow], actor: Actor, draft: Draft) -> None:
    _may_issue(actor)
    if draft.urgent and actor.role not in COMMAND_ROOM_ROLES:
        raise Forbidden("an urgent bulletin disturbs people in their sleep: it is made at the desk")
    if draft.starts_at < actor.at - _BEHIND:
        raise BadInput("starts_at: a bulletin does not begin in the past", reason="starts_at")
    if draft.starts_at > actor.at + FARTHEST:
        raise BadInput(f"starts_at: within {FARTHEST.days} days", reason="starts_at")
    if not timedelta() < draft.ends_at - draft.starts_at <= LONGEST:
        raise BadInput(f"ends_at: after it begins, and at most {LONGEST.days} days later", reason="ends_at")
    if not draft.media and not draft.enterprises:
        raise BadInput("say where it goes: media, enterprises or both", reason="media")
    if draft.kind == "incident_notice" and draft.incident is None:
        raise BadInput("incident: an incident notice names the incident it is about", reason="incident")
    _must_be_in_reach(connection, actor, draft)


def _must_be_in_reach(connection: Connection[TupleRow], actor: Actor, draft: Draft) -> None:
    if draft.areas is None:
        if actor.scope.areas is not None:
            raise BadInput("areas: name yours; the whole station is for those who see all of it", reason="areas")
    elif not draft.areas:
        raise BadInput("areas: name at least one", reason="areas")
    elif unknown := store.unknown_areas(connection, actor.scope, draft.areas):
        raise NotFound(f"there is no area {unknown[0]!r} within your reach")
    if absent := enterprises.unknown(connection, actor.scope, draft.enterprises):
        raise NotFound(f"there is no enterprise {absent[0]} within your reach")
    if draft.incident is not None and incident_store.get(connection, actor.scope, draft.incident) is None:
        raise NotFound(f"there is no incident {draft.incident} within your reach")


def _may_issue(actor: Actor) -> None:
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not make or withdraw bulletins")
