"""A place's plan: a picture that lies over the map by its corners. Kept as attachments are, sealed in the database."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents.actor import Actor
from gateway.incidents.attachments import LARGEST
from gateway.media_types import is_what_it_says
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.registering.coordinates import to_wgs84
from gateway.sealing import Sealer
from gateway.store import plans as plan_store
from gateway.store.plans import Plan

ROLES = frozenset({"admin", "commander"})
TYPES = ("image/png", "image/jpeg", "image/webp")
#: Two: top left and bottom right, north is up. Three: top left, top right, bottom left, for one that is turned.
CORNERS = (2, 3)
#: Corners closer together than this many degrees (a metre or so) are a mistake.
_NARROWEST = 1e-5


def put_plan(
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    place: str,
    corners: str,
    system: str,
    content: bytes,
) -> dict[str, Any]:
    """Lay a picture over the map at a place; an older one gives way. Returns it as `public`.

    `corners` are as `read_corners` takes them. What the picture is, its bytes say. Raises `Forbidden`, `NotFound`,
    `BadInput`.
    """
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not lay plans")
    read = read_corners(corners, system)
    if len(content) > LARGEST:
        raise BadInput(f"more than {LARGEST} bytes; send a smaller picture", reason="oversized")
    content_type = next((one for one in TYPES if is_what_it_says(one, content)), None)
    if content_type is None:
        raise BadInput("this is no picture: send PNG, JPEG or WebP as the body", reason="content_type")
    sha256 = hashlib.sha256(content).hexdigest()
    plan = Plan(content_type, len(content), sha256, read)
    sealed = sealer.seal(base64.b64encode(content).decode(), _about(actor.scope.station, place, sha256))
    if not plan_store.put(connection, actor.scope, place, plan, sealed, by=actor.username, now=actor.at):
        raise NotFound(f"there is no place {place!r} within your reach")
    trail.note(connection, actor, "place.plan", f"place/{place}", {"sha256": sha256, "corners": read})
    return public(plan)


def look(connection: Connection[TupleRow], actor: Actor, place: str) -> Plan:
    """Return what the plan of a place is. Raises `NotFound`."""
    plan = plan_store.get(connection, actor.scope, place)
    if plan is None:
        raise NotFound(f"there is no plan of a place {place!r} within your reach")
    return plan


def picture(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, place: str, plan: Plan) -> bytes:
    """Return the picture of a plan. Raises `NotFound`."""
    sealed = plan_store.content(connection, actor.scope, place)
    if sealed is None:
        raise NotFound(f"there is no plan of a place {place!r} within your reach")
    return base64.b64decode(sealer.unseal(sealed, _about(actor.scope.station, place, plan.sha256)))


def remove_plan(connection: Connection[TupleRow], actor: Actor, place: str) -> None:
    """Let go of a place's plan. Raises `Forbidden`, `NotFound`."""
    if actor.role not in ROLES:
        raise Forbidden(f"the role {actor.role} may not take plans away")
    if not plan_store.remove(connection, actor.scope, place):
        raise NotFound(f"there is no plan of a place {place!r} within your reach")
    trail.note(connection, actor, "place.plan.remove", f"place/{place}")


def read_corners(told: str, system: str = "wgs84") -> list[tuple[float, float]]:
    """Return corners as (lat, lon) in WGS-84 from `lat,lon;lat,lon`: two or three of them. Raises `BadInput`."""
    try:
        pairs = [tuple(float(number) for number in pair.split(",")) for pair in told.split(";")]
    except ValueError:
        pairs = []
    if len(pairs) not in CORNERS or any(len(pair) != 2 for pair in pairs):  # noqa: PLR2004
        raise BadInput(
            "corners are lat,lon;lat,lon: top left and bottom right, or top left, top right and bottom left",
            reason="corners",
        )
    try:
        corners = [to_wgs84(pair[0], pair[1], system) for pair in pairs]
    except ValueError as error:
        raise BadInput(f"corners: {error}; latitude stands first", reason="corners") from error
    _must_span(corners)
    return corners


def _must_span(corners: list[tuple[float, float]]) -> None:
    (lat, lon), *others = corners
    if len(corners) == CORNERS[0]:
        south, east = others[0]
        if lat - south < _NARROWEST or east - lon < _NARROWEST:
            raise BadInput("corners: the first is top left (north-west), the second bottom right", reason="corners")
        return
    (one_lat, one_lon), (other_lat, other_lon) = others
    across = (one_lat - lat) * (other_lon - lon) - (one_lon - lon) * (other_lat - lat)
    if abs(across) < _NARROWEST**2:
        raise BadInput("corners: the three lie in one line", reason="corners")


def public(plan: Plan) -> dict[str, Any]:
    """A plan as lists of places tell it: its corners, and a word that changes with the picture."""
    return {"corners": [list(corner) for corner in plan.corners], "version": plan.sha256[:16]}


def _about(station: str, place: str, sha256: str) -> str:
    return f"place_plan.content/{station}/{place}/{sha256}"
