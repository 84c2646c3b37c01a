"""Dead letters for people at a terminal: what came, why it did not count, what to do."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from gateway.doctor.waiting import REMEDIES
from gateway.settings import Settings
from gateway.store import events
from gateway.store.pool import connect, reaching_store

#: As many bytes of a message as a line shows.
SHOWN_BYTES = 120


def tell(settings: Settings, *, reason: str | None, device: str | None, limit: int, as_json: bool) -> Iterator[str]:
    """Yield lines about the newest dead letters, a summary last; as JSON one object each and no summary."""
    with reaching_store(), connect(settings.database, "dead letters") as connection:
        found = events.dead_letters(connection, settings.station, reason=reason, device=device, limit=limit)
        counts = events.dead_letter_counts(connection, settings.station)
    for letter in found:
        yield _as_json(letter) if as_json else _as_text(letter)
    if as_json:
        return
    if not found:
        yield "no such dead letter" if reason or device else "no dead letters"
    if counts:
        yield "in all: " + ", ".join(f"{count} {known}" for known, count in counts.items())


def _as_json(letter: dict[str, Any]) -> str:
    payload = base64.b64encode(bytes(letter["payload"])).decode()
    return json.dumps({**letter, "payload": payload}, default=str, ensure_ascii=False)


def _as_text(letter: dict[str, Any]) -> str:
    begins = bytes(letter["payload"])[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    shown = "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in begins)
    more = f" … ({letter['size']:,} bytes)" if letter["size"] > SHOWN_BYTES else ""
    times = f", {letter['seen']} times" if letter["seen"] > 1 else ""
    return "\n".join(
        (
            f"{letter['last_received_at'].astimezone().isoformat(timespec='seconds')}  {letter['reason']}{times}",
            f"  topic    {letter['topic']}",
            f"  why      {letter['detail']}",
            f"  message  {shown}{more}",
            f"  do       {REMEDIES.get(letter['reason'], 'see docs/mqtt.md')}",
        )
    )
