"""Named places where a test may end the process, to prove that ending there loses nothing.

`ANXIN_FAILPOINTS="after_commit=0.02,mid_commit=0.01;seed=7"` kills the process (SIGKILL) with these
probabilities each time it passes the place. Unset, as in production, a place costs one dict look-up.
"""

from __future__ import annotations

import os
import random
import signal

from gateway.model.errors import Misconfigured

PLACES = ("before_store", "before_commit", "mid_commit", "after_commit", "before_send", "after_send")


class Failpoints:
    """The failpoints of this process."""

    def __init__(self, told: str | None = None) -> None:
        self._chances: dict[str, float] = {}
        told = os.environ.get("ANXIN_FAILPOINTS", "") if told is None else told
        places, _, seed = told.partition(";seed=")
        for part in filter(None, places.split(",")):
            name, _, chance = part.partition("=")
            if name not in PLACES:
                raise Misconfigured(f"ANXIN_FAILPOINTS: {name!r} is none of {', '.join(PLACES)}")
            self._chances[name] = float(chance or 1)
        self._random = random.Random(seed or None)  # noqa: S311  # dice for tests, no secret

    def strikes(self, place: str) -> bool:
        """Say whether the process is to end here now."""
        chance = self._chances.get(place)
        return chance is not None and self._random.random() < chance

    def pass_by(self, place: str) -> None:
        """Pass a place; end there if the dice say so."""
        if self.strikes(place):
            end_at_once()


def end_at_once() -> None:
    """End this process as a crash would."""
    os.kill(os.getpid(), signal.SIGKILL)
