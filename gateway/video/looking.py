"""Looking at video near an alert: which cameras, who looks at what (audited), a picture that is kept of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.cameras.stills import WATCHING_ROLES
from gateway.incidents import attachments
from gateway.incidents.actor import Actor
from gateway.incidents.attachments import Attached
from gateway.model.alert import Alert
from gateway.model.errors import BadInput, Conflict, Forbidden, NotFound
from gateway.model.video import VideoSource, source_of
from gateway.sealing import Sealer
from gateway.store import alerts as alert_store
from gateway.store import incidents as incident_store
from gateway.store import video as store
from gateway.store.video import Near
from gateway.telling.tell import Announcer

#: How far a camera may be from an alert's place, and how many are told.
NEAR_M, MOST = 200, 6
#: What is played of an alert: from before it until so long after, as far as that has been.
BEFORE, AFTER = timedelta(seconds=30), timedelta(minutes=2)
LONGEST = timedelta(minutes=10)


class Span(NamedTuple):
    """A time, aware."""

    begin: datetime
    end: datetime


class Look(NamedTuple):
    """Whose video is looked at; `span` None: live."""

    source: VideoSource
    span: Span | None


def near(connection: Connection[TupleRow], actor: Actor, platforms: list[str], alert_id: int) -> list[Near]:
    """Return cameras with video near an alert, the nearest first. Raises `Forbidden`, `NotFound`."""
    alert = _alert(connection, actor, alert_id)
    if alert.place is None or not platforms:
        return []
    return store.near(connection, actor.scope, alert.place, metres=NEAR_M, platforms=platforms, limit=MOST)


def begin(
    connection: Connection[TupleRow], actor: Actor, device: str, *, alert_id: int | None, span: Span | None
) -> Look:
    """Note that somebody looks at a camera's video, and return where it is.

    Live, or of a span, or around an alert. Raises `Forbidden`, `NotFound`, and `BadInput` for no possible time.
    """
    if span is not None and alert_id is not None:
        raise BadInput("either an alert, or begin and end", reason="schema")
    source = _source(connection, actor, device)
    if alert_id is not None:
        raised_at = _alert(connection, actor, alert_id).raised_at
        span = Span(raised_at - BEFORE, min(raised_at + AFTER, actor.at))
    if span is not None and not timedelta() < span.end - span.begin <= LONGEST:
        raise BadInput(f"a recording is of {LONGEST // timedelta(minutes=1)} minutes at most: begin, then end")
    if span is not None and span.end > actor.at:
        raise BadInput("a recording ends in the past; leave begin and end out to look live")
    shown: dict[str, Any] = {"begin": span.begin.isoformat(), "end": span.end.isoformat()} if span else {"live": True}
    about = {"alert": alert_id} if alert_id is not None else {}
    trail.note(connection, actor, "camera.video", f"device/{device}", {"platform": source.platform, **shown, **about})
    return Look(source, span)


def before_keeping(connection: Connection[TupleRow], actor: Actor, alert_id: int, device: str) -> VideoSource:
    """Return where a camera's video is of which a picture is to be kept. Raises `Forbidden`, `NotFound`, `Conflict`."""
    _alert(connection, actor, alert_id)
    source = _source(connection, actor, device)
    _incident_of(connection, alert_id)
    return source


def keep(  # what is kept by whom of what
    connection: Connection[TupleRow],
    announcer: Announcer,
    sealer: Sealer,
    actor: Actor,
    alert_id: int,
    device: str,
    source: VideoSource,
    picture: bytes,
) -> tuple[int, Attached]:
    """Hang a picture a platform took, a JPEG, on the alert's incident; returns which, and the attachment.

    What it is of stands in its line of the timeline, which is frozen with it; its time is ours, `actor.at`. Raises
    `Forbidden`, `NotFound`, `Conflict`.
    """
    _alert(connection, actor, alert_id)
    incident = _incident_of(connection, alert_id)
    taken = {"camera": device, "alert": alert_id, "taken_at": actor.at.isoformat(), **msgspec.structs.asdict(source)}
    told = attachments.attach(connection, announcer, sealer, actor, incident, "image/jpeg", picture, source=taken)
    trail.note(connection, actor, "camera.video.kept", f"device/{device}", {"alert": alert_id, "incident": incident})
    return incident, told


def _alert(connection: Connection[TupleRow], actor: Actor, alert_id: int) -> Alert:
    _check_role(actor)
    alert = alert_store.get(connection, actor.scope, alert_id)
    if alert is None:
        raise NotFound(f"there is no alert {alert_id} within your reach")
    return alert


def _check_role(actor: Actor) -> None:
    if actor.role not in WATCHING_ROLES:
        raise Forbidden(f"the role {actor.role} may not watch cameras")


def _source(connection: Connection[TupleRow], actor: Actor, device: str) -> VideoSource:
    _check_role(actor)
    attributes = store.attributes(connection, actor.scope, device)
    if attributes is None:
        raise NotFound(f"there is no camera {device!r} within your reach")
    source = source_of(attributes)
    if source is None:
        raise NotFound(f"the camera {device!r} has no video on any platform: its attribute `video` says where")
    return source


def _incident_of(connection: Connection[TupleRow], alert_id: int) -> int:
    found = incident_store.open_of_alert(connection, alert_id)
    if found is not None:
        return found.id
    over = incident_store.of_alerts(connection, [alert_id])
    if not over:
        raise Conflict(f"alert {alert_id} belongs to no incident: there is nothing to keep a picture with")
    return max(over)
