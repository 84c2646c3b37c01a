"""Matchers on event fields, compiled to closures: equals, in, range, pattern.

    where:
      device_kind: school_button            # equals
      data.direction: [in, out]             # one of
      data.confidence: {min: 0.6, max: 1}   # range, both ends included
      data.credential: {pattern: "^card:"}  # regular expression, searched

Every line must hold. A field that is absent matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from gateway.model.errors import Misconfigured
from gateway.model.event import Event

Matcher = Callable[[Event], bool]

_FIELDS: dict[str, Callable[[Event], Any]] = {
    "kind": lambda event: event.kind,
    "device": lambda event: event.device,
    "device_kind": lambda event: event.device_kind,
    "place": lambda event: event.place,
    "building": lambda event: event.building,
    "area": lambda event: event.area,
}


def compile_matcher(where: Mapping[str, Any]) -> Matcher | None:
    """Compile conditions to one closure, or None when there are none.

    Raises `Misconfigured` for a field or condition that cannot be.
    """
    tests = [_compile_line(field, wanted) for field, wanted in where.items()]
    if not tests:
        return None
    if len(tests) == 1:
        return tests[0]
    return lambda event: all(test(event) for test in tests)


def _compile_line(field: str, wanted: Any) -> Matcher:
    read = _reader(field)
    if isinstance(wanted, list | tuple):
        choices = tuple(wanted)
        return lambda event: read(event) in choices
    if isinstance(wanted, Mapping):
        return _compile_condition(field, read, wanted)
    return lambda event: bool(read(event) == wanted)


def _compile_condition(field: str, read: Callable[[Event], Any], wanted: Mapping[str, Any]) -> Matcher:
    names = set(wanted)
    if names == {"pattern"}:
        try:
            search = re.compile(str(wanted["pattern"])).search
        except re.error as error:
            raise Misconfigured(f"{field}: {wanted['pattern']!r} is no regular expression: {error}") from error
        return lambda event: isinstance(value := read(event), str) and search(value) is not None
    if names and names <= {"min", "max"}:
        low, high = wanted.get("min", float("-inf")), wanted.get("max", float("inf"))
        return lambda event: (
            isinstance(value := read(event), int | float) and not isinstance(value, bool) and low <= value <= high
        )
    raise Misconfigured(f"{field}: a condition is a value, a list, {{min, max}} or {{pattern}}, not {dict(wanted)}")


def _reader(field: str) -> Callable[[Event], Any]:
    if field in _FIELDS:
        return _FIELDS[field]
    if field.startswith("data."):
        name = field.removeprefix("data.")
        return lambda event: event.data.get(name)
    known = ", ".join([*_FIELDS, "data.<name>"])
    raise Misconfigured(f"{field}: no such field of an event; there are {known}")
