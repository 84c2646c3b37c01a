"""Lost gateways: 18 to 30 hours of nothing every 10 to 20 days, told and not told."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from tests.bench.care.cgq import Cgq
from tests.bench.care.fixed import AlertLine, Fixed
from tests.bench.care.ours import Ours
from tests.bench.care.protocol import Method, Outcome, judge
from tests.bench.care.recordings import DAY, HOUR, Home

SEEDS = range(5)
METHODS: dict[str, Callable[[Home], Method]] = {
    "fixed 12 h": lambda home: Fixed(home, 12),
    "fixed 24 h": lambda home: Fixed(home, 24),
    "alert line": AlertLine,
    "CGQ ρ 0.5": lambda home: Cgq(home, 0.5),
    "**ours ρ 0.5**": lambda home: Ours(home, 0.5),
}


def run(homes: list[Home]) -> dict[str, tuple[Outcome, Outcome]]:
    """Return for each method what comes of it when it is told of the losses, and when it is not."""
    found = {name: (Outcome(), Outcome()) for name in METHODS}
    for seed in SEEDS:
        for home in homes:
            cut = home.lost(_losses(home, seed))
            deaf = replace(cut, offline=home.offline)
            aware = judge(cut, [make(cut) for make in METHODS.values()], seed)
            not_aware = judge(cut, [make(deaf) for make in METHODS.values()], seed)
            for name, told, not_told in zip(METHODS, aware, not_aware, strict=True):
                found[name] = (found[name][0] + told, found[name][1] + not_told)
    return found


def _losses(home: Home, seed: int) -> list[tuple[float, float]]:
    dice = random.Random(f"outage/{seed}/{home.name}")
    spans, at = [], home.starts
    while (at := at + dice.uniform(10, 20) * DAY) < home.ends:
        spans.append((at, min(home.ends, at + dice.uniform(18, 30) * HOUR)))
    return spans
