"""A finding: one sentence of a statement, whether it holds, when it happened, and what was seen instead."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from simulators.events import timestamp
from simulators.scenario.span import Language, say_span

Text = dict[Language, str]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(slots=True)
class Finding:
    """`holds` is None when the question could not be seen from here (live, through the API)."""

    claim: Text
    holds: bool | None = True
    at: datetime | None = None
    instead: list[Text] = field(default_factory=list)
    together: Text | None = None
    """The claim about all of a role, the same object in each one's finding; None when it is of no such set."""

    def fails(self, zh: str, en: str) -> None:
        """Say what is wrong."""
        self.holds = False
        self.instead.append({"zh": zh, "en": en})

    def public(self, zone: tzinfo | None) -> dict[str, Any]:
        """Return the finding for machines, its time in this zone."""
        return {
            "holds": self.holds,
            "claim": self.claim,
            "at": timestamp(self.at.astimezone(zone)) if self.at is not None else None,
            "instead": self.instead,
        }


def render(finding: Finding, begin: datetime, language: Language) -> str:
    """Return the finding for people: a mark, the claim, when, and what was seen instead."""
    mark = {True: "✓", False: "✗", None: "–"}[finding.holds]
    said = [f"{mark} {finding.claim[language]}"]
    if finding.at is not None:
        said.append(f"    {clock(finding.at, begin, language)}")
    said.extend(f"    {'实际：' if language == 'zh' else 'instead: '}{text[language]}" for text in finding.instead)
    return "\n".join(said)


def clock(moment: datetime, begin: datetime, language: Language) -> str:
    """Return a moment with its distance from the scenario's beginning."""
    local = moment.astimezone(begin.tzinfo)
    apart = say_span(abs(moment - begin), language)
    if language == "zh":
        return f"{local:%m-%d %H:%M:%S}（开始{'前' if moment < begin else '后'} {apart}）"
    return f"{local:%m-%d %H:%M:%S} ({apart} {'before' if moment < begin else 'after'} the beginning)"


def after(moment: datetime, start: datetime, language: Language) -> str:
    """Return how long after (or before) another moment it was."""
    apart = say_span(abs(moment - start), language)
    if language == "zh":
        return f"{'早' if moment < start else '晚'} {apart}"
    return f"{apart} {'before' if moment < start else 'after'}"


def between(least: timedelta, most: timedelta, language: Language) -> str:
    """Return a range of time."""
    if not least:
        return f"{say_span(most, language)}内" if language == "zh" else f"within {say_span(most)}"
    ends = f"{say_span(least, language)}–{say_span(most, language)}"
    return f"{ends}之间" if language == "zh" else f"between {say_span(least)} and {say_span(most)}"
