"""What people do with evidence: look at what is kept of an incident, open a part of it, take a bundle out of the house.

Every look leaves its mark in the audit trail; a bundle leaves one in the chain too: what left, for whom, under which
head.
"""

from __future__ import annotations

import base64
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway import trail
from gateway.evidence import bundle, chain, freeze, heads, media, reading
from gateway.evidence.freeze import Chain, Part
from gateway.evidence.signing import Signer
from gateway.incidents import attachments, view
from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, Forbidden, Misconfigured, NotFound
from gateway.model.incident import COMMAND_ROOM_ROLES, Incident
from gateway.sealing import Sealer
from gateway.store import accounts
from gateway.store import evidence as store
from gateway.store import incidents as incident_store
from gateway.store import media as media_store
from gateway.store.evidence import Kept, KeptContent

log = structlog.get_logger()

LOOKING_ROLES = COMMAND_ROOM_ROLES
#: Whoever answers for the station's data lets it out of the house.
EXPORTING_ROLES = frozenset({"commander"})
SHORTEST_REASON = 4
LONGEST_VALIDITY = timedelta(days=365)
MOST_AUDIT_LINES = 10_000


class Wanted(msgspec.Struct, frozen=True):
    """A bundle that is asked for: for whom (an authority, a case number), why, until when they may keep it."""

    recipient: str
    reason: str
    valid_days: int = 30


class Gathered(msgspec.Struct, frozen=True):
    """What a bundle is made of, read in one transaction: packing it takes its time, and holds up nobody."""

    told: dict[str, Any]
    parts: dict[str, bytes]
    contents: list[tuple[KeptContent, media_store.Kept | None]]
    records: list[Kept]
    whole: dict[str, Any]
    head: int


class Packed(msgspec.Struct, frozen=True):
    """A bundle: its name and its bytes."""

    name: str
    content: bytes
    told: dict[str, Any]
    head: int


def sign_tail(connection: Connection[TupleRow], signer: Signer, station: str, now: datetime) -> dict[str, Any] | None:
    """Sign how far the chain has come; None when nothing has come since the last head of this signer."""
    tail = store.lock(connection, station)
    last = store.last_head(connection, station, signer.fingerprint)
    if tail.seq == 0 or (last is not None and last["seq"] == tail.seq):
        return None
    return heads.written(_signed(connection, signer, station, tail, now))


def state(connection: Connection[TupleRow], signer: Signer, station: str) -> dict[str, Any]:
    """Return how far the chain has come, the key that signs for it, and the last head."""
    return {
        "records": store.tail(connection, station).seq, "fingerprint": signer.fingerprint,
        "public_key": signer.public.decode(), "head": store.last_head(connection, station),
    }  # fmt: skip


def look(connection: Connection[TupleRow], actor: Actor, incident_id: int) -> dict[str, Any]:
    """Return what is kept of an incident: its records with what they speak for, and the head that holds the last.

    Raises `Forbidden`, `NotFound`.
    """
    incident = _seen(connection, actor, incident_id)
    records = store.of_incident(connection, actor.scope, incident_id)
    gone = store.gone(connection, incident.station, [kept.seq for kept in records])
    trail.note(connection, actor, "evidence.listed", f"incident/{incident_id}", {"records": len(records)})
    return {
        "items": [_told(kept, gone) for kept in records],
        "head": store.last_head(connection, incident.station),
        "held": store.is_held(connection, incident_id),
    }


def open_content(
    connection: Connection[TupleRow], sealer: Sealer, actor: Actor, incident_id: int, seq: int, name: str
) -> tuple[str, bytes]:
    """Return media type and bytes of what a record of an incident speaks for; the look is audited.

    Raises `Forbidden`, `NotFound`.
    """
    incident = _seen(connection, actor, incident_id)
    records = {kept.seq: kept for kept in store.of_incident(connection, actor.scope, incident_id)}
    found = store.contents(connection, incident.station, [seq], name)
    if seq not in records or not found or found[0].gone_at is not None:
        raise NotFound(f"there is no {name} of record {seq} of incident {incident_id} any more, or there never was")
    told = {one["name"]: one for one in json.loads(records[seq].record)["contents"]}[name]
    trail.note(connection, actor, "evidence.seen", f"incident/{incident_id}", {"record": seq, "content": name})
    taken = taken_by_camera(connection, found[0])
    return told["media_type"], opened(sealer, incident.station, found[0], taken)


def gather(
    connection: Connection[TupleRow], sealer: Sealer, signer: Signer, actor: Actor, incident_id: int, wanted: Wanted
) -> Gathered:
    """Read what a bundle of an incident is made of, everything frozen and signed up to now.

    Raises `Forbidden`, `NotFound`, and `BadInput` for a reason or recipient that says nothing, or too long a validity.
    """
    if actor.role not in EXPORTING_ROLES:
        raise Forbidden(f"the role {actor.role} may not take evidence out of the house")
    if len(wanted.reason.strip()) < SHORTEST_REASON or not wanted.recipient.strip():
        raise BadInput("say for whom the bundle is and why (recipient, reason)", reason="reason")
    if not timedelta() < timedelta(days=wanted.valid_days) <= LONGEST_VALIDITY:
        raise BadInput("a bundle is for one day to a year (valid_days)", reason="valid_days")
    incident = _seen(connection, actor, incident_id)
    station = incident.station
    while freeze.catch_up(connection, sealer, station, actor.at).more:
        pass
    records = store.of_incident(connection, actor.scope, incident_id)
    if not records:
        raise NotFound(f"nothing is kept of incident {incident_id} any more")
    own, first = {kept.seq for kept in records}, records[0].seq
    head = _head_over(connection, signer, station, records[-1].seq, actor.at)
    last = int(head["seq"])
    told: dict[str, Any] = {
        "bundle": f"{station}-{incident_id}-{secrets.token_hex(4)}", "station": station, "incident": incident_id,
        "recipient": wanted.recipient.strip(), "reason": wanted.reason.strip(), "by": actor.username, "at": actor.at,
        "valid_until": actor.at + timedelta(days=wanted.valid_days),
        "chain": {"first": first, "before": store.link_at(connection, station, first - 1) or chain.genesis(station)},
    }  # fmt: skip
    whole = view.whole(connection, sealer, actor, incident_id)
    parts = {
        bundle.CHAIN: chain.lines(
            {"seq": kept.seq, "record": kept.record} if kept.seq in own
            else {"seq": kept.seq, "digest": chain.digest(kept.record.encode())}
            for kept in store.span(connection, station, first, last)
        ),
        bundle.HEADS: chain.lines(
            heads.written(one)
            for one in store.heads(connection, station, first, last) if one["signer"] == signer.fingerprint
        ),
        "incident.json": chain.canonical(whole),
        "timeline.jsonl": chain.lines(whole["timeline"]),
        "audit.jsonl": chain.lines(_audit(connection, actor, incident_id)),
    }  # fmt: skip
    contents = [(one, taken_by_camera(connection, one)) for one in store.contents(connection, station, sorted(own))]
    return Gathered(told, parts, contents, records, whole, last)


def packed(gathered: Gathered, sealer: Sealer, signer: Signer) -> Packed:
    """Make the bundle of what was gathered. A content that cannot be opened any more is named; the rest is there."""
    told, parts = gathered.told, dict(gathered.parts)
    gone: list[dict[str, Any]] = []
    unreadable: list[dict[str, Any]] = []
    for one, taken in gathered.contents:
        if one.gone_at is not None:
            gone.append({"seq": one.seq, "name": one.name, "at": one.gone_at})
            continue
        try:
            parts[bundle.path_of(one.seq, one.name)] = opened(sealer, told["station"], one, taken)
        except (Misconfigured, NotFound) as error:
            log.warning("a content cannot be opened", record=one.seq, name=one.name, error=str(error))
            unreadable.append({"seq": one.seq, "name": one.name})
    parts["report.html"] = reading.report(told, gathered.whole, gathered.records, parts)
    parts["README.txt"] = reading.readme(told, signer.fingerprint)
    content = bundle.packed({**told, "gone": gone, "unreadable": unreadable}, parts, signer)
    return Packed(f"{told['bundle']}.zip", content, told, gathered.head)


def note_taken(connection: Connection[TupleRow], sealer: Sealer, actor: Actor, taken: Packed) -> None:
    """Write into chain and trail that a bundle leaves the house: who takes it, for whom, why, and what it hashes to."""
    told = taken.told
    sha256 = chain.content_of(taken.name, "application/zip", taken.content).sha256
    asked = chain.canonical(told)
    Chain(connection, sealer, told["station"], actor.at).append(
        "export", {"bundle": told["bundle"], "by": actor.username, "sha256": sha256, "head": taken.head},
        [Part(chain.content_of("export.json", freeze.JSON, asked), asked)], incident=told["incident"],
    )  # fmt: skip
    trail.write(
        connection, sealer, actor, "evidence.export", f"incident/{told['incident']}",
        {"bundle": told["bundle"], "sha256": sha256, "valid_until": told["valid_until"].isoformat()},
        reason=told["reason"], recipient=told["recipient"],
    )  # fmt: skip


def _seen(connection: Connection[TupleRow], actor: Actor, incident_id: int) -> Incident:
    if actor.role not in LOOKING_ROLES:
        raise Forbidden(f"the role {actor.role} may not look at evidence")
    incident = incident_store.get(connection, actor.scope, incident_id)
    if incident is None:
        raise NotFound(f"there is no incident {incident_id} within your reach")
    return incident


def _told(kept: Kept, gone: set[tuple[int, str]]) -> dict[str, Any]:
    record = json.loads(kept.record)
    contents = [{**one, "gone": (kept.seq, one["name"]) in gone} for one in record["contents"]]
    return {
        "seq": kept.seq, "at": record["at"], "kind": record["kind"], "incident": record["incident"],
        "alert": record["alert"], "what": record["what"], "contents": contents, "link": kept.link,
    }  # fmt: skip


def _head_over(
    connection: Connection[TupleRow], signer: Signer, station: str, seq: int, now: datetime
) -> dict[str, Any]:
    """The first head of our own key that holds a record; one is signed when there is none yet."""
    standing = store.next_head(connection, station, seq, signer.fingerprint)
    return standing or _signed(connection, signer, station, store.lock(connection, station), now)


def _signed(
    connection: Connection[TupleRow], signer: Signer, station: str, tail: store.Tail, now: datetime
) -> dict[str, Any]:
    at = max(now, tail.at) if tail.at is not None else now
    head = {**heads.head(station, tail.seq, tail.link, at, signer), "at": at}
    store.put_head(connection, head)
    return head


def _audit(connection: Connection[TupleRow], actor: Actor, incident_id: int) -> list[dict[str, Any]]:
    """Who looked at the incident and did what to it, oldest first; people's own words stay sealed."""
    lines = accounts.list_audit(
        connection, actor.scope.station, user=None, act=None, object_=f"incident/{incident_id}", since=None, until=None,
        before=None, limit=MOST_AUDIT_LINES,
    )  # fmt: skip
    told = [{key: line[key] for key in ("id", "at", "username", "act", "object", "detail")} for line in reversed(lines)]
    return told if len(lines) < MOST_AUDIT_LINES else [{"earlier": "left out"}, *told]


def taken_by_camera(connection: Connection[TupleRow], one: KeptContent) -> media_store.Kept | None:
    """Return the picture or clip that a record speaks for, with its bytes; None when it speaks for something else."""
    return media_store.whole(connection, one.media_id) if one.media_id is not None else None


def opened(sealer: Sealer, station: str, one: KeptContent, taken: media_store.Kept | None) -> bytes:
    """Return the bytes a record speaks for; `taken` is what `taken_by_camera` says of it.

    Raises `NotFound`, and `Misconfigured` when another key sealed them.
    """
    if taken is not None:
        return media.opened(sealer, station, taken)
    if one.sealed is not None:
        return base64.b64decode(sealer.unseal(bytes(one.sealed), freeze.about(station, one.seq, one.name)))
    if one.attached is not None and one.incident_id is not None and one.sha256 is not None:
        return attachments.opened(sealer, station, one.incident_id, one.sha256, bytes(one.attached))
    raise NotFound(f"{one.name} of record {one.seq} is kept nowhere")
