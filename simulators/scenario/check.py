"""What is wrong with a scenario that has the right form: roles, names and times that lead nowhere."""

from collections.abc import Iterator
from typing import Any

from simulators.scenario.form import (
    Care,
    Drill,
    Hold,
    Must,
    MustNot,
    Mute,
    Offline,
    Online,
    Say,
    Scenario,
    Selector,
    Step,
    several,
)
from simulators.scenario.moments import moment_names, moments, span_of
from simulators.scenario.span import Span, read_span, say_span

EVERYTHING = "everything"
"""What `hold` may name instead of a role."""

KINDS = ("device", "place", "area", "person")
"""What a role may be."""


def complaints_about(scenario: Scenario) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong: roles, names and times that lead nowhere."""
    if scenario.lasts <= Span(0) or scenario.warm_up < Span(0):
        yield "lasts must be longer than nothing, warm_up not less than nothing"
    if not scenario.must and not scenario.must_not:
        yield "it states nothing: write must or must_not"
    for role, selector in scenario.cast.items():
        yield from _selector_complaints(scenario, role, selector)
    said = [step.name for step in scenario.steps if step.name is not None]
    yield from (f"two steps are called {name}" for name in sorted({name for name in said if said.count(name) > 1}))
    for number, step in enumerate(scenario.steps):
        yield from (f"steps[{number}]: {complaint}" for complaint in _step_complaints(scenario, step))
    for number, must in enumerate(scenario.must):
        yield from (f"must[{number}]: {complaint}" for complaint in _must_complaints(scenario, must))
    for number, never in enumerate(scenario.must_not):
        yield from (f"must_not[{number}]: {complaint}" for complaint in _never_complaints(scenario, never))


def _selector_complaints(scenario: Scenario, role: str, selector: Selector) -> Iterator[str]:
    if len([kind for kind in KINDS if getattr(selector, kind) is not None]) != 1:
        yield f"cast {role}: exactly one of {', '.join(KINDS)}"
    earlier = list(scenario.cast)[: list(scenario.cast).index(role)]
    yield from (
        f"cast {role}: {other!r} is no role above it"
        for other in (selector.inside, selector.behind, selector.beyond.of if selector.beyond is not None else None)
        if other is not None and other not in earlier
    )
    if selector.area is not None and (selector.attributes or selector.spread or selector.beyond is not None):
        yield f"cast {role}: attributes, spread and beyond are asked of devices and places"


def _step_complaints(scenario: Scenario, step: Step) -> Iterator[str]:
    roles, kinds = _roles_of(step)
    for role in roles:
        if not (isinstance(step, Hold) and role == EVERYTHING):
            yield from _role_complaints(scenario, role, kinds)
    if isinstance(step, Say):
        for role in said_of(step.data):
            yield from _role_complaints(scenario, role)
    if isinstance(step, Care):
        yield from _care_complaints(step)
    begin, end = span_of(step)
    if end < begin:
        yield "it ends before it begins"
    if begin < -scenario.warm_up or end > scenario.lasts:
        yield (
            f"from {say_span(begin)} to {say_span(end)} is outside the scenario, which goes from "
            f"-{say_span(scenario.warm_up)} to {say_span(scenario.lasts)}"
        )


def _roles_of(step: Step) -> tuple[list[str], tuple[str, ...]]:
    """Return the roles a step names, and which kinds of things they may be."""
    roles: str | list[str]
    match step:
        case Say(by=roles) | Drill(drill=roles):
            kinds: tuple[str, ...] = ("device",)
        case Mute(mute=roles) | Hold(hold=roles):
            kinds = KINDS
        case Offline(offline=roles) | Online(online=roles):
            kinds = ("device", "place", "area")
        case Care(person=roles):
            kinds = ("person",)
    return several(roles), kinds


def said_of(data: dict[str, Any]) -> list[str]:
    """Return the roles that an event's data speak of."""
    values = [one for value in data.values() for one in (value if isinstance(value, list) else [value])]
    return [value["of"] for value in values if isinstance(value, dict) and set(value) == {"of"}]


def _care_complaints(step: Care) -> Iterator[str]:
    for word, value in step.care.items():
        if isinstance(value, dict):
            try:
                read_span(value["in"] if set(value) == {"in"} else value)
            except ValueError as error:
                yield f"care.{word}: {error}; a time is written {{in: 3 days}}"


def _role_complaints(scenario: Scenario, role: str, kinds: tuple[str, ...] = KINDS) -> Iterator[str]:
    if role not in scenario.cast:
        yield f"{role!r} is no role of the cast"
    elif all(getattr(scenario.cast[role], kind) is None for kind in kinds):
        yield f"{role!r} is no {' or '.join(kinds)}"


def _must_complaints(scenario: Scenario, must: Must) -> Iterator[str]:
    if (must.alert is None) == (must.work_item is None):
        yield "exactly one of alert, work_item"
    if must.about is not None:
        yield from _role_complaints(scenario, must.about)
    if must.each and must.about is None:
        yield "each needs about"
    if must.not_before > must.within:
        yield "not_before is later than within"
    yield from _after_complaints(scenario, must.after)
    if must.over is not None and must.over.after is not None:
        yield from _after_complaints(scenario, must.over.after)
    begin = _moment(scenario, must.after)
    if begin + must.within > scenario.lasts:
        yield f"{must.after} + {say_span(must.within)} is after the scenario's end ({say_span(scenario.lasts)})"


def _never_complaints(scenario: Scenario, never: MustNot) -> Iterator[str]:
    for role in (*several(never.about or []), *several(never.inside or [])):
        yield from _role_complaints(scenario, role)
    yield from _after_complaints(scenario, never.after)
    if never.sounding and never.stream == "work_item":
        yield "a work item never sounds"


def _after_complaints(scenario: Scenario, after: str) -> Iterator[str]:
    if after not in moment_names(scenario):
        yield f"after {after!r}: no step has this name; there are {', '.join(sorted(moment_names(scenario)))}"


def _moment(scenario: Scenario, after: str) -> Span:
    name, _, end = after.partition(".")
    return moments(scenario).get(name, (Span(0), Span(0)))[1 if end else 0]
