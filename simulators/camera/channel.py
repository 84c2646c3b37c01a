"""One picture source of a camera: a film in a loop at the pace of the wall clock, and what can go wrong with it."""

from __future__ import annotations

import asyncio
import math
import random
import time
from pathlib import Path
from typing import Any, Protocol

from simulators.camera.reel import Reel, Unit, read_reel

_REPORT_S, _LOOK_S = 5.0, 0.02


class Receiver(Protocol):
    """Somebody who plays. Called on the server's loop only."""

    waits_for_key: bool

    def unit(self, unit: Unit, s: float, faults: Faults) -> None:
        """Send one picture, taken at `s` on the stream's clock."""
        ...

    def report(self, unix: float, s: float) -> None:
        """Say that the stream's clock showed `s` at a Unix time."""
        ...

    def cut(self) -> None:
        """End the connection without a word."""
        ...


class Faults:
    """What is wrong with a channel now."""

    def __init__(self) -> None:
        self.hangs_until = self.garbage_until = -math.inf
        self.drop = 0.0
        self.jumped = 0.0
        self.dice = random.Random(1)

    @property
    def hangs(self) -> bool:
        """Whether nothing is sent."""
        return time.monotonic() < self.hangs_until

    @property
    def garbage(self) -> bool:
        """Whether noise is sent in place of packets."""
        return time.monotonic() < self.garbage_until


class Channel:
    """A film that is always on. Everybody sees the same moment, as with a camera; timestamps go on from loop to loop.

    With `again_from`, in seconds, it begins with its first receiver, and after its end goes on from the keyframe at or
    before that second: what happens before is seen once. The faults may be ordered from any thread.
    """

    def __init__(self, path: Path, again_from: float | None = None) -> None:
        self.reel = read_reel(path)
        self._again_from = again_from
        self.receivers: set[Receiver] = set()
        self.faults = Faults()
        self._next: Reel | None = None
        self._report_now = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def run(self) -> None:
        """Play for ever."""
        self._loop = asyncio.get_running_loop()
        while self._again_from is not None and not self.receivers:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)  # a set that others fill has no event to wait for
        begun = time.monotonic()
        base, reported = begun, -math.inf
        first = 0
        while True:
            for unit in self.reel.units[first:]:
                due = base + unit.s
                await asyncio.sleep(max(due - time.monotonic(), 0))
                if self._next is not None:
                    break
                s = due - begun + self.faults.jumped
                if (due - reported >= _REPORT_S or self._report_now) and not self.faults.hangs:
                    self._report(due, s)
                    reported, self._report_now = due, False
                self._send(unit, due, s)
            else:
                first = _keyframe(self.reel, self._again_from or 0.0)
                base += self.reel.seconds - self.reel.units[first].s
                continue
            if self._next is not None:
                self.reel, self._next, base, first = self._next, None, due, 0

    def hang(self, seconds: float = math.inf) -> None:
        """Send nothing for some seconds, on connections that stay open."""
        self._order(self._hang, seconds)

    def garbage(self, seconds: float) -> None:
        """Send noise in place of packets for some seconds; the interleaving around it stays right."""
        self._order(lambda: setattr(self.faults, "garbage_until", time.monotonic() + seconds))

    def drop(self, share: float) -> None:
        """Lose a share (0–1) of the packets until told otherwise."""
        self._order(lambda: setattr(self.faults, "drop", share))

    def jump(self, seconds: float) -> None:
        """Move timestamps forwards, or backwards where negative; a sender report follows at once."""
        self._order(self._jump, seconds)

    def switch(self, path: Path) -> None:
        """Go on with another film, of any size: its parameter sets come in band. Raises NoFilm or OSError."""
        self._order(lambda reel: setattr(self, "_next", reel), read_reel(path))

    def cut(self) -> None:
        """End all connections without a word."""
        self._order(self._cut)

    def mend(self) -> None:
        """Send again as it should be; the timestamps stay where they have jumped to."""
        self._order(self._mend)

    @property
    def state(self) -> dict[str, Any]:
        """How it is now, for JSON."""
        return {
            "receivers": len(self.receivers),
            "width": self.reel.width,
            "height": self.reel.height,
            "seconds": round(self.reel.seconds, 3),
            "hangs": self.faults.hangs,
            "garbage": self.faults.garbage,
            "drop": self.faults.drop,
            "jumped": self.faults.jumped,
        }

    def _order(self, what: Any, *told: Any) -> None:
        if self._loop is None:
            what(*told)
        else:
            self._loop.call_soon_threadsafe(what, *told)

    def _cut(self) -> None:
        for receiver in list(self.receivers):
            receiver.cut()

    def _hang(self, seconds: float) -> None:
        self.faults.hangs_until = time.monotonic() + seconds

    def _jump(self, seconds: float) -> None:
        self.faults.jumped += seconds
        self._report_now = True

    def _mend(self) -> None:
        jumped, self.faults = self.faults.jumped, Faults()
        self.faults.jumped = jumped

    def _report(self, due: float, s: float) -> None:
        for receiver in list(self.receivers):
            receiver.report(_unix(due), s)

    def _send(self, unit: Unit, due: float, s: float) -> None:
        hangs = self.faults.hangs
        for receiver in list(self.receivers):
            if hangs:
                receiver.waits_for_key = True
            elif unit.key or not receiver.waits_for_key:
                if receiver.waits_for_key:
                    receiver.report(_unix(due), s)
                receiver.waits_for_key = False
                receiver.unit(unit, s, self.faults)


def _keyframe(reel: Reel, s: float) -> int:
    """Return which unit is the last keyframe at or before a second of a film."""
    return max((number for number, unit in enumerate(reel.units) if unit.key and unit.s <= s), default=0)


def _unix(moment: float) -> float:
    """Return the Unix time of a moment of the monotonic clock."""
    return time.time() - (time.monotonic() - moment)
