"""`absence`: a person who lives alone has shown no sign of life for longer than a limit.

Parameters: `limit_s`; a person's own `care.silence_limit_s` overrides it; `care.away_until` (RFC 3339) holds the rule
back, and clears what it raised. `sensors_alive_s`: when the sensors of the home, which say at least that often that
they live, are all unheard or cut off, silence says nothing of the person: the rule waits (dead sensors are another
rule's work item), but no longer than `ceiling_s` of silence, nor twice the person's own limit.

Activity only moves a time in the state; the timer looks at it when it is due and arms itself again, so a busy door
costs nothing. A sign of life from before the alert (a late event) retracts it, a later one clears.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from gateway.model.registry import Person, Registry
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import NEVER, Facts

TIMER = "silent"
#: The timer looks at least this often, so that a changed limit, a return or somebody new to watch is noticed.
LOOK_EVERY = timedelta(hours=1)
#: Later than any absence that means something; «9999» must not overflow.
FAR_OFF = datetime(2200, 1, 1, tzinfo=UTC)
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
    """No sign of life for too long."""

    State = AbsenceState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        alive = definition.params.get("sensors_alive_s")
        self.sensors_alive = timedelta(seconds=float(alive)) if alive is not None else None
        self.ceiling = self.seconds("ceiling_s") if alive is not None else None

    def subjects(self, registry: Registry) -> Iterable[str]:
        """Return every person who lives alone."""
        return (f"person:{person.id}" for person in registry.persons.values() if person.care.get("lives_alone"))

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the persons who live where a sign of life was seen."""
        if not event.persons or not self.when.takes(event):
            return ()
        return tuple(f"person:{person}" for person in event.persons)

    def on_start(self, subject: str, now: datetime, facts: Facts) -> Judgement | None:
        """Count from now: what happened before the rule knew the person is not known to be silence."""
        person = facts.person(subject)
        if person is None:
            return None
        return Judgement(AbsenceState(now), timers={TIMER: self._look_at(now + self._limit(person)[0], now)})

    def on_event(
        self, event: Event, subject: str, state: AbsenceState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Take a sign of life."""
        person = facts.person(subject)
        if person is None or not person.care.get("lives_alone"):
            return None
        if state is None:
            due = event.ts + self._limit(person)[0]
            return Judgement(AbsenceState(event.ts, event.reference), timers={TIMER: self._look_at(due, event.ts)})
        if event.ts <= state.last:
            return None
        last = AbsenceState(event.ts, event.reference)
        if state.raised_at is None:
            return Judgement(last)
        action = "clear" if event.ts > state.raised_at else "retract"
        verdict = self._verdict(action, subject, person, state, now, facts, (event.reference,))
        return Judgement(last, (verdict,), {TIMER: self._look_at(event.ts + self._limit(person)[0], event.ts)})

    def on_change(self, subject: str, state: AbsenceState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Let somebody who was told to be away rest; look anew at whoever has another limit."""
        person = facts.person(subject)
        if person is None or state is None:
            return None
        if state.raised_at is None:
            return Judgement(timers={TIMER: now})
        away_until = _away_until(person)
        if away_until is None or away_until <= now:
            return None
        verdict = self._verdict("clear", subject, person, state, now, facts, ())
        due = away_until + self._limit(person)[0]
        return Judgement(AbsenceState(state.last, state.reference), (verdict,), {TIMER: self._look_at(due, now)})

    def on_timer(self, timer: Timer, state: AbsenceState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Raise when the silence is as long as the limit; else look again when it would be."""
        person = facts.person(timer.subject)
        if person is None or not person.care.get("lives_alone"):
            return Judgement(timers={TIMER: now + LOOK_EVERY})
        if state is None:
            return self.on_start(timer.subject, now, facts)
        if state.raised_at is not None:
            return None
        away_until = _away_until(person)
        silent_since = max(state.last, away_until) if away_until is not None else state.last
        due = silent_since + self._limit(person)[0]
        if due > now:
            return Judgement(timers={TIMER: self._look_at(due, now)})
        waits_until = silent_since + min(self.ceiling, 2 * self._limit(person)[0]) if self.ceiling is not None else now
        if now < waits_until and not self._would_be_heard(person, now, facts):
            return Judgement(timers={TIMER: now + LOOK_AGAIN})
        raised = AbsenceState(state.last, state.reference, now)
        events = (state.reference,) if state.reference is not None else ()
        verdict = self._verdict("raise", timer.subject, person, state, now, facts, events)
        return Judgement(raised, (verdict,))

    def _would_be_heard(self, person: Person, now: datetime, facts: Facts) -> bool:
        """Whether a sign of life would have come through.

        Only a sensor that tells its status can be missed: one that never did is believed to live, unless it is cut off.
        """
        if self.sensors_alive is None:
            return True
        alive_since = now - self.sensors_alive
        sensors = [d for d in facts.registry.devices_at(person.place) if d.kind in SENSORS]
        return not sensors or any(
            facts.hears(sensor, alive_since if sensor.id in facts.online else NEVER) for sensor in sensors
        )

    def _look_at(self, due: datetime, now: datetime) -> datetime:
        return min(due, now + LOOK_EVERY)

    def _limit(self, person: Person) -> tuple[timedelta, str]:
        own = person.care.get("silence_limit_s")
        if isinstance(own, int | float) and own > 0:
            return timedelta(seconds=own), f"person {person.id} care.silence_limit_s"
        return self.seconds("limit_s"), f"{self.id} params.limit_s"

    def _verdict(
        self,
        action: str,
        subject: str,
        person: Person,
        state: AbsenceState,
        at: datetime,
        facts: Facts,
        events: tuple[str, ...],
    ) -> Verdict:
        limit, source = self._limit(person)
        hours = round(limit.total_seconds() / 3600, 1)
        return self.verdict(
            action,
            subject,
            at,
            facts,
            place=person.place,
            person=person.id,
            events=events,
            limit=f"{hours:g} h",
            limit_source=source,
            told={
                "last_seen": facts.local(state.last),
                "silent_hours": round((at - state.last).total_seconds() / 3600, 1),
            },
        )


def _away_until(person: Person) -> datetime | None:
    told = person.care.get("away_until")
    if not isinstance(told, str):
        return None
    try:
        until = datetime.fromisoformat(told)
    except ValueError:
        return None
    return min(until, FAR_OFF) if until.tzinfo is not None else None
