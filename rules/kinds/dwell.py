"""`dwell`: something has stood for too long: a gateway offline, a gate open, a vehicle where none may stand.

Begins with an event of the `when` selector, ends with one of the `clear` selector. Parameters: `for_s`, how long it may
stand (with a schedule: only time within it counts, so a gate opened before class counts from the bell); `off_s`: an end
counts only when nothing begins again for so long.

Insensitive to order: what happened lately is kept sorted and looked at anew. An end from before the raise (a late
event) retracts it; a beginning that comes so late that its time is over (a gateway hands in what it kept) waits a
moment for its own end to come, too.
"""

from __future__ import annotations

from bisect import insort
from datetime import datetime, timedelta

import msgspec

from gateway.model.event import Event
from gateway.model.judgement import Judgement, Timer, Verdict
from rules.definition import Definition
from rules.kinds.selecting import SelectingRule
from rules.rule import Facts

STOOD, OVER = "stood", "over"
#: How long what happened is kept, so that late events can be placed among it, and how much of it.
LATE = timedelta(seconds=120)
MOST_KEPT = 64
#: What was kept while a connection was away comes in one go: a beginning waits so long for the end behind it.
BEHIND = timedelta(seconds=10)


class Mark(msgspec.Struct, array_like=True, order=True, frozen=True):
    """A beginning, or an end, at a moment (UTC); at one and the same moment the end is the later of the two."""

    at: datetime
    ends: bool
    reference: str


class Standing(msgspec.Struct, frozen=True):
    """Since which beginning it stands (None: it does not), and the end that waits for `off_s` to pass."""

    since: Mark | None = None
    ending: datetime | None = None


class DwellState(msgspec.Struct):
    """How it stood before what is kept, what is kept, where, and the beginning and moment of the raise (UTC)."""

    before: Standing
    marks: list[Mark]
    place: str | None = None
    device: str | None = None
    raised_for: Mark | None = None
    raised_at: datetime | None = None


class Dwell(SelectingRule):
    """Stood for too long."""

    State = DwellState
    #: What stands may have begun long ago: a gate that was left open, a gateway that never came back.
    memory = timedelta(days=30)

    def __init__(self, definition: Definition, version: int = 1) -> None:
        super().__init__(definition, version)
        self.limit = self.parameter("for_s")
        self.off = timedelta(seconds=float(definition.params.get("off_s", 0)))
        if self.clears is None:
            message = "a dwell needs a clear selector: what ends it"
            raise ValueError(message)

    def on_event(
        self, event: Event, subject: str, state: DwellState | None, now: datetime, facts: Facts
    ) -> Judgement | None:
        """Take a beginning or an end, and look at all of it anew."""
        known = state if state is not None else DwellState(Standing(), [])
        marks = list(known.marks)
        insort(marks, Mark(event.ts, not self.when.takes(event), event.reference))
        kept = msgspec.structs.replace(known, marks=marks, place=event.place, device=event.device)
        was = self._folded(known.before, known.marks)
        return self._settled(self._shortened(kept), was, subject, now, event.received_at, facts)

    def _shortened(self, state: DwellState) -> DwellState:
        """Fold what no late event can be placed among any more."""
        horizon = state.marks[-1].at - LATE
        old = next((n for n, mark in enumerate(state.marks) if mark.at >= horizon), len(state.marks))
        old = max(old, len(state.marks) - MOST_KEPT)
        if old == 0:
            return state
        before = self._folded(state.before, state.marks[:old])
        return msgspec.structs.replace(state, before=before, marks=state.marks[old:])

    def _folded(self, standing: Standing, marks: list[Mark]) -> Standing:
        """How it stands after these beginnings and ends."""
        since, ending = standing.since, standing.ending
        for mark in marks:
            if ending is not None and mark.at - ending >= self.off:
                since = ending = None
            if mark.ends and since is not None and ending is None:
                ending = mark.at
            elif not mark.ends:
                since, ending = since or mark, None
        return Standing(since, ending) if since is not None else Standing()

    def _settled(  # what is known, how it was, and when that is looked at
        self, state: DwellState, was: Standing, subject: str, now: datetime, received_at: datetime, facts: Facts
    ) -> Judgement:
        """Say what the marks make of what was raised, and arm what is to come."""
        standing = self._folded(state.before, state.marks)
        over = self._is_over(standing, received_at)
        verdicts: tuple[Verdict, ...] = ()
        raised, raised_at = state.raised_for, state.raised_at
        if raised is not None and raised_at is not None and (over or standing.since != raised):
            ended = self._ended(state, raised)
            if not over and ended is None:  # the same, and it began earlier than was known
                state = msgspec.structs.replace(state, raised_for=standing.since)
            else:
                action = "clear" if ended is not None and ended > raised_at else "retract"
                verdicts = (self._verdict(action, subject, state, raised, now, facts),)
                state = msgspec.structs.replace(state, raised_for=None, raised_at=None)
        timers: dict[str, datetime | None] = {}
        if over or standing.since is None:
            timers[STOOD] = None
        elif state.raised_at is None and (standing.since != was.since or was.ending is not None):
            timers[STOOD] = max(self._due(standing.since.at, subject, facts), received_at + BEHIND)
        if self.off:
            timers[OVER] = standing.ending + self.off if standing.ending is not None else None
        return Judgement(state, verdicts, timers)

    def _is_over(self, standing: Standing, now: datetime) -> bool:
        """Whether nothing stands: nothing began, or its end has lasted."""
        return standing.since is None or (standing.ending is not None and now - standing.ending >= self.off)

    def _ended(self, state: DwellState, raised: Mark) -> datetime | None:
        """When what was raised ended, as far as is known: the first end after its beginning that counted."""
        standing = state.before
        for mark in state.marks:
            after = self._folded(standing, [mark])
            if standing.since is not None and mark.at >= raised.at and after.since != standing.since:
                return standing.ending or mark.at
            if after.ending is not None and mark.at >= raised.at and not self.off:
                return after.ending
            standing = after
        return standing.ending

    def _due(self, since: datetime, subject: str, facts: Facts) -> datetime:
        return self.when_passed(since, self.limit.span(self.about(subject, facts)), subject, facts)

    def on_timer(self, timer: Timer, state: DwellState | None, now: datetime, facts: Facts) -> Judgement | None:
        """Raise when it still stands; let its end count when it stayed away."""
        if state is None:
            return None
        standing = self._folded(state.before, state.marks)
        if timer.name == OVER:
            return self._over(state, timer.subject, now, facts) if self._is_over(standing, now) else None
        if state.raised_at is not None or standing.since is None or self._is_over(standing, now):
            return None
        due = self._due(standing.since.at, timer.subject, facts)
        if due > now:  # the limit or the schedule is another by now
            return Judgement(timers={STOOD: due})
        raised = msgspec.structs.replace(state, raised_for=standing.since, raised_at=now)
        return Judgement(raised, (self._verdict("raise", timer.subject, state, standing.since, now, facts),))

    def _over(self, state: DwellState, subject: str, now: datetime, facts: Facts) -> Judgement:
        if state.raised_for is None:
            return Judgement(timers={STOOD: None})
        verdict = self._verdict("clear", subject, state, state.raised_for, now, facts)
        ended = msgspec.structs.replace(state, raised_for=None, raised_at=None)
        return Judgement(ended, (verdict,), {STOOD: None})

    def tell(
        self, subject: str, state: DwellState | None, now: datetime, facts: Facts
    ) -> tuple[bool, list[dict[str, str]]]:
        """Since when it stands, and how long it may."""
        standing = self._folded(state.before, state.marks) if state is not None else Standing()
        if state is None or standing.since is None or self._is_over(standing, now):
            return False, [{"zh": "目前没有开始", "en": "it has not begun"}]
        may = self.limit.of(self.about(subject, facts))
        since, stood = facts.local(standing.since.at), round((now - standing.since.at).total_seconds())
        return state.raised_at is not None, [
            {
                "zh": f"自 {since} 起持续 {stood} 秒（允许 {may:g} 秒）",
                "en": f"it has stood for {stood} s since {since}; {may:g} s are allowed",
            }
        ]

    def _verdict(
        self, action: str, subject: str, state: DwellState, since: Mark, at: datetime, facts: Facts
    ) -> Verdict:
        about = self.about(subject, facts)
        return self.verdict(
            action,
            subject,
            at,
            facts,
            place=state.place,
            device=state.device,
            events=(since.reference,),
            limit=f"{self.limit.of(about):g} s",
            limit_source=self.limit.source(subject, about),
            told={"since": facts.local(since.at), "stood_s": round((at - since.at).total_seconds())},
        )
