"""`count`: so many events of one subject within a window.

Parameters: `limit` (events), `window_s`, `clear_after_s` (quiet seconds after which the alert clears); `distinct:
device` counts different devices instead of events.
Insensitive to order: the times seen are kept sorted, so a late event counts where it belongs.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from datetime import datetime, timedelta

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import Facts

#: How much longer than the window times are kept, so that late events can be placed among them.
LATE = timedelta(seconds=120)
#: The most times kept for one subject: a flood must not grow the state without bound.
MOST_KEPT = 200
#: The most times kept of one device, where different devices are counted.
MOST_OF_ONE = 8


class CountState(msgspec.Struct):
    """The times (UTC) and references of the events in sight, sorted; where the subject last was."""

    seen: list[tuple[datetime, str]]
    raised: bool = False
    place: str | None = None
    device: str | None = None


class Count(SelectingRule):
    """So many events within a window."""

    State = CountState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self.limit = int(definition.params["limit"])
        if not 1 <= self.limit <= MOST_KEPT:
            message = f"limit must be between 1 and {MOST_KEPT}"
            raise ValueError(message)
        self.window = self.seconds("window_s")
        self.clear_after = self.seconds("clear_after_s")
        distinct = definition.params.get("distinct")
        if distinct not in {None, "device"}:
            message = f"distinct is {distinct!r}; it can only be device"
            raise ValueError(message)
        self.by_device = distinct == "device"

    def on_event(
        self, event: Event, subject: str, state: CountState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Count the event; raise when any window around it is full."""
        if not self.when.takes(event):
            return None
        seen = list(state.seen) if state is not None else []
        insort(seen, (event.ts, event.reference))
        newest = seen[-1][0]
        seen = self._kept(seen[bisect_left(seen, (newest - self.window - LATE, "")) :])
        full = self._fullest_window(seen, event.ts)
        counted = self._counted(full)
        raised = (state is not None and state.raised) or counted >= self.limit
        kept = CountState(seen, raised, event.place, event.device)
        if counted < self.limit:
            timers = {"quiet": newest + self.clear_after} if raised else {}
            return Judgement(kept, timers=timers)
        verdict = self.verdict(
            "raise",
            subject,
            now,
            facts,
            place=event.place,
            device=event.device,
            events=tuple(reference for _, reference in full),
            limit=f"{self.limit} / {int(self.window.total_seconds())} s",
            limit_source=f"{self.id} params.limit, params.window_s",
            told={"count": counted, "window_s": int(self.window.total_seconds()), "data": event.data},
        )
        return Judgement(kept, (verdict,), {"quiet": newest + self.clear_after})

    def _kept(self, seen: list[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
        """The newest of them; of each device, where devices are counted: a noisy one must not push out the others."""
        if not self.by_device:
            return seen[-MOST_KEPT:]
        left: dict[str, int] = {}
        kept: list[tuple[datetime, str]] = []
        for moment, reference in reversed(seen):
            device = reference.partition("/")[0]
            left[device] = left.get(device, 0) + 1
            if left[device] <= MOST_OF_ONE:
                kept.append((moment, reference))
        return kept[:MOST_KEPT][::-1]

    def _fullest_window(self, seen: list[tuple[datetime, str]], moment: datetime) -> list[tuple[datetime, str]]:
        """The window holding `moment` with the most events in it. Windows are half open: [start, start + window)."""
        best: list[tuple[datetime, str]] = []
        for index, (start, _) in enumerate(seen):
            if start <= moment < start + self.window:
                inside = seen[index : bisect_left(seen, (start + self.window, ""))]
                best = max(best, inside, key=self._counted)
        return best

    def _counted(self, seen: list[tuple[datetime, str]]) -> int:
        """How many events, or different devices: an event's reference begins with its device."""
        return len({reference.partition("/")[0] for _, reference in seen}) if self.by_device else len(seen)

    def on_timer(self, timer: Timer, state: CountState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Clear after quiet."""
        if state is None or not state.raised:
            return None
        quiet_from = state.seen[-1][0] + self.clear_after if state.seen else now
        if quiet_from > now:
            return Judgement(timers={"quiet": quiet_from})
        verdict = self.verdict("clear", timer.subject, now, facts, place=state.place, device=state.device)
        return Judgement(CountState([], place=state.place, device=state.device), (verdict,))
