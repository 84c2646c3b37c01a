"""Run the tests that stand beside each definition: events in, verdicts expected at times.

facts:                       # optional; a small station is there by default
  persons: [{id: p1, name: 甲, place: flat-1, care: {lives_alone: true}}]
cases:
  - name: one press rings
    events:                  # `at` in seconds (or h/m/s, as in 1h30m) after the start
      - {at: 0, device: button-1, kind: alarm.pressed}
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
from gateway.model.judgement import Judgement, Timer, Verdict
from gateway.model.registry import Area, Device, Person, Place, Registry, Station
from rules.definition import Definition, Strict
from rules.load import bring_to_life, read_definition, test_file
from rules.rule import Facts

START = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
_SPAN = re.compile(r"^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$")


class CaseEvent(Strict):
    """One event of a case."""

    at: str | int
    device: str
    kind: str
    data: dict[str, Any] = Field(default_factory=dict)
    late_by: str | int = 0


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


class Replay:
    """One rule over events in the order they arrive, with a virtual clock; timers fire in due order.

    The reference for what live judging must equal: no store, no threads.
    """

    def __init__(self, definition: Definition, registry: Registry, start: datetime) -> None:
        self.rule = bring_to_life(definition)
        self.last_heard: dict[str, datetime] = {}
        self.online: dict[str, bool] = {}
        self.facts = Facts(registry, self.last_heard, self.online)
        self.states: dict[str, Any] = {}
        self.timers: dict[tuple[str, str], datetime] = {}
        self.verdicts: list[Verdict] = []
        for subject in self.rule.subjects(registry):
            self._keep(subject, self.rule.on_start(subject, start, self.facts))

    def event(self, event: Event) -> None:
        """Judge one event; timers due before it was received fire first."""
        self.run_until(event.received_at, inclusive=False)
        if event.kind != "device.offline":
            self.last_heard[event.device] = event.received_at
        if event.kind in {"device.online", "device.offline"}:
            self.online[event.device] = event.kind == "device.online"
        kinds = set(self.rule.event_kinds)
        if event.kind not in kinds and "*" not in kinds:
            return
        for subject in self.rule.keys(event):
            self._keep(
                subject,
                self.rule.on_event(event, subject, self.states.get(subject), event.ts, self.facts),
            )

    def run_until(self, moment: datetime, *, inclusive: bool = True) -> None:
        """Let time run on."""
        while self.timers:
            (subject, name), due = min(self.timers.items(), key=lambda item: (item[1], item[0]))
            if due > moment or (due == moment and not inclusive):
                return
            del self.timers[subject, name]
            timer = Timer(self.rule.id, subject, name, due)
            self._keep(subject, self.rule.on_timer(timer, self.states.get(subject), due, self.facts))

    def _keep(self, subject: str, judgement: Judgement | None) -> None:
        if judgement is None:
            return
        if judgement.state is not None:
            # Through JSON and back, as the store does it: a state that does not survive that is a bug.
            encoded = msgspec.json.encode(judgement.state)
            self.states[subject] = msgspec.json.decode(encoded, type=type(judgement.state))
        for name, due in judgement.timers.items():
            if due is None:
                self.timers.pop((subject, name), None)
            else:
                self.timers[subject, name] = due
        self.verdicts.extend(judgement.verdicts)


def check_file(path: Path) -> list[str]:
    """Run the tests beside one definition file and return a sentence per failure."""
    definition = read_definition(path)
    tests = test_file(path)
    try:
        cases = CaseFile.model_validate(yaml.safe_load(tests.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise Misconfigured(f"{tests}: cannot be read: {error}") from error
    return [
        f"{tests.name}: {case.name}: {failure}"
        for case in cases.cases
        if (failure := _run_case(definition, cases, case)) is not None
    ]


def _run_case(definition: Definition, file: CaseFile, case: Case) -> str | None:
    registry = _registry(file)
    replay = Replay(definition, registry, START)
    arrivals = [(START + span(e.at) + span(e.late_by), index, e) for index, e in enumerate(case.events)]
    heapq.heapify(arrivals)
    while arrivals:
        received, index, event = heapq.heappop(arrivals)
        device = registry.devices.get(event.device)
        if device is None:
            return f"device {event.device!r} is not listed under devices"
        ts = START + span(event.at)
        replay.event(
            Event(
                station=registry.station.id,
                device=device.id,
                id=f"e{index}",
                ts=ts,
                device_ts=ts,
                received_at=received,
                kind=event.kind,
                data=event.data,
                digest=index,
                device_kind=device.kind,
                place=device.place,
                building=registry.building_of(device.place),
                area=registry.area_of(device.place),
                persons=registry.persons_at(device.place),
            )
        )
    replay.run_until(START + span(case.until))
    wanted = [(e.action, e.subject, int(span(e.at).total_seconds())) for e in case.expect]
    got = [(v.action, v.subject, int((v.at - START).total_seconds())) for v in replay.verdicts]
    return None if got == wanted else f"expected {wanted}, got {got}"


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
