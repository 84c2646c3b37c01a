"""A stream's own time, laid on the machine's clocks.

A camera's timestamps are even and the network is not: a picture was taken when the stream says, as seen from the packet
that came with the least delay. That least delay is forgotten slowly, since two clocks never run alike. Pure: time is
handed in.
"""

from __future__ import annotations

from datetime import datetime, timedelta

#: How fast the camera's clock may drift from ours, in seconds a second.
DRIFT = 0.0005
#: Later than this and the connection itself was slow to start: laid anew.
SLOW_START_S = 30.0
#: The machine's clock is believed to have been set when it moves by more against the monotonic one, in seconds.
SET_S = 1.0


class StreamClock:
    """Seconds on a stream's clock, over all its takes, never backwards; and what the machine's clocks showed then."""

    def __init__(self, *, drifts: bool) -> None:
        self._drifts = drifts
        #: Second 0 on the monotonic clock and on the wall clock.
        self._zero: float | None = None
        self._zero_at: datetime | None = None
        self._begin_s = 0.0
        self._laid_s = 0.0
        self._last_s = -1.0

    def begin(self, monotonic: float, *, after_silence: bool) -> None:
        """A take begins: where the last one ended, or as much later as the silence between them was."""
        silent_until = monotonic - self._zero if after_silence and self._zero is not None else 0.0
        self._begin_s = max(self._last_s + 0.001, silent_until, 0.0)
        self._laid_s = self._begin_s

    def s(self, elapsed: float) -> float:
        """Return the second on the stream's clock at which something is shown, `elapsed` seconds into its take."""
        return self._begin_s + max(elapsed, 0.0)

    def lay(self, s: float, monotonic: float, now: datetime) -> bool:
        """A packet of second `s` is here at this moment; says whether the machine's clock was set since the last."""
        zero = monotonic - s
        if self._zero is None or zero < self._zero or zero > self._zero + SLOW_START_S:
            self._zero = zero
        elif self._drifts:
            self._zero = min(zero, self._zero + max(s - self._laid_s, 0.0) * DRIFT)
        self._laid_s = max(s, self._laid_s)
        at = now - timedelta(seconds=monotonic - self._zero)
        was_set = self._zero_at is not None and abs((at - self._zero_at).total_seconds()) > SET_S
        self._zero_at = at
        return was_set

    def shown(self, s: float) -> float:
        """A picture of second `s` is shown; returns its second, after the last one's whatever the stream says."""
        self._last_s = max(s, self._last_s + 1e-4)
        return self._last_s

    def at(self, s: float) -> datetime | None:
        """Return when second `s` was, by the machine's clock; None before anything came."""
        return self._zero_at + timedelta(seconds=s) if self._zero_at is not None else None

    def second(self, at: datetime) -> float | None:
        """Return which second a moment was, by the machine's clock; None before anything came."""
        return (at - self._zero_at).total_seconds() if self._zero_at is not None else None

    def ahead_s(self, s: float, monotonic: float) -> float:
        """Return how long until second `s` is due, in seconds; below 0 it is late by so much."""
        return 0.0 if self._zero is None else s - (monotonic - self._zero)
