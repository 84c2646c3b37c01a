"""A camera hands in its newest still, and what it looks at, checked and sealed, while somebody asks for it."""

from __future__ import annotations

import base64
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.cameras import setting_up
from gateway.cameras.stills import LASTS, about
from gateway.media_types import is_what_it_says, jpeg_size
from gateway.model.camera import Description
from gateway.model.errors import BadInput, Conflict
from gateway.sealing import Sealer
from gateway.store import live as store

MOST_BYTES = 512 * 1024
#: Of what a camera looks at.
MOST_DESCRIBED = 128 * 1024
#: In pixels. A still shows what goes on, not who it is.
WIDEST, HIGHEST = 640, 1280


def hand_in(
    connection: Connection[TupleRow],
    sealer: Sealer,
    station: str,
    device: str,
    taken_at: datetime,
    content: bytes,
    now: datetime,
) -> None:
    """Keep a camera's newest still, checked. Raises `BadInput`, and `Conflict` when nobody watches this camera."""
    check(content)
    kept = store.put_still(
        connection, station, device, taken_at=min(taken_at, now), now=now, since=now - LASTS,
        sealed=sealer.seal(base64.b64encode(content).decode(), about(station, device)),
    )  # fmt: skip
    if not kept:
        raise Conflict("nobody watches this camera now; hand in stills while you are asked for them")


def check(content: bytes) -> None:
    """Raise `BadInput` for what is no still."""
    size = jpeg_size(content) if is_what_it_says("image/jpeg", content) else None
    if size is None:
        raise BadInput("a still is a JPEG", reason="content_type")
    if len(content) > MOST_BYTES or size[0] > WIDEST or size[1] > HIGHEST:
        raise BadInput(
            f"a still has {MOST_BYTES} bytes and {WIDEST}x{HIGHEST} pixels at most, this one has {len(content)} and "
            f"{size[0]}x{size[1]}",
            reason="oversized",
        )


def describe(
    connection: Connection[TupleRow], sealer: Sealer, station: str, device: str, content: bytes, now: datetime
) -> None:
    """Keep what a camera's worker says it looks at. Raises `BadInput`, and `Conflict` when nobody asks."""
    try:
        told = msgspec.json.decode(content, type=Description)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"this is no description of what a camera looks at: {error}", reason="schema") from error
    sealed = sealer.seal(base64.b64encode(msgspec.json.encode(told)).decode(), setting_up.about(station, device))
    if not store.put_description(connection, station, device, sealed=sealed, now=now, since=now - LASTS):
        raise Conflict("nobody sets this camera up now; say what it looks at when you are asked")
