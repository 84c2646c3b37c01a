"""`count`: so many events of one subject within a window.

Parameters: `limit` (events), `window_s`, `clear_after_s` (quiet seconds after which the alert clears); `distinct`
(`device`, `place`, `building`, `area`, `data.<field>`) counts different ones of these instead of events. With that a
`clear` selector may say which of them are well again: the alert clears when all of them are.
Insensitive to order: the times seen are kept sorted, so a late event counts where it belongs.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import datetime, timedelta

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule, value_reader
from rules.rule import FAR_OFF, Facts

#: How much longer than the window times are kept, so that late events can be placed among them.
LATE = timedelta(seconds=120)
#: The most times kept for one subject: a flood must not grow the state without bound.
MOST_KEPT = 200
#: The most times kept of one and the same, where different ones are counted.
MOST_OF_ONE = 8


class Seen(msgspec.Struct, array_like=True, order=True, frozen=True):
    """When an event was (UTC), its reference, and which it was where different ones are counted."""

    at: datetime
    reference: str = ""
    which: str = ""


class CountState(msgspec.Struct):
    """The events in sight, sorted by time; where the subject last was."""

    seen: list[Seen]
    raised: bool = False
    #: Which of those that counted are not well again, and since when; where a clear selector says so.
    ill: dict[str, datetime] = {}
    place: str | None = None
    device: str | None = None


class Count(SelectingRule):
    """So many events within a window."""

    State = CountState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self.limit = self.parameter("limit")
        if not 1 <= self.limit.default <= MOST_KEPT:
            message = f"limit must be between 1 and {MOST_KEPT}"
            raise ValueError(message)
        self.window = timedelta(seconds=self.parameter("window_s").default)
        self.clear_after = timedelta(seconds=self.parameter("clear_after_s").default)
        self.memory = self.window + self.clear_after + LATE
        distinct = definition.params.get("distinct")
        self._which = value_reader(str(distinct)) if distinct is not None else None
        if self.clears is not None and self._which is None:
            message = "a clear selector needs distinct: which of them is well again"
            raise ValueError(message)

    def on_event(
        self, event: Event, subject: str, state: CountState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Count the event; raise when any window around it is full."""
        if self.clears is not None and self.clears.takes(event):
            return self._well_again(event, subject, state, now, facts)
        if not self.takes(event, subject, facts):
            return None
        which = self._which(event) if self._which is not None else ""
        if which is None:
            return None
        seen = list(state.seen) if state is not None else []
        insort(seen, Seen(event.ts, event.reference, which))
        newest = seen[-1].at
        seen = self._kept(seen[bisect_left(seen, Seen(newest - self.window - LATE)) :])
        full = self._fullest_window(seen, event.ts)
        counted = self._counted(full)
        about = self.about(subject, facts)
        limit = self.limit.of(about)
        raised = (state is not None and state.raised) or counted >= limit
        ill = dict(state.ill) if state is not None else {}
        if self.clears is not None and raised:
            ill |= {one.which: one.at for one in full[-MOST_KEPT:]}
        kept = CountState(seen, raised, dict(list(ill.items())[-MOST_KEPT:]), event.place, event.device)
        if counted < limit:
            timers = {"quiet": newest + self.clear_after} if raised else {}
            return Judgement(kept, timers=timers)
        verdict = self.verdict(
            "raise",
            subject,
            now,
            facts,
            place=event.place,
            device=event.device,
            events=tuple(one.reference for one in full),
            limit=f"{limit:g} / {int(self.window.total_seconds())} s",
            limit_source=self.limit.source(subject, about),
            told={
                "count": counted,
                "window_s": int(self.window.total_seconds()),
                "which": sorted({one.which for one in full}) if self._which is not None else None,
                "data": event.data,
            },
        )
        return Judgement(kept, (verdict,), {"quiet": newest + self.clear_after})

    def _well_again(
        self, event: Event, subject: str, state: CountState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Take one off those that are not well; when it was the last one, clear."""
        which = self._which(event) if self._which is not None else None
        if state is None or which is None or event.ts < state.ill.get(which, FAR_OFF):
            return None
        ill = {name: since for name, since in state.ill.items() if name != which}
        if ill or not state.raised:
            return Judgement(msgspec.structs.replace(state, ill=ill))
        verdict = self.verdict("clear", subject, now, facts, place=state.place, device=state.device)
        return Judgement(CountState([], place=state.place, device=state.device), (verdict,), {"quiet": None})

    def _kept(self, seen: list[Seen]) -> list[Seen]:
        """The newest of them; of each sort, where different ones are counted: a noisy one must not push out others."""
        if self._which is None:
            return seen[-MOST_KEPT:]
        left: dict[str, int] = {}
        kept: list[Seen] = []
        for one in reversed(seen):
            left[one.which] = left.get(one.which, 0) + 1
            if left[one.which] <= MOST_OF_ONE:
                kept.append(one)
        return kept[:MOST_KEPT][::-1]

    def _fullest_window(self, seen: list[Seen], moment: datetime) -> list[Seen]:
        """The window holding `moment` with the most events in it. Windows are half open: [start, start + window)."""
        best: list[Seen] = []
        for index, one in enumerate(seen):
            if one.at <= moment < one.at + self.window:
                inside = seen[index : bisect_left(seen, Seen(one.at + self.window))]
                best = max(best, inside, key=self._counted)
        return best

    def _counted(self, seen: list[Seen]) -> int:
        """How many events, or different ones."""
        return len({one.which for one in seen}) if self._which is not None else len(seen)

    def on_timer(self, timer: Timer, state: CountState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Clear after quiet."""
        if state is None or not state.raised:
            return None
        quiet_from = state.seen[-1].at + self.clear_after if state.seen else now
        if quiet_from > now:
            return Judgement(timers={"quiet": quiet_from})
        verdict = self.verdict("clear", timer.subject, now, facts, place=state.place, device=state.device)
        return Judgement(CountState([], place=state.place, device=state.device), (verdict,))

    def tell(
        self, subject: str, state: CountState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """How many are in sight, and how many it takes."""
        seen = [one for one in state.seen if one.at > now - self.window] if state is not None else []
        counted, limit = self._counted(seen), self.limit.of(self.about(subject, facts))
        window = int(self.window.total_seconds())
        return state is not None and state.raised, [
            {
                "zh": f"最近 {window} 秒内计数 {counted}（达到 {limit:g} 才报警）",
                "en": f"counted {counted} within the last {window} s; it takes {limit:g}",
            }
        ]
