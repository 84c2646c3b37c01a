"""The named moments of a scenario: when each step begins and ends, counted from the beginning."""

from simulators.scenario.form import Hold, Mute, Say, Scenario, Step
from simulators.scenario.span import Span

BEGIN = "begin"


def moments(scenario: Scenario) -> dict[str, tuple[Span, Span]]:
    """Return from when to when each named step goes, counted from the beginning.

    A statement may say `NAME` (its start) or `NAME.end`. What several devices do one `each` after the other ends
    with the last repetition of the first: how many there are is the cast's.
    """
    found = {BEGIN: (Span(0), Span(0))}
    for step in scenario.steps:
        if step.name is not None:
            found[step.name] = span_of(step)
    return found


def span_of(step: Step) -> tuple[Span, Span]:
    """Return from when to when a step goes, counted from the beginning."""
    if isinstance(step, Mute | Hold):
        return step.begin, step.end
    if isinstance(step, Say):
        return step.at, Span(seconds=(step.at + step.every * (step.times - 1)).total_seconds())
    return step.at, step.at


def moment_names(scenario: Scenario) -> set[str]:
    """Return what `after` may say."""
    return {said for name in moments(scenario) for said in (name, f"{name}.end")}
