"""Run the tests that stand beside each definition: events in, verdicts expected at times.

facts:                       # optional; a small station is there by default
  persons: [{id: p1, name: 甲, place: flat-1, care: {lives_alone: true}}]
cases:
  - name: one press rings
    events:                  # `at` in seconds (or h/m/s, as in 1h30m) after the start
      - {at: 0, device: button-1, kind: alarm.pressed}    # repeat: {every: 24h, times: 20} says it on 20 days
    until: 10m               # how far time runs on; timers due by then fire
    expect:
      - {at: 0, action: raise, subject: "device:button-1"}
"""

from __future__ import annotations

import heapq
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml
from pydantic import Field, ValidationError

from gateway.model.errors import Misconfigured
from gateway.model.event import Event
from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place, Registry, Station
from rules.definition import Definition, Strict
from rules.load import bring_to_life, read_definition, test_file
from rules.replay import Replay, RuleFailed

START = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
_SPAN = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$")


class Repeat(Strict):
    """The same event again and again: so many times in all."""

    every: str | int
    times: int = Field(ge=1, le=1000)


class CaseEvent(Strict):
    """One event of a case."""

    at: str | int
    device: str
    kind: str
    data: dict[str, Any] = Field(default_factory=dict)
    late_by: str | int = 0
    repeat: Repeat | None = None
    #: The device believed in a time that cannot be, and `at` is when its word came.
    skewed: bool = False


class Expected(Strict):
    """One verdict a case expects, in order."""

    at: str | int
    action: str
    subject: str


class Case(Strict):
    """Events in, verdicts out."""

    name: str
    events: tuple[CaseEvent, ...] = ()
    until: str | int = 0
    expect: tuple[Expected, ...]


class CaseFile(Strict):
    """A `*.test.yaml`."""

    places: tuple[dict[str, Any], ...] = ()
    devices: tuple[dict[str, Any], ...] = ()
    persons: tuple[dict[str, Any], ...] = ()
    cases: tuple[Case, ...] = Field(min_length=1)


def check_file(path: Path) -> list[str]:
    """Run the tests beside one definition file and return a sentence per failure."""
    tests = test_file(path)
    try:
        content = yaml.safe_load(tests.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise Misconfigured(f"{tests}: cannot be read: {error}") from error
    return [f"{tests.name}: {failure}" for failure in check(read_definition(path), parse_cases(content, str(tests)))]


def parse_cases(content: object, name: str) -> CaseFile:
    """Check what a test file says. Raises `Misconfigured`, also when it holds no case."""
    try:
        return CaseFile.model_validate(content)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'tests'}: {e['msg']}" for e in error.errors())
        raise Misconfigured(f"{name}: {told}") from error


def check(definition: Definition, cases: CaseFile) -> list[str]:
    """Run the cases of one definition and return a sentence per failure."""
    return [
        f"{case.name}: {failure}" for case in cases.cases if (failure := _run_case(definition, cases, case)) is not None
    ]


def _run_case(definition: Definition, file: CaseFile, case: Case) -> str | None:
    registry = _registry(file)
    try:
        return _judged(Replay([bring_to_life(definition)], registry, START, strict=True), case)
    except RuleFailed as error:
        return str(error)


def _judged(replay: Replay, case: Case) -> str | None:
    registry = replay.registry
    happens = [(START + span(e.at) + since, e) for e in case.events for since in _repeated(e.repeat)]
    arrivals = [(ts + span(e.late_by), index, ts, e) for index, (ts, e) in enumerate(happens)]
    heapq.heapify(arrivals)
    while arrivals:
        received, index, ts, event = heapq.heappop(arrivals)
        mounting = registry.mounting(event.device)
        if mounting is None:
            return f"device {event.device!r} is not listed under devices"
        replay.event(
            Event.at(
                mounting,
                station=registry.station.id,
                device=event.device,
                id=f"e{index}",
                ts=ts,
                device_ts=ts,
                received_at=received,
                kind=event.kind,
                data=event.data,
                digest=index,
                skewed=event.skewed,
            )
        )
    replay.run_until(START + span(case.until))
    wanted = [(e.action, e.subject, int(span(e.at).total_seconds())) for e in case.expect]
    got = [(v.action, v.subject, int((v.at - START).total_seconds())) for v in replay.verdicts]
    return None if got == wanted else f"expected {wanted}, got {got}"


def _repeated(repeat: Repeat | None) -> list[timedelta]:
    """When an event happens, after its first time."""
    return [span(repeat.every) * number for number in range(repeat.times)] if repeat is not None else [timedelta()]


def span(told: str | int) -> timedelta:
    """Read `90`, `90s`, `1h30m`. Raises `Misconfigured` for anything else."""
    if isinstance(told, int):
        return timedelta(seconds=told)
    match = _SPAN.match(told)
    if match is None or not told:
        raise Misconfigured(f"{told!r} is no span of time; write seconds, or something like 1h30m")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def _registry(file: CaseFile) -> Registry:
    devices = [msgspec.convert({"place": "flat-1", "name": d["id"], **d}, Device) for d in file.devices]
    persons = [msgspec.convert(person, Person) for person in file.persons]
    places = [msgspec.convert(place, Place) for place in file.places]
    named = {device.place for device in devices} | {person.place for person in persons}
    unknown = sorted(named - {place.id for place in places})
    return Registry(
        station=Station("test", "测试派出所", "Asia/Shanghai"),
        areas=[Area("grid-1", "grid", "一网格")],
        places=[*places, *(Place(name, "door", "grid-1", name) for name in unknown)],
        devices=devices,
        persons=persons,
    )
