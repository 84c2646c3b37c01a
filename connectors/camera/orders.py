"""What a camera is asked to do, from the line that hears it to the thread of its pictures that does it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from connectors.camera.commands import ClipWanted, DescriptionWanted, StillsWanted, decode
from connectors.camera.stills import Stills

log = structlog.get_logger()

#: Orders for clips that wait to be looked at, and commands that are known when they come again.
MOST_WAITING, MOST_KNOWN = 20, 100
#: A clip that ends later than this is not waited for.
FARTHEST = timedelta(minutes=2)


class Orders:
    """The orders of one camera. `hear` may come from any thread; who cuts takes `clips` on its own.

    `describe` is called, on the thread of `hear`, when it is to say what it looks at.
    """

    def __init__(
        self, device: str, stills: Stills, now: Callable[[], datetime], describe: Callable[[], None] = lambda: None
    ) -> None:
        self._device, self._stills, self._now, self._describe = device, stills, now, describe
        self._clips: deque[ClipWanted] = deque()
        self._known: deque[str] = deque(maxlen=MOST_KNOWN)

    def hear(self, payload: bytes) -> None:
        """Take a command, or say why not."""
        try:
            told = decode(payload)
        except ValueError as error:
            log.warning("a command is not understood", device=self._device, error=str(error))
            return
        if told.id in self._known:  # the broker said it twice
            return
        self._known.append(told.id)
        if isinstance(told, DescriptionWanted):
            self._describe()
        elif isinstance(told, StillsWanted):
            if not self._stills.ask(told):
                self.refuse(told.id, "it is past its time: is this machine's clock right?")
        elif told.until - self._now() > FARTHEST:
            self.refuse(told.id, "it ends too far ahead: is this machine's clock right?")
        elif len(self._clips) >= MOST_WAITING:
            self.refuse(told.id, "too many clips are asked for at once")
        else:
            self._clips.append(told)

    def clips(self) -> list[ClipWanted]:
        """Return the clips asked for since the last time."""
        taken: list[ClipWanted] = []
        while self._clips:
            taken.append(self._clips.popleft())
        return taken

    def refuse(self, order: str, why: str) -> None:
        """Say that an order is not followed."""
        log.warning("an order is not followed", device=self._device, order=order, why=why)
