"""Replay: rules over events by a virtual clock, with no store and no threads.

Events in the order they were received; timers fire in due order, those due before an event was received before it. The
registry may change on the way. What the tests beside rules, backtests and the learning of a new rule are made of.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from gateway.model.device_health import DeviceHealth
from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from gateway.model.registry import Registry
from rules.judging import Judging, Key
from rules.load import RuleBook
from rules.rule import Facts, Rule


class RuleFailed(Exception):
    """A rule threw while it was replayed."""

    def __init__(self, rule: str, error: Exception, at: datetime) -> None:
        super().__init__(f"the rule {rule} fails at {at.isoformat()}: {type(error).__name__}: {error}")
        self.rule, self.error, self.at = rule, error, at


class Memory:
    """States and timers in memory. With `strict` each state goes through JSON and back, as the store does it."""

    def __init__(
        self,
        states: Mapping[Key, Any] | None = None,
        timers: Mapping[tuple[str, str, str], datetime] | None = None,
        *,
        strict: bool = False,
    ) -> None:
        self.states: dict[Key, Any] = dict(states or {})
        self.timers: dict[tuple[str, str, str], datetime] = dict(timers or {})
        self._agenda: list[tuple[datetime, str, str, str]] = [(due, *key) for key, due in self.timers.items()]
        heapq.heapify(self._agenda)
        self._strict = strict

    def get(self, key: Key) -> Any:
        """The state of a key, None when it has none."""
        return self.states.get(key)

    def keep(self, key: Key, judgement: Judgement) -> None:
        """Take what a rule wants kept."""
        if judgement.state is not None:
            self.states[key] = _through_json(judgement.state) if self._strict else judgement.state
        for name, due in judgement.timers.items():
            if due is None:
                self.timers.pop((*key, name), None)
            else:
                self.timers[(*key, name)] = due
                heapq.heappush(self._agenda, (due, *key, name))

    def disarm(self, rule: str, subject: str, name: str) -> None:
        """A timer fired."""
        self.timers.pop((rule, subject, name), None)

    def next_due(self, moment: datetime, *, inclusive: bool) -> Timer | None:
        """The earliest timer due before a moment (or at it); it stays until it is disarmed or armed anew."""
        while self._agenda:
            due, rule, subject, name = self._agenda[0]
            if due > moment or (due == moment and not inclusive):
                return None
            heapq.heappop(self._agenda)
            if self.timers.get((rule, subject, name)) == due:
                return Timer(rule, subject, name, due)
        return None


class Replay:
    """The rules of a book over one station's events. Raises `RuleFailed` when one throws.

    `on_verdict(verdict, moment)` is told each verdict and when it was reached; otherwise they gather in `verdicts`.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        registry: Registry,
        start: datetime,
        *,
        strict: bool = False,
        health: DeviceHealth | None = None,
        states: Mapping[Key, Any] | None = None,
        timers: Mapping[tuple[str, str, str], datetime] | None = None,
        on_verdict: Callable[[Verdict, datetime], None] | None = None,
    ) -> None:
        self.book = RuleBook(rules)
        self.memory = Memory(states, timers, strict=strict)
        self.verdicts: list[Verdict] = []
        self.now = start
        self.health = health if health is not None else DeviceHealth({})
        self.registry = registry
        self._on_verdict = on_verdict or (lambda verdict, _: self.verdicts.append(verdict))
        self._reached: list[Verdict] = []
        self._judging = self._judge()
        self._meet_everybody(start)

    def event(self, event: Event) -> None:
        """Judge one event; timers due before it was received fire first."""
        self.run_until(event.received_at, inclusive=False)
        self.health.hear(event)
        for rule, subject in self._judging.meetings(event):
            self._judging.meet(rule, event, subject)
        if self._reached:
            self._hand_on(event.received_at)

    def heard(self, device: str, kind: str, ts: datetime, received_at: datetime) -> None:
        """Live through an event of a kind no rule asks for: time passes, and its device lives."""
        self.run_until(received_at, inclusive=False)
        mounting = self.registry.mounting(device)
        self.health.hear_of(device, kind, ts, received_at, mounting.via if mounting is not None else None)

    def change(self, registry: Registry, at: datetime) -> None:
        """Let the registry say something else from a moment on."""
        self.run_until(at, inclusive=False)
        before, self.registry, self.now = self.registry, registry, at
        self._judging = self._judge()
        self._meet_everybody(at)
        changed = registry.changed_since(before)
        for rule in self.book:
            for subject in rule.subjects(registry):
                if subject in changed:
                    self._judging.change(rule, subject, at)
        self._hand_on(at)

    def run_until(self, moment: datetime, *, inclusive: bool = True) -> None:
        """Let time run on."""
        while (timer := self.memory.next_due(moment, inclusive=inclusive)) is not None:
            self._judging.fire(self.book.rules[timer.rule], timer)
            if self._reached:
                self._hand_on(timer.due_at)
        self.now = max(self.now, moment)

    def _judge(self) -> Judging:
        facts = Facts(self.registry, self.health.last_heard, self.health.online)
        return Judging(self.book, self.memory, facts, verdicts=self._reached, failed=_give_up, put_aside=set())

    def _meet_everybody(self, now: datetime) -> None:
        for rule in self.book:
            for subject in rule.subjects(self.registry):
                self._judging.start(rule, subject, now)
        self._hand_on(now)

    def _hand_on(self, moment: datetime) -> None:
        for verdict in self._reached:
            self._on_verdict(verdict, moment)
        self._reached.clear()


def _give_up(rule: Rule, error: Exception, at: datetime) -> None:
    raise RuleFailed(rule.id, error, at) from error


def _through_json(state: Any) -> Any:
    """A state that does not survive JSON is a bug."""
    return msgspec.json.decode(msgspec.json.encode(state), type=type(state))
