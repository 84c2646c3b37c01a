"""Exact intervals for counts: the Poisson law's own, by bisection; nothing but arithmetic."""

from __future__ import annotations

import math

_STEPS = 80


def interval(count: int, exposure: float, level: float = 0.95) -> tuple[float, float]:
    """Return the exact (Garwood) interval of a rate, per unit of exposure."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _mean_where(lambda mean: 1 - _at_most(count - 1, mean), tail, count)
    high = _mean_where(lambda mean: 1 - _at_most(count, mean), 1 - tail, count)
    return low / exposure, high / exposure


def _mean_where(grows: object, wanted: float, count: int) -> float:
    low, high = 0.0, 10.0 + 4.0 * count
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if grows(middle) < wanted:  # type: ignore[operator]
            low = middle
        else:
            high = middle
    return low


def _at_most(count: int, mean: float) -> float:
    """The probability of at most so many."""
    if mean <= 0:
        return 1.0
    return sum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(count + 1))
