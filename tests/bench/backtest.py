"""How long a million events of the town take to be judged again: by one rule, by the catalogue; what each rule costs.

Everything counts: reading from PostgreSQL, registry, warm-up. The replay is one thread; PostgreSQL's own work runs
beside it, so both seconds by the clock and seconds of this process's processor are given.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.backtest import replayed
from gateway.model.device_health import DeviceHealth
from gateway.past import Past
from gateway.store.pool import connect, snapshot
from rules.load import CATALOG, bring_to_life, read_definitions
from rules.replay import Replay
from rules.rule import Rule
from tests.bench.past import LATE, Town

#: One that every event concerns, and the costliest.
ONE_RULES = ("device-silent", "elder-quiet")
#: The aims (issue 4): seconds for a million events on one core.
AIM_ONE, AIM_ALL = 30, 120
#: The stretch on which single rules are timed, before the end.
TIMED = timedelta(days=28)
MILLION = 1_000_000


def run(home: Path, events: int) -> Iterator[str]:
    """Give rate, mix and cost per rule."""
    town = Town(home)
    try:
        there = town.fill(events)
        rules = [bring_to_life(definition) for definition in read_definitions([CATALOG])]
        books = [(f"`{rule.id}` alone", [rule], AIM_ONE) for rule in rules if rule.id in ONE_RULES]
        days = (town.until - town.since).days
        shares = ", ".join(f"{kind} {100 * count / there:.1f} %" for kind, count in town.mix.most_common())
        yield f"Backtest over {there:,} events of the town ({days} days, {len(town.site.devices)} devices): {shares}"
        yield ""
        yield "| backtest, reading included | seconds | of them this process's CPU | events/s | aim for a million |"
        yield "| --- | --- | --- | --- | --- |"
        for name, book, aim in (*books, (f"all {len(rules)} rules", rules, AIM_ALL)):
            seconds, cpu = _timed(town, book)
            share = f"{seconds * MILLION / there:.0f} of {aim} s"
            yield f"| {name} | {seconds:.1f} | {cpu:.1f} | {there / seconds:,.0f} | {share} |"
        yield ""
        yield "| rule | asked, of 100 events | timers, of 100 events | µs per event of the mix |"
        yield "| --- | --- | --- | --- |"
        yield from _per_rule(town, rules)
    finally:
        town.close()


def _timed(town: Town, book: Sequence[Rule]) -> tuple[float, float]:
    with connect(town.url, "bench") as connection, snapshot(connection):
        began, cpu = time.perf_counter(), time.process_time()
        replayed(connection, town.station, [book], town.since, town.until, LATE)
        return time.perf_counter() - began, time.process_time() - cpu


def _per_rule(town: Town, rules: Sequence[Rule]) -> Iterator[str]:
    """Time what each rule does while all of them judge the last weeks."""
    spent: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    timers: Counter[str] = Counter()

    def clocked(rule: Rule, act: str, counts: Counter[str] | None) -> Callable[..., Any]:
        does = getattr(rule, act)

        def timed(*seen: Any) -> Any:
            began = time.perf_counter()
            try:
                return does(*seen)
            finally:
                spent[rule.id] += time.perf_counter() - began  # type: ignore[assignment]  # counts seconds
                if counts is not None:
                    counts[rule.id] += 1

        return timed

    for rule in rules:
        for act, counts in (("keys", None), ("on_start", None), ("on_event", asked), ("on_timer", timers)):
            setattr(rule, act, clocked(rule, act, counts))
    with connect(town.url, "bench") as connection, snapshot(connection):
        past = Past(connection, town.station, town.until - TIMED, town.until, LATE)
        replay = Replay(rules, past.registry, past.since, health=DeviceHealth({}), on_verdict=lambda *_: None)
        events = past.play(replay)
        replay.run_until(town.until)
    for rule in sorted(rules, key=lambda rule: -spent[rule.id]):
        yield (
            f"| {rule.id} | {100 * asked[rule.id] / events:.1f} | {100 * timers[rule.id] / events:.1f} "
            f"| {1e6 * spent[rule.id] / events:.2f} |"
        )
