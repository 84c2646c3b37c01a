"""PUBACK latencies, counted so that millions of them cost little memory."""

from collections import Counter

STEP_S = 0.0001
"""How finely latencies are counted: a tenth of a millisecond."""


class Latencies:
    """A histogram in steps of 0.1 ms."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """Count one."""
        self._counts[int(seconds / STEP_S)] += 1

    def __add__(self, other: "Latencies") -> "Latencies":
        both = Latencies()
        both._counts = self._counts + other._counts
        return both

    def percentile_ms(self, share: float) -> float | None:
        """Return the latency in ms that `share` (0 to 1) of all stay within; None when there are none."""
        wanted = share * self._counts.total()
        for step in sorted(self._counts):
            wanted -= self._counts[step]
            if wanted <= 0:
                return round((step + 1) * STEP_S * 1000, 1)
        return None

    def summary(self) -> dict[str, float | None]:
        """Return the figures worth printing, in ms."""
        return {"p50": self.percentile_ms(0.50), "p99": self.percentile_ms(0.99)}
