"""What is known of one person's days. About a thousand numbers, and the same work for each silence.

By convention a profile is never changed once it has been handed out: who learns works on a `copy`, so another
object means that something was learnt.
"""

from __future__ import annotations

import math

import msgspec

from rules.rhythm.limits import Kit
from rules.rhythm.tail import FADE, Tail

#: Half-hours of a day.
SLOTS = 48
SLOT_S = 1800.0
DAY_S = 86_400.0
HOUR_S = 3600.0
#: Days whose longest silence is remembered.
REMEMBERED_D = 60
#: Days of data before the learnt limits count.
COLD_D = 7.0
#: What is believed of a half-hour before it was seen, by day (07–22) and night; and how many days that is worth.
BUSY, QUIET, PRIOR_DAYS = 0.6, 0.08, 3.0
_MORNING, _EVENING = 14, 44
#: A half-hour is never believed to be surer than this.
SUREST = 0.95
#: What any empty half-hour adds, however quiet it usually is: hours count too, without a test of their own (nats).
ALWAYS = 0.3
#: The prior mean excess of a score (nats), and of hours after a door was used.
PRIOR_NATS, PRIOR_DOOR_H = 3.0, 3.0


class Profile(msgspec.Struct):
    """A person's rhythm in local time.

    `active`, `seen`, `stamp`: per half-hour the faded days with a sign, the days seen, and the last of them (days since
    1970, local). `score`, `hours`: silences that began inside, in nats and hours; `door`: those that began with the
    door, in hours. `first`: the first sign (seconds); `day`: the last day counted; `longest`: by day modulo 60, the
    day and its longest silence in hours; `exits`: half-hours of the day's first use of the door, faded; `kit`: what it
    was learnt with, which says what a silence is.
    """

    active: list[float]
    seen: list[float]
    stamp: list[int]
    score: Tail
    hours: Tail
    door: Tail
    longest: list[tuple[int, float]]
    exits: list[float]
    day: int
    first: float
    kit: str
    exit_day: int = 0

    @classmethod
    def new(cls, first: float, day: int, kit: Kit) -> Profile:
        """Return the profile of somebody first seen at `first` (seconds), on a local day."""
        return cls(
            active=[0.0] * SLOTS, seen=[0.0] * SLOTS, stamp=[day] * SLOTS,
            score=Tail.empty("nats", PRIOR_NATS, heavy=kit.sleeps_out), hours=Tail.empty("hours", kit.prior_h),
            door=Tail.empty("hours", PRIOR_DOOR_H),
            longest=[(0, 0.0)] * REMEMBERED_D, exits=[0.0] * SLOTS, day=day, first=first,
            kit=kit.name,
        )  # fmt: skip

    def copy(self) -> Profile:
        """Return a profile of its own to learn into."""
        return Profile(
            list(self.active), list(self.seen), list(self.stamp), self.score.copy(), self.hours.copy(),
            self.door.copy(), list(self.longest), list(self.exits), self.day, self.first, self.kit, self.exit_day,
        )  # fmt: skip

    def cold(self, now: float) -> bool:
        """Say whether it is too early for learnt limits."""
        return now - self.first < COLD_D * DAY_S

    # ── half-hours ───────────────────────────────────────────────────────────────────────────────────

    def surprise(self) -> list[float]:
        """Nats that each empty half-hour adds to a score: −ln of its chance to be empty, and a little always."""
        raw = []
        for slot in range(SLOTS):
            prior = BUSY if _MORNING <= slot < _EVENING else QUIET
            raw.append((self.active[slot] + PRIOR_DAYS * prior) / (self.seen[slot] + PRIOR_DAYS))
        return [
            ALWAYS
            - math.log(1.0 - min(SUREST, 0.25 * raw[slot - 1] + 0.5 * raw[slot] + 0.25 * raw[(slot + 1) % SLOTS]))
            for slot in range(SLOTS)
        ]

    def usual(self, slot: int) -> float:
        """The share of days with a sign in a half-hour."""
        return self.active[slot] / self.seen[slot] if self.seen[slot] > 0.0 else 0.0

    def close(self, number: int, *, active: bool) -> None:
        """Learn a half-hour that has ended, by its number since 1970 in local time."""
        slot, day = number % SLOTS, number // SLOTS
        fade = FADE ** max(0, day - self.stamp[slot])
        self.active[slot] = self.active[slot] * fade + active
        self.seen[slot] = self.seen[slot] * fade + 1.0
        self.stamp[slot] = day

    # ── silences ─────────────────────────────────────────────────────────────────────────────────────

    def turn(self, day: int, deaf_s: float = 0.0) -> None:
        """Let the days pass up to a local day; for so many seconds of them nobody could be heard."""
        if day > self.day:
            heard = 1.0 - min(1.0, deaf_s / DAY_S / (day - self.day))
            for tail in (self.score, self.hours, self.door):
                tail.fade(day - self.day, heard)
            by = FADE ** (day - self.day)
            self.exits = [weight * by for weight in self.exits]
            self.day = day

    def learn_silence(self, hours: float, nats: float, rates: tuple[float, float], *, warm: bool) -> None:
        """Learn a silence that began inside; `rates` are those of score and door (per 30 days)."""
        self.score.add(min(nats, self.score.at_most * self.score.level(rates[0])) if warm else nats)
        self.hours.add(hours)
        self._note(hours)

    def learn_outing(self, hours: float, rates: tuple[float, float], *, warm: bool) -> None:
        """Learn a silence that began with the door."""
        self.door.add(min(hours, self.door.at_most * self.door.level(rates[1])) if warm else hours)
        self._note(hours)

    def _note(self, hours: float) -> None:
        place = self.day % REMEMBERED_D
        day, longest = self.longest[place]
        self.longest[place] = (self.day, max(hours, longest) if day == self.day else hours)

    def learn_exit(self, number: int) -> None:
        """Learn a half-hour (number since 1970, local) in which the door was used; the first of a day counts."""
        day = number // SLOTS
        if day != self.exit_day and number % SLOTS >= 2 * 4:
            self.exit_day = day
            self.exits[number % SLOTS] += 1.0

    # ── to tell of ───────────────────────────────────────────────────────────────────────────────────

    def longest_h(self) -> float:
        """The longest silence of the last 60 days, hours."""
        return max((hours for day, hours in self.longest if day > self.day - REMEMBERED_D), default=0.0)

    def first_exit(self) -> int | None:
        """The half-hour by which the door has usually been used (four days of five); None when not known."""
        wanted, seen = 0.8 * sum(self.exits), 0.0
        if wanted < 1.0:
            return None
        for slot, weight in enumerate(self.exits):
            seen += weight
            if seen >= wanted:
                return slot
        return None
