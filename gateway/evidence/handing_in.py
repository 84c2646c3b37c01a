"""Snapshots and clips that cameras hand in of their own events, and clips they were asked for, checked and sealed.

One of each role an event and camera, and never another one in its place: the same bytes again are what they were.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.evidence import media
from gateway.media_types import is_what_it_says
from gateway.model.errors import BadInput, Conflict
from gateway.sealing import Sealer
from gateway.store import live
from gateway.store import media as store

#: What may be handed in, by role, with the most bytes of each.
ROLES = {"snapshot": ("image/jpeg", 4 * 1024 * 1024), "clip": ("video/mp4", 48 * 1024 * 1024)}
LARGEST = max(most for _, most in ROLES.values())
LONGEST = timedelta(minutes=5)
#: Of one device in a day: a camera gone mad, or somebody with its secret, does not fill the disk.
MOST_A_DAY = 2 * 1024**3


class HandedIn(msgspec.Struct, frozen=True):
    """A picture or clip as it stands. `fresh` is False when the very same was there already."""

    id: int
    sha256: str
    size: int
    fresh: bool = True


class Told(msgspec.Struct, frozen=True):
    """What a camera says of what it hands in: of which event, in which role, from when to when.

    `device`: whose event, when it is another's: then the camera was asked for it.
    """

    event: str
    role: str
    from_at: datetime
    until_at: datetime
    device: str | None = None


def check(told: Told, content_type: str, content: bytes) -> None:
    """Raise `BadInput` for what is not what it says, too large, or of no possible time."""
    media_type, most = ROLES[told.role]
    if content_type.partition(";")[0].strip().lower() != media_type or not is_what_it_says(media_type, content):
        raise BadInput(f"a {told.role} is {media_type}, and says so in its Content-Type", reason="content_type")
    if len(content) > most:
        raise BadInput(
            f"{len(content)} bytes, a {told.role} has {most} at most; a shorter clip fits", reason="oversized"
        )
    if not timedelta() <= told.until_at - told.from_at <= LONGEST:
        raise BadInput(f"it shows some time of {LONGEST} at most: from, then until", reason="span")


def hand_in(
    connection: Connection[TupleRow],
    sealer: Sealer,
    station: str,
    device: str,
    told: Told,
    content: bytes,
    now: datetime,
) -> HandedIn:
    """Keep what a camera hands in, checked.

    Raises `BadInput`, `Conflict` when its event has another in this role, or is another's and nobody asked.
    """
    whose = told.device or device
    if told.device is not None and not live.was_asked(connection, station, device, told.device, told.event):
        raise Conflict(f"{device} was not asked for a clip of {told.device}/{told.event}")
    sha256 = hashlib.sha256(content).hexdigest()
    if (found := store.there(connection, station, whose, told.event, told.role, device)) is not None:
        return _as_it_was(found, sha256, told, content)
    if store.handed_in_since(connection, station, device, now - timedelta(days=1)) + len(content) > MOST_A_DAY:
        raise BadInput(f"{device} has handed in {MOST_A_DAY} bytes within a day; more is not taken", reason="too_many")
    number = store.put(
        connection, station, whose, told.event, told.role, taken_by=device, content_type=ROLES[told.role][0],
        size=len(content), sha256=sha256, from_at=told.from_at, until_at=told.until_at, now=now,
        sealed=sealer.seal(
            base64.b64encode(content).decode(), media.about(station, whose, told.event, told.role, device)
        ),
    )  # fmt: skip
    if number is not None:
        return HandedIn(number, sha256, len(content))
    found = store.there(connection, station, whose, told.event, told.role, device)  # somebody was faster
    if found is None:
        raise Conflict("it is being handed in at this moment; ask again")
    return _as_it_was(found, sha256, told, content)


def _as_it_was(found: tuple[int, str], sha256: str, told: Told, content: bytes) -> HandedIn:
    number, before = found
    if before != sha256:
        raise Conflict(f"event {told.event} has another {told.role}; what was handed in is not replaced")
    return HandedIn(number, sha256, len(content), fresh=False)
