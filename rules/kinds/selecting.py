"""What kinds that pick events by kind and fields have in common: matching, and the subjects of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from gateway.model.event import Event
from rules.definition import Definition, Selector
from rules.match import Matcher, compile_lines, compile_matcher
from rules.rule import Facts, Rule


class Selection:
    """A compiled selector."""

    def __init__(self, selector: Selector) -> None:
        self.kinds = frozenset(selector.kinds)
        self._any_kind = "*" in self.kinds
        self._where = selector.where
        self._matches: Matcher | None = compile_matcher(selector.where)

    def takes(self, event: Event) -> bool:
        """Say whether an event is meant."""
        known = self._any_kind or event.kind in self.kinds
        return known and (self._matches is None or self._matches(event))

    def refusals(self, event: Event) -> list[str]:
        """The conditions that do not hold for an event."""
        if not self._any_kind and event.kind not in self.kinds:
            return [f"kind: {event.kind}"]
        return [told for told, holds in compile_lines(self._where).items() if not holds(event)]


def selection(told: Any) -> Selection:
    """Compile a selector that stands among the parameters. Raises ValueError when it is none."""
    return Selection(Selector.model_validate(told))


class SelectingRule(Rule):
    """A rule with an `when` selector, an optional `clear` selector and the subjects an event names."""

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self.when = Selection(definition.when)
        self.clears = Selection(definition.clear) if definition.clear is not None else None
        self._subjects = _subject_reader(definition.subject)

    @property
    def event_kinds(self) -> Iterable[str]:
        """The kinds of both selectors."""
        return self.when.kinds | (self.clears.kinds if self.clears is not None else frozenset())

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the event's subjects when a selector means it."""
        if self.when.takes(event) or (self.clears is not None and self.clears.takes(event)):
            return self._subjects(event)
        return ()

    def takes(self, event: Event, subject: str, facts: Facts) -> bool:
        """Say whether an event is meant and lies within the schedule."""
        return self.when.takes(event) and (self.schedule is None or self.counts(event.ts, subject, facts))

    def refusals(self, event: Event, facts: Facts) -> list[str]:
        """The conditions of `when` that do not hold, the schedule, and a subject the event does not name."""
        refused = self.when.refusals(event)
        subjects = self._subjects(event)
        if not subjects:
            refused.append(f"subject: {self.definition.subject}")
        elif not any(self.counts(event.ts, subject, facts) for subject in subjects):
            refused.append("schedule")
        return refused


def value_reader(field: str) -> Callable[[Event], str | None]:
    """Read what one field of an event says, as text: `device`, `place`, `building`, `area`, `data.<name>`.

    A list is one value whatever its order: the places between which there is a dispute. Raises ValueError.
    """
    if field in {"device", "place", "building", "area"}:
        return lambda event: getattr(event, field)
    within, _, name = field.partition(".")
    if within != "data" or not name:
        message = f"{field!r} is none of device, place, building, area, data.<name>"
        raise ValueError(message)

    def by_field(event: Event) -> str | None:
        value = event.data.get(name)
        if isinstance(value, list) and value and all(isinstance(one, str | int) for one in value):
            return "+".join(sorted({str(one) for one in value}))
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) and value != "" else None

    return by_field


def _subject_reader(subject: str) -> Callable[[Event], tuple[str, ...]]:
    if subject == "person":
        return lambda event: tuple(f"person:{person}" for person in event.persons)
    read, prefix = value_reader(subject), subject.removeprefix("data.")
    return lambda event: (f"{prefix}:{value}",) if (value := read(event)) is not None else ()
