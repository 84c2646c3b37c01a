"""Let rules look, one thing at a time: the same live, in history, in tests and in backtests.

A rule that throws is put aside and the others go on. What a rule raises is told as `alert.raised` to the rules that ask
for it; what those raise is told to nobody (depth one).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Protocol

from gateway.model.event import ALERT_RAISED, Event
from gateway.model.judgement import Judgement, Timer, Verdict
from gateway.model.registry import Registry
from rules.load import RuleBook
from rules.rule import Facts, Rule

#: (rule, subject)
Key = tuple[str, str]


class Keeper(Protocol):
    """Where states and timers are kept."""

    def get(self, key: Key) -> Any:
        """The state of a key, None when it has none."""

    def keep(self, key: Key, judgement: Judgement) -> None:
        """Take what a rule wants kept."""

    def disarm(self, rule: str, subject: str, name: str) -> None:
        """A timer fired."""


class Failed(Protocol):
    """Whom to tell of a rule that threw."""

    def __call__(self, rule: Rule, error: Exception, at: datetime) -> None:
        """Take note of it."""


class Guard(Protocol):
    """Somebody who ends a rule that does not come back."""

    def begin(self, rule: str) -> None:
        """A rule is asked."""

    def end(self) -> None:
        """It answered. Raises when it took too long."""


class Judging:
    """Rules, what they go by and where their states are kept.

    `verdicts` grows; rules named in `put_aside` are asked no more, which is for `failed` to say.
    """

    def __init__(  # one keyword per thing it goes by
        self,
        book: RuleBook,
        keeper: Keeper,
        facts: Facts,
        *,
        verdicts: list[Verdict],
        failed: Failed,
        put_aside: set[str],
        guard: Guard | None = None,
    ) -> None:
        self.verdicts = verdicts
        self._book, self._keeper, self._facts = book, keeper, facts
        self._failed, self._put_aside, self._guard = failed, put_aside, guard

    def meetings(self, event: Event) -> Iterator[tuple[Rule, str]]:
        """The rules that care about an event, each with the subjects it is about."""
        return self._meetings(event, self._book.for_kind(event.kind))

    def _meetings(self, event: Event, rules: Iterable[Rule]) -> Iterator[tuple[Rule, str]]:
        for rule in rules:
            if self._put_aside and rule.id in self._put_aside:
                continue
            try:
                subjects = rule.keys(event)
            except Exception as error:  # noqa: BLE001  # whatever a rule throws, the others go on
                self._failed(rule, error, event.ts)
                continue
            for subject in subjects:
                yield rule, subject

    def meet(self, rule: Rule, event: Event, subject: str) -> None:
        """Let a rule see an event."""
        state = self._keeper.get((rule.id, subject))
        self._take(rule, subject, event.received_at, "on_event", event, subject, state, event.ts, self._facts)

    def start(self, rule: Rule, subject: str, now: datetime) -> None:
        """Let a rule meet a subject, unless it has."""
        if self._keeper.get((rule.id, subject)) is None:
            self._take(rule, subject, now, "on_start", subject, now, self._facts)

    def change(self, rule: Rule, subject: str, now: datetime) -> None:
        """Let a rule see what the registry has new to say of a subject it knows."""
        state = self._keeper.get((rule.id, subject))
        if state is not None:
            self._take(rule, subject, now, "on_change", subject, state, now, self._facts)

    def fire(self, rule: Rule, timer: Timer) -> None:
        """Let a rule see a moment that came. When it throws, the timer stays: a mended rule looks at it again."""
        state = self._keeper.get((rule.id, timer.subject))
        self._take(rule, timer.subject, timer.due_at, "on_timer", timer, state, timer.due_at, self._facts, fired=timer)

    def _take(self, rule: Rule, subject: str, at: datetime, act: str, *seen: Any, fired: Timer | None = None) -> None:
        if self._put_aside and rule.id in self._put_aside:
            return
        judgement = self._asked(rule, at, act, *seen)
        if self._put_aside and rule.id in self._put_aside:
            return
        if fired is not None:
            self._keeper.disarm(fired.rule, fired.subject, fired.name)
        if judgement is None:
            return
        self._keeper.keep((rule.id, subject), judgement)
        if judgement.verdicts:
            self.verdicts.extend(judgement.verdicts)
            self._tell_others(judgement, at)

    def _asked(self, rule: Rule, at: datetime, act: str, *seen: Any) -> Judgement | None:
        guard = self._guard
        try:
            if guard is None:
                return getattr(rule, act)(*seen)  # type: ignore[no-any-return]  # each of them answers with one
            guard.begin(rule.id)
            try:
                judgement = getattr(rule, act)(*seen)
            finally:
                guard.end()  # also when it threw: nobody is to be broken off for a question that is over
        except Exception as error:  # noqa: BLE001
            self._failed(rule, error, at)
            return None
        else:
            return judgement  # type: ignore[no-any-return]

    def _tell_others(self, judgement: Judgement, at: datetime) -> None:
        listeners = self._book.listeners(ALERT_RAISED)
        if not listeners:
            return
        for verdict in judgement.verdicts:
            if verdict.action != "raise" or verdict.stream == "probe":
                continue
            event = raised_event(verdict, at, self._facts.registry)
            for rule, subject in self._meetings(event, listeners):
                seen = (event, subject, self._keeper.get((rule.id, subject)), event.ts, self._facts)
                derived = self._asked(rule, at, "on_event", *seen)
                if derived is not None:
                    self._keeper.keep((rule.id, subject), derived)
                    self.verdicts.extend(derived.verdicts)


def raised_event(verdict: Verdict, at: datetime, registry: Registry) -> Event:
    """Return what a rule raised as an event for others. It goes by the name of the last event that counted.

    `data` names rule, subject, priority and stream, beside what the last event itself had said.
    """
    device, _, event_id = (verdict.events[-1] if verdict.events else f"{verdict.device or ''}/").partition("/")
    said = verdict.explanation.facts.get("data")
    told = {"rule": verdict.rule, "subject": verdict.subject, "priority": verdict.priority, "stream": verdict.stream}
    mounting = registry.mounting(verdict.device) if verdict.device is not None else None
    if mounting is None:
        mounting = registry.mounting_at(verdict.place)
    return Event.at(
        mounting,
        station=registry.station.id,
        device=device,
        id=event_id,
        ts=verdict.at,
        device_ts=verdict.at,
        received_at=at,
        kind=ALERT_RAISED,
        data={**(said if isinstance(said, dict) else {}), **told},
    )
