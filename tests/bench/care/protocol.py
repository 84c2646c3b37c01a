"""The protocol: walk forward through a home, count alerts in silences that ended, let people collapse at random.

At each sign a method knows the past only. It answers one question: if nothing more were ever heard, when would you
raise? A false alert is an answer before the next real sign. A collapse at a random moment, at home and online, makes
every sensor silent from then on: its delay is the answer of the last sign before, minus the moment.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tests.bench.care.poisson import interval
from tests.bench.care.recordings import HOUR, Home, Sign

COLLAPSES_A_MONTH = 400


class Method(Protocol):
    """One way to judge silence, for one home."""

    def sign(self, sign: Sign) -> None:
        """Take a sign; whatever the silence before it teaches is learnt."""
        ...

    def due(self) -> float:
        """When it would raise if nothing more were heard (seconds)."""
        ...


@dataclass
class Outcome:
    """What came of one method: counts and hours; outcomes of several homes add up.

    `unheard`: those of the false alerts that were raised while nobody at home could be heard.
    """

    months: float = 0.0
    false: int = 0
    delays: list[float] = field(default_factory=list)
    unheard: int = 0

    def __add__(self, other: Outcome) -> Outcome:
        delays, unheard = [*self.delays, *other.delays], self.unheard + other.unheard
        return Outcome(self.months + other.months, self.false + other.false, delays, unheard)

    @property
    def rate(self) -> float:
        """False alerts per resident-month."""
        return self.false / self.months if self.months else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """The rate's exact 95 % interval."""
        return interval(self.false, self.months)

    def quantile(self, share: float) -> float:
        """Hours of delay that so large a share stays below."""
        if not self.delays:
            return float("nan")
        ordered = sorted(self.delays)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def within(self, hours: float) -> float:
        """Share of collapses noticed within so many hours."""
        return sum(delay <= hours for delay in self.delays) / len(self.delays) if self.delays else float("nan")


def collapses(home: Home, seed: int = 0) -> list[float]:
    """Random moments while labelled at home and online, in order: 400 per resident-month."""
    dice = random.Random(f"{seed}/{home.name}")
    wanted = round(COLLAPSES_A_MONTH * home.months)
    closed = [*home.away, *home.offline]
    found: list[float] = []
    while len(found) < wanted:
        at = dice.uniform(home.judged_from, home.ends)
        if not any(a <= at < b for a, b in closed):
            found.append(at)
    return sorted(found)


def judge(home: Home, methods: Iterable[Method], seed: int = 0) -> list[Outcome]:
    """Walk through a home once with several methods."""
    running = list(methods)
    outcomes = [Outcome(home.months) for _ in running]
    moments = iter([*collapses(home, seed), float("inf")])
    collapse = next(moments)
    for number, sign in enumerate(home.signs):
        for method in running:
            method.sign(sign)
        last = number + 1 == len(home.signs)
        until = home.ends if last else home.signs[number + 1].at
        here: list[float] = []
        while collapse < until:
            if collapse >= sign.at:
                here.append(collapse)
            collapse = next(moments)
        if until < home.judged_from or (until - sign.at < HOUR and not here):
            continue
        for method, outcome in zip(running, outcomes, strict=True):
            due = method.due()
            false = home.judged_from <= due < until and not last
            outcome.false += false
            outcome.unheard += false and any(a <= due < b for a, b in home.offline)
            outcome.delays += [max(0.0, due - at) / HOUR for at in here]
    return outcomes


def pooled(homes: Iterable[Home], make: Callable[[Home], Method], seed: int = 0) -> Outcome:
    """What comes of one method in several homes."""
    return sum((judge(home, [make(home)], seed)[0] for home in homes), Outcome())


def matched(run: Callable[[float], Outcome], enough: Callable[[Outcome], bool], steps: int = 7) -> Outcome:
    """The outcome at the smallest patience that is enough; more patience is a later alert.

    By bisection on a log scale; what is enough must stay enough as patience grows.
    """
    low, high = LEAST_PATIENCE, MOST_PATIENCE
    found = run(high)
    for _ in range(steps):
        middle = (low * high) ** 0.5
        outcome = run(middle)
        if enough(outcome):
            high, found = middle, outcome
        else:
            low = middle
    return found


LEAST_PATIENCE, MOST_PATIENCE = 0.2, 8.0
