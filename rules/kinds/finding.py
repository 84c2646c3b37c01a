"""What kinds have in common that look at what is in sight anew whenever something comes, early or late.

A finding is a pure function of what is in sight, so the order in which events arrived within `LATE` does not matter: a
late event adds the finding it completes and takes back the one it explains. State is bounded: so many sights, so long.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_left, insort
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule, value_reader
from rules.rule import Facts

#: How much longer than it takes to judge sights are kept, so that late ones can be placed among them.
LATE = timedelta(seconds=120)
#: The most findings of one subject that are remembered as told.
MOST_TOLD = 64
QUIET = "quiet"
#: A reference after all others, to find the last sight of a moment by.
LAST = "\U0010ffff"


class Sight(msgspec.Struct, array_like=True, order=True, frozen=True):
    """When (UTC) which event was seen, a number and a word the kind goes by, and where."""

    at: datetime
    reference: str = ""
    value: int = 0
    which: str = ""
    device: str = ""
    place: str = ""


class Found(msgspec.Struct, frozen=True):
    """Why a sight is a finding: what is told of it, what was exceeded, the events that count."""

    told: dict[str, Any]
    limit: str
    limit_source: str
    events: tuple[str, ...]


class FindingState(msgspec.Struct):
    """What is in sight, sorted; the findings that have been told, and those of them that stand; where the last was."""

    seen: list[Sight]
    told: list[Sight] = []
    standing: list[Sight] = []
    place: str | None = None
    device: str | None = None


class FindingRule(SelectingRule):
    """A rule whose findings follow from what is in sight.

    Kinds set `keep_for` (how long a sight is kept), `late` (how far behind the newest one may be), `most_kept`, and
    `before` and `after`: a sight changes only findings at most so long before and after it.
    """

    State: ClassVar[type[FindingState]] = FindingState
    keep_for: timedelta
    clear_after: timedelta
    late = LATE
    most_kept = 64
    before = timedelta()
    after = timedelta()

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self._holder: Callable[[Event], str | None] | None = None

    def held_by(self, field: object) -> None:
        """Go by who holds the credential, where an event names them in this field."""
        self._holder = value_reader(str(field)) if field is not None else None

    def keys(self, event: Event) -> tuple[str, ...]:
        """Return the holder, or else the subject."""
        if not self.when.takes(event):
            return ()
        holder = self._holder(event) if self._holder is not None else None
        return (f"person:{holder}",) if holder is not None else self._subjects(event)

    @abstractmethod
    def sight(self, event: Event) -> Sight | None:
        """What counts of an event; None when nothing does."""

    @abstractmethod
    def finding(self, index: int, state: Any, subject: str, facts: Facts) -> Found | None:
        """Say whether a sight, with the others before and after it, is a finding."""

    def learn(self, state: Any, dropped: list[Sight], facts: Facts) -> Any:
        """Take what goes out of sight into account."""
        del dropped, facts
        return state

    def on_event(self, event: Event, subject: str, state: Any, now: datetime, facts: Facts) -> Judgement | None:
        """Put the event where it belongs, and look at what it may change."""
        if not self.takes(event, subject, facts) or (one := self.sight(event)) is None:
            return None
        before = state if state is not None else self.State([])
        if before.seen and one.at < before.seen[-1].at - self.late:
            return None  # too late to be placed
        seen = list(before.seen)
        insort(seen, one)
        cut = bisect_left(seen, Sight(seen[-1].at - self.keep_for))
        cut = max(cut, len(seen) - self.most_kept)
        if one < seen[cut]:
            return None
        kept = self.learn(msgspec.structs.replace(before, seen=seen[cut:]), seen[:cut], facts)
        opens, closes = Sight(one.at - self.before), Sight(one.at + self.after, LAST)
        found = {
            kept.seen[index]: why
            for index in range(bisect_left(kept.seen, opens), bisect_left(kept.seen, closes))
            if (why := self.finding(index, kept, subject, facts)) is not None
        }
        return self._told(kept, found, (opens, closes), event, subject, now, facts)

    def _told(  # what was looked at, and by what
        self,
        kept: Any,
        found: dict[Sight, Found],
        looked_at: tuple[Sight, Sight],
        event: Event,
        subject: str,
        now: datetime,
        facts: Facts,
    ) -> Judgement:
        def holds(one: Sight) -> bool:
            return one in found or not looked_at[0] <= one <= looked_at[1]

        news = [one for one in found if one not in kept.told]
        stood = kept.standing
        in_sight = [one for one in kept.told if one >= kept.seen[0] or one in kept.standing]
        told = [*filter(holds, in_sight), *news][-MOST_TOLD:]
        standing = [*filter(holds, kept.standing), *news][-MOST_TOLD:]
        kept = msgspec.structs.replace(kept, told=told, standing=standing)
        if news:
            kept = msgspec.structs.replace(kept, place=event.place, device=event.device)
        verdicts = tuple(self._raise(one, found[one], event, subject, now, facts) for one in news)
        if standing:
            quiet = max(one.at for one in standing) + self.clear_after
            return Judgement(kept, verdicts, {QUIET: quiet} if standing != stood else {})
        if not stood:
            return Judgement(kept)
        taken_back = self.verdict("retract", subject, now, facts, place=kept.place, device=kept.device)
        return Judgement(kept, (taken_back,), {QUIET: None})

    def _raise(  # one argument per fact of a verdict
        self, one: Sight, why: Found, event: Event, subject: str, now: datetime, facts: Facts
    ) -> Verdict:
        said = {"data": event.data} if event.reference == one.reference else {}
        person = facts.person(subject) if subject.startswith("person:") else None
        return self.verdict(
            "raise",
            subject,
            max(one.at, now),
            facts,
            place=one.place or None,
            device=one.device or None,
            person=person.id if person is not None else None,
            events=why.events,
            limit=why.limit,
            limit_source=why.limit_source,
            told={**why.told, **said},
        )

    def on_timer(self, timer: Timer, state: Any, now: datetime, facts: Facts) -> Judgement | None:
        """Clear after quiet."""
        if state is None or not state.standing:
            return None
        quiet_from = max(one.at for one in state.standing) + self.clear_after
        if quiet_from > now:
            return Judgement(timers={QUIET: quiet_from})
        cleared = self.verdict("clear", timer.subject, now, facts, place=state.place, device=state.device)
        return Judgement(msgspec.structs.replace(state, standing=[]), (cleared,))
