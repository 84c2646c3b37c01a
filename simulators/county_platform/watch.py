"""What the platform's thread and those who watch it share: a lock, and a wait for what comes true."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Watch:
    """A lock that is held while anything changes; whoever waits is told of each change."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._here = threading.local()

    @property
    def held(self) -> bool:
        """Whether this thread is just asking whether something is true, and so must not wait for anything else."""
        return bool(getattr(self._here, "asking", False))

    def until(self, told: Callable[[], T], timeout_s: float, what: str) -> T:
        """Wait until `told()` is true of something, and return that. Raises TimeoutError that says `what`."""
        end = time.monotonic() + timeout_s
        with self.changed:
            while not (value := self._ask(told)):
                left = end - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"{what}: not within {timeout_s:g} s")
                self.changed.wait(left)
            return value

    def _ask(self, told: Callable[[], T]) -> T:
        self._here.asking = True
        try:
            return told()
        finally:
            self._here.asking = False
