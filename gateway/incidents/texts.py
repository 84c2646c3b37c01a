"""What people write about an incident: sealed beside its timeline, opened for whoever may see the incident.

It is about people: never in the timeline's own rows, the change log, a push, a webhook or a log line.
"""

from __future__ import annotations

from typing import Any, Literal

import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.errors import BadInput, Misconfigured
from gateway.sealing import Sealer
from gateway.store import incident_texts as store

log = structlog.get_logger()

What = Literal["headline", "text", "reporter", "reason", "note", "feedback", "outcome"]
LONGEST = 4000


def keep(
    connection: Connection[TupleRow], sealer: Sealer, station: str, incident: int, step: int, **texts: str | None
) -> None:
    """Seal what was written to a line of the timeline, by what it is (`What`); nothing is kept of what is empty.

    Raises `BadInput` when it is too long.
    """
    for what, text in texts.items():
        if text is None or not text.strip():
            continue
        if len(text) > LONGEST:
            raise BadInput(f"{what} is longer than {LONGEST} characters; say it shorter", reason="too_long")
        store.put(connection, station, incident, step, what, sealer.seal(text, about(station, incident, step, what)))


def opened(connection: Connection[TupleRow], sealer: Sealer, station: str, incident: int) -> dict[int, dict[str, Any]]:
    """Return what was written, by line of the timeline and what it is; None for what this key cannot open."""
    found: dict[int, dict[str, Any]] = {}
    for step, what, sealed in store.of_incident(connection, incident):
        try:
            text: str | None = sealer.unseal(sealed, about(station, incident, step, what))
        except Misconfigured as error:
            # A wrong key must not keep anybody from the incident itself.
            log.warning("a text cannot be opened", incident=incident, error=str(error))
            text = None
        found.setdefault(step, {})[what] = text
    return found


def about(station: str, incident: int, step: int, what: str) -> str:
    """Return what a text is sealed about: it opens nowhere else."""
    return f"incident.text/{station}/{incident}/{step}/{what}"
