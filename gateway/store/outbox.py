"""The outbox: notifications as rows, leased by the delivery loop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from gateway.model.policy import Policy
from gateway.model.ports import Message, Outcome
from gateway.store.sql import queries

SQL = queries("outbox")
PRIORITIES = ("P1", "P2", "P3", "P4")


class Notification(msgspec.Struct, frozen=True):
    """One message to be enqueued. `key` makes enqueueing it twice harmless.

    A message to a person ends its key with `:contact:username`; what stands before is the occasion, for example the
    rung. So the same person is told of the same occasion once on each of their ways, whoever asks for it.
    """

    station: str
    key: str
    channel: str
    recipient: str
    priority: str
    body: dict[str, Any]
    incident: int | None = None
    alert: int | None = None
    #: What it is about: incident, probe, change, test, bulletin, digest, urge.
    purpose: str = "incident"
    #: Whom it is for, and by which of their ways; then `recipient` is empty and the address looked up when it is sent.
    username: str | None = None
    contact: int | None = None
    #: Which message to the same person this one makes good for.
    instead_of: int | None = None
    #: Which bulletin it carries; and the resident or enterprise it is for, whose address is looked up like a contact's.
    bulletin: int | None = None
    person: str | None = None
    enterprise: int | None = None


class Leased(msgspec.Struct, frozen=True):
    """A message taken out for us alone, for a contact of a user, a resident, an enterprise, or an address of its own.

    `address_sealed` is how they are reached, None when they no longer are: a resident's is all their personal data.
    """

    message: Message
    contact: int | None
    username: str | None
    person: str | None
    enterprise: int | None
    address_sealed: bytes | None

    @property
    def looked_up(self) -> bool:
        """Whether its address is somebody's, not its own."""
        return self.contact is not None or self.person is not None or self.enterprise is not None


def enqueue(connection: Connection[TupleRow], notification: Notification, now: datetime, lives: timedelta) -> int:
    """Put one message into the outbox and wake the delivery loop when the transaction commits; returns its id."""
    columns = msgspec.structs.asdict(notification)
    row = connection.execute(
        SQL["enqueue"],
        {**columns, "body": Jsonb(notification.body), "now": now, "expires_at": now + lives},
    ).fetchone()
    if row is None:
        row = connection.execute(SQL["of_key"], {"key": notification.key}).fetchone()
    connection.execute("notify anxin_outbox")
    return int(row[0]) if row is not None else 0


def is_known(connection: Connection[TupleRow], key: str) -> bool:
    """Say whether there is a message of this key, whatever became of it."""
    return connection.execute(SQL["of_key"], {"key": key}).fetchone() is not None


def lease(
    connection: Connection[TupleRow],
    station: str,
    channel: str,
    now: datetime,
    until: datetime,
    limit: int,
    priorities: Sequence[str] = PRIORITIES,
    *,
    fresh: bool = False,
    quiet: bool = False,
) -> list[Leased]:
    """Take the most urgent messages of a channel, of these priorities, for us alone until the lease ends.

    `fresh`: only those that were never tried. `quiet`: none that keep quiet hours (`quieten`).
    """
    parameters = {
        "station": station, "channel": channel, "now": now, "until": until, "limit": limit,
        "priorities": list(priorities), "fresh": fresh, "quiet": quiet,
    }  # fmt: skip
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["lease"], parameters).fetchall()
    found = [
        Leased(
            contact=row.pop("contact_id"),
            username=row.pop("username"),
            person=row.pop("person_id"),
            enterprise=row.pop("enterprise_id"),
            address_sealed=row.pop("address_sealed"),
            message=Message(**row),
        )
        for row in rows
    ]
    return sorted(found, key=lambda leased: (leased.message.priority, leased.message.id))


def expire(connection: Connection[TupleRow], station: str, now: datetime) -> int:
    """Give up messages that are too late to be of use and return how many."""
    return connection.execute(SQL["expire"], {"station": station, "now": now}).rowcount


def quieten(connection: Connection[TupleRow], station: str, channel: str, now: datetime, until: datetime) -> int:
    """Let a channel's P3 and P4 messages to people wait until quiet hours end; returns how many."""
    told = {"station": station, "channel": channel, "now": now, "until": until}
    return connection.execute(SQL["quieten"], told).rowcount


def release(connection: Connection[TupleRow], station: str, channels: Sequence[str]) -> None:
    """Forget the leases of a delivery loop of these channels that is gone."""
    connection.execute(SQL["release"], {"station": station, "channels": list(channels)})


def settle(  # one argument per fact of the attempt
    connection: Connection[TupleRow],
    message: Message,
    outcome: Outcome,
    started_at: datetime,
    ended_at: datetime,
    retry_at: datetime | None,
    receipt_by: datetime | None = None,
) -> None:
    """Record an attempt; then the message is accepted, refused, or waits for `retry_at`.

    `receipt_by`: when the person should have been reached; then the next of their ways is tried.
    """
    connection.execute(
        SQL["record"],
        {
            "id": message.id,
            "started_at": started_at,
            "ended_at": ended_at,
            "result": outcome.result,
            "detail": outcome.detail[:500],
        },
    )
    if retry_at is not None:
        connection.execute(SQL["postpone"], {"id": message.id, "due_at": retry_at, "receipt_by": receipt_by})
        return
    accepted = outcome.result == "accepted"
    connection.execute(
        SQL["settle"],
        {
            "id": message.id,
            "state": "accepted" if accepted else "refused",
            "accepted_at": ended_at if accepted else None,
            "provider_id": outcome.provider_id,
            "receipt_by": receipt_by,
        },
    )


def stop(connection: Connection[TupleRow], incident: int, *, over: bool) -> None:
    """Call nobody any more about an incident; when it is `over`, nobody is sent or urged either.

    What is under way this moment may ring, but is not tried again.
    """
    connection.execute(SQL["stop"], {"incident": incident, "over": over})


def acknowledge(connection: Connection[TupleRow], incident: int, username: str, at: datetime) -> None:
    """Whoever signs an incident has read what they were sent of it; what has not gone out does not any more."""
    connection.execute(SQL["acknowledge"], {"incident": incident, "username": username, "at": at})


def policy(connection: Connection[TupleRow], station: str) -> tuple[Policy, str]:
    """Return how the station wants its people told, and its time zone (IANA)."""
    row = connection.execute(SQL["policy"], {"station": station}).fetchone()
    return (msgspec.convert(row[0], Policy), row[1]) if row is not None else (Policy(), "UTC")


def sent_since(connection: Connection[TupleRow], station: str, channel: str, since: datetime) -> list[datetime]:
    """Return when the attempts of a channel began, after a moment, oldest first."""
    told = {"station": station, "channel": channel, "since": since}
    return [row[0] for row in connection.execute(SQL["sent_since"], told).fetchall()]


def backlog(connection: Connection[TupleRow], station: str) -> list[tuple[str, int, datetime]]:
    """Return (channel, messages waiting, since when the oldest could go out) for each channel with a backlog."""
    return connection.execute(SQL["backlog"], {"station": station}).fetchall()
