"""The rule contract: a keyed process with timers.

A rule sees one event, timer or start at a time for one subject, with that subject's state, and answers with a
`Judgement`. It reads no clock, no database, no network and no randomness, so the same code runs live, in tests
and in a replay of stored history.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Trace, Verdict
from gateway.model.person import Person
from gateway.model.registry import Device, Registry
from rules.definition import Definition
from rules.explain import explain
from rules.parameter import Parameter

#: Later than any moment that means something; «9999» must not overflow.
FAR_OFF = datetime(2200, 1, 1, tzinfo=UTC)
NEVER_MET = {"zh": "本规则还没有遇到该对象的任何事件", "en": "the rule has seen nothing of this subject yet"}
#: The moment before all events; a subject that has never spoken was last heard then.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Facts:
    """What a rule may know besides the event: the registry, when each device was last heard (UTC), which are online."""

    def __init__(
        self,
        registry: Registry,
        last_heard: Mapping[str, datetime] | None = None,
        online: Mapping[str, bool] | None = None,
    ) -> None:
        self.registry = registry
        self.last_heard: Mapping[str, datetime] = last_heard if last_heard is not None else {}
        self.online: Mapping[str, bool] = online if online is not None else {}
        self.zone = ZoneInfo(registry.station.time_zone)

    def person(self, subject: str) -> Person | None:
        """The person a subject like `person:p-001` names."""
        return self.registry.persons.get(subject.removeprefix("person:"))

    def device(self, subject: str) -> Device | None:
        """The device a subject like `device:door-1` names."""
        return self.registry.devices.get(subject.removeprefix("device:"))

    def hears(self, device: Device, since: datetime) -> bool:
        """Say whether a device would be heard: neither it nor its gateway is offline, and it has spoken since then.

        One with a connection of its own need not speak: the broker says when it goes.
        """
        if device.via is None and self.online.get(device.id, False):
            return True
        ways = (device.id, device.via) if device.via is not None else (device.id,)
        return self.last_heard.get(device.id, NEVER) >= since and all(self.online.get(way, True) for way in ways)

    def local(self, moment: datetime) -> str:
        """A moment as people at the station write it."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M:%S")

    def place_name(self, place: str | None) -> str:
        """A place's name, or a dash."""
        found = self.registry.places.get(place) if place is not None else None
        return found.name if found is not None else "—"


class Rule(ABC):
    """One definition brought to life by its kind.

    Subclasses are the kinds. `State` is the msgspec type of a subject's state, None for stateless kinds.
    """

    State: ClassVar[type[msgspec.Struct] | None] = None
    #: How far back the past matters to a state: what a new version is taught before it runs.
    memory: timedelta = timedelta(days=1)
    #: Whether each raise is an act of its own, which sounds again after it was acknowledged.
    OCCURRENCES: ClassVar[bool] = False

    def __init__(self, definition: Definition, version: int = 1) -> None:
        self.definition = definition
        self.version = version
        self.id = definition.id
        self.schedule = definition.schedule

    @property
    @abstractmethod
    def event_kinds(self) -> Iterable[str]:
        """The event kinds this rule can care about; `*` for all. An event meets only rules that list its kind."""

    def subjects(self, registry: Registry) -> Iterable[str]:
        """Return the subjects watched even if they never speak."""
        del registry
        return ()

    @abstractmethod
    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the subjects an event concerns: none, one or several."""

    def on_start(self, subject: str, now: datetime, facts: Facts) -> Judgement | None:
        """Meet a subject from `subjects` for the first time."""
        del subject, now, facts
        return None

    @abstractmethod
    def on_event(self, event: Event, subject: str, state: Any, now: datetime, facts: Facts) -> Judgement | None:
        """Judge one event. None means: nothing changes."""

    def on_timer(self, timer: Timer, state: Any, now: datetime, facts: Facts) -> Judgement | None:
        """Judge a moment that came. `now` is the moment the timer was due."""
        del timer, state, now, facts
        return None

    def on_change(self, subject: str, state: Any, now: datetime, facts: Facts) -> Judgement | None:
        """Judge what the registry has new to say of a subject: a person is away, a device moved."""
        del subject, state, now, facts
        return None

    # ── what the kinds share ─────────────────────────────────────────────────────────────────────────

    def verdict(  # one keyword per fact of a verdict
        self,
        action: str,
        subject: str,
        at: datetime,
        facts: Facts,
        *,
        place: str | None,
        device: str | None = None,
        person: str | None = None,
        events: tuple[str, ...] = (),
        limit: str | None = None,
        limit_source: str | None = None,
        told: Mapping[str, Any] | None = None,
    ) -> Verdict:
        """Make a verdict with its explanation. `told` are the structured facts the sentences are made from."""
        known = facts.registry.devices.get(device) if device is not None else None
        shown = {
            "place": facts.place_name(place),
            "device": known.name if known is not None else device,
            "at": facts.local(at),
            **(told or {}),
        }
        return Verdict(
            action=action,  # type: ignore[arg-type]  # the kinds write literals
            rule=self.id,
            subject=subject,
            at=at,
            explanation=explain(self.definition, self.version, shown, limit, limit_source),
            priority=self.definition.priority,
            stream=self.definition.stream,
            latch=self.definition.latch,
            occurrence=self.OCCURRENCES,
            place=place,
            device=device,
            person=person,
            events=events,
        )

    def parameter(self, name: str, default: float | None = None) -> Parameter:
        """A number of the definition. Raises KeyError when it is missing and has no default."""
        params = self.definition.params
        told = params[name] if default is None else params.get(name, default)
        return Parameter(self.id, name, told)

    def about(self, subject: str, facts: Facts) -> Mapping[str, Any]:
        """What the registry says of a subject, for parameters and schedules to go by."""
        return facts.registry.attributes_of(subject)

    def counts(self, moment: datetime, subject: str, facts: Facts) -> bool:
        """Say whether a moment lies within the rule's schedule."""
        return self.schedule is None or self.schedule.includes(moment, facts.zone, self.about(subject, facts))

    def when_passed(self, since: datetime, span: timedelta, subject: str, facts: Facts) -> datetime:
        """The moment (UTC) at which so much time that counts has passed; far off when it never will."""
        if self.schedule is None:
            return since + span
        return self.schedule.after(since, span, facts.zone, self.about(subject, facts)) or FAR_OFF

    # ── why (not) ────────────────────────────────────────────────────────────────────────────────────

    def trace(self, subject: str, state: Any, timers: Mapping[str, datetime], now: datetime, facts: Facts) -> Trace:
        """Tell what the rule makes of a subject at a moment: what it has seen, and what it waits for until when."""
        if state is None and not timers:
            return Trace(standing=False, lines=[NEVER_MET])
        standing, lines = self.tell(subject, state, now, facts)
        for name, due in sorted(timers.items(), key=lambda item: item[1]):
            at = facts.local(due)
            lines.append({"zh": f"下次查看：{at}（{name}）", "en": f"looks again at {at} ({name})"})
        return Trace(standing=standing, lines=lines)

    def tell(self, subject: str, state: Any, now: datetime, facts: Facts) -> tuple[bool, list[dict[str, str]]]:
        """Say whether what it watches for stands, and in sentences what a state means."""
        del subject, state, now, facts
        return False, []

    def refusals(self, event: Event, facts: Facts) -> list[str]:
        """Which conditions keep this rule from counting an event; none when it counts."""
        del event, facts
        return []
