"""The audit trail, where somebody's words are part of it: sealed at rest, opened for the auditor, numbers masked."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.incidents.actor import Actor
from gateway.model.errors import BadInput, Misconfigured
from gateway.sealing import Sealer
from gateway.store import accounts

#: A run of digits this long is a phone or an identity number, not an incident's.
_NUMBER = re.compile(r"\d(?:[\s-]?\d){6,}[xX]?")


def note(
    connection: Connection[TupleRow], actor: Actor, act: str, what: str, detail: dict[str, Any] | None = None
) -> None:
    """Append what somebody did in codes and numbers: no word of theirs, nothing personal."""
    accounts.write_audit(
        connection, at=actor.at, station=actor.scope.station, username=actor.username, act=act, object_=what,
        detail=detail,
    )  # fmt: skip


def write(
    connection: Connection[TupleRow],
    sealer: Sealer,
    actor: Actor,
    act: str,
    what: str,
    detail: dict[str, Any],
    **said: str | None,
) -> None:
    """Append what somebody did; `said` are their own words by name (reason, note), which may speak of people.

    Raises `BadInput` for words that are no text.
    """
    words = {name: text for name, text in said.items() if text}
    if any("\0" in text for text in words.values()):
        raise BadInput("a reason is text: there is a NUL in it", reason="value")
    sealed = sealed_words(sealer, actor.scope.station, act, what, words) if words else None
    accounts.write_audit(
        connection, at=actor.at, station=actor.scope.station, username=actor.username, act=act, object_=what,
        detail=detail, said_sealed=sealed,
    )  # fmt: skip


def sealed_words(sealer: Sealer, station: str, act: str, what: str, words: dict[str, str]) -> bytes:
    """Return somebody's own words by name, sealed for one line of the trail."""
    return sealer.seal(msgspec.json.encode(words).decode(), _about(station, act, what))


def opened(sealer: Sealer, station: str, line: dict[str, Any], *, words: bool) -> dict[str, Any]:
    """Return a line of the trail as people read it: with the words for whoever may read them, else that there are some.

    Words sealed with another key are said to be unreadable; the line is told all the same.
    """
    sealed = line.pop("said_sealed")
    if sealed is None:
        return line
    if not words:
        return {**line, "detail": {**line["detail"], "said": "for the auditor"}}
    try:
        told = msgspec.json.decode(
            sealer.unseal(bytes(sealed), _about(station, line["act"], line["object"])), type=dict[str, str]
        )
    except Misconfigured:
        told = {"said": "sealed with another data key"}
    return {**line, "detail": {**line["detail"], **{name: without_numbers(text) for name, text in told.items()}}}


def without_numbers(text: str) -> str:
    """A text whose phone and identity numbers are masked."""
    return _NUMBER.sub(lambda found: found[0][:3] + "****" + found[0][-4:], text)


def _about(station: str, act: str, what: str) -> str:
    return f"audit.said/{station}/{act}/{what}"
