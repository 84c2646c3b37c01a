"""How long something took, over many cases: buckets, median, the slowest tenth, and a share with its interval. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from math import ceil, sqrt

import msgspec

#: The two-sided 95 % quantile of the normal distribution.
Z95 = 1.959963984540054


class Bucket(msgspec.Struct, frozen=True):
    """So many cases took more than `above_s` and at most `to_s` seconds (None: no end); `share` is of all cases."""

    above_s: float
    to_s: float | None
    count: int
    share: float | None


class Spread(msgspec.Struct, frozen=True):
    """Cases by bucket, the median and the 90th percentile in seconds; both None without a case."""

    n: int
    median_s: float | None
    p90_s: float | None
    buckets: list[Bucket]


def spread(seconds: Sequence[float], edges: Sequence[float]) -> Spread:
    """Sort cases into buckets with these upper edges (ascending seconds), an edge being still in time.

    What is below zero, by a clock that was set back meanwhile, counts as zero. The median of an even number is the mean
    of the middle two; of ten cases nine took no longer than the 90th percentile.
    """
    cases = sorted(max(0.0, one) for one in seconds)
    n = len(cases)
    reached = [bisect_right(cases, edge) for edge in edges]
    counts = [to - above for above, to in zip([0, *reached], [*reached, n], strict=True)]
    return Spread(
        n,
        round((cases[(n - 1) // 2] + cases[n // 2]) / 2, 3) if n else None,
        round(cases[ceil(0.9 * n) - 1], 3) if n else None,
        [
            Bucket(above, to, count, share(count, n))
            for above, to, count in zip([0.0, *edges], [*edges, None], counts, strict=True)
        ],
    )


def median(seconds: Sequence[float]) -> float | None:
    """Return the median of cases in seconds; None without a case."""
    return spread(seconds, ()).median_s


def share(part: float, whole: float) -> float | None:
    """Return a part of a whole, 0 to 1; None of nothing."""
    return round(part / whole, 4) if whole else None


def wilson(hits: int, n: int) -> tuple[float, float] | None:
    """Return Wilson's 95 % interval of a share of `hits` in `n`; None of nothing.

    Unlike the usual one it is honest with few cases: 3 of 3 is 0.44 to 1, not 1 to 1.
    """
    if not n:
        return None
    share_, square = hits / n, Z95 * Z95
    centre = share_ + square / (2 * n)
    reach = Z95 * sqrt(share_ * (1 - share_) / n + square / (4 * n * n))
    below = 0.0 if hits == 0 else (centre - reach) / (1 + square / n)
    above = 1.0 if hits == n else (centre + reach) / (1 + square / n)
    return round(below, 4), round(above, 4)
