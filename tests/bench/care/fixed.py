"""What is practised: a fixed limit, and the published alert line (Cuddihy et al. 2007)."""

from __future__ import annotations

import math
from collections import deque

from tests.bench.care.recordings import DAY, HOUR, Home, Sign

SLOT = 1800.0
SLOTS = 48


class Fixed:
    """So many hours of silence; with `daytime` raised only between 07 and 22."""

    def __init__(self, home: Home, hours: float, *, daytime: bool = False) -> None:
        self._home, self._limit, self._daytime = home, hours * HOUR, daytime
        self._last = home.starts

    def sign(self, sign: Sign) -> None:
        self._last = sign.at

    def due(self) -> float:
        due = self._home.after(self._last, self._limit)
        if self._daytime:
            hour = due % DAY / HOUR
            if hour < 7:
                due += (7 - hour) * HOUR
            elif hour >= 22:
                due += (31 - hour) * HOUR
        return due


class AlertLine:
    """Cuddihy's line: per half-hour the 97th percentile of the elapsed silence in 60 days, lifted and smoothed.

    line(k) = M(k) + 0.30 m(k) + 0.40 · weighted mean of m(k−2..k+2); a floor of an hour. After a door it waits
    1.5 times the 99th percentile of such silences, 6 to 36 h. `scale` multiplies both; 12 h until a week is known.
    """

    def __init__(self, home: Home, scale: float = 1.0) -> None:
        self._home, self._scale = home, scale
        self._elapsed: list[deque[tuple[float, float]]] = [deque() for _ in range(SLOTS)]
        self._after_door: list[float] = []
        self._last, self._kind = home.starts, "H"
        self._line: list[float] | None = None

    def sign(self, sign: Sign) -> None:
        home, since = self._home, self._last
        whole = home.online(since, sign.at) >= sign.at - since - 1
        if self._kind == "D" and home.kit != "B":
            if whole:
                self._after_door.append((sign.at - since) / HOUR)
        else:
            mark = math.ceil(since / SLOT) * SLOT
            while mark <= sign.at and whole:
                self._elapsed[int(mark // SLOT) % SLOTS].append((mark, (mark - since) / HOUR))
                self._line = None
                mark += SLOT
        self._last, self._kind = sign.at, sign.kind

    def due(self) -> float:
        home, since = self._home, self._last
        if since - home.starts < 7 * DAY:
            return home.after(since, 12 * HOUR)
        if self._kind == "D" and home.kit != "B":
            late = _percentile(self._after_door, 0.99) * 1.5
            return home.after(since, min(36.0, max(6.0, late)) * HOUR * self._scale)
        line = self._line or self._draw(since)
        mark = math.ceil(since / SLOT) * SLOT
        for _ in range(60 * SLOTS):
            elapsed = home.online(since, mark) / HOUR
            if elapsed > max(1.0, line[int(mark // SLOT) % SLOTS]) * self._scale:
                return mark
            mark += SLOT
        return since + 60 * DAY

    def _draw(self, now: float) -> list[float]:
        percentiles = []
        for kept in self._elapsed:
            while kept and kept[0][0] < now - 60 * DAY:
                kept.popleft()
            percentiles.append(_percentile([elapsed for _, elapsed in kept], 0.97))
        line = []
        for k in range(SLOTS):
            around = [percentiles[(k + step) % SLOTS] for step in (-2, -1, 0, 1, 2)]
            mean = sum(w * m for w, m in zip((1, 2, 3, 2, 1), around, strict=True)) / 9
            line.append(max(around) + 0.30 * percentiles[k] + 0.40 * mean)
        self._line = line
        return line


def _percentile(values: list[float], share: float) -> float:
    if not values:
        return 0.0
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
