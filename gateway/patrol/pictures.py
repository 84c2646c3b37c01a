"""What a camera showed when somebody found something on a round: sealed with the look, each look at it audited."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.cameras import handing_in
from gateway.evidence.media import LOOKING_ROLES
from gateway.incidents.actor import Actor
from gateway.model.errors import Forbidden, NotFound
from gateway.sealing import Sealer
from gateway.store import patrols as patrol_store


class Shown(msgspec.Struct, frozen=True):
    """A still as whoever walks was shown it: when it was taken (aware), and the JPEG."""

    taken_at: datetime
    content: bytes


def keep(  # one keyword per thing it belongs to
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, shown: Shown, *, round_id: int, look: int,
    device: str,
) -> None:  # fmt: skip
    """Keep what a look's camera showed. Raises `BadInput` for what is no still."""
    handing_in.check(shown.content)
    sha256 = hashlib.sha256(shown.content).hexdigest()
    about = _about(actor.scope.station, round_id, sha256)
    patrol_store.keep_picture(
        connection, look, device, taken_at=min(shown.taken_at, actor.at), size=len(shown.content), sha256=sha256,
        sealed=sealer.seal(base64.b64encode(shown.content).decode(), about),
    )  # fmt: skip


def see(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, round_id: int, look: int) -> bytes:
    """Return the JPEG that a look keeps; that it is seen is audited. Raises `Forbidden`, `NotFound`."""
    if actor.role not in LOOKING_ROLES:
        raise Forbidden(f"the role {actor.role} may not look at what cameras saw")
    found = patrol_store.picture(connection, actor.scope, round_id, look)
    if found is None:
        raise NotFound(f"there is no picture of a look {look} of a round {round_id} within your reach")
    sha256, sealed = found
    content = base64.b64decode(sealer.unseal(bytes(sealed), _about(actor.scope.station, round_id, sha256)))
    trail.note(connection, actor, "patrol.picture.seen", f"patrol/round/{round_id}", {"look": look})
    return content


def _about(station: str, round_id: int, sha256: str) -> str:
    return f"patrol_picture.content/{station}/{round_id}/{sha256}"
