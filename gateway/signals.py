"""Being told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType


def on_signal(act: Callable[[], None]) -> None:
    """Call `act` once on SIGTERM or SIGINT."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        act()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
