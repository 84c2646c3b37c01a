"""What the doctor found: one line, how bad it is, and what to do."""

from __future__ import annotations

from typing import Literal

import msgspec

Level = Literal["ok", "WARN", "BAD"]


class Finding(msgspec.Struct, frozen=True):
    """One finding. `do` says what to do; empty when there is nothing to do."""

    name: str
    level: Level
    detail: str
    do: str = ""

    def line(self) -> str:
        """The finding as people read it."""
        return f"{self.level:<4} {self.name}: {self.detail}" + (f"; {self.do}" if self.do else "")


def well(name: str, detail: str) -> Finding:
    """Nothing is wrong."""
    return Finding(name, "ok", detail)


def warn(name: str, detail: str, do: str) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(name, "WARN", detail, do)


def bad(name: str, detail: str, do: str) -> Finding:
    """Something is lost, or nobody is told, until this is mended."""
    return Finding(name, "BAD", detail, do)


def graded(name: str, value: float, detail: str, *, warn_at: float, bad_at: float, do: str) -> Finding:
    """Grade a value that is worse the higher it is."""
    if value >= bad_at:
        return bad(name, detail, do)
    if value >= warn_at:
        return warn(name, detail, do)
    return well(name, detail)
