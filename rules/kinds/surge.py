"""`surge`: unusually many events of a subject within a window, measured against its own history.

Fires when the window that ends on a day counts X >= `min` and P(N >= X) < `p` (0.001) for a Poisson variable whose mean
is that of the previous `history` windows (8), at least `floor` (0.5). Parameters besides: `window_s`, whole days;
`learn`, windows of history it waits for (2) and until when it says nothing; `once_per_s`: events within one such slot
count once (a visitor rings three times, one trip at night passes two sensors); `spread: true`: where past windows vary
more than a Poisson variable, the tail is that of a negative binomial with their mean and variance; `noon: true`:
days change at noon, so that a night is one; `clear_after_s`. With a schedule only events within it count.
Source: Poisson surprise of a count against its own weeks (unknown visitors: 7 days, 8 weeks, 0.001). The history is one
number per day for `history` + 1 windows: bounded, and each event costs the same. An event that comes late is counted on
its own day, and that day and the newest are judged anew.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import erfc, exp, log, sqrt
from typing import Any

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import NEVER, Facts

DAY_S = 86400
QUIET = "quiet"
#: The most slots remembered as counted; and how long an event may come late and still be told from one counted.
MOST_SLOTS, SLOTS_FOR_S = 200, 86400
#: Past this mean the normal distribution is as good, and exp(-mean) is still a number up to here.
LARGEST_MEAN = 500
#: More than this many days are never kept.
MOST_DAYS = 400


class SurgeState(msgspec.Struct):
    """Counts by day (its number, how many), sorted; the first day; slots counted lately; days told and standing."""

    days: list[tuple[int, int]]
    first: int
    slots: list[int] = []
    told: list[int] = []
    standing: list[int] = []
    last: datetime = NEVER
    device: str | None = None
    place: str | None = None


class Surge(SelectingRule):
    """Unusually many, for this one."""

    State = SurgeState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        params = definition.params
        window_s = int(params["window_s"])
        self.window = window_s // DAY_S
        self.history = int(params.get("history", 8))
        self.learn = int(params.get("learn", 2))
        self.min = self.parameter("min")
        self.p = self.parameter("p", 0.001).default
        self.floor = self.parameter("floor", 0.5).default
        self.slot_s = int(params.get("once_per_s", 0))
        self.spread = bool(params.get("spread", False))
        self.shift = timedelta(hours=12) if params.get("noon", False) else timedelta()
        self.clear_after = self.parameter("clear_after_s").span({})
        if window_s < DAY_S or window_s % DAY_S or not 1 <= self.learn <= self.history:
            message = "window_s is whole days (86400 s), learn at least 1 and at most history"
            raise ValueError(message)
        self.kept_days = self.window * (self.history + 1) + 1
        if self.kept_days > MOST_DAYS:
            message = f"window_s and history together reach back further than {MOST_DAYS} days"
            raise ValueError(message)

    def _day(self, moment: datetime, facts: Facts) -> int:
        return (moment.astimezone(facts.zone) - self.shift).toordinal()

    def on_event(
        self, event: Event, subject: str, state: SurgeState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Count the event on its day; judge that day and the newest."""
        if not self.takes(event, subject, facts):
            return None
        day = self._day(event.ts, facts)
        before = state if state is not None else SurgeState([], day)
        slots = list(before.slots)
        if self.slot_s:
            slot = int(event.ts.timestamp()) // self.slot_s
            if slot in slots:
                return None
            newest_slot = max(slot, *slots) if slots else slot
            oldest = newest_slot - SLOTS_FOR_S // self.slot_s
            slots = sorted(one for one in (*slots, slot) if one >= oldest)[-MOST_SLOTS:]
        counts = dict(before.days)
        counts[day] = counts.get(day, 0) + 1
        newest = max(counts)
        days = sorted((one, count) for one, count in counts.items() if one > newest - self.kept_days)
        last = max(event.ts, before.last)
        kept = msgspec.structs.replace(
            before, days=days, first=min(before.first, day), slots=slots, last=last, device=event.device
        )
        return self._judged(kept, {day, newest}, event, subject, now, facts)

    def _judged(
        self, kept: SurgeState, looked_at: set[int], event: Event, subject: str, now: datetime, facts: Facts
    ) -> Judgement:
        about = self.about(subject, facts)
        found = {day: why for day in sorted(looked_at) if (why := self._finding(kept, day, about)) is not None}
        oldest = kept.days[0][0]
        news = [day for day in found if day not in kept.told]
        told = [day for day in kept.told if day >= oldest and (day not in looked_at or day in found)] + news
        standing = [day for day in kept.standing if day not in looked_at or day in found] + news
        stood = bool(kept.standing)
        kept = msgspec.structs.replace(
            kept, told=told, standing=standing[-self.kept_days :], place=self._place(event, subject, facts)
        )
        verdicts = [self._verdict("raise", subject, kept, now, facts, found[day], event) for day in news]
        if standing:
            return Judgement(kept, tuple(verdicts), {QUIET: kept.last + self.clear_after})
        if stood:
            return Judgement(kept, (self._verdict("retract", subject, kept, now, facts),), {QUIET: None})
        return Judgement(kept)

    def _finding(self, state: SurgeState, day: int, about: Any) -> dict[str, Any] | None:
        """What is told of the window that ends on a day, when it is a surge."""
        counts = dict(state.days)
        windows = [self._count(counts, day - number * self.window) for number in range(self.history + 1)]
        known = min((day - self.window + 1 - state.first) // self.window, self.history)
        now, past = windows[0], windows[1 : known + 1]
        if known < self.learn or now < self.min.of(about):
            return None
        mean = sum(past) / known
        variance = sum((one - mean) ** 2 for one in past) / known
        chance = tail(now, max(mean, self.floor), variance if self.spread else 0.0)
        if chance >= self.p:
            return None
        return {"count": now, "usual": round(mean, 1), "most": max(past), "windows": known, "days": self.window}

    def _count(self, counts: dict[int, int], day: int) -> int:
        return sum(counts.get(one, 0) for one in range(day - self.window + 1, day + 1))

    def on_timer(self, timer: Timer, state: SurgeState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Clear after quiet."""
        if state is None or not state.standing:
            return None
        if state.last + self.clear_after > now:
            return Judgement(timers={QUIET: state.last + self.clear_after})
        cleared = self._verdict("clear", timer.subject, state, now, facts)
        return Judgement(msgspec.structs.replace(state, standing=[]), (cleared,))

    def tell(
        self, subject: str, state: SurgeState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """How many there are in the window that ends today, and how many there usually are."""
        if state is None:
            return False, [{"zh": "还没有记录", "en": "nothing has been counted yet"}]
        counts, day = dict(state.days), self._day(now, facts)
        known = min((day - self.window + 1 - state.first) // self.window, self.history)
        counted = self._count(counts, day)
        if known < self.learn:
            return bool(state.standing), [
                {
                    "zh": f"还在学习：有 {max(known, 0)} 个完整时段，需要 {self.learn} 个",
                    "en": f"still learning: {max(known, 0)} whole windows of {self.learn}",
                }
            ]
        usual = sum(self._count(counts, day - number * self.window) for number in range(1, known + 1)) / known
        least = self.min.of(self.about(subject, facts))
        return bool(state.standing), [
            {
                "zh": f"最近 {self.window} 天计数 {counted}，平时 {usual:.1f}（至少 {least:g} 才可能报警）",
                "en": f"{counted} within {self.window} days, usually {usual:.1f}; it takes {least:g} at least",
            }
        ]

    def _place(self, event: Event, subject: str, facts: Facts) -> str | None:
        """The subject's own place where it is one (a flat that a building's panel speaks of), else the event's."""
        name = subject.partition(":")[2]
        return name if name in facts.registry.places else event.place

    def _verdict(  # one argument per fact of a verdict
        self,
        action: str,
        subject: str,
        state: SurgeState,
        at: datetime,
        facts: Facts,
        told: dict[str, Any] | None = None,
        event: Event | None = None,
    ) -> Verdict:
        person = facts.person(subject) if subject.startswith("person:") else None
        return self.verdict(
            action,
            subject,
            at,
            facts,
            place=person.place if person is not None else state.place,
            device=state.device,
            person=person.id if person is not None else None,
            events=(event.reference,) if event is not None else (),
            limit=f"P < {self.p:g}",
            limit_source=f"{self.id} params.p",
            told=told,
        )


def tail(counted: int, mean: float, variance: float = 0.0) -> float:
    """P(N >= counted) for a Poisson variable, or a negative binomial where the variance exceeds the mean."""
    if counted <= 0:
        return 1.0
    if mean > LARGEST_MEAN:
        return 0.5 * erfc((counted - 0.5 - mean) / sqrt(2 * max(mean, variance)))
    if variance > mean:
        size = mean * mean / (variance - mean)
        share = mean / (mean + size)
        term = exp(size * log(1 - share))
        steps = (share * (size + n) / (n + 1) for n in range(counted))
    else:
        term = exp(-mean)
        steps = (mean / (n + 1) for n in range(counted))
    below = 0.0
    for step in steps:
        below += term
        term *= step
    return max(0.0, 1.0 - below)
