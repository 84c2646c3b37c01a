"""What a bulletin says, and what must not be in it: everybody reads it."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.bulletin import Bulletin, Draft
from gateway.model.errors import BadInput
from gateway.persons import personal
from gateway.sealing import Sealer
from gateway.store import bulletins as store

#: Spaces and hyphens within a number are how people write it.
_IDENTITY = re.compile(r"(?<!\d)\d(?:[\s-]?\d){16}[\s-]?[\dXx](?!\d)")
_PHONE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[\s-]?)?(1[\s-]?[3-9](?:[\s-]?\d){9})(?!\d)")


def must_be_for_everybody(connection: Connection[TupleRow], sealer: Sealer, station: str, draft: Draft) -> None:
    """Raise `BadInput` for an identity number, a known person's phone number, or the name of somebody concerned."""
    # What is written full-width is the same.
    said = unicodedata.normalize("NFKC", "\n".join([*draft.title.values(), *draft.text.values()]))
    if _IDENTITY.search(said):
        raise BadInput("there is an identity number in it; everybody reads a bulletin", reason="personal")
    indexes = [personal.phone_index(sealer, found) for found in _PHONE.findall(said)]
    if indexes and store.phones_known(connection, station, indexes):
        raise BadInput("there is the phone number of somebody in the register in it", reason="personal")
    if draft.incident is None:
        return
    for person, sealed in store.concerned(connection, station, draft.incident):
        if personal.names(personal.unseal(sealer, station, person, sealed), said):
            raise BadInput("it names somebody whom the incident is about, or has a number of theirs", reason="personal")


def on_phone(bulletin: Bulletin, where: str, ttl_s: int) -> dict[str, Any]:
    """Return what a message to a person says of a bulletin; `where` is an area's name."""
    return {
        "title": bulletin.title,
        "body": bulletin.text,
        "area": where,
        "bulletin": bulletin.id,
        "kind": bulletin.kind,
        "incident": bulletin.incident,
        "alert": None,
        "rung": 0,
        "drill": False,
        "ttl_s": ttl_s,
        "url": f"/m?bulletin={bulletin.id}",
    }


def to_enterprise(bulletin: Bulletin, where: str, *, withdrawn: bool = False) -> dict[str, Any]:
    """Return what an enterprise's system is told of a bulletin; `where` is an area's name."""
    return {
        "bulletin": bulletin.id,
        "kind": bulletin.kind,
        "title": bulletin.title,
        "text": bulletin.text,
        "area": where,
        "incident": bulletin.incident,
        "starts_at": bulletin.starts_at.isoformat(),
        "ends_at": bulletin.ends_at.isoformat(),
        "withdrawn": withdrawn,
    }


def on_display(bulletins: list[Bulletin]) -> dict[str, Any]:
    """Return what a screen is told: all that is to be shown, the first on top; nothing at all is a list without any."""
    return {"bulletins": [one.on_screen() for one in bulletins]}
