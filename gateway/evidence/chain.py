"""The chain of evidence: one record after the other, each bound to all before it. Pure.

A record is a line of JSON (keys sorted, no spaces, UTF-8) and stays the bytes it was. Its digest is SHA-256 over them;
its link is SHA-256 over the link before it and its digest. Whoever holds the digests alone can follow the chain, and
learns nothing of the records: that is how a bundle proves where its own records stand without showing others.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.hashes import SM3, Hash

VERSION = 1


class Content(NamedTuple):
    """Bytes that a record speaks for: under which name, of what type, and what they hash to (hex)."""

    name: str
    media_type: str
    size: int
    sha256: str
    sm3: str


class Link(NamedTuple):
    """A place in the chain: the record's number, from 1 without gaps, its digest and its link (hex)."""

    seq: int
    digest: str
    link: str


def canonical(value: Any) -> bytes:
    """Return a value as the one line of JSON that stands for it; times as RFC 3339 in UTC. No line break at its end.

    A number that JSON has no way to write is written as text.
    """
    try:
        return _line(value)
    except ValueError:
        return _line(_writable(value))


def lines(values: Iterable[Any]) -> bytes:
    """Return values as lines of canonical JSON, each with its line break."""
    return b"".join(canonical(value) + b"\n" for value in values)


def _line(value: Any) -> bytes:
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_told
    ).encode()


def _writable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _writable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _told(value: Any) -> str:
    if isinstance(value, datetime):
        return moment(value)
    raise TypeError(f"{type(value).__name__} has no place in a record")


def moment(at: datetime) -> str:
    """Return an aware moment as records write it: RFC 3339 in UTC with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sm3(content: bytes) -> str:
    """Return SM3 (GB/T 32905-2016) of bytes, in hex."""
    state = Hash(SM3())
    state.update(content)
    return state.finalize().hex()


def content_of(name: str, media_type: str, content: bytes) -> Content:
    """Return what a record says of some bytes."""
    return Content(name, media_type, len(content), hashlib.sha256(content).hexdigest(), sm3(content))


def record(  # what a record says
    station: str,
    seq: int,
    at: datetime,
    kind: str,
    what: dict[str, Any],
    *,
    incident: int | None = None,
    alert: int | None = None,
    contents: Iterable[Content] = (),
) -> bytes:
    """Return a record as it is kept."""
    return canonical(
        {
            "v": VERSION, "station": station, "seq": seq, "at": at, "kind": kind, "incident": incident, "alert": alert,
            "what": what, "contents": [content._asdict() for content in contents],
        }
    )  # fmt: skip


def digest(kept: bytes) -> str:
    """Return the digest of a record (hex)."""
    return hashlib.sha256(kept).hexdigest()


def genesis(station: str) -> str:
    """Return the link before a station's first record (hex)."""
    return hashlib.sha256(f"anxin evidence {station}".encode()).hexdigest()


def linked(before: str, of_record: str) -> str:
    """Return the link of a record by the link before it and its digest (all hex)."""
    return hashlib.sha256(bytes.fromhex(before) + bytes.fromhex(of_record)).hexdigest()


def follow(before: str, first: int, digests: Sequence[str]) -> list[Link]:
    """Return the links of consecutive records, the first of them numbered `first`, by the link before them."""
    links: list[Link] = []
    for seq, told in enumerate(digests, first):
        before = linked(before, told)
        links.append(Link(seq, told, before))
    return links
