"""Scenario files: found by name, read, and checked as a whole before anything is played."""

from pathlib import Path
from typing import Any

import msgspec
import yaml

from simulators.scenario.check import complaints_about
from simulators.scenario.form import STEPS, Scenario, Step, Steps
from simulators.scenario.span import Span, read_span

FOLDER = Path(__file__).parents[1] / "scenarios"


class ScenarioError(ValueError):
    """A scenario is unknown, its file is wrong, or the site has nobody for it; the text says what and what to do."""


def names() -> list[str]:
    """Return the names of the scenarios that come with the simulators, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml"))


def find(name: str) -> Scenario:
    """Read a scenario by name, or from a file when NAME ends in .yaml; raises ScenarioError."""
    if name.endswith(".yaml"):
        return read_scenario(Path(name))
    if name not in names():
        raise ScenarioError(
            f"there is no scenario {name!r}; there are: {', '.join(names())} (or a path to a .yaml file)"
        )
    return read_scenario(FOLDER / f"{name}.yaml")


def read_scenario(path: Path) -> Scenario:
    """Read and check a scenario file; raises ScenarioError with everything that is wrong with it."""
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(f"can't read {path}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path} is no YAML: {error}") from error
    try:
        scenario = msgspec.convert(raw, Scenario, dec_hook=_own)
    except msgspec.ValidationError as error:
        raise ScenarioError(f"{path}: {error}") from error
    if complaints := list(complaints_about(scenario)):
        raise ScenarioError(f"{path}: " + "; ".join(complaints))
    return scenario


def _own(kind: type, said: object) -> object:
    """Read what msgspec doesn't know: durations, and steps by the word they begin with."""
    if kind is Span:
        return read_span(said)
    if kind is Steps and isinstance(said, list):
        return Steps(_step(number, step) for number, step in enumerate(said))
    raise ValueError("a list of steps is wanted")


def _step(number: int, raw: object) -> Step:
    what = [word for word in STEPS if isinstance(raw, dict) and word in raw]
    if len(what) != 1:
        raise ValueError(f"step {number}: a step has exactly one of {', '.join(STEPS)}")
    try:
        return msgspec.convert(raw, STEPS[what[0]], dec_hook=_own)
    except msgspec.ValidationError as error:
        raise ValueError(f"step {number} ({what[0]}): {error}") from error
