"""spread: once a bulletin has begun, put a message for each person and enterprise into the outbox, page by page.

Colleagues and enterprises first, then residents by id. How far it got is part of the same transaction, and a message's
key says bulletin and recipient: whoever was killed in between, each is told once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.bulletins import wording
from gateway.model.bulletin import Bulletin, Draft
from gateway.model.contact import WAYS, Contact
from gateway.store import bulletins as store
from gateway.store import outbox
from gateway.store.outbox import Notification
from gateway.telling.message import contacts_for

log = structlog.get_logger()

PURPOSE = "bulletin"
TEXT, ENTERPRISE = "sms", "webhook"
#: Residents told in one transaction.
PAGE = 200
#: How long an enterprise's system may be away and still hear that a bulletin was withdrawn.
WITHDRAWAL_LIVES = timedelta(days=1)


def reach(connection: Connection[TupleRow], station: str, draft: Draft) -> dict[str, int]:
    """Return how many screens, tvs, phones, colleagues and enterprises a bulletin is for."""
    areas = store.reached(connection, station, draft.areas)
    screens = store.screens(connection, station, areas)
    told: dict[str, int] = {medium: screens.get(medium, 0) for medium in ("screens", "tvs") if medium in draft.media}
    if "phones" in draft.media:
        told["phones"] = len(store.residents(connection, station, areas, after="", limit=1_000_000))
    if "staff" in draft.media:
        told["staff"] = sum(1 for one in store.colleagues(connection, station, areas) if _ways(one.contacts))
    if draft.enterprises:
        told["enterprises"] = len(set(draft.enterprises))
    return told


def spread(connection: Connection[TupleRow], station: str, now: datetime) -> int:
    """Tell a page of people of the most urgent bulletin that is due; returns how many messages, and one for the page.

    0: nothing is due.
    """
    bulletin = store.due(connection, station, now)
    if bulletin is None:
        return 0
    areas = store.reached(connection, station, bulletin.areas)
    where = store.area_name(connection, station, bulletin.areas)
    made = 0
    if not bulletin.spread_to:
        made += _tell_enterprises(connection, bulletin, where, now)
        made += _tell_colleagues(connection, bulletin, areas, where, now)
    page: list[str] = []
    if "phones" in bulletin.media:
        page = store.residents(connection, station, areas, after=bulletin.spread_to, limit=PAGE)
        for person in page:
            made += _enqueue(connection, bulletin, TEXT, f"person:{person}", where, now, person=person)
    over = len(page) < PAGE
    store.spread(connection, bulletin.id, page[-1] if page else bulletin.spread_to, now if over else None)
    log.info("bulletin spread", stop="spread", bulletin=bulletin.id, messages=made, over=over)
    return made + 1


def tell_withdrawn(connection: Connection[TupleRow], bulletin: Bulletin, now: datetime) -> None:
    """Tell the enterprises that were sent a bulletin that it no longer holds."""
    where = store.area_name(connection, bulletin.station, bulletin.areas)
    for enterprise in store.sent_enterprises(connection, bulletin.id):
        outbox.enqueue(
            connection,
            Notification(
                station=bulletin.station, key=f"{_key(bulletin)}:enterprise:{enterprise}:withdrawn",
                channel=ENTERPRISE, recipient="", priority=_priority(bulletin),
                body=wording.to_enterprise(bulletin, where, withdrawn=True), purpose=PURPOSE, bulletin=bulletin.id,
                enterprise=enterprise,
            ),
            now,
            WITHDRAWAL_LIVES,
        )  # fmt: skip


def _tell_enterprises(connection: Connection[TupleRow], bulletin: Bulletin, where: str, now: datetime) -> int:
    body = wording.to_enterprise(bulletin, where)
    for enterprise in dict.fromkeys(bulletin.enterprises):
        outbox.enqueue(
            connection,
            Notification(
                station=bulletin.station, key=f"{_key(bulletin)}:enterprise:{enterprise}", channel=ENTERPRISE,
                recipient="", priority=_priority(bulletin), body=body, purpose=PURPOSE, bulletin=bulletin.id,
                enterprise=enterprise,
            ),
            now,
            bulletin.ends_at - now,
        )  # fmt: skip
    return len(set(bulletin.enterprises))


def _tell_colleagues(
    connection: Connection[TupleRow], bulletin: Bulletin, areas: list[str], where: str, now: datetime
) -> int:
    if "staff" not in bulletin.media:
        return 0
    made = 0
    for one in store.colleagues(connection, bulletin.station, areas):
        for contact in _ways(one.contacts):
            made += _enqueue(
                connection, bulletin, contact.channel, f"{contact.id}:{one.username}", where, now,
                username=one.username, contact=contact.id,
            )  # fmt: skip
    return made


def _ways(contacts: Sequence[Contact]) -> list[Contact]:
    """By which contacts a colleague is told. Nobody is rung up for a bulletin: a call says there is an incident."""
    return contacts_for([one for one in contacts if one.channel not in WAYS["voice"]], ["push"])


def _enqueue(  # one argument per thing that differs
    connection: Connection[TupleRow],
    bulletin: Bulletin,
    channel: str,
    whom: str,
    where: str,
    now: datetime,
    *,
    username: str | None = None,
    contact: int | None = None,
    person: str | None = None,
) -> int:
    lives = bulletin.ends_at - now
    outbox.enqueue(
        connection,
        Notification(
            station=bulletin.station, key=f"{_key(bulletin)}:{whom}", channel=channel, recipient="",
            priority=_priority(bulletin), body=wording.on_phone(bulletin, where, int(lives.total_seconds())),
            purpose=PURPOSE, bulletin=bulletin.id, username=username, contact=contact, person=person,
        ),
        now,
        lives,
    )  # fmt: skip
    return 1


def _key(bulletin: Bulletin) -> str:
    return f"bulletin:{bulletin.station}:{bulletin.id}"


def _priority(bulletin: Bulletin) -> str:
    return "P2" if bulletin.urgent else "P4"
