"""What happened at the gateway, as it tells it, put together so that a statement can be held against it."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from simulators.scenario.file import ScenarioError

KINDS = frozenset({"alert", "work_item", "incident", "notification", "rung"})
MAINTENANCE = "maintenance"
"""Why work items are quiet; it takes nothing away from them."""


SLACK = timedelta(seconds=2)
"""How far the clocks of who tells of an alert and who tells of its messages may be apart."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing as it stood after a change."""

    at: datetime
    kind: str
    body: Mapping[str, Any]


@dataclass(slots=True)
class Raised:
    """One time that an alert or work item was raised or sounded again, and all that came of it since."""

    at: datetime
    stream: str
    body: Mapping[str, Any]
    later: list[Line] = field(default_factory=list)
    """The same alert as it stood from then on, this line included."""

    @property
    def rule(self) -> str:
        """The rule that saw it."""
        return str(self.body.get("rule", ""))

    @property
    def id(self) -> int:
        """The alert's number."""
        return int(self.body["id"])

    @property
    def suppressed(self) -> str | None:
        """Why it is kept quiet, None when nothing speaks against it."""
        # An alert is judged as it stood when it should have been heard, a work item as it stands at the end.
        body = self.later[-1].body if self.stream == "work_item" and self.later else self.body
        reason = body.get("suppressed_by")
        return None if reason is None or (reason == MAINTENANCE and self.stream == "work_item") else str(reason)

    @property
    def sounds(self) -> bool:
        """Whether it is heard in the command room."""
        return self.stream == "alert" and self.suppressed is None


@dataclass(slots=True)
class Happened:
    """Everything the gateway told, by what a statement asks for."""

    raised: list[Raised] = field(default_factory=list)
    notifications: list[Line] = field(default_factory=list)
    rungs: list[Line] = field(default_factory=list)
    incidents_of: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def told(self, raised: Raised) -> list[Line]:
        """Return the messages about an alert, from this sound of it on."""
        return [line for line in self.notifications if line.at >= raised.at - SLACK and self._of(line, raised)]

    def climbed(self, raised: Raised) -> list[Line]:
        """Return the rungs of an alert's ladder, from this sound of it on."""
        return [line for line in self.rungs if line.at >= raised.at - SLACK and self._of(line, raised)]

    def _of(self, line: Line, raised: Raised) -> bool:
        if line.body.get("alert") is not None:
            return bool(line.body["alert"] == raised.id)
        return line.body.get("incident") in self.incidents_of.get(raised.id, ())


def read_happened(lines: Iterable[str]) -> list[Line]:
    """Read JSON lines `{"at", "kind", "body"}`; raises ScenarioError that names the line that is wrong."""
    found: list[Line] = []
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        try:
            raw = json.loads(text)
            line = Line(datetime.fromisoformat(raw["at"]), str(raw["kind"]), dict(raw["body"]))
            if line.at.tzinfo is None:
                raise ValueError("`at` has no offset")  # noqa: TRY301, one place that says which line
            if line.kind not in KINDS:
                raise ValueError(f"kind {line.kind!r} is none of {', '.join(sorted(KINDS))}")  # noqa: TRY301
        except (ValueError, KeyError, TypeError) as error:
            raise ScenarioError(
                f"line {number} of what happened cannot be read: {error}: {text.strip()[:120]}"
            ) from error
        found.append(line)
    return sorted(found, key=lambda line: line.at)


def gather(lines: Iterable[Line]) -> Happened:
    """Put together what was told, in the order of time."""
    told = Happened()
    last: dict[int, Raised] = {}
    history: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        match line.kind:
            case "alert" | "work_item":
                number = int(line.body["id"])
                before = history[number]
                if not before or line.body.get("sounded", 0) > before[-1].body.get("sounded", 0):
                    last[number] = Raised(line.at, line.kind, line.body)
                    told.raised.append(last[number])
                before.append(line)
                last[number].later.append(line)
                if last[number].at == line.at:
                    last[number].body = line.body
            case "incident":
                for alert in line.body.get("alerts", ()):
                    told.incidents_of[alert].add(line.body["id"])
            case "notification":
                told.notifications.append(line)
            case _:
                told.rungs.append(line)
    return told
