"""An elder who lives alone: rises, walks, shops, naps, is visited and cared for, sleeps.

FROZEN before any rule was tuned on it: a rule that is too nervous for these people is to be changed, not they.

What is promised, and kept by tests: at home, nobody is without a sign of life for 20 hours; those whose limit is
shorter than a day (`homebody`) never for 10, and they take no trips.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from simulators.life import doors
from simulators.life.day import Day, said
from simulators.life.message import MINUTE_MS, Said
from simulators.life.trips import absence

NAP = (12.6, 14.0)
MIDNIGHT, A_LOOK = 24.0, 0.1
"""Hours; who is back sooner than the second only looked out of the door."""
CARD_AT_UNIT_DOOR = 0.4
CARE_AT = 14.3
LAST_MORNING, FIRST_EVENING, LAST_EVENING = 10.3, 16.6, 20.3
"""Hours: a door is used before the first, and again between the other two, on every day at home."""


@dataclass(frozen=True, slots=True)
class Kit:
    """The devices in an elder's flat, the unit door downstairs, and the flat itself."""

    door: str | None
    motion: str | None
    meter: str | None
    entrance: str | None
    home: str


class Elder:
    """One elder; what their kit says is planned day by day. `id` is the person's."""

    def __init__(self, person: str, kit: Kit, seed: int, *, homebody: bool) -> None:
        dice = random.Random(f"{seed}/{person}")
        self.id = person
        self.homebody = homebody
        self._kit = kit
        self._seed = seed
        self._card = doors.card(seed, person)
        self._wakes, self._sleeps = dice.uniform(5.4, 6.9), dice.uniform(20.7, 21.9)
        self._lively = dice.uniform(0.35, 0.95)
        self._naps = dice.random() < 0.7  # noqa: PLR2004
        self._care_on = dice.randrange(7)
        self._visited = dice.uniform(0.05, 0.4)
        self._moves_every = dice.uniform(0.35, 0.75)

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        begins, ends = self._wakes + dice.gauss(0.0, 0.2), self._sleeps + dice.gauss(0.0, 0.2)
        away = None if self.homebody else absence(self._seed, self.id, day.date)
        outings = list(self._outings(day, dice, begins))
        if away is not None:
            leaves = away.leaves_at if away.first == day.date else 0.0
            back = away.back_at if away.last == day.date else 24.0
            outings = [(out, home) for out, home in outings if home < leaves or out > back]
            if day.date in {away.first, away.last}:
                outings.append((leaves, back))
            else:
                return
        for out, home in outings:
            yield from self._walk(day, dice, out, home)
        yield from self._guests(day, dice, outings)
        yield from self._indoors(day, dice, begins, ends, outings)

    def _outings(self, day: Day, dice: random.Random, begins: float) -> Iterator[tuple[float, float]]:
        """Draw when they leave and are back, in hours. A short one is a look out of the door."""
        lively = self._lively * (0.4 if day.bad_weather else 1.0)
        early = dice.uniform(begins + 0.4, LAST_MORNING - 0.7)
        if day.market and dice.random() < lively + 0.2:
            yield early, dice.uniform(max(early + 0.8, 9.5), 11.9)
        elif dice.random() < lively:
            yield early, early + dice.uniform(0.4, 1.8)
        else:
            yield early, early + dice.uniform(0.01, 0.06)
        late = dice.uniform(FIRST_EVENING, LAST_EVENING - 1.6)
        yield late, late + (dice.uniform(0.4, 1.5) if dice.random() < lively else dice.uniform(0.01, 0.06))
        if not self._naps and dice.random() < 0.3 * lively:
            yield 13.0, dice.uniform(13.3, 14.0)

    def _walk(self, day: Day, dice: random.Random, out: float, home: float) -> Iterator[Said]:
        kit, comes_home = self._kit, home - out > A_LOOK and home < MIDNIGHT
        if kit.door is not None:
            if out > 0:
                yield from doors.ajar(dice, day.at(out), kit.door, self.id)
            if comes_home:
                yield from doors.ajar(dice, day.at(home), kit.door, self.id)
        if kit.entrance is not None and comes_home and dice.random() < CARD_AT_UNIT_DOOR:
            yield doors.granted(dice, day.at(home) - doors.stairs(dice), kit.entrance, self._card, who=self.id)

    def _guests(self, day: Day, dice: random.Random, outings: list[tuple[float, float]]) -> Iterator[Said]:
        """The caregiver comes once a week, others more often when they are free; only when somebody is at home."""
        comes: list[tuple[float, float]] = []
        if day.date.weekday() == self._care_on:
            comes.append((CARE_AT + dice.uniform(0.0, 0.3), dice.uniform(0.6, 1.2)))
        if dice.random() < self._visited * (0.4 if day.work else 1.2) * (0.5 if day.bad_weather else 1.0):
            comes.append((dice.uniform(10.8, 11.6), dice.uniform(0.3, 1.0)))
        for hours, stays in comes:
            if any(out < hours + stays and hours < home for out, home in outings) or self._kit.door is None:
                continue
            if self._kit.entrance is not None:
                rings = day.at(hours) - doors.stairs(dice) - MINUTE_MS
                yield from doors.called(dice, rings, self._kit.entrance, self._kit.home, known=True)
            yield from doors.ajar(dice, day.at(hours), self._kit.door, self.id, 20.0)
            yield from doors.ajar(dice, day.at(hours + stays), self._kit.door, self.id, 20.0)

    def _indoors(
        self, day: Day, dice: random.Random, begins: float, ends: float, outings: list[tuple[float, float]]
    ) -> Iterator[Said]:
        kit = self._kit
        if kit.motion is not None:
            for hours in (*self._nights(dice), *self._about(dice, begins, ends, self._moves_every)):
                if _at_home(hours, outings):
                    yield said(dice, day.at(hours), kit.motion, "motion.detected", None, self.id)
        if kit.meter is not None:
            for hours in (*self._nights(dice), *self._about(dice, begins, ends, 2.6 * self._moves_every)):
                if _at_home(hours, outings):
                    litres = dice.choice((3, 3, 5, 6, 9)) if hours < ends - 1 else dice.choice((6, 12, 40))
                    yield said(dice, day.at(hours), kit.meter, "meter.pulse", {"litres": litres}, self.id)

    def _nights(self, dice: random.Random) -> Iterator[float]:
        """Draw when they rise at night; who is looked after sooner always does."""
        if self.homebody or dice.random() < 0.5:  # noqa: PLR2004
            yield dice.uniform(0.8, 3.8)

    def _about(self, dice: random.Random, begins: float, ends: float, every: float) -> Iterator[float]:
        """Draw when they are noticed between rising and going to bed, naps apart; `every` is a mean, in hours."""
        hours = begins
        while hours < ends:
            if not (self._naps and NAP[0] < hours < NAP[1]):
                yield hours
            hours += dice.uniform(0.5, 1.5) * every
        yield ends


def _at_home(hours: float, outings: list[tuple[float, float]]) -> bool:
    return not any(out <= hours <= home for out, home in outings)
