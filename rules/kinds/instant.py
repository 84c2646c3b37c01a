"""`instant`: one event is enough.

Raises on each event the `when` selector takes and clears on each the `clear` selector takes, or after `clear_after_s`
without another. Order does not matter: the newest clearing event is remembered, and an event older than it raises and
clears in one go, so that a late-delivered press still rings but does not stand for ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import NEVER, Facts

QUIET = "quiet"


class InstantState(msgspec.Struct):
    """When the standing condition was last seen (None: it does not stand), and the newest clearing event (UTC)."""

    raised_at: datetime | None
    cleared_at: datetime
    place: str | None = None
    device: str | None = None


class Instant(SelectingRule):
    """One event is enough."""

    State = InstantState
    #: A button may have been pressed long before anybody resets it.
    memory = timedelta(days=30)
    OCCURRENCES = True

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        quiet = "clear_after_s" in definition.params
        self.clear_after = self.parameter("clear_after_s") if quiet else None
        if quiet and self.clears is not None:
            message = "what clears it is a clear selector or clear_after_s, not both"
            raise ValueError(message)

    def on_event(
        self, event: Event, subject: str, state: InstantState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Raise or clear."""
        before = state if state is not None else InstantState(None, NEVER)
        if self.when.takes(event):
            if not self.counts(event.ts, subject, facts):
                return None
            return self._raise(event, subject, before, now, facts)
        if before.cleared_at >= event.ts:
            return None
        if before.raised_at is None or before.raised_at > event.ts:
            # Nothing stands, or what stands began after this: it clears only what comes later still.
            return Judgement(msgspec.structs.replace(before, cleared_at=event.ts))
        return Judgement(InstantState(None, event.ts), (self._verdict("clear", event, subject, now, facts),))

    def _raise(self, event: Event, subject: str, before: InstantState, now: datetime, facts: Facts) -> Judgement:
        raised = self._verdict("raise", event, subject, now, facts)
        if self.clears is None and self.clear_after is None:
            return Judgement(verdicts=(raised,))
        if before.cleared_at >= event.ts:
            return Judgement(verdicts=(raised, self._verdict("clear", event, subject, before.cleared_at, facts)))
        newest = max(before.raised_at or NEVER, event.ts)
        kept = InstantState(newest, before.cleared_at, event.place, event.device)
        if self.clear_after is None:
            return Judgement(kept, (raised,))
        return Judgement(kept, (raised,), {QUIET: newest + self.clear_after.span(self.about(subject, facts))})

    def on_timer(self, timer: Timer, state: InstantState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Clear after quiet."""
        if state is None or state.raised_at is None or self.clear_after is None:
            return None
        due = state.raised_at + self.clear_after.span(self.about(timer.subject, facts))
        if due > now:
            return Judgement(timers={QUIET: due})
        cleared = self.verdict("clear", timer.subject, now, facts, place=state.place, device=state.device)
        return Judgement(InstantState(None, state.cleared_at), (cleared,))

    def tell(
        self, subject: str, state: InstantState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """When it last stood, and what ends it."""
        del subject, now
        if state is None or state.raised_at is None:
            return False, [{"zh": "目前没有成立", "en": "nothing stands at present"}]
        at = facts.local(state.raised_at)
        return True, [{"zh": f"自 {at} 成立", "en": f"stands; last seen at {at}"}]

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
