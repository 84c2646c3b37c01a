"""What peers did against the rules, each with the message that shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from simulators.county_platform.manscdp import Fault
from simulators.county_platform.sip import Message


class Violation(NamedTuple):
    """A broken rule: its short name, what was wrong, the message as it came, when (Beijing time, naive)."""

    rule: str
    text: str
    message: str
    at: datetime

    def __str__(self) -> str:
        """Say it with the message, as a failing test shows it."""
        return f"{self.rule}: {self.text}\n{self.message}"


class Complaints(list[Violation]):
    """The violations, in order. `now` gives Beijing's time, naive; `tell` is told of each."""

    def __init__(self, now: Callable[[], datetime], tell: Callable[[str], None]) -> None:
        super().__init__()
        self._now, self._tell = now, tell

    def about(self, message: Message | bytes, faults: Iterable[Fault]) -> None:
        """Note what is wrong with a message."""
        shown = message.decode("gb18030", "replace") if isinstance(message, bytes) else str(message)
        for rule, text in faults:
            self.append(Violation(rule, text, shown, self._now()))
            self._tell(f"违规 {rule}：{text}")
