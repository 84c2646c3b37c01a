"""Saying how far something is, often enough to be believed and seldom enough to be read."""

from __future__ import annotations

from collections.abc import Callable

from gateway.clock import monotonic

#: Seconds between two lines.
EVERY_S = 2.0


class Progress:
    """Call it as often as you like with what could be said."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._again_at = monotonic() + EVERY_S

    def __call__(self, told: str) -> None:
        """Say it when it is time."""
        if monotonic() >= self._again_at:
            self._again_at = monotonic() + EVERY_S
            self._say(told)


def megabytes(size: int) -> str:
    """Return a number of bytes for people."""
    return f"{size / 1e6:,.1f} MB"
