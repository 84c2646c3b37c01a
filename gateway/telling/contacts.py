"""What people do about the ways they are reached: add one, let go of it, try it.

Each act leaves its mark in the audit trail. Addresses come in open, are sealed before they are written, and
go out masked.
"""

from __future__ import annotations

from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.acts import Actor
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.sealing import Sealer, contact_address
from gateway.store import contacts as contact_store
from gateway.store import registry as registry_store
from gateway.telling.addresses import masked, read_address
from gateway.telling.reach import try_contact

#: Who may see how others are reached, and try it.
SEES_OTHERS = frozenset({"commander", "admin"})
#: Who may change how others are reached.
CHANGES_OTHERS = frozenset({"admin"})
#: More ways than anybody has.
MOST = 12


def list_contacts(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, username: str
) -> list[dict[str, Any]]:
    """Return a user's contacts with masked addresses. Raises `Forbidden`, `NotFound` outside of the actor's scope."""
    _must_be_self_or(actor, username, SEES_OTHERS, "see how others are reached")
    _must_know(connection, actor, username)
    found = contact_store.of_user(connection, actor.scope, username, me=actor.username)
    station = actor.scope.station
    for row in found:
        address = sealer.unseal(row.pop("address_sealed"), contact_address(station, username, row["channel"]))
        row["address"] = masked(row["channel"], address)
    return found


def add_contact(  # one argument per thing said
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    username: str,
    channel: str,
    address: str,
    label: str,
) -> int:
    """Add a way to reach a user and return its id; one that is there already stays it.

    Raises `Forbidden`, `NotFound`, `BadInput` for an address the channel cannot take or one contact too many.
    """
    _must_be_self_or(actor, username, CHANGES_OTHERS, "change how others are reached")
    _must_know(connection, actor, username)
    if channel == "apprise" and actor.role not in CHANGES_OTHERS:
        # Its addresses name any service and host: whoever writes one lets us call there.
        raise Forbidden("contacts on the channel apprise are added by an admin")
    address = read_address(channel, address)
    station, known = actor.scope.station, contact_store.active_of(connection, actor.scope.station, username)
    index = sealer.index(address, channel)
    there = contact_store.of_address(connection, station, username, channel, index)
    if there is None and len(known) >= MOST:
        raise BadInput(f"a user has at most {MOST} contacts; let go of one first", reason="contacts")
    sealed = sealer.seal(address, contact_address(station, username, channel))
    contact = contact_store.put(
        connection, station, username, channel, address_sealed=sealed, address_index=index, label=label
    )
    contact_store.relabel(connection, contact, label)
    if there is None:
        registry_store.changed(connection, station)
        trail.note(connection, actor, "contact.add", f"contact/{contact}", {"user": username, "channel": channel})
    return contact


def retire_contact(connection: Connection[TupleRow], actor: Actor, username: str, contact: int) -> None:
    """Let go of a way to reach a user. Raises `Forbidden`, `NotFound`."""
    _must_be_self_or(actor, username, CHANGES_OTHERS, "change how others are reached")
    found = _contact(connection, actor, username, contact)
    contact_store.retire(connection, actor.scope.station, contact, f"let go of by {actor.username}")
    trail.note(connection, actor, "contact.retire", f"contact/{contact}", {"user": username, "channel": found})


def retire_subscription(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, subscription: str) -> None:
    """Let go of the actor's own push subscription. Raises `NotFound` when it is not known."""
    index = sealer.index(read_address("web_push", subscription), "web_push")
    contact = contact_store.of_address(connection, actor.scope.station, actor.username, "web_push", index)
    if contact is None:
        raise NotFound("this subscription is not known, or was let go of before")
    retire_contact(connection, actor, actor.username, contact)


def try_now(connection: Connection[TupleRow], actor: Actor, username: str, contact: int) -> int:
    """Send a test to a contact and return the message's id; twice within a minute it is the same test.

    Raises `Forbidden`, `NotFound`.
    """
    _must_be_self_or(actor, username, SEES_OTHERS, "try how others are reached")
    channel = _contact(connection, actor, username, contact)
    minute = actor.at.strftime("%Y%m%dT%H%M")
    trail.note(connection, actor, "contact.test", f"contact/{contact}", {"user": username, "channel": channel})
    return try_contact(
        connection, actor.scope.station, username, contact, channel, occasion=f"asked:{minute}", now=actor.at
    )


def subscription_text(subscription: dict[str, Any]) -> str:
    """Return a browser's PushSubscription as it is kept."""
    return msgspec.json.encode(subscription).decode()


def _contact(connection: Connection[TupleRow], actor: Actor, username: str, contact: int) -> str:
    _must_know(connection, actor, username)
    found = contact_store.get(connection, actor.scope.station, username, contact)
    if found is None:
        raise NotFound(f"{username} has no contact {contact}; it may have been let go of")
    return found.channel


def _must_be_self_or(actor: Actor, username: str, roles: frozenset[str], what: str) -> None:
    if actor.username != username and actor.role not in roles:
        raise Forbidden(f"the role {actor.role} may not {what}")


def _must_know(connection: Connection[TupleRow], actor: Actor, username: str) -> None:
    if not contact_store.knows_user(connection, actor.scope, username, me=actor.username):
        raise NotFound(f"there is no user {username!r} within your reach")
