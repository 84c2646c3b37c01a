"""What a version of a rule would have said of the stored past: the same code, a virtual clock, nothing live touched.

Read in one snapshot. The replay begins a rule's `memory` before the stretch that is asked about, so that its states are
then what they would have been. A version it is compared with runs beside it, on the same events in the same pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.clock import monotonic
from gateway.model.device_health import DeviceHealth
from gateway.model.errors import Misconfigured
from gateway.model.event import ALERT_RAISED
from gateway.past import Past
from gateway.rule_book import revive
from gateway.store import backtests, rule_versions
from gateway.store import events as event_store
from gateway.store.backtests import Order
from rules.backtest import (
    Forecast,
    Judged,
    Precision,
    Span,
    Spans,
    Tally,
    difference,
    forecast,
    precision,
    tally,
)
from rules.replay import Replay
from rules.rule import Rule

#: So many spans are told one by one; of a difference, on each side.
MOST_SPANS, MOST_OF_DIFFERENCE = 200, 20
#: Events, of how many, and the moment reached (UTC).
Progress = Callable[[int, int, datetime], None]


class Compared(msgspec.Struct, frozen=True):
    """What becomes different: how many both would raise, only this version, only the running one; the first of each."""

    version: int
    running: Tally
    both: int
    only_candidate: int
    only_running: int
    first_only_candidate: list[Span]
    first_only_running: list[Span]


class Floods(msgspec.Struct, frozen=True):
    """What an operator would have met: by this rule alone, and with what the other rules did raise then."""

    alone: Forecast
    with_others: Forecast


class Report(msgspec.Struct, frozen=True):
    """What came of a backtest. `spans` are the first so many; `floods` None: the rule never sounds.

    `warm_up_from` is where the replay began (UTC), `events` and `seconds` what it took; `areas` names those of `tally`.
    """

    rule: str
    version: int
    title: dict[str, str]
    since: datetime
    until: datetime
    time_zone: str
    warm_up_from: datetime
    events: int
    seconds: float
    tally: Tally
    areas: dict[str, str]
    spans: list[Span]
    floods: Floods | None
    compared: Compared | None
    precision: Precision | None


def backtest(
    connection: Connection[TupleRow],
    station: str,
    order: Order,
    late: timedelta,
    progress: Progress = lambda _events, _of, _moment: None,
) -> Report:
    """Replay a definition over the stored past and report, within the caller's snapshot.

    `late` is how late an event is taken in at all. Raises `rules.replay.RuleFailed` when it throws on the way,
    `Misconfigured` when it cannot be brought to life.
    """
    began = monotonic()
    candidate = revive(order.rule, order.version, order.definition)
    sides = [candidate]
    if order.against is not None:
        sides.append(revive(order.rule, order.against, _words(connection, order.rule, order.against)))
    running = rule_versions.running(connection)
    others = [revive(rule, *told) for rule, told in running.items() if rule != order.rule]
    books = [[rule, *(others if _listens(rule) else ())] for rule in sides]
    past, gathered, events = replayed(connection, station, books, order.since, order.until, late, progress)
    mine, *theirs = [[span for span in spans if span.rule == order.rule] for spans in gathered]
    zone = ZoneInfo(past.registry.station.time_zone)
    counts = tally(mine, order.since, order.until, zone)
    judged = [Judged(*row) for row in backtests.judged(connection, station, order.rule, order.since, order.until)]
    return Report(
        rule=order.rule,
        version=order.version,
        title=candidate.definition.title.model_dump(),
        since=order.since,
        until=order.until,
        time_zone=zone.key,
        warm_up_from=past.since,
        events=events,
        seconds=round(monotonic() - began, 1),
        tally=counts,
        areas={area: past.registry.areas[area].name for area in counts.by_area if area in past.registry.areas},
        spans=[span for span in mine if not span.before][:MOST_SPANS],
        floods=_floods(connection, station, order, mine) if candidate.definition.stream == "alert" else None,
        compared=_compared(order, order.against, mine, theirs[0], zone) if order.against is not None else None,
        precision=precision(mine, judged) if judged else None,
    )


def replayed(  # one argument per bound
    connection: Connection[TupleRow],
    station: str,
    books: Sequence[Sequence[Rule]],
    since: datetime,
    until: datetime,
    late: timedelta,
    progress: Progress = lambda _events, _of, _moment: None,
) -> tuple[Past, list[list[Span]], int]:
    """Replay several books side by side, in one pass over the stored past.

    Returns that past, each book's spans within `[since, until)`, and how many events there were, warm-up included.
    """
    memory = max((rule.memory for book in books for rule in book), default=timedelta())
    past = Past(connection, station, _warm_up_from(connection, station, since, memory), until, late)
    count = past.count()
    progress(0, count, past.since)
    health = past.health()
    gathered = [Spans(since) for _ in books]
    replays = [
        Replay(
            book,
            past.registry,
            past.since,
            health=DeviceHealth(dict(health.last_heard), dict(health.online)),
            on_verdict=spans,
        )
        for book, spans in zip(books, gathered, strict=True)
    ]
    events = past.play(*replays, progress=lambda seen, moment: progress(seen, count, moment))
    for replay in replays:
        replay.run_until(until, inclusive=False)
    progress(events, count, until)
    area_of = replays[0].registry.area_of
    return past, [spans.gathered(area_of) for spans in gathered], events


def _warm_up_from(connection: Connection[TupleRow], station: str, since: datetime, memory: timedelta) -> datetime:
    """As far back as the rules remember, and no further than events are stored: before that nobody was silent."""
    oldest = event_store.oldest(connection, station)
    begin = since - memory
    return min(since, max(begin, oldest)) if oldest is not None else since


def _listens(rule: Rule) -> bool:
    """Whether a rule judges what others raise: then they run beside it."""
    return ALERT_RAISED in rule.event_kinds


def _words(connection: Connection[TupleRow], rule: str, version: int) -> dict[str, Any]:
    row = rule_versions.version_of(connection, rule, version)
    if row is None:
        raise Misconfigured(f"{rule} has no version {version}")
    words: dict[str, Any] = row["definition"]
    return words


def _floods(connection: Connection[TupleRow], station: str, order: Order, spans: Iterable[Span]) -> Floods:
    mine = [(span.heard_at, span.priority) for span in spans if not span.before]
    others = backtests.raised_by_others(connection, station, order.rule, order.since, order.until)
    return Floods(forecast(mine), forecast([*mine, *others]))


def _compared(order: Order, version: int, candidate: list[Span], running: list[Span], zone: ZoneInfo) -> Compared:
    told = difference(candidate, running)
    return Compared(
        version=version,
        running=tally(running, order.since, order.until, zone),
        both=told.both,
        only_candidate=len(told.only_candidate),
        only_running=len(told.only_running),
        first_only_candidate=told.only_candidate[:MOST_OF_DIFFERENCE],
        first_only_running=told.only_running[:MOST_OF_DIFFERENCE],
    )
