"""`instant`: one event is enough.

Raises on each event the `when` selector takes and clears on each the `clear` selector takes. Order does not matter:
the newest clearing event is remembered, and an event older than it raises and clears in one go, so that a
late-delivered press still rings but does not stand for ever.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Verdict
from rules.kinds.selecting import SelectingRule
from rules.rule import NEVER, Facts


class InstantState(msgspec.Struct):
    """When the standing condition was last seen (None: it does not stand), and the newest clearing event (UTC)."""

    raised_at: datetime | None
    cleared_at: datetime


class Instant(SelectingRule):
    """One event is enough."""

    State = InstantState
    OCCURRENCES = True

    def on_event(
        self, event: Event, subject: str, state: InstantState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Raise or clear."""
        raised_at = state.raised_at if state is not None else None
        cleared_at = state.cleared_at if state is not None else NEVER
        if self.when.takes(event):
            raised = self._verdict("raise", event, subject, now, facts)
            if self.clears is None:
                return Judgement(verdicts=(raised,))
            if cleared_at >= event.ts:
                return Judgement(verdicts=(raised, self._verdict("clear", event, subject, cleared_at, facts)))
            return Judgement(InstantState(max(raised_at or NEVER, event.ts), cleared_at), (raised,))
        if cleared_at >= event.ts:
            return None
        if raised_at is None or raised_at > event.ts:
            # Nothing stands, or what stands began after this: it clears only what comes later still.
            return Judgement(InstantState(raised_at, event.ts))
        return Judgement(InstantState(None, event.ts), (self._verdict("clear", event, subject, now, facts),))

    def _verdict(self, action: str, event: Event, subject: str, at: datetime, facts: Facts) -> Verdict:
        return self.verdict(
            action,
            subject,
            at,
            facts,
            place=event.place,
            device=event.device,
            person=event.persons[0] if event.persons else None,
            events=(event.reference,),
            told={"kind": event.kind, "data": event.data},
        )
