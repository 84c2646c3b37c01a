"""What kinds that pick events by kind and fields have in common: matching, and the subjects of an event."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from gateway.model.event import Event
from rules.definition import Definition, Selector
from rules.match import Matcher, compile_matcher
from rules.rule import Rule


class Selection:
    """A compiled selector."""

    def __init__(self, selector: Selector) -> None:
        self.kinds = frozenset(selector.kinds)
        self._matches: Matcher | None = compile_matcher(selector.where)

    def takes(self, event: Event) -> bool:
        """Say whether an event is meant."""
        return event.kind in self.kinds and (self._matches is None or self._matches(event))


class SelectingRule(Rule):
    """A rule with an `when` selector, an optional `clear` selector and one subject per event."""

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


def _subject_reader(subject: str) -> Callable[[Event], tuple[str, ...]]:
    if subject == "device":
        return lambda event: (f"device:{event.device}",)
    if subject == "place":
        return lambda event: (f"place:{event.place}",) if event.place is not None else ()
    if subject == "building":
        return lambda event: (f"building:{event.building}",) if event.building is not None else ()
    if subject == "area":
        return lambda event: (f"area:{event.area}",) if event.area is not None else ()
    if subject == "person":
        return lambda event: tuple(f"person:{person}" for person in event.persons)
    name = subject.removeprefix("data.")

    def by_field(event: Event) -> tuple[str, ...]:
        value = event.data.get(name)
        return (f"{name}:{value}",) if isinstance(value, str | int) else ()

    return by_field
