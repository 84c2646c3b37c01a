"""What rules would have said of a stretch of the past: spans from verdicts, floods, a difference, a precision. Pure.

A span is one alert as people would have met it: raised once, seen so often, over when its condition was. Nobody in the
past acknowledged or reset it, so a latched one is over with its condition too, as in history mode. Otherwise what holds
for live alerts holds for spans: one open per (rule, subject), and a clear older than the last event ends nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from zoneinfo import ZoneInfo

import msgspec

from gateway.model.judgement import Explanation, Verdict

#: ISA-18.2: a flood begins when more than ten alerts come in ten minutes, and ends when fewer than five do.
FLOOD_WINDOW = timedelta(minutes=10)
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
REAL = "real"
FALSE_PREFIX = "false_"


class Span(msgspec.Struct):
    """One alert that would have stood.

    `raised_at`, `last_event_at` and `cleared_at` are event times, `heard_at` is when people would have heard of it (all
    UTC; `cleared_at` None: it stands at the end). `explanation` is why it rang. `before`: it stood already when the
    stretch began.
    """

    rule: str
    version: int
    subject: str
    stream: str
    priority: str
    heard_at: datetime
    raised_at: datetime
    last_event_at: datetime
    explanation: Explanation
    cleared_at: datetime | None = None
    retracted: bool = False
    seen: int = 1
    place: str | None = None
    area: str | None = None
    device: str | None = None
    person: str | None = None
    before: bool = False

    @property
    def ends(self) -> datetime | None:
        """When it was over, by the events' own time; None while it stands."""
        return max(self.cleared_at, self.last_event_at) if self.cleared_at is not None else None


class Spans:
    """Gathers verdicts into spans. What is heard before `since` (UTC) only sets what stands then."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self._open: dict[tuple[str, str], Span] = {}
        self._all: list[Span] = []

    def __call__(self, verdict: Verdict, moment: datetime) -> None:
        """Take one verdict, reached at a moment (UTC)."""
        key = (verdict.rule, verdict.subject)
        known = self._open.get(key)
        if verdict.action in {"raise", "extend"}:
            if known is None:
                self._open[key] = span = _raised(verdict, moment)
                self._all.append(span)
                return
            known.seen += 1
            known.last_event_at = max(known.last_event_at, verdict.at)
        elif known is not None and (verdict.action == "retract" or verdict.at >= known.last_event_at):
            known.cleared_at = verdict.at
            known.retracted = verdict.action == "retract"
            del self._open[key]

    def gathered(self, area_of: Callable[[str | None], str | None]) -> list[Span]:
        """The spans that began since, and those that stood then, in the order they were heard."""
        for span in self._all:
            span.before, span.area = span.heard_at < self._since, area_of(span.place)
        return [
            span
            for span in self._all
            if not span.before or span.cleared_at is None or (span.ends or self._since) >= self._since
        ]


def _raised(verdict: Verdict, moment: datetime) -> Span:
    return Span(
        rule=verdict.rule,
        version=verdict.explanation.version,
        subject=verdict.subject,
        stream=verdict.stream,
        priority=verdict.priority,
        heard_at=moment,
        raised_at=verdict.at,
        last_event_at=verdict.at,
        explanation=verdict.explanation,
        place=verdict.place,
        device=verdict.device,
        person=verdict.person,
    )


# ── how much, where, when ────────────────────────────────────────────────────────────────────────────────────────────


class Tally(msgspec.Struct, frozen=True):
    """How many alerts would have been raised: by grid (area id; "": nowhere), hour of day and day at the station.

    `standing_before` stood when the stretch began, `standing` when it ended; `retracted` were taken back.
    """

    raised: int
    retracted: int
    standing: int
    standing_before: int
    subjects: int
    per_day: float
    by_area: dict[str, int]
    by_hour: dict[int, int]
    by_day: dict[str, int]


def tally(spans: Sequence[Span], since: datetime, until: datetime, zone: ZoneInfo) -> Tally:
    """Count spans."""
    raised = [span for span in spans if not span.before]
    local = [span.heard_at.astimezone(zone) for span in raised]
    days = max((until - since) / timedelta(days=1), 1e-9)
    return Tally(
        raised=len(raised),
        retracted=sum(span.retracted for span in raised),
        standing=sum(span.cleared_at is None for span in spans),
        standing_before=len(spans) - len(raised),
        subjects=len({span.subject for span in raised}),
        per_day=round(len(raised) / days, 3),
        by_area=dict(Counter(span.area or "" for span in raised).most_common()),
        by_hour=dict(sorted(Counter(moment.hour for moment in local).items())),
        by_day=dict(sorted(Counter(moment.date().isoformat() for moment in local).items())),
    )


# ── floods ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Flood(msgspec.Struct, frozen=True):
    """More than one operator can work off: from one alert too many until fewer than five come in ten minutes."""

    begins: datetime
    ends: datetime
    alerts: int


class Forecast(msgspec.Struct, frozen=True):
    """Floods (ISA-18.2) for one operator, the ten minutes with the most alerts, and how many there are by priority."""

    alerts: int
    by_priority: dict[str, int]
    floods: list[Flood]
    worst_at: datetime | None
    worst: int


def forecast(alerts: Iterable[tuple[datetime, str]]) -> Forecast:
    """Find the floods in moments (UTC) at which an alert of a priority is heard."""
    told = list(alerts)
    heard = sorted(moment for moment, _ in told)
    changes = sorted([(moment, 1) for moment in heard] + [(moment + FLOOD_WINDOW, -1) for moment in heard])
    floods: list[Flood] = []
    begins: datetime | None = None
    within = worst = 0
    worst_at: datetime | None = None
    for moment, at_once in groupby(changes, key=itemgetter(0)):
        within += sum(change for _, change in at_once)
        if within > worst:
            worst, worst_at = within, moment
        if begins is None and within > FLOOD_BEGINS:
            begins = moment
        elif begins is not None and within < FLOOD_ENDS:
            first = bisect_right(heard, begins - FLOOD_WINDOW)
            floods.append(Flood(begins, moment, bisect_right(heard, moment) - first))
            begins = None
    return Forecast(
        alerts=len(heard),
        by_priority=dict(sorted(Counter(priority for _, priority in told).items())),
        floods=floods,
        worst_at=max(worst_at - FLOOD_WINDOW, heard[0]) if worst_at is not None else None,
        worst=worst,
    )


# ── two versions, and what people said ───────────────────────────────────────────────────────────────────────────────


class Difference(msgspec.Struct, frozen=True):
    """Spans of two versions over the same past: those of the same subject that overlap are the same to people."""

    both: int
    only_candidate: list[Span]
    only_running: list[Span]


def difference(candidate: Sequence[Span], running: Sequence[Span]) -> Difference:
    """Compare what would have been raised; what stood before counts as company only."""
    here, there = _by_subject(candidate), _by_subject(running)
    new = [span for span in candidate if not span.before]
    only = [span for span in new if not _overlaps(span.raised_at, span.ends, there[span.subject])]
    gone = [
        span for span in running if not span.before and not _overlaps(span.raised_at, span.ends, here[span.subject])
    ]
    return Difference(len(new) - len(only), only, gone)


class Judged(msgspec.Struct, frozen=True):
    """What people said of an alert that was: subject, span (UTC; `until` None: it stands), how it was closed."""

    subject: str
    since: datetime
    until: datetime | None
    disposition: str


class Precision(msgspec.Struct, frozen=True):
    """Of the alerts people closed as real or false, how many of those the rule would raise were real.

    `rests_on` alerts; `missed_real` were real and it would not raise them, `spared_false` were false and it would not.
    """

    value: float | None
    real: int
    false: int
    rests_on: int
    missed_real: int
    spared_false: int
    dispositions: dict[str, int]


def precision(spans: Sequence[Span], judged: Sequence[Judged]) -> Precision:
    """Weigh spans against what people said; `nuisance`, `drill` and the like count as neither real nor false."""
    there = _by_subject(spans)
    found, lost = Counter[str](), Counter[str]()
    for one in judged:
        raised = _overlaps(one.since, one.until, there[one.subject])
        (found if raised else lost)[one.disposition] += 1
    real, false = found[REAL], _false(found)
    return Precision(
        value=round(real / (real + false), 4) if real + false else None,
        real=real,
        false=false,
        rests_on=real + false,
        missed_real=lost[REAL],
        spared_false=_false(lost),
        dispositions=dict(sorted((found + lost).items())),
    )


def _false(counts: Mapping[str, int]) -> int:
    return sum(count for disposition, count in counts.items() if disposition.startswith(FALSE_PREFIX))


def _by_subject(spans: Iterable[Span]) -> defaultdict[str, list[Span]]:
    found: defaultdict[str, list[Span]] = defaultdict(list)
    for span in spans:
        found[span.subject].append(span)
    return found


def _overlaps(since: datetime, until: datetime | None, others: Iterable[Span]) -> bool:
    return any(
        (until is None or other.raised_at <= until) and (other.ends is None or other.ends >= since) for other in others
    )
