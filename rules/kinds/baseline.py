"""`baseline`: a person who lives alone is silent for longer than they ever are, by their own learnt rhythm.

Parameters: `rho`: false alerts wanted per resident and month of 30 days; `signs`: `all`, or `door` for somebody who is
not seen to go out; `learnt_only`: fixed limits are another rule's; `floor_s`, `cap_s`, `cold_s`: never sooner, never
later, and the limit of the first week, each by kit (`inside+door`, `inside`, `door`, `water`; what is not told is the
kit's own). `care.silence_limit_s` goes over cap and cold limit and is never passed. `care.away_until` (RFC 3339) holds
the rule back, and clears what it raised. `sensors_alive_s`: when no sensor of the home has been heard for so long, or
all are cut off, the clock stands still, but no longer than `ceiling_s` after the last sign, nor twice the person's own
limit. A door granted to a caregiver (`data.role: caregiver`, or a credential in `care.caregivers`): somebody looked in.
Signs only move times in the state; the timer looks at it, hourly at least, and says whether it has become too long.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from gateway.model.person import Person
from gateway.model.registry import Registry
from rules.definition import Definition
from rules.kinds.selecting import Selection
from rules.rhythm import watched
from rules.rhythm.due import Due, due
from rules.rhythm.follow import LATE_S, hear, pause, resume, settle
from rules.rhythm.home import CONNECTIONS, DOORS, Home, away_until, moment, own_limit_h, what_it_says
from rules.rhythm.limits import DOOR_FLOOR_H, KITS
from rules.rhythm.profile import HOUR_S
from rules.rhythm.told import figures_of, how_often, why
from rules.rhythm.watched import SIGNS, Heard, Watched, begin, calm, restart, silence
from rules.rule import Facts, Rule

TIMER = "silent"
#: The timer looks at least this often, so that a changed limit, a return or an absence told late is noticed.
LOOK_EVERY = timedelta(hours=1)
LOOK_AGAIN = timedelta(minutes=5)  # at a home that cannot be heard
#: Learnt limits are stretched while some, but not all, of the sensors are missing.
PATIENCE = 1.3
A_MOMENT = timedelta(milliseconds=1)


class Baseline(Rule):
    """Silent for longer than usual for this person."""

    State = Watched

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        params = definition.params
        self.when = Selection(definition.when)
        self.rho = float(params["rho"])
        self.door_only = {"all": False, "door": True}[params.get("signs", "all")]
        self.learnt_only = bool(params.get("learnt_only", False))
        self.sensors_alive = timedelta(seconds=float(params["sensors_alive_s"]))
        self.ceiling_s = float(params["ceiling_s"])
        self._floor = _by_kit(params.get("floor_s", {}))
        self._cap = _by_kit(params.get("cap_s", {}))
        self._cold = _by_kit(params.get("cold_s", {}))
        #: No limit of the rule's is shorter, hours.
        floors = [kit.floor_h for kit in KITS.values()]
        self._shortest = min(DOOR_FLOOR_H, *floors, *self._floor.values(), *self._cold.values())
        if not self.rho > 0.0:
            message = "rho must be above 0: no limit is so long that it is never passed"
            raise ValueError(message)

    @property
    def event_kinds(self) -> Iterable[str]:
        """Signs of life, and what tells whether they could be heard."""
        return self.when.kinds | CONNECTIONS.keys() | {"door.granted"}

    def subjects(self, registry: Registry) -> Iterable[str]:
        """Return every person who lives alone."""
        return (f"person:{person.id}" for person in registry.persons.values() if person.care.get("lives_alone"))

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the persons a sign of life is of, or whose sensors came or went."""
        if event.kind in CONNECTIONS:
            return tuple(f"person:{person}" for person in event.served)
        if not event.persons or not (self.when.takes(event) or event.kind == "door.granted"):
            return ()
        return tuple(f"person:{person}" for person in event.persons)

    def _watches(self, person: Person | None) -> bool:
        return person is not None and bool(person.care.get("lives_alone"))

    def _own_h(self, person: Person) -> float | None:
        """The person's own limit, hours; it is one of silence, not of staying in."""
        return None if self.door_only or self.learnt_only else own_limit_h(person)

    def _look_every(self, person: Person) -> timedelta:
        own_h = self._own_h(person)
        return LOOK_EVERY if own_h is None else min(LOOK_EVERY, timedelta(hours=own_h / 2))

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────

    def on_start(self, subject: str, now: datetime, facts: Facts) -> Judgement | None:
        """Count from now: what happened before the rule knew the person is not known to be silence."""
        person = facts.person(subject)
        if person is None or not self._watches(person):
            return None
        state = begin(now.timestamp(), self._home(person, now, facts).around)
        return Judgement(state, timers={TIMER: now + self._look_every(person)})

    def on_event(
        self, event: Event, subject: str, state: Watched | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Take a sign of life, or that a sensor came or went."""
        person = facts.person(subject)
        if person is None or not person.care.get("lives_alone"):
            return None
        what = what_it_says(event, person, self.when, door_only=self.door_only)
        if what is None:
            return None
        around = self._home(person, now, facts).around
        timers: Mapping[str, datetime | None] = {}
        if state is None:
            state, timers = (
                begin((event.ts - A_MOMENT).timestamp(), around),
                {TIMER: event.ts + self._look_every(person)},
            )
        heard = Heard(event.ts.timestamp(), what, event.device, event.reference)
        after = hear(state, heard, around)
        if after is state and not timers:
            return None  # nothing new
        if what not in SIGNS or state.raised_at is None or heard.at <= state.latest():
            return Judgement(after, timers=timers)
        action, by = ("clear", "sign") if heard.at > state.raised_at else ("retract", "late")
        verdict = self._verdict(action, subject, person, state, event.ts, facts, by, (event.reference,))
        return Judgement(calm(after), (verdict,), {TIMER: event.ts + self._look_every(person)})

    def on_change(self, subject: str, state: Watched | None, now: datetime, facts: Facts) -> Judgement | None:
        """Let somebody who was told to be away rest; look anew at whoever has another limit."""
        person = facts.person(subject)
        return self._look(subject, person, state, now, facts) if person is not None and state is not None else None

    def on_timer(self, timer: Timer, state: Watched | None, now: datetime, facts: Facts) -> Judgement | None:
        """Raise when the silence has become too long; else look again when it would be."""
        person = facts.person(timer.subject)
        if person is None or state is None:
            return self.on_start(timer.subject, now, facts) or Judgement(timers={TIMER: now + LOOK_EVERY})
        return self._look(timer.subject, person, state, now, facts)

    def _look(self, subject: str, person: Person, state: Watched, now: datetime, facts: Facts) -> Judgement:
        at, away = now.timestamp(), away_until(person)
        if state.pending:  # what can no longer change is learnt; what is fresh is judged with, not learnt
            state = settle(state, (at - LATE_S) // 60 * 60, self._home(person, now, facts).around)
        if away > at or not person.care.get("lives_alone"):
            state = restart(state, max(at, away)) if state.since != away else state
            cleared = (self._verdict("clear", subject, person, state, now, facts, "away"),) if state.raised_at else ()
            return Judgement(calm(state), cleared, {TIMER: now + LOOK_EVERY})
        if state.since > at and state.visited_until <= at:  # the absence was called off
            state = restart(state, at)
        if state.raised_at is not None:
            return Judgement(state, timers={TIMER: now + LOOK_EVERY})
        return self._judge(subject, person, state, now, facts)

    def _judge(self, subject: str, person: Person, state: Watched, now: datetime, facts: Facts) -> Judgement:
        home, at, own_h = self._home(person, now, facts), now.timestamp(), self._own_h(person)
        silent_h = (at - max(state.since, state.latest())) / HOUR_S
        enough_h = 0.0 if own_h is not None or state.mark is None else self._shortest - 1.0
        if (
            silent_h < enough_h or not home.sensors
        ):  # heard lately: the usual case; or nothing there that could be heard
            return Judgement(state, timers={TIMER: now + self._look_every(person)})
        around, alive = home.around, home.alive
        fresh = settle(state, at + 1e-3, around)
        if fresh.mark is not None and not alive:  # nobody said so, but nothing has come for too long
            state = pause(state, min(at, max(home.last_heard, state.since)), around)
        elif fresh.mark is None and alive:
            state = resume(state, at, around)
        fresh = settle(state, at + 1e-3, around)
        limit = self._limit(person, fresh, home)
        if limit is None or limit.at > at:
            waits_until = math.inf if self.learnt_only else fresh.last + self.ceiling_s
            if own_h is not None:
                waits_until = min(waits_until, max(fresh.since, fresh.last) + 2.0 * own_h * HOUR_S)
            soon = self._look_every(person) if limit is not None else LOOK_AGAIN
            if limit is not None or waits_until > at:
                due_at = moment(limit.at if limit is not None else waits_until)
                return Judgement(state, timers={TIMER: max(min(due_at, now + soon), now + A_MOMENT)})
            limit = Due(waits_until, "ceiling", 0.0, 0.0)
        events = (fresh.reference,) if fresh.reference else ()
        by = "out" if limit.by == "door" and fresh.outbound else limit.by
        verdict = self._verdict("raise", subject, person, fresh, now, facts, by, events, limit)
        state = copy(state)
        state.raised_at = at
        return Judgement(state, (verdict,), {TIMER: now + LOOK_EVERY})

    # ── what it goes by ──────────────────────────────────────────────────────────────────────────────

    def refusals(self, event: Event, facts: Facts) -> list[str]:
        """Say which conditions keep an event from being a sign of somebody's life."""
        refused = self.when.refusals(event)
        if not any(self._watches(facts.registry.persons.get(person)) for person in event.persons):
            refused.append("person: nobody who lives alone lives there")
        if self.door_only and event.device_kind not in DOORS:
            refused.append("signs: door")
        return refused

    def _home(self, person: Person, now: datetime, facts: Facts) -> Home:
        return Home(person, now, facts, self.sensors_alive, self.rho, door_only=self.door_only)

    def _limit(self, person: Person, state: Watched, home: Home) -> Due | None:
        """When the silence is too long; None while nobody can be heard."""
        now_silent = silence(state)
        if now_silent is None:
            return None
        kit, lost = home.kit, len(home.alive) < len(home.sensors)
        # What was learnt with sensors inside says little of a door alone: then the fixed limits count.
        profile = state.profile if state.profile is not None and state.profile.kit == kit.name else None
        found = due(
            profile, kit, self.rho, now_silent, home.around.offset,
            floor_h=self._floor.get(kit.name), cap_h=self._cap.get(kit.name), cold_h=self._cold.get(kit.name),
            own_h=self._own_h(person), patience=PATIENCE if lost else 1.0,
        )  # fmt: skip
        return Due(math.inf, "cold", 0.0, 0.0) if self.learnt_only and found.by in {"cold", "cap"} else found

    # ── what it tells ────────────────────────────────────────────────────────────────────────────────

    def _verdict(
        self,
        action: str,
        subject: str,
        person: Person,
        state: Watched,
        at: datetime,
        facts: Facts,
        by: str,
        events: tuple[str, ...] = (),
        limit: Due | None = None,
    ) -> Verdict:
        text = source = None
        if limit is not None:
            text = f"{max(0.0, limit.at - state.since) / HOUR_S:.1f} h"
            own = limit.by == "own"
            source = f"{subject} silence_limit_s" if own else f"{self.id} params.{_SOURCES[limit.by]}"
        return self.verdict(
            action, subject, at, facts, place=person.place, person=person.id, events=events, limit=text,
            limit_source=source, told=self._figures(person, state, at, facts, by, limit),
        )  # fmt: skip

    def _figures(
        self, person: Person, state: Watched, at: datetime, facts: Facts, by: str, limit: Due | None
    ) -> dict[str, Any]:
        home, seconds = self._home(person, at, facts), at.timestamp()
        around = home.around
        figures: dict[str, Any] = {
            "last_seen": facts.local(moment(state.latest())), "by": by, "kit": around.kit.name, "rho": self.rho,
            "silent_hours": round(max(0.0, seconds - state.latest()) / HOUR_S, 1), "not_returned": state.outbound,
            "exit_zh": "", "exit_en": "",
        }  # fmt: skip
        if limit is not None:
            heard_h = state.heard_h + (max(0.0, seconds - state.mark) / HOUR_S if state.mark is not None else 0.0)
            figures |= {"g": round(heard_h, 1), "S": round(watched.score_at(state, seconds, around), 2)}
            if state.profile is not None:
                first, now = around.slot(state.last) + 1, around.slot(seconds)
                figures |= figures_of(state.profile, limit, self.rho, first, now)
        for name, words in (("expected", how_often(self.rho)), ("sensors", home.told()), ("why", why(figures, by))):
            figures |= {f"{name}_{language}": said for language, said in words.items()}
        return figures

    def tell(self, subject: str, state: Any, now: datetime, facts: Facts) -> tuple[bool, list[dict[str, str]]]:
        """Say what is known of the person, and when the silence would be too long."""
        person = facts.person(subject)
        if person is None or state is None:
            return False, []
        home, seen, away = self._home(person, now, facts), facts.local(moment(state.latest())), away_until(person)
        lines = [{"zh": f"最后一次动静：{seen}", "en": f"last sign of life: {seen}"}]
        if away > now.timestamp():
            until = facts.local(moment(away))
            lines.append({"zh": f"已登记外出至{until}", "en": f"registered as away until {until}"})
        sensors = home.told()
        lines.append({"zh": f"传感器：{sensors['zh']}", "en": f"sensors: {sensors['en']}"})
        limit = self._limit(person, settle(state, now.timestamp(), home.around), home)
        if limit is None:
            lines.append({"zh": "家里听不到，计时暂停", "en": "the home cannot be heard: the clock stands still"})
        elif limit.at == math.inf:
            lines.append({"zh": "还在了解本人的作息，或交给固定时限", "en": "nothing learnt that would alert"})
        else:
            at, told = facts.local(moment(limit.at)), self._figures(person, state, now, facts, limit.by, limit)
            lines.append({"zh": f"若一直没有动静，{at}告警", "en": f"with no further sign it alerts at {at}"})
            lines.append({"zh": told["why_zh"], "en": told["why_en"]})
        return state.raised_at is not None, lines


#: The parameter a limit comes from.
_SOURCES = {"score": "rho", "door": "rho", "floor": "floor_s", "cap": "cap_s", "cold": "cold_s", "ceiling": "ceiling_s", "own": "cap_s"}  # fmt: skip  # noqa: E501


def _by_kit(told_of: object) -> dict[str, float]:
    """Seconds by kit, as hours."""
    if not isinstance(told_of, Mapping) or not told_of.keys() <= KITS.keys():
        message = f"floor_s, cap_s and cold_s are seconds by kit: {', '.join(KITS)}"
        raise ValueError(message)
    return {str(kit): float(seconds) / HOUR_S for kit, seconds in told_of.items()}
