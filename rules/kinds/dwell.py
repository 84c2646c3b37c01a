"""`dwell`: something has stood for too long: a gateway offline, a gate open, a vehicle where none may stand.

Begins with an event of the `when` selector, ends with one of the `clear` selector. Parameter: `for_s`. An end from
before the raise (a late event) retracts it, a later one clears.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import NEVER, Facts

TIMER = "stood"


class DwellState(msgspec.Struct):
    """Since when it stands (None: it does not), by which event, the newest end, and the moment of the raise (UTC)."""

    since: datetime | None
    ended_at: datetime
    reference: str | None = None
    place: str | None = None
    device: str | None = None
    raised_at: datetime | None = None


class Dwell(SelectingRule):
    """Stood for too long."""

    State = DwellState

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self.limit = self.seconds("for_s")
        if self.clears is None:
            message = "a dwell needs a clear selector: what ends it"
            raise ValueError(message)

    def on_event(
        self, event: Event, subject: str, state: DwellState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Take a beginning or an end."""
        before = state if state is not None else DwellState(None, NEVER)
        if self.when.takes(event):
            return self._begin(event, before)
        if event.ts <= before.ended_at:
            return None
        if before.since is None or event.ts < before.since:
            return Judgement(msgspec.structs.replace(before, ended_at=event.ts))
        over = DwellState(None, event.ts)
        if before.raised_at is None:
            return Judgement(over, timers={TIMER: None})
        action = "clear" if event.ts > before.raised_at else "retract"
        return Judgement(over, (self._verdict(action, subject, before, now, facts, event.reference),))

    def _begin(self, event: Event, before: DwellState) -> Judgement | None:
        if event.ts <= before.ended_at or (before.since is not None and before.since <= event.ts):
            return None
        begun = DwellState(
            event.ts, before.ended_at, event.reference, event.place, event.device, raised_at=before.raised_at
        )
        return Judgement(begun, timers={TIMER: event.ts + self.limit} if before.raised_at is None else {})

    def on_timer(self, timer: Timer, state: DwellState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Raise when it still stands."""
        if state is None or state.since is None or state.raised_at is not None:
            return None
        raised = msgspec.structs.replace(state, raised_at=now)
        return Judgement(raised, (self._verdict("raise", timer.subject, state, now, facts, state.reference),))

    def _verdict(
        self, action: str, subject: str, state: DwellState, at: datetime, facts: Facts, reference: str | None
    ) -> Verdict:
        since = state.since if state.since is not None else at
        return self.verdict(
            action,
            subject,
            at,
            facts,
            place=state.place,
            device=state.device,
            events=(reference,) if reference is not None else (),
            limit=f"{self.limit.total_seconds():g} s",
            limit_source=f"{self.id} params.for_s",
            told={"since": facts.local(since), "stood_s": round((at - since).total_seconds())},
        )
