"""Named places where a test may end the process, to prove that ending there loses nothing.

`ANXIN_FAILPOINTS="after_commit=0.02,mid_commit=0.01;seed=7"` kills the process (SIGKILL) with these
probabilities each time it passes the place; with `;armed_by=FILE` only while that file is there, so that
a process can start in peace. Unset, as in production, a place costs one dict look-up.
"""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

from gateway.model.errors import Misconfigured

PLACES = ("before_store", "before_commit", "mid_commit", "after_commit", "before_send", "after_send")


class Failpoints:
    """The failpoints of this process."""

    def __init__(self, told: str | None = None) -> None:
        self._chances: dict[str, float] = {}
        told = os.environ.get("ANXIN_FAILPOINTS", "") if told is None else told
        places, *options = told.split(";")
        seed = ""
        self._armed_by: Path | None = None
        for option in options:
            match option.partition("="):
                case "seed", _, seed:
                    pass
                case "armed_by", _, file:
                    self._armed_by = Path(file)
                case _:
                    raise Misconfigured(f"ANXIN_FAILPOINTS: {option!r} is neither seed=… nor armed_by=…")
        for part in filter(None, places.split(",")):
            name, _, chance = part.partition("=")
            if name not in PLACES:
                raise Misconfigured(f"ANXIN_FAILPOINTS: {name!r} is none of {', '.join(PLACES)}")
            self._chances[name] = float(chance or 1)
        self._random = random.Random(seed or None)  # noqa: S311  # dice for tests, no secret

    def strikes(self, place: str) -> bool:
        """Say whether the process is to end here now."""
        chance = self._chances.get(place)
        if chance is None or self._random.random() >= chance:
            return False
        return self._armed_by is None or self._armed_by.exists()

    def pass_by(self, place: str) -> None:
        """Pass a place; end there if the dice say so."""
        if self.strikes(place):
            end_at_once()


def end_at_once() -> None:
    """End this process as a crash would."""
    os.kill(os.getpid(), signal.SIGKILL)
