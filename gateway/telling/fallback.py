"""When a way does not reach its person, the next of their ways is tried; when none is left, the timeline says so.

Then, for a call of the ladder, its next rung is due now. Whoever is dispatched or urged is followed the same way, and
the ladder is left as it is: it goes by its own calls.

A way has failed when its provider refused it or reported so, when the contact is gone, when no receipt has come in
time, and as long as nobody can send on its channel. What has been noted and enqueued is one transaction, and the key
of the next message says rung, contact and person: it is made once, whoever was killed in between.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.contact import CHANNELS, UNCONFIRMED, WAYS, Contact
from gateway.model.errors import StoreUnavailable
from gateway.model.incident import Incident
from gateway.model.scope import Scope
from gateway.store import contacts, outbox, receipts
from gateway.store import incidents as incident_store
from gateway.store import registry as registry_store
from gateway.store.changes import Change
from gateway.store.outbox import Notification
from gateway.store.pool import Pool
from gateway.store.receipts import Tried, Unreached
from gateway.telling import ladder
from gateway.telling.message import LIVES
from gateway.telling.tell import Announcer, incident_change
from gateway.telling.unreached import say_unreachable

log = structlog.get_logger()

#: The ladder's calls.
CALL = "incident"
#: What somebody has to know to do something now; a digest, a test or a bulletin can wait for its reader.
FOLLOWED = frozenset({CALL, "dispatch", "urge"})
_TOLD = frozenset({"delivered", "seen", "acknowledged"})


def fall_back_all(
    pool: Pool, station: str, announcer: Announcer, running: Collection[str], down: Collection[str], now: datetime
) -> int:
    """Try the next way for everybody who was not reached in time; returns how many messages were made.

    `running` are the channels somebody delivers on, `down` those of them whose provider fails at the moment. Each
    message is a transaction of its own, so that one that cannot be looked after holds up no other.
    """
    silent = [channel for channel in CHANNELS if channel not in running or channel in down]
    up = set(running) - set(down)
    with pool.transaction() as connection:
        found = receipts.overdue(connection, station, now) + receipts.stuck(connection, station, silent, now)
    made = 0
    for one in {one.id: one for one in found}.values():
        try:
            with pool.transaction() as connection:
                made += fall_back(connection, station, announcer, one, up, now)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("the next way could not be tried", stop="deliver", notification=one.id)
    return made


def fall_back(  # one argument per fact
    connection: Connection[TupleRow],
    station: str,
    announcer: Announcer,
    one: Unreached,
    up: Collection[str],
    now: datetime,
) -> bool:
    """Look after one message within the caller's transaction; returns whether another one was made.

    The incident is held first, as by whoever signs it: then rows are taken in the same order everywhere, and two loops
    never decide about the same rung at once.
    """
    incident = None
    if one.incident is not None and one.purpose in FOLLOWED:
        incident = incident_store.get(connection, Scope(station), one.incident, hold=True)
    if incident is not None and one.username is not None and not receipts.matters(connection, one.id):
        # Calls of the ladder were stopped when somebody signed; these nobody need send any more either.
        receipts.stop(connection, one.id)
        return False
    if one.username is None or not receipts.give_up(connection, one.id, now):
        receipts.wait_no_more(connection, one.id)
        return False
    if incident is None:
        return False
    occasion = one.key.removesuffix(f":{one.contact}:{one.username}")
    rung = receipts.of_rung(connection, incident.id, f"{occasion}:")
    mine = [tried for tried in rung if tried.username == one.username]
    if any(_may_arrive(tried, up) for tried in mine):
        return False
    known = contacts.active_of(connection, station, one.username)
    following = next_way(one.channel, known, {tried.contact for tried in mine}, up)
    if following is None:
        _unreachable(connection, announcer, incident, one, rung, up, now)
        return False
    made = outbox.enqueue(
        connection,
        Notification(
            station=station, key=f"{occasion}:{following.id}:{one.username}", channel=following.channel, recipient="",
            priority=one.priority, body=one.body, incident=one.incident, alert=one.alert, username=one.username,
            purpose=one.purpose, contact=following.id, instead_of=one.id,
        ),
        now,
        LIVES[one.priority],
    )  # fmt: skip
    log.warning(
        "not reached; trying the next way", stop="deliver", incident=one.incident, notification=one.id,
        channel=one.channel, state=one.state, instead=made, by=following.channel,
    )  # fmt: skip
    return True


def next_way(
    channel: str, known: Collection[Contact], tried: Collection[int | None], up: Collection[str]
) -> Contact | None:
    """Return the next contact to try after one on `channel`: of the same sort first, then as `WAYS` has them."""
    same = next((channels for channels in WAYS.values() if channel in channels), ())
    order = [*same, *(other for other in CHANNELS if other not in same)]
    left = [contact for contact in known if contact.id not in tried and contact.channel in up]
    return min(left, key=lambda contact: (order.index(contact.channel), contact.id), default=None)


def _may_arrive(tried: Tried, up: Collection[str]) -> bool:
    """Whether a person has been told on a way, or that way's own turn to be given up is still to come."""
    if tried.state in _TOLD:
        return True
    if tried.state == "queued":
        return tried.channel in up and not tried.given_up
    if tried.state == "accepted":
        return not tried.given_up and (tried.awaited or tried.channel != UNCONFIRMED)
    return tried.state == "refused" and tried.awaited


def _unreachable(  # one argument per fact
    connection: Connection[TupleRow],
    announcer: Announcer,
    incident: Incident,
    one: Unreached,
    rung: list[Tried],
    up: Collection[str],
    now: datetime,
) -> None:
    """Say that somebody cannot be reached; when nobody of a rung can, the next one is due now."""
    ways = sorted({tried.channel for tried in rung if tried.username == one.username})
    called = one.purpose == CALL
    nobody = called and not any(_may_arrive(tried, up) for tried in rung)
    hastened = nobody and receipts.hasten(connection, incident.id, now)
    if nobody and not hastened:
        ladder.call_the_others(connection, incident, registry_store.load(connection, incident.station), now)
    say_unreachable(
        connection, incident, one.username or "", about=one.purpose, ways=ways, now=now,
        rung=one.body.get("rung") if called else None, next_rung_now=hastened,
    )  # fmt: skip
    log.warning(
        "nobody could be reached" if nobody else "somebody could not be reached", stop="deliver", incident=incident.id,
        notification=one.id, about=one.purpose, ways=ways, next_rung_now=hastened,
    )  # fmt: skip
    changes: list[tuple[Change, bool]] = [(incident_change(connection, incident), True)]
    announcer.announce(connection, changes, now)
