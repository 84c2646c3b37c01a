"""Matchers on event fields, compiled to closures: equals, in, range, pattern; CEL for what they do not reach.

    where:
      device_kind: school_button            # equals
      data.direction: [in, out]             # one of
      data.confidence: {min: 0.6, max: 1}   # range, both ends included
      data.credential: {pattern: "^card:"}  # regular expression, searched
      attributes.restricted: true           # what the registry says of the place, over it of the device
      cel: data.people > data.admitted + 1  # Common Expression Language over the same fields

Every line must hold. A field that is absent matches nothing; nor does an expression that meets one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import cel
import re2

from gateway.model.errors import Misconfigured
from gateway.model.event import Event

Matcher = Callable[[Event], bool]

_QUIETLY = re2.Options()
_QUIETLY.log_errors = False

_FIELDS: dict[str, Callable[[Event], Any]] = {
    "kind": lambda event: event.kind,
    "device": lambda event: event.device,
    "device_kind": lambda event: event.device_kind,
    "place": lambda event: event.place,
    "place_kind": lambda event: event.place_kind,
    "building": lambda event: event.building,
    "area": lambda event: event.area,
    "under_care": lambda event: event.under_care,
    "skewed": lambda event: event.skewed,
}
#: Fields with names of their own below them.
_OPEN_FIELDS: dict[str, Callable[[Event], Mapping[str, Any]]] = {
    "data": lambda event: event.data,
    "attributes": lambda event: event.attributes,
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


def compile_lines(where: Mapping[str, Any]) -> dict[str, Matcher]:
    """Compile conditions one by one, by what they say: to tell which of them said no."""
    return {f"{field}: {wanted}": _compile_line(field, wanted) for field, wanted in where.items()}


def _compile_line(field: str, wanted: Any) -> Matcher:
    if field == "cel":
        return _compile_cel(wanted)
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
        # RE2 looks at each character once: no pattern can hold up the road, whatever a device sends.
        try:
            search = re2.compile(str(wanted["pattern"]), options=_QUIETLY).search
        except re2.error as error:
            told = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
            raise Misconfigured(f"{field}: {wanted['pattern']!r} is no regular expression: {told}") from error
        return lambda event: isinstance(value := read(event), str) and search(value) is not None
    if names and names <= {"min", "max"}:
        low, high = wanted.get("min", float("-inf")), wanted.get("max", float("inf"))
        return lambda event: (
            isinstance(value := read(event), int | float) and not isinstance(value, bool) and low <= value <= high
        )
    raise Misconfigured(f"{field}: a condition is a value, a list, {{min, max}} or {{pattern}}, not {dict(wanted)}")


def _compile_cel(told: object) -> Matcher:
    try:
        execute = cel.compile(str(told)).execute
        execute(dict.fromkeys(_FIELDS) | {name: {} for name in _OPEN_FIELDS})
    except (TypeError, KeyError):
        pass  # what it asks for is absent here
    except (ValueError, RuntimeError) as error:  # no expression, or a variable that is no field
        raise Misconfigured(f"cel: {told!r} cannot be followed: {error}") from error
    # Only what it speaks of is handed over: that is most of what an expression costs.
    words = set(re.findall(r"[a-z_]+", str(told)))
    fields = [(name, read) for name, read in _FIELDS.items() if name in words]
    open_fields = [(name, read) for name, read in _OPEN_FIELDS.items() if name in words]
    last: tuple[Event | None, bool] = (None, False)

    def matches(event: Event) -> bool:
        # A rule asks twice of an event: whether it is meant, and whether it counts.
        nonlocal last
        if last[0] is not event:
            last = (event, follows(event))
        return last[1]

    def follows(event: Event) -> bool:
        known = {name: read(event) for name, read in fields} | {name: dict(read(event)) for name, read in open_fields}
        try:
            return execute(known) is True
        except (RuntimeError, TypeError, ValueError, KeyError):
            return False  # it meets a field that is absent or of another type
        except BaseException as error:
            if type(error).__name__ != "PanicException":
                raise
            # A defect of the library's (Rust) that one event brings out: it must end this rule, not the gateway.
            raise ArithmeticError(f"the expression broke its engine: {error}") from error

    return matches


def _reader(field: str) -> Callable[[Event], Any]:
    if field in _FIELDS:
        return _FIELDS[field]
    within, _, name = field.partition(".")
    if within in _OPEN_FIELDS and name:
        open_field = _OPEN_FIELDS[within]
        return lambda event: open_field(event).get(name)
    known = ", ".join([*_FIELDS, *(f"{name}.<name>" for name in _OPEN_FIELDS), "cel"])
    raise Misconfigured(f"{field}: no such field of an event; there are {known}")
