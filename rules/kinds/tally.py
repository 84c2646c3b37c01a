"""`tally`: a probe. Counts the events of each subject for ever and never raises.

Its count beside an independent ledger proves that each event was judged once; it is what the fault tests read.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement
from rules.kinds.selecting import SelectingRule
from rules.rule import Facts


class TallyState(msgspec.Struct):
    """How many events were judged."""

    count: int


class Tally(SelectingRule):
    """Counts, and says nothing."""

    State = TallyState

    def on_event(
        self, event: Event, subject: str, state: TallyState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Count one more."""
        del event, subject, now, facts
        return Judgement(TallyState(1 if state is None else state.count + 1))
