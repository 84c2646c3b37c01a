"""The only place that reads the time."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is: aware, UTC."""

    def now(self) -> datetime:
        """Return the present moment."""


class SystemClock:
    """The machine's clock."""

    #: How fast it runs.
    speed = 1.0

    def now(self) -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)


class FastClock:
    """A clock that left `virtual` (aware) at `real` (Unix seconds) and has run `speed` times as fast since.

    All processes of an installation that are given the same three agree on the time. For soak runs and scenarios.
    """

    def __init__(self, virtual: datetime, real: float, speed: float) -> None:
        self._virtual, self._real, self.speed = virtual.astimezone(UTC), real, speed

    def now(self) -> datetime:
        """Return the present moment."""
        return self._virtual + timedelta(seconds=(time.time() - self._real) * self.speed)


class VirtualClock:
    """A clock that stands until it is set: for history and rehearsals."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment it was set to."""
        return self.moment


_FAST = re.compile(r"^(?P<virtual>[^@]+)@(?P<real>\d+(?:\.\d+)?)x(?P<speed>\d+(?:\.\d+)?)$")


def clock_of(told: str | None) -> Clock:
    """Return the machine's clock, or the fast one that `VIRTUAL@UNIXxSPEED` describes.

    For example `2026-11-22T08:00:00+08:00@1795312800x10`. Raises `ValueError` for anything else.
    """
    if not told:
        return SystemClock()
    match = _FAST.match(told)
    if match is None:
        raise ValueError("write VIRTUAL@UNIXxSPEED, like 2026-11-22T08:00:00+08:00@1795312800x10")
    virtual, speed = datetime.fromisoformat(match["virtual"]), float(match["speed"])
    if virtual.tzinfo is None or speed <= 0:
        raise ValueError("the virtual time needs an offset and the speed must be more than 0")
    return FastClock(virtual, float(match["real"]), speed)


def thread_cpu(thread: int) -> float:
    """Seconds of processor time a thread of this process (by its ident) has used."""
    return time.clock_gettime(time.pthread_getcpuclockid(thread))


def monotonic() -> float:
    """Seconds that only ever grow, for measuring spans."""
    return time.monotonic()
