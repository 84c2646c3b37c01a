"""What a camera says and shows, on its way into the spool: events under ids of their own, snapshots of them."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from connectors.camera.spool import Media, Message, Spool


class Reporter:
    """Reports for one device."""

    def __init__(self, station: str, device: str, spool: Spool) -> None:
        self.device, self.spool = device, spool
        self._topic = f"anxin/v1/{station}/{device}/event"

    def say(self, kind: str, at: datetime, data: dict[str, Any]) -> str:
        """Put an event into the spool; returns its id, which sorts by time and is never used twice."""
        event = f"{int(at.timestamp() * 1000):013d}-{secrets.token_hex(5)}"
        told = {"id": event, "ts": at.astimezone(UTC).isoformat(), "kind": kind, "data": data}
        self.spool.say(Message(self._topic, msgspec.json.encode(told).decode()))
        return event

    def keep_snapshot(self, event: str, jpeg: bytes, at: datetime) -> None:
        """Put a snapshot of an event into the spool."""

        def write(path: Path) -> None:
            path.write_bytes(jpeg)

        self.spool.keep(Media(self.device, event, "snapshot", "image/jpeg", at, at), write)
