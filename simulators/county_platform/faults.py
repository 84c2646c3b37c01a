"""Misbehaviour to order: each fault strikes the next so many messages, of one method or of any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Each fault and what it does.
FAULTS = {
    "drop-request": "a request is not heard",
    "drop-response": "a request is heard, its answer is lost",
    "late": "the answer comes after `seconds`",
    "twice": "the answer comes twice",
    "status": "the next of `codes` is the answer, and nothing else is done",
    "garbage": "noise in place of the answer",
    "repeat-request": "a request of ours is sent twice",
}
NOISE = b"\x00\xffSIP/9.9 nonsense\r\n\x80\x81\r\n\r\n"


@dataclass
class _Ordered:
    name: str
    left: int
    method: str | None
    seconds: float
    codes: list[int]


class Faults:
    """What has been ordered and has not struck yet. The first order that concerns a message is taken."""

    def __init__(self) -> None:
        self._ordered: list[_Ordered] = []

    def order(
        self, name: str, *, count: int = 1, method: str | None = None, seconds: float = 1.0, codes: Sequence[int] = ()
    ) -> None:
        """Order a fault. Raises ValueError for a name that is not in FAULTS, or `status` without `codes`."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS)}")
        if (name == "status") != bool(codes):
            raise ValueError("`status` wants codes, and only `status` does")
        self._ordered.append(_Ordered(name, len(codes) or count, method, seconds, list(codes)))

    def clear(self) -> None:
        """Forget what was ordered."""
        self._ordered.clear()

    @property
    def waiting(self) -> list[str]:
        """What has yet to strike."""
        return [f"{one.left} x {one.name} {one.method or ''}".strip() for one in self._ordered]

    def strikes(self, name: str, method: str) -> bool:
        """Tell whether a fault concerns this message; one that does is used up by one."""
        return self._take(name, method) is not None

    def delay_s(self, method: str) -> float:
        """Return by how much the answer is late."""
        taken = self._take("late", method)
        return taken.seconds if taken else 0.0

    def status(self, method: str) -> int | None:
        """Return the wrong answer that was ordered."""
        taken = self._take("status", method)
        return taken.codes.pop(0) if taken else None

    def _take(self, name: str, method: str) -> _Ordered | None:
        for one in self._ordered:
            if one.name == name and one.method in {None, method}:
                one.left -= 1
                if one.left <= 0:
                    self._ordered.remove(one)
                return one
        return None
