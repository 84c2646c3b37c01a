"""The published method of the comparison, CGQ: written from its description alone, as plainly as it can be.

Half-hours are learnt as active or not; a silence's score is the surprise of the active half-hours it misses; a tail
of past scores and one of past hours give the limits at which the asked number of false alerts is expected.
"""

from __future__ import annotations

import bisect
import math

from tests.bench.care.recordings import DAY, HOUR, Home, Sign

SLOT, SLOTS = 1800.0, 48
HALF_LIFE_D = 30.0
ALPHA, BUSY, QUIET = 3.0, 0.6, 0.08
#: Kit → floor, cap, cold limit after a sign inside, cold limit after a door (hours), prior excess (hours).
BY_KIT = {
    "A1": (4, 24, 12, 24, 2.0),
    "A2": (4, 24, 12, 24, 2.0),
    "B": (8, 72, 48, 48, 4.0),
    "C": (4, 72, 24, 24, 2.0),
}


class Tail:
    """A decayed histogram of completed silences and the level exceeded so many times per 30 days."""

    def __init__(self, low: float, prior: float) -> None:
        self._edges = [low * (400 / low) ** (i / 96) for i in range(97)]
        self._bins = [[0.0, 0.0, 0.0] for _ in range(96)]
        self._prior = prior
        self._days = 0.0

    def day(self) -> None:
        fade = 2 ** (-1 / HALF_LIFE_D)
        self._days = self._days * fade + 1
        for one in self._bins:
            one[:] = [value * fade for value in one]

    def add(self, value: float) -> None:
        number = min(95, bisect.bisect_right(self._edges, value) - 1)
        if number >= 0:
            one = self._bins[number]
            one[0] += 1
            one[1] += value
            one[2] += value * value

    def level(self, rate: float) -> float:
        weight = total = square = u = 0.0
        for number in range(95, -1, -1):
            one = self._bins[number]
            weight, total, square = weight + one[0], total + one[1], square + one[2]
            u = self._edges[number]
            if weight >= 0.5 * max(self._days, 1.0):
                break
        e1 = total - weight * u
        e2 = square - 2 * u * total + u * u * weight
        mean = (e1 + 4 * self._prior) / (weight + 4)
        shape = 0.0
        if weight > 3:
            m1 = e1 / weight
            variance = e2 / weight - m1 * m1
            if variance > 0:
                shape = min(0.25, max(0.0, 0.5 * (1 - m1 * m1 / variance))) * weight / (weight + 10)
        often = max(1.0, 30 * (weight / max(self._days, 1.0)) / rate)
        if shape < 0.001:
            return u + mean * math.log(often)
        return u + mean * (1 - shape) / shape * (often**shape - 1)


class Cgq:
    """One resident. `rho`: false alerts wanted per resident-month; `scale` stretches the learnt waiting."""

    def __init__(self, home: Home, rho: float, scale: float = 1.0) -> None:
        self._home, self._rate, self._scale = home, rho / 3, scale
        self._floor, self._cap, self._cold, self._cold_door, prior = BY_KIT[home.kit]
        self._seen = [[0.0, 0.0, 0.0] for _ in range(SLOTS)]
        self._score, self._hours, self._door = Tail(0.02, 3.0), Tail(0.05, prior), Tail(0.05, 3.0)
        self._since, self._kind = home.starts, "H"
        self._first = home.signs[0].at if home.signs else home.starts
        self._day = int(home.starts // DAY)
        self._active = False
        self._surprise: list[float] | None = None

    def sign(self, sign: Sign) -> None:
        home, since, at = self._home, self._since, sign.at
        warm = at - self._first >= 7 * DAY
        if home.online(since, at) >= at - since - 1e-6 and since > home.starts:
            if self._kind == "H":
                self._teach(self._score, self._missed(since, at), warm=warm)
                self._teach(self._hours, (at - since) / HOUR, warm=warm)
            else:
                self._teach(self._door, (at - since) / HOUR, warm=warm)
        while self._day < int(at // DAY):
            self._day += 1
            for tail in (self._score, self._hours, self._door):
                tail.day()
        self._close(since, at)
        self._since = at
        self._kind = sign.kind if home.kit != "B" else "H"

    def _teach(self, tail: Tail, value: float, *, warm: bool) -> None:
        tail.add(min(value, 2 * tail.level(self._rate)) if warm else value)

    def _close(self, since: float, at: float) -> None:
        """Learn the half-hours that ended: the one of the last sign, then the empty ones."""
        first, last = int(since // SLOT), int(at // SLOT)
        for slot in range(first, last):
            if slot == first:
                self._learn(slot, 1.0)
            elif self._kind == "H":
                begins = slot * SLOT
                if self._home.online(begins, begins + SLOT) >= SLOT - 1e-6:
                    self._learn(slot, 0.0)

    def _learn(self, slot: int, active: float) -> None:
        kept, day = self._seen[slot % SLOTS], slot * SLOT / DAY // 1
        fade = 2 ** (-(day - kept[2]) / HALF_LIFE_D)
        kept[:] = [kept[0] * fade + active, kept[1] * fade + 1, day]
        self._surprise = None

    def _rates(self) -> list[float]:
        """Nats per empty half-hour."""
        if self._surprise is None:
            raw = []
            for k, (active, count, _) in enumerate(self._seen):
                prior = BUSY if 14 <= k < 44 else QUIET
                raw.append((active + ALPHA * prior) / (count + ALPHA))
            smooth = [0.25 * raw[k - 1] + 0.5 * raw[k] + 0.25 * raw[(k + 1) % SLOTS] for k in range(SLOTS)]
            self._surprise = [-math.log(1 - min(p, 0.95)) for p in smooth]
        return self._surprise

    def _missed(self, since: float, until: float) -> float:
        rates, score, at = self._rates(), 0.0, since
        while at < until:
            ends = min(until, (at // SLOT + 1) * SLOT)
            score += rates[int(at // SLOT) % SLOTS] * self._home.online(at, ends) / SLOT
            at = ends
        return score

    def due(self) -> float:
        home, since = self._home, self._since
        cold = since - self._first < 7 * DAY
        if self._kind == "D":
            if cold:
                return home.after(since, self._cold_door * HOUR)
            hours = min(36.0, max(6.0, self._door.level(self._rate) * self._scale))
            return home.after(since, hours * HOUR)
        if cold:
            return home.after(since, self._cold * HOUR)
        earliest, latest = home.after(since, self._floor * HOUR), home.after(since, self._cap * HOUR)
        by_hours = home.after(since, self._hours.level(self._rate) * self._scale * HOUR)
        limit = self._score.level(self._rate) * self._scale
        latest = min(latest, max(by_hours, earliest))
        rates, score, at = self._rates(), 0.0, since
        while at < latest:
            ends = min(latest, (at // SLOT + 1) * SLOT)
            rate = rates[int(at // SLOT) % SLOTS] / SLOT
            more = rate * home.online(at, ends)
            if score + more > limit:
                return max(earliest, home.after(at, (limit - score) / rate))
            score, at = score + more, ends
        return latest
