"""Markers: what a lane says to itself through the broker, to know that all before it has been read."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from datetime import datetime

from gateway.model.registry import ROAD_DEVICE

#: The device name under which the gateway sends markers to itself.
MARKER_DEVICE = ROAD_DEVICE
MOST_MARKS = 1000


class Markers:
    """The markers of one lane that are out."""

    def __init__(self, station: str, lane: str, now: Callable[[], datetime]) -> None:
        self.topic = f"anxin/v1/{station}/{MARKER_DEVICE}/{lane}"
        self._topics = {f"anxin/v1/{station}/{MARKER_DEVICE}/{each}" for each in ("event", "alarm")}
        self._prefix, self._now = f"{secrets.token_hex(4)}-{lane}", now
        self._out: dict[str, datetime] = {}

    @property
    def are_out(self) -> bool:
        """Whether one is awaited."""
        return bool(self._out)

    def forget(self) -> None:
        """Those of an earlier connection are awaited no longer."""
        self._out.clear()

    def next(self) -> str:
        """Return the payload of the next one, awaited from now on."""
        name = f"{self._prefix}-{secrets.token_hex(6)}"
        self._out[name] = self._now()
        while len(self._out) > MOST_MARKS:  # a broker that swallows markers must not fill our memory
            self._out.pop(next(iter(self._out)))
        return json.dumps({"mark": name})

    def look(self, topic: str, payload: bytes) -> tuple[bool, datetime | None]:
        """Say whether a message is a marker, and when it was sent if it is one we wait for.

        Ours, or one of the other lane or of a start before this one: those carry no report either.
        """
        if topic not in self._topics:
            return False, None
        try:
            told = json.loads(payload)
        except (ValueError, RecursionError):
            return False, None
        mark = told.get("mark") if isinstance(told, dict) and len(told) == 1 else None
        return isinstance(mark, str), self._out.pop(mark, None) if isinstance(mark, str) else None
