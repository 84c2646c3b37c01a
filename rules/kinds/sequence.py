"""`sequence`: one thing after another within a span, or one that lacks what should have gone before it.

Parameters: `steps`, selectors that follow `when` in order, the last of which decides; `within_s`, from the first to the
last; `unless`, a selector of what makes the last step right when it was at most `unless_s` before it (a grant before a
door opens), or up to `slack_s` (2) after it, since clocks differ; `clear_after_s`.

A step that comes late completes the sequence, and a late `unless` retracts what it explains: see `rules.kinds.finding`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from gateway.model.event import Event
from rules.definition import Definition
from rules.kinds.finding import LATE, FindingRule, FindingState, Found, Sight
from rules.kinds.selecting import selection
from rules.rule import Facts

#: The bit of a sight's value that says it makes the last step right; the bits below are the steps it may be.
UNLESS = 1 << 40


class Sequence(FindingRule):
    """One thing after another."""

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        params = definition.params
        self.steps = [self.when, *map(selection, params.get("steps", ()))]
        self.unless = selection(params["unless"]) if "unless" in params else None
        if len(self.steps) == 1 and self.unless is None:
            message = "a sequence needs steps after `when`, or an unless"
            raise ValueError(message)
        self.within = timedelta(seconds=self.parameter("within_s", 1).default)
        self.unless_span = timedelta(seconds=self.parameter("unless_s", 1).default)
        self.slack = timedelta(seconds=float(params.get("slack_s", 2)))
        self.clear_after = timedelta(seconds=self.parameter("clear_after_s").default)
        self.after = max(self.within, self.unless_span)
        self.before = self.slack
        self.keep_for = self.after + self.slack + LATE
        self.memory = self.keep_for + self.clear_after

    @property
    def event_kinds(self) -> Iterable[str]:
        """Those of every step, and of what excuses."""
        selections = [*self.steps, *([self.unless] if self.unless is not None else [])]
        return frozenset().union(*(one.kinds for one in selections))

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the event's subjects when any part means it."""
        return self._subjects(event) if self._parts(event) else ()

    def takes(self, event: Event, subject: str, facts: Facts) -> bool:
        """Say whether any part means an event; the schedule is for the last step to keep."""
        del subject, facts
        return self._parts(event) != 0

    def _parts(self, event: Event) -> int:
        parts = sum(1 << number for number, step in enumerate(self.steps) if step.takes(event))
        return parts | (UNLESS if self.unless is not None and self.unless.takes(event) else 0)

    def sight(self, event: Event) -> Sight:
        """Which steps an event may be."""
        return Sight(event.ts, event.reference, self._parts(event), "", event.device, event.place or "")

    def finding(self, index: int, state: FindingState, subject: str, facts: Facts) -> Found | None:
        """Say whether a sight completes the sequence, with the latest possible earlier steps."""
        seen, last = state.seen, state.seen[index]
        if not last.value >> (len(self.steps) - 1) & 1 or self._excused(last, seen):
            return None
        if not self.counts(last.at, subject, facts):
            return None
        chain = [last]
        for number in reversed(range(len(self.steps) - 1)):
            earlier = [one for one in seen[:index] if one.value >> number & 1 and one < chain[0]]
            if not earlier:
                return None
            chain.insert(0, earlier[-1])
        if last.at - chain[0].at > self.within:
            return None
        name = "within_s" if len(self.steps) > 1 else "unless_s"
        span = self.within if len(self.steps) > 1 else self.unless_span
        return Found(
            told={"steps": len(chain)},
            limit=f"{span.total_seconds():g} s",
            limit_source=f"{self.id} params.{name}",
            events=tuple(one.reference for one in chain),
        )

    def _excused(self, last: Sight, seen: list[Sight]) -> bool:
        opens, closes = last.at - self.unless_span, last.at + self.slack
        return any(one.value & UNLESS and opens <= one.at <= closes for one in seen)

    def tell(self, subject: str, state: Any, now: datetime, facts: Facts) -> tuple[bool, list[dict[str, str]]]:
        """Which steps are in sight."""
        del subject
        seen = [one for one in state.seen if one.at > now - self.keep_for] if state is not None else []
        lines = [
            {
                "zh": f"{facts.local(one.at)} 看到{self._named(one)[0]}",
                "en": f"{facts.local(one.at)} saw {self._named(one)[1]}",
            }
            for one in seen[-8:]
        ]
        count = len(self.steps)
        return state is not None and bool(state.standing), lines or [
            {"zh": f"共 {count} 步，目前一步也没有看到", "en": f"none of its {count} steps is in sight"}
        ]

    def _named(self, one: Sight) -> tuple[str, str]:
        if one.value & UNLESS:
            return "例外", "an excuse"
        steps = [number + 1 for number in range(len(self.steps)) if one.value >> number & 1]
        return f"第 {steps[0]} 步", f"step {steps[0]}"
