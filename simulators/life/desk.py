"""What people come to the station with: a dispute between neighbours now and then, seldom twice the same."""

from collections.abc import Iterator
from itertools import combinations

from simulators.events import Value
from simulators.life.day import Day, said
from simulators.life.message import Said
from simulators.site_file import DeviceEntry, Site

DISPUTES_A_DAY = 0.5
COMPLEX = 0.15
STRIDE = 17
"""Buildings are taken in turn, in steps of so many, and so are the pairs of flats of each."""


class Desk:
    """Where the station takes down who quarrels with whom: never the same two again within weeks."""

    def __init__(self, terminal: DeviceEntry, site: Site) -> None:
        self.id = terminal.id
        self._flats: dict[str, list[str]] = {}
        for place in site.places.values():
            if place.kind == "flat" and place.parent is not None:
                self._flats.setdefault(place.parent, []).append(place.id)

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        neighbours = [flats for flats in self._flats.values() if len(flats) > 1]
        if not neighbours or dice.random() >= DISPUTES_A_DAY:
            return
        turn, number = divmod(day.date.toordinal() * STRIDE, len(neighbours))
        pairs = list(combinations(neighbours[number], 2))
        between = list(pairs[turn % len(pairs)])
        complexity = "complex" if dice.random() < COMPLEX else "simple"
        about: dict[str, Value] = {"category": "dispute", "places": between, "complexity": complexity}
        yield said(dice, day.at(dice.uniform(8.5, 18.0)), self.id, "incident.reported", about)
