"""Pictures and voice notes of the scene: sealed at rest, seen by whoever may see the incident, each look audited."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.incidents import effects
from gateway.incidents.actor import Actor
from gateway.media_types import is_what_it_says
from gateway.model.errors import BadInput, Forbidden, NotFound
from gateway.model.incident import ACTS
from gateway.sealing import Sealer
from gateway.store import incident_texts
from gateway.store import incidents as incident_store
from gateway.telling import tell
from gateway.telling.tell import Announcer

#: Bytes; a phone's picture has three to five million.
LARGEST = 8 * 1024 * 1024
MOST = 100
TAKEN = frozenset({"image/jpeg", "image/png", "image/webp", "audio/webm", "audio/mp4", "audio/ogg"})
#: Who may attach something: those who may write a note.
ATTACHING_ROLES = ACTS["note"].roles


class Attached(msgspec.Struct, frozen=True):
    """What hangs on an incident. `fresh` is False when the very same content hung there already."""

    id: int
    sha256: str
    content_type: str
    size: int
    fresh: bool = True


def attach(  # what is attached by whom to what
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    incident_id: int,
    content_type: str,
    content: bytes,
    *,
    source: Mapping[str, Any] | None = None,
) -> Attached:
    """Attach a picture or a voice note to an incident in any state; the same content again is what it was.

    `content_type` is a media type, parameters aside; `source` says what it shows where nobody took it by hand. Raises
    `Forbidden`, `NotFound`, and `BadInput` for what is too large, too many, or not what it says it is.
    """
    if actor.role not in ATTACHING_ROLES:
        raise Forbidden(f"the role {actor.role} may not attach anything to incidents")
    media_type = content_type.partition(";")[0].strip().lower()
    if len(content) > LARGEST:
        raise BadInput(f"more than {LARGEST} bytes; send a smaller picture or a shorter note", reason="oversized")
    if media_type not in TAKEN or not is_what_it_says(media_type, content):
        raise BadInput(
            f"this is no {media_type or 'content of a known type'}: send JPEG, PNG, WebP, or audio as WebM, MP4, Ogg, "
            "under its own Content-Type",
            reason="content_type",
        )
    incident = effects.held(connection, actor.scope, incident_id)
    sha256 = hashlib.sha256(content).hexdigest()
    there = incident_texts.attachments(connection, incident_id)
    for one in there:
        if one["sha256"] == sha256:
            return Attached(one["id"], sha256, one["content_type"], one["size"], fresh=False)
    if len(there) >= MOST:
        raise BadInput(f"an incident has at most {MOST} attachments", reason="too_many")
    told = {
        "content_type": media_type,
        "size": len(content),
        "sha256": sha256,
        **({"source": source} if source else {}),
    }
    step = effects.write_step(connection, actor, incident_id, "attached", incident.state, incident.state, told)
    attachment_id = incident_texts.attach(
        connection, incident_id, step=step, at=actor.at, username=actor.username, content_type=media_type,
        sha256=sha256, size=len(content),
        sealed=sealer.seal(base64.b64encode(content).decode(), _about(incident.station, incident_id, sha256)),
    )  # fmt: skip
    trail.note(connection, actor, "incident.attach", f"incident/{incident_id}", {"attachment": attachment_id})
    announcer.announce(connection, [(tell.incident_change(connection, incident), False)], actor.at)
    return Attached(attachment_id, sha256, media_type, len(content))


def look(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, incident_id: int, attachment_id: int
) -> tuple[str, bytes]:
    """Return content type and content of an attachment; the look is audited. Raises `NotFound`."""
    incident = incident_store.get(connection, actor.scope, incident_id)
    found = incident_texts.attachment(connection, incident_id, attachment_id) if incident is not None else None
    if found is None:
        raise NotFound(f"there is no attachment {attachment_id} of an incident {incident_id} within your reach")
    content_type, sha256, sealed = found
    content = opened(sealer, actor.scope.station, incident_id, sha256, sealed)
    trail.note(connection, actor, "incident.attachment.seen", f"incident/{incident_id}", {"attachment": attachment_id})
    return content_type, content


def opened(sealer: Sealer, station: str, incident_id: int, sha256: str, sealed: bytes) -> bytes:
    """Return the content of an attachment. Raises `Misconfigured` when it was sealed with another key."""
    return base64.b64decode(sealer.unseal(sealed, _about(station, incident_id, sha256)))


def _about(station: str, incident: int, sha256: str) -> str:
    return f"attachment.content/{station}/{incident}/{sha256}"
