"""What counted is frozen: alerts with the events they name and the pictures taken of these, lines of timelines.

It follows the numbered changes the console follows, from where it stopped, and appends to the chain in the transaction
that moves its cursor: what is cut off is done again from there, and nothing twice. Contents are sealed at rest.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.evidence import chain, media
from gateway.evidence.chain import Content, content_of
from gateway.incidents import attachments, texts
from gateway.model.errors import Misconfigured
from gateway.sealing import Sealer
from gateway.store import changes as change_store
from gateway.store import events as event_store
from gateway.store import evidence as store
from gateway.store import media as media_store
from gateway.store.changes import Numbered

log = structlog.get_logger()

#: So many changes in one transaction.
AT_ONCE = 200
#: So many pictures: a clip has some megabytes.
PICTURES_AT_ONCE = 5
PICTURES = {"snapshot": "snapshot.jpg", "clip": "clip.mp4"}
ALERT, EVENTS, STEP, GONE = "alert.json", "events.jsonl", "step.json", "gone.jsonl"
JSON, JSON_LINES = "application/json", "application/x-ndjson"
#: How what hangs on an incident is called in a bundle.
_ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "audio/webm": "webm", "audio/mp4": "m4a",
    "audio/ogg": "ogg",
}  # fmt: skip


class Caught(NamedTuple):
    """What one turn froze: how many changes, which pictures of which alert; `more`: something is waiting still."""

    changes: int
    pictures: list[tuple[int, int]]
    more: bool


class Part(NamedTuple):
    """A content on its way into the chain: its bytes, kept sealed here unless they are kept elsewhere already."""

    content: Content
    plain: bytes
    attachment: int | None = None
    media: int | None = None


class Chain:
    """The end of a station's chain, held in a transaction: nobody else appends."""

    def __init__(self, connection: Connection[TupleRow], sealer: Sealer, station: str, now: datetime) -> None:
        self._connection, self._sealer, self.station = connection, sealer, station
        tail = store.lock(connection, station)
        self.seq, self.link = tail.seq, tail.link or chain.genesis(station)
        # Whoever waited for their turn read the clock before: the chain's time never runs backwards.
        self.now = max(now, tail.at) if tail.at is not None else now
        #: Pictures frozen in this transaction: of which alert, and which.
        self.pictures: list[tuple[int, int]] = []

    def append(
        self,
        kind: str,
        what: Mapping[str, Any],
        parts: list[Part],
        *,
        incident: int | None = None,
        alert: int | None = None,
        kept: bool = True,
    ) -> int:
        """Append a record and keep what it speaks for, unless that has gone already; returns its number."""
        seq = self.seq + 1
        record = chain.record(
            self.station, seq, self.now, kind, dict(what), incident=incident, alert=alert,
            contents=[part.content for part in parts],
        )  # fmt: skip
        link = chain.linked(self.link, chain.digest(record))
        store.append(self._connection, self.station, seq, record=record, link=link, at=self.now)
        for part in parts:
            name, gone_at = part.content.name, None if kept else self.now
            elsewhere = part.attachment is not None or part.media is not None
            store.keep(
                self._connection, self.station, seq, name,
                sealed=self._sealed(seq, part) if kept and not elsewhere else None,
                attachment=part.attachment if kept else None, media=part.media if kept else None, gone_at=gone_at,
            )  # fmt: skip
        self.seq, self.link = seq, link
        return seq

    def _sealed(self, seq: int, part: Part) -> bytes:
        text = base64.b64encode(part.plain).decode()
        return self._sealer.seal(text, about(self.station, seq, part.content.name))


def about(station: str, seq: int, name: str) -> str:
    """Return what a content is sealed about: it opens nowhere else."""
    return f"evidence.content/{station}/{seq}/{name}"


def catch_up(connection: Connection[TupleRow], sealer: Sealer, station: str, now: datetime) -> Caught:
    """Freeze what has changed since, `AT_ONCE` changes at most, and pictures that came, in the caller's transaction."""
    held = Chain(connection, sealer, station, now)
    _say_what_went(connection, held)
    before = store.cursor(connection, station)
    found = change_store.after(connection, station, before, AT_ONCE)
    for change in found:
        if change.id > before + 1:
            # Changes that were let go of before anybody froze them: said, never glossed over.
            held.append("gap", {"after": before, "before": change.id}, [])
        _freeze(connection, sealer, held, change)
        before = change.id
    if found:
        store.move_cursor(connection, station, before, now)
    waits = _freeze_fresh(connection, sealer, held)
    return Caught(len(found), held.pictures, waits or len(found) == AT_ONCE)


def _freeze(connection: Connection[TupleRow], sealer: Sealer, held: Chain, change: Numbered) -> None:
    """Freeze one change. What cannot be, for a reason of its own, is said and holds up nothing behind it."""
    seq, link = held.seq, held.link
    try:
        with connection.transaction():
            if change.kind == "alert":
                _freeze_alert(connection, sealer, held, change)
            elif change.kind == "incident":
                _freeze_steps(connection, sealer, held, change)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:
        log.exception("a change cannot be frozen", change=change.id, kind=change.kind)
        held.seq, held.link = seq, link
        held.append("unfrozen", {"change": change.id, "of": change.kind, "error": type(error).__name__}, [])


def _freeze_alert(connection: Connection[TupleRow], sealer: Sealer, held: Chain, change: Numbered) -> None:
    alert = int(change.body["id"])
    stands = store.alert_stands(connection, alert)
    parts = [_part(ALERT, JSON, chain.canonical(change.body))]
    fresh = store.note_events(connection, alert, change.body["events"]) if stands else []
    rows = event_store.by_reference(connection, held.station, fresh) if fresh else []
    if rows:
        parts.append(_part(EVENTS, JSON_LINES, chain.lines(rows)))
    what = {"version": change.body["version"], "state": change.body["state"], "events": len(rows)}
    if len(rows) < len(fresh):
        what["missing"] = sorted(set(fresh) - {f"{row['device']}/{row['id']}" for row in rows})
    # Of an alert that has gone at the end of its time meanwhile, nothing is kept that would go never.
    held.append("alert", what, parts, alert=alert, kept=stands)
    for number in media_store.of_events(connection, held.station, fresh) if fresh else []:
        _freeze_media(connection, sealer, held, number, alert)


def _freeze_fresh(connection: Connection[TupleRow], sealer: Sealer, held: Chain) -> bool:
    """Freeze pictures that came after the alert that names their event was frozen; says whether there may be more.

    Those whose event no alert names (yet) are left: an alert that names it later finds them.
    """
    fresh = media_store.fresh(connection, held.station, PICTURES_AT_ONCE)
    for number, alerts in fresh:
        for alert in alerts:
            seq, link = held.seq, held.link
            try:
                with connection.transaction():
                    _freeze_media(connection, sealer, held, number, alert)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception as error:
                log.exception("a picture cannot be frozen", picture=number, alert=alert)
                held.seq, held.link = seq, link
                held.append("unfrozen", {"picture": number, "error": type(error).__name__}, [], alert=alert)
    return len(fresh) == PICTURES_AT_ONCE


def _freeze_media(connection: Connection[TupleRow], sealer: Sealer, held: Chain, number: int, alert: int) -> None:
    if not store.alert_stands(connection, alert) or not media_store.take_up(connection, number, alert):
        return
    kept = media_store.whole(connection, number)
    if kept is None:
        return
    part = _part(PICTURES[kept.role], kept.content_type, media.opened(sealer, held.station, kept))
    what = {
        "picture": number, "role": kept.role, "device": kept.device, "event": kept.event,
        "from": kept.from_at, "until": kept.until_at, "received": kept.received_at,
        **({"taken_by": kept.taken_by} if kept.taken_by != kept.device else {}),
    }  # fmt: skip
    held.append("picture", what, [part._replace(media=number)], alert=alert)
    held.pictures.append((alert, number))


def _freeze_steps(connection: Connection[TupleRow], sealer: Sealer, held: Chain, change: Numbered) -> None:
    incident = int(change.body["id"])
    lines = store.steps_to_freeze(connection, incident)
    words = texts.opened(connection, sealer, held.station, incident) if lines else {}
    for line in lines:
        step = int(line["id"])
        parts = [_part(STEP, JSON, chain.canonical({**line, **words.get(step, {})}))]
        what = {"step": step, "act": line["act"], "alerts": change.body["alerts"], "version": line["version"]}
        for attached in store.attached_to(connection, incident, step):
            name = f"{attached.id}.{_ENDINGS.get(attached.content_type, 'bin')}"
            try:
                plain = attachments.opened(sealer, held.station, incident, attached.sha256, attached.content)
            except Misconfigured as error:
                # A picture of another key must not keep everything after it from being frozen.
                log.warning("an attachment cannot be frozen", incident=incident, error=str(error))
                what.setdefault("unreadable", []).append({"name": name, "sha256": attached.sha256})
            else:
                parts.append(_part(name, attached.content_type, plain, attached.id))
        held.append("step", what, parts, incident=incident)


def _say_what_went(connection: Connection[TupleRow], held: Chain) -> None:
    gone = store.newly_gone(connection, held.station, AT_ONCE * 10)
    if not gone:
        return
    lines = _part(GONE, JSON_LINES, chain.lines(gone))
    seq = held.append("gone", {"count": len(gone)}, [lines])
    store.say_gone(connection, held.station, gone, seq)


def _part(name: str, media_type: str, plain: bytes, attachment: int | None = None) -> Part:
    return Part(content_of(name, media_type, plain), plain, attachment)
