"""What counted is frozen: each change of an alert with the events it names, each line of a timeline with its pictures.

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

from gateway.evidence import chain
from gateway.evidence.chain import Content, content_of
from gateway.incidents import attachments, texts
from gateway.model.errors import Misconfigured
from gateway.sealing import Sealer
from gateway.store import changes as change_store
from gateway.store import events as event_store
from gateway.store import evidence as store
from gateway.store.changes import Numbered

log = structlog.get_logger()

#: So many changes in one transaction.
AT_ONCE = 200
ALERT, EVENTS, STEP, GONE = "alert.json", "events.jsonl", "step.json", "gone.jsonl"
JSON, JSON_LINES = "application/json", "application/x-ndjson"
#: How what hangs on an incident is called in a bundle.
_ENDINGS = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "audio/webm": "webm", "audio/mp4": "m4a",
    "audio/ogg": "ogg",
}  # fmt: skip


class Part(NamedTuple):
    """A content on its way into the chain: its bytes, kept sealed unless they hang on the incident already."""

    content: Content
    plain: bytes
    attachment: int | None = None


class Chain:
    """The end of a station's chain, held in a transaction: nobody else appends."""

    def __init__(self, connection: Connection[TupleRow], sealer: Sealer, station: str, now: datetime) -> None:
        self._connection, self._sealer, self.station = connection, sealer, station
        tail = store.lock(connection, station)
        self.seq, self.link = tail.seq, tail.link or chain.genesis(station)
        # Whoever waited for their turn read the clock before: the chain's time never runs backwards.
        self.now = max(now, tail.at) if tail.at is not None else now

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
            sealed = self._sealed(seq, part) if kept and part.attachment is None else None
            attachment = part.attachment if kept else None
            store.keep(self._connection, self.station, seq, name, sealed=sealed, attachment=attachment, gone_at=gone_at)
        self.seq, self.link = seq, link
        return seq

    def _sealed(self, seq: int, part: Part) -> bytes:
        text = base64.b64encode(part.plain).decode()
        return self._sealer.seal(text, about(self.station, seq, part.content.name))


def about(station: str, seq: int, name: str) -> str:
    """Return what a content is sealed about: it opens nowhere else."""
    return f"evidence.content/{station}/{seq}/{name}"


def catch_up(connection: Connection[TupleRow], sealer: Sealer, station: str, now: datetime) -> int:
    """Freeze what has changed since, `AT_ONCE` changes at most, in the caller's transaction; returns how many."""
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
    return len(found)


def _freeze(connection: Connection[TupleRow], sealer: Sealer, held: Chain, change: Numbered) -> None:
    """Freeze one change. What cannot be, for a reason of its own, is said and holds up nothing behind it."""
    seq, link = held.seq, held.link
    try:
        with connection.transaction():
            if change.kind == "alert":
                _freeze_alert(connection, held, change)
            elif change.kind == "incident":
                _freeze_steps(connection, sealer, held, change)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise
    except Exception as error:
        log.exception("a change cannot be frozen", change=change.id, kind=change.kind)
        held.seq, held.link = seq, link
        held.append("unfrozen", {"change": change.id, "of": change.kind, "error": type(error).__name__}, [])


def _freeze_alert(connection: Connection[TupleRow], held: Chain, change: Numbered) -> None:
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
