"""`absence`: nothing has been heard of a person or a place for longer than a limit.

Watches, by `subject`, every person or place whose attribute `watch` (a person's care profile; `lives_alone` unless told
otherwise) is true: a resident who lives alone, a shop that must report its sales, a store that must not be left
unattended. Parameters: `limit_s` (with a schedule: only time within it counts). `away_until` (RFC 3339) among the
attributes holds the rule back, and clears what it raised. `sensors_alive_s`: when the sensors of the place, which say
at least that often that they live, are all unheard or cut off, silence says nothing: the rule waits (dead sensors are
another rule's work item), but no longer than `ceiling_s` of silence, nor twice the subject's own limit.

Activity only moves a time in the state; the timer looks at it when it is due and arms itself again, so a busy door
costs nothing. A sign of life from before the alert (a late event) retracts it, a later one clears.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from gateway.model.registry import Registry
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import FAR_OFF, NEVER, Facts

TIMER = "silent"
#: The timer looks at least this often, so that a changed limit, a return or somebody new to watch is noticed.
LOOK_EVERY = timedelta(hours=1)
#: How soon it looks again at a home that cannot be heard.
LOOK_AGAIN = timedelta(minutes=5)
#: The kinds of device that show signs of life.
SENSORS = frozenset({"door_controller", "door_contact", "motion", "meter"})


class AbsenceState(msgspec.Struct):
    """The last sign of life, its reference, and the moment an alert was raised (all UTC)."""

    last: datetime
    reference: str | None = None
    raised_at: datetime | None = None


class Absence(SelectingRule):
    """Nothing heard for too long."""

    State = AbsenceState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        if definition.subject not in {"person", "place"}:
            message = f"an absence watches persons or places, not {definition.subject}"
            raise ValueError(message)
        self.limit = self.parameter("limit_s")
        self.memory = max(timedelta(days=7), 2 * timedelta(seconds=self.limit.default))
        self.watch = str(definition.params.get("watch", "lives_alone"))
        alive = definition.params.get("sensors_alive_s")
        self.sensors_alive = timedelta(seconds=float(alive)) if alive is not None else None
        self.ceiling = timedelta(seconds=float(definition.params["ceiling_s"])) if alive is not None else None

    def subjects(self, registry: Registry) -> Iterable[str]:
        """Return every person or place to watch."""
        if self.definition.subject == "person":
            return (f"person:{one.id}" for one in registry.persons.values() if one.care.get(self.watch))
        return (f"place:{one.id}" for one in registry.places.values() if one.attributes.get(self.watch))

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the persons or the place a sign of life is of."""
        if self.definition.subject == "person" and not event.persons:
            return ()
        if self.definition.subject == "place" and not event.attributes.get(self.watch):
            return ()
        return self._subjects(event) if self.when.takes(event) else ()

    def _watches(self, subject: str, facts: Facts) -> bool:
        return bool(self.about(subject, facts).get(self.watch))

    def on_start(self, subject: str, now: datetime, facts: Facts) -> Judgement | None:
        """Count from now: what happened before the rule knew the subject is not known to be silence."""
        if not self._watches(subject, facts):
            return None
        return Judgement(AbsenceState(now), timers={TIMER: self._look_at(self._due(now, subject, facts), now)})

    def on_event(
        self, event: Event, subject: str, state: AbsenceState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Take a sign of life."""
        if not self._watches(subject, facts):
            return None
        due = self._due(event.ts, subject, facts)
        if state is None:
            return Judgement(AbsenceState(event.ts, event.reference), timers={TIMER: self._look_at(due, event.ts)})
        if event.ts <= state.last:
            return None
        last = AbsenceState(event.ts, event.reference)
        if state.raised_at is None:
            return Judgement(last)
        action = "clear" if event.ts > state.raised_at else "retract"
        verdict = self._verdict(action, subject, state, now, facts, (event.reference,))
        return Judgement(last, (verdict,), {TIMER: self._look_at(due, event.ts)})

    def on_change(self, subject: str, state: AbsenceState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Let somebody who was told to be away rest; look anew at whoever has another limit."""
        if state is None:
            return None
        return Judgement(timers={TIMER: now}) if state.raised_at is None else self._rest(subject, state, now, facts)

    def _rest(self, subject: str, state: AbsenceState, now: datetime, facts: Facts) -> Judgement | None:
        """Clear what stands of somebody who is away, or no longer watched."""
        about = self.about(subject, facts)
        away_until = _away_until(about)
        if about.get(self.watch) and (away_until is None or away_until <= now):
            return None
        verdict = self._verdict("clear", subject, state, now, facts, ())
        looks = self._look_at(self._due(away_until or now, subject, facts), now)
        return Judgement(AbsenceState(state.last, state.reference), (verdict,), {TIMER: looks})

    def on_timer(self, timer: Timer, state: AbsenceState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Raise when the silence is as long as the limit; else look again when it would be.

        Also while it stands: a registered absence that was not heard of (the gateway was down) ends it here.
        """
        again = Judgement(timers={TIMER: now + LOOK_EVERY})
        if state is None:
            return self.on_start(timer.subject, now, facts) or again
        if state.raised_at is not None:
            return self._rest(timer.subject, state, now, facts) or again
        about = self.about(timer.subject, facts)
        if not about.get(self.watch):
            return again
        away_until = _away_until(about)
        silent_since = max(state.last, away_until) if away_until is not None else state.last
        due = self._due(silent_since, timer.subject, facts)
        if due > now:
            return Judgement(timers={TIMER: self._look_at(due, now)})
        waits_until = now
        if self.ceiling is not None:
            waits_until = silent_since + min(self.ceiling, 2 * self.limit.span(about))
        if now < waits_until and not self._would_be_heard(timer.subject, now, facts):
            return Judgement(timers={TIMER: now + LOOK_AGAIN})
        raised = AbsenceState(state.last, state.reference, now)
        events = (state.reference,) if state.reference is not None else ()
        verdict = self._verdict("raise", timer.subject, state, now, facts, events)
        return Judgement(raised, (verdict,), again.timers)

    def tell(
        self, subject: str, state: AbsenceState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """When it was last heard of, how long it may be silent, and what holds the rule back."""
        about = self.about(subject, facts)
        if state is None or not about.get(self.watch):
            return False, [{"zh": "本规则不看护该对象", "en": "this rule does not watch that subject"}]
        last, hours = facts.local(state.last), self.limit.of(about) / 3600
        lines = [
            {
                "zh": f"最后一次活动：{last}（允许静默 {hours:g} 小时）",
                "en": f"last sign at {last}; {hours:g} h of silence are allowed",
            }
        ]
        away_until = _away_until(about)
        if away_until is not None and away_until > now:
            until = facts.local(away_until)
            lines.append({"zh": f"已登记外出至 {until}", "en": f"registered as away until {until}"})
        if not self._would_be_heard(subject, now, facts):
            lines.append({"zh": "传感器听不到，暂不判断", "en": "its sensors cannot be heard: the rule waits"})
        return state.raised_at is not None, lines

    def _place(self, subject: str, facts: Facts) -> str | None:
        person = facts.person(subject)
        return person.place if person is not None else subject.removeprefix("place:")

    def _would_be_heard(self, subject: str, now: datetime, facts: Facts) -> bool:
        """Whether a sign of life would have come through.

        Only a sensor that tells its status can be missed: one that never did is believed to live, unless it is cut off.
        """
        if self.sensors_alive is None:
            return True
        alive_since = now - self.sensors_alive
        kinds = SENSORS if self.definition.subject == "person" else SENSORS | {"camera"}
        sensors = [d for d in facts.registry.devices_at(self._place(subject, facts)) if d.kind in kinds]
        return not sensors or any(
            facts.hears(sensor, alive_since if sensor.id in facts.online else NEVER) for sensor in sensors
        )

    def _look_at(self, due: datetime, now: datetime) -> datetime:
        return min(due, now + LOOK_EVERY)

    def _due(self, since: datetime, subject: str, facts: Facts) -> datetime:
        return self.when_passed(since, self.limit.span(self.about(subject, facts)), subject, facts)

    def _verdict(
        self,
        action: str,
        subject: str,
        state: AbsenceState,
        at: datetime,
        facts: Facts,
        events: tuple[str, ...],
    ) -> Verdict:
        about = self.about(subject, facts)
        hours = round(self.limit.of(about) / 3600, 1)
        person = facts.person(subject)
        return self.verdict(
            action,
            subject,
            at,
            facts,
            place=self._place(subject, facts),
            person=person.id if person is not None else None,
            events=events,
            limit=f"{hours:g} h",
            limit_source=self.limit.source(subject, about),
            told={
                "last_seen": facts.local(state.last),
                "silent_hours": round((at - state.last).total_seconds() / 3600, 1),
            },
        )


def _away_until(about: Mapping[str, Any]) -> datetime | None:
    told = about.get("away_until")
    if not isinstance(told, str):
        return None
    try:
        until = datetime.fromisoformat(told)
    except ValueError:
        return None
    return min(until, FAR_OFF) if until.tzinfo is not None else None
