"""How long silences get: a fading histogram, and the level exceeded so many times per 30 days.

Peaks over a threshold: what exceeds a level that is reached every other day is taken to be exponential; its mean is
shrunk towards a prior, so that a short memory does not promise what it cannot know. A heavy tail, that of somebody
whose nights elsewhere look like silence, is generalised Pareto with the same mean.
"""

from __future__ import annotations

import math
from bisect import bisect_right

import msgspec

#: Days after which a silence counts half.
HALF_LIFE_D = 30.0
FADE = 2.0 ** (-1.0 / HALF_LIFE_D)
BINS = 96
#: The threshold is exceeded at least so often per day.
EXCEEDED_A_DAY = 0.5
#: Silences the prior mean excess is worth.
PRIOR_WEIGHT = 4.0
#: A silence beyond this many times the limit counts as that: one odd day must not set the limit.
AT_MOST = 1.3
#: The same for a heavy tail: there the odd days are what the limit must know of.
HEAVY_AT_MOST = 2.0
#: The heaviest shape believed; so many silences halve the way from exponential to what they look like.
HEAVIEST, SHAPE_WEIGHT = 0.25, 10.0
#: No shape is told from fewer silences, and a smaller one is exponential.
FEWEST, LIGHTEST = 3.0, 0.001
_TOP = 400.0


def edges(low: float) -> list[float]:
    """Lower edges of the bins, on a log scale from `low` up to 400 (and that)."""
    return [low * (_TOP / low) ** (number / BINS) for number in range(BINS + 1)]


#: By what is measured: nats, and hours. Silences below the first edge teach nothing.
EDGES = {"nats": edges(0.02), "hours": edges(0.05)}


class Tail(msgspec.Struct):
    """Silences of one kind: weight and sum of each bin, by `unit` (`nats`, `hours`). `days`: the days heard, faded.

    `squares`: sums of squares by bin, for a heavy tail; none: exponential.
    """

    unit: str
    #: The mean excess believed before anything was seen, in units.
    prior: float
    weights: list[float]
    sums: list[float]
    days: float = 0.0
    squares: list[float] = []

    @classmethod
    def empty(cls, unit: str, prior: float, *, heavy: bool = False) -> Tail:
        """Return a tail that has seen nothing."""
        return cls(unit, prior, [0.0] * BINS, [0.0] * BINS, squares=[0.0] * BINS if heavy else [])

    def copy(self) -> Tail:
        """Return a tail of its own."""
        return Tail(self.unit, self.prior, list(self.weights), list(self.sums), self.days, list(self.squares))

    @property
    def at_most(self) -> float:
        """How many times the limit a silence counts at most."""
        return HEAVY_AT_MOST if self.squares else AT_MOST

    def teaches(self, value: float) -> bool:
        """Say whether a silence is long enough to be remembered."""
        return value >= EDGES[self.unit][0]

    def add(self, value: float) -> None:
        """Remember a completed silence."""
        number = min(BINS - 1, bisect_right(EDGES[self.unit], value) - 1)
        if number >= 0:
            self.weights[number] += 1.0
            self.sums[number] += value
            if self.squares:
                self.squares[number] += value * value

    def fade(self, days: int, heard: float = 1.0) -> None:
        """Let days pass; `heard`: the share of them in which somebody could be heard."""
        for _ in range(min(days, 400)):
            self.days = self.days * FADE + heard
        by = FADE**days
        self.weights = [weight * by for weight in self.weights]
        self.sums = [total * by for total in self.sums]
        self.squares = [square * by for square in self.squares]

    def level(self, rate: float) -> float:
        """The level exceeded `rate` times per 30 days, in units; falls as the rate rises."""
        days = max(self.days, 1.0)
        weight = total = threshold = 0.0
        first = 0
        for first in range(BINS - 1, -1, -1):
            weight += self.weights[first]
            total += self.sums[first]
            threshold = EDGES[self.unit][first]
            if weight >= EXCEEDED_A_DAY * days:
                break
        mean = (total - weight * threshold + PRIOR_WEIGHT * self.prior) / (weight + PRIOR_WEIGHT)
        often = max(1.0, 30.0 * weight / days / rate)
        shape = self._shape(first, threshold, weight, total)
        if shape < LIGHTEST:
            return threshold + mean * math.log(often)
        return threshold + mean * (1.0 - shape) / shape * math.expm1(shape * math.log(often))

    def _shape(self, first: int, threshold: float, weight: float, total: float) -> float:
        """The generalised Pareto shape of what exceeds a threshold, by its moments; 0: exponential."""
        if not self.squares or weight <= FEWEST:
            return 0.0
        square = sum(self.squares[first:])
        mean = total / weight - threshold
        variance = (square - 2.0 * threshold * total) / weight + threshold * threshold - mean * mean
        if variance <= 0.0:
            return 0.0
        shape = 0.5 * (1.0 - mean * mean / variance)
        return min(HEAVIEST, max(0.0, shape)) * weight / (weight + SHAPE_WEIGHT)

    def quantile(self, share: float) -> float | None:
        """The silence that so large a share stays below (lower edge of its bin), or None when there is none."""
        wanted, seen = share * sum(self.weights), 0.0
        if wanted <= 0.0:
            return None
        for number, weight in enumerate(self.weights):
            seen += weight
            if seen >= wanted:
                return self.sums[number] / weight if weight > 0.0 else EDGES[self.unit][number]
        return None
