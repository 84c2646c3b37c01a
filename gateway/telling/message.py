"""message: what phones show of an incident, put into the outbox for people, once on each of their ways.

Nothing personal is in it: no name, no exact flat. A phone shows «P1 校园一键报警 · 东街网格 · 点开查看».
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.contact import CHANNELS, UNCONFIRMED, WAYS, Contact
from gateway.model.incident import Incident
from gateway.model.policy import By
from gateway.model.registry import Registry
from gateway.store import outbox
from gateway.store.outbox import Notification

#: How long a message is of use, by priority. After that the ladder, not this message, carries on.
LIVES = {
    "P1": timedelta(minutes=10),
    "P2": timedelta(minutes=30),
    "P3": timedelta(hours=4),
    "P4": timedelta(hours=8),
}
LANGUAGES = ("zh", "en")
NOTHING: Mapping[str, str] = MappingProxyType({"zh": "", "en": ""})
DRILL: Mapping[str, str] = MappingProxyType({"zh": "【演练】", "en": "[Drill] "})


class Occasion(msgspec.Struct, frozen=True):
    """Why people are told of an incident now, and what is said of it beside its title; texts by language.

    `key` tells the occasion from all others, so that nobody is told of it twice on one way. `line` stands between the
    area and the invitation to look.
    """

    key: str
    #: As in `Notification.purpose`.
    purpose: str
    line: Mapping[str, str]
    before_title: Mapping[str, str] = NOTHING
    after_title: Mapping[str, str] = NOTHING
    alert: int | None = None
    rung: int = 0


def tell(  # one argument per thing a message is made of
    connection: Connection[TupleRow],
    incident: Incident,
    occasion: Occasion,
    people: Iterable[tuple[str, Sequence[Contact]]],
    area: str,
    now: datetime,
) -> list[str]:
    """Put a message for each of these people on each of these contacts into the outbox; returns who has any.

    `area` is the name people know it by (`area_of`).
    """
    shown = body(incident, occasion, area)
    told: list[str] = []
    for username, contacts in people:
        for contact in contacts:
            outbox.enqueue(
                connection,
                Notification(
                    station=incident.station,
                    key=f"{occasion.key}:{contact.id}:{username}",
                    channel=contact.channel,
                    recipient="",
                    priority=incident.priority,
                    body=shown,
                    incident=incident.id,
                    alert=occasion.alert,
                    purpose=occasion.purpose,
                    username=username,
                    contact=contact.id,
                ),
                now,
                LIVES[incident.priority],
            )
        if contacts:
            told.append(username)
    return told


def body(incident: Incident, occasion: Occasion, area: str) -> dict[str, Any]:
    """Return what a phone shows. Area, not address; no names."""
    drill = DRILL if incident.drill else NOTHING
    invited = {"zh": "点开查看", "en": "open for details"}
    return {
        "title": {
            language: f"{drill[language]}{occasion.before_title[language]}{incident.priority} "
            f"{incident.title[language]}{occasion.after_title[language]}"
            for language in LANGUAGES
        },
        "body": {language: f"{area} · {occasion.line[language]} · {invited[language]}" for language in LANGUAGES},
        "area": area,
        "incident": incident.id,
        "alert": occasion.alert,
        "rung": occasion.rung,
        "purpose": occasion.purpose,
        "drill": incident.drill,
        "ttl_s": int(LIVES[incident.priority].total_seconds()),
        "url": f"/m?incident={incident.id}",
    }


def numbered(incident: Incident) -> dict[str, str]:
    """Return what a message says of an incident when there is nothing more to say."""
    return {"zh": f"警情 {incident.id}", "en": f"incident {incident.id}"}


def area_of(incident: Incident, registry: Registry) -> str:
    """Return the name of an incident's area, without one the station's: what a push may say of a place."""
    area = registry.areas.get(incident.area) if incident.area is not None else None
    return area.name if area is not None else registry.station.name


def contacts_for(contacts: Sequence[Contact], by: Sequence[By]) -> list[Contact]:
    """Return by which contacts a rung tells somebody: all that show a push, the first for a text and for a call.

    Whoever cannot be reached by any way a rung asks for is told by the best there is. What says nothing of what became
    of a message (apprise) serves only where there is nothing better.
    """
    found: list[Contact] = []
    for way in by:
        mine = [one for channel in WAYS[way] for one in contacts if one.channel == channel]
        sure = [one for one in mine if one.channel != UNCONFIRMED] or mine
        found += sure if way == "push" else sure[:1]
    return found or sorted(contacts, key=lambda one: CHANNELS.index(one.channel))[:1]


def showing(contacts: Sequence[Contact]) -> list[Contact]:
    """Return the contacts that show a push, all there are where none does.

    For what is said beside the ladder: no other way is tried later when one fails, so none is left out.
    """
    return [one for one in contacts if one.channel in WAYS["push"]] or list(contacts)
