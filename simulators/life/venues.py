"""What is asked of some places, and done: a school's gate shut in class, sales reported, a hazardous site watched."""

from collections.abc import Iterator
from random import Random

from simulators.life.day import Day, said
from simulators.life.message import Said
from simulators.site_file import DeviceEntry

LATECOMERS = 4
"""So often, at most, the gate of a school opens for somebody during a day of classes."""
SHUT_BEFORE_BELL_H, OPEN_BEFORE_BELL_H = (0.08, 0.2), (0.7, 1.0)
OPEN_AFTER_BELL_H, SHUT_AFTER_BELL_H = (0.03, 0.15), (0.6, 1.1)
LATECOMER_S = (15, 110)
LONGEST_ROUND_H, SHORTEST_ROUND_H, FIRST_ROUND_H = 0.37, 0.15, 0.08
"""Between two sightings of a guard: at most 22 minutes, from one day to the next at most 27."""
REPORTED = (17.2, 20.6)


class SchoolGate:
    """The gate of a school: open before the first bell and after the last, shut in between but for latecomers."""

    def __init__(self, gate: DeviceEntry) -> None:
        self.id = f"{gate.id}/gate"
        self._gate = gate.id
        self._first_bell, self._last_bell = hours(gate.place.attributes["class_hours"])

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        if not day.school:
            return
        dice = day.dice(self.id)
        first, last = self._first_bell, self._last_bell
        yield from self._open(
            dice, day, first - dice.uniform(*OPEN_BEFORE_BELL_H), first - dice.uniform(*SHUT_BEFORE_BELL_H)
        )
        yield from self._open(
            dice, day, last + dice.uniform(*OPEN_AFTER_BELL_H), last + dice.uniform(*SHUT_AFTER_BELL_H)
        )
        for _ in range(dice.randint(0, LATECOMERS)):
            begins = dice.uniform(first + 0.1, last - 0.2)
            yield from self._open(dice, day, begins, begins + dice.uniform(*LATECOMER_S) / 3600)

    def _open(self, dice: Random, day: Day, begins: float, ends: float) -> Iterator[Said]:
        yield said(dice, day.at(begins), self._gate, "door.opened")
        yield said(dice, day.at(ends), self._gate, "door.closed")


class SalesReport:
    """Who sells what the police keep an eye on says each working day what was sold, if only that it was nothing."""

    def __init__(self, terminal: DeviceEntry) -> None:
        self.id = f"{terminal.place.id}/sales"
        self._terminal = terminal.id

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        if day.work:
            dice = day.dice(self.id)
            yield said(dice, day.at(dice.uniform(*REPORTED)), self._terminal, "venue.reported", {"report": "sales"})


class Guard:
    """Somebody who looks after a hazardous site: the camera at its gate sees them again and again."""

    def __init__(self, camera: DeviceEntry) -> None:
        self.id = f"{camera.place.id}/guard"
        self._camera = camera.id
        told = camera.place.attributes.get("guard_hours")
        self._from, self._to = hours(told) if told is not None else (0.0, 24.0)

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        at = self._from + dice.uniform(0.0, FIRST_ROUND_H)
        while at < self._to:
            yield said(dice, day.at(at), self._camera, "camera.person", {"zone": "gate", "people": 1})
            at += dice.uniform(SHORTEST_ROUND_H, LONGEST_ROUND_H)


def hours(told: str) -> tuple[float, float]:
    """Read `07:50-16:10` as hours of a day."""
    opens, _, closes = told.partition("-")
    return _hour(opens), _hour(closes)


def _hour(told: str) -> float:
    hour, _, minute = told.partition(":")
    return int(hour) + int(minute) / 60
