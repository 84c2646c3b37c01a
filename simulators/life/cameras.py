"""Cameras with analytics: what they believe they see, by place and hour. They are sparse: a sighting is a summary."""

from collections.abc import Iterator
from random import Random

from simulators.events import Value
from simulators.life.day import Day, said
from simulators.life.message import SECOND_MS, Said
from simulators.site_file import DeviceEntry

SIGHTINGS = {"school_gate": (26, 6), "street": (28, 30), "market": (70, 60), "mall": (48, 60), "building": (18, 20)}
"""How many sightings a camera makes on a working day, and on another."""
OTHERWISE = (20, 12)
PEAKS = {"market": (17.0, 23.5, 20.0), "mall": (9.0, 22.0, 18.5)}
"""The hours between which most is seen, and the busiest one."""
BY_DAY = (6.0, 22.5, 16.5)
AT_NIGHT = 0.06
STOPS_A_DAY = 0.35
"""How often a vehicle stops for a minute or two where it shouldn't, under a camera that watches for that."""
WATCHES_LANES = frozenset({"building", "mall"})
_VEHICLES = ("car", "car", "van", "motorcycle", "bicycle")


class Camera:
    """A camera; its sightings are planned day by day."""

    def __init__(self, camera: DeviceEntry) -> None:
        self.id = camera.id
        self._where = camera.place.kind

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        usual = SIGHTINGS.get(self._where, OTHERWISE)
        busy = day.school if self._where == "school_gate" else day.work
        for _ in range(round(usual[0 if busy else 1] * dice.uniform(0.8, 1.2) * (0.7 if day.bad_weather else 1.0))):
            yield self._sighting(dice, day.at(self._hour(dice, day)))
        if self._where in WATCHES_LANES and dice.random() < STOPS_A_DAY:
            yield from self._stop(dice, day.at(dice.uniform(8.0, 21.0)))

    def _hour(self, dice: Random, day: Day) -> float:
        if dice.random() < AT_NIGHT:
            return dice.uniform(0.0, 23.95)
        if self._where == "school_gate" and day.school:
            return dice.choice((dice.gauss(7.4, 0.25), dice.gauss(16.8, 0.3), dice.uniform(7.0, 18.0)))
        return dice.triangular(*PEAKS.get(self._where, BY_DAY))

    def _sighting(self, dice: Random, ts: int) -> Said:
        if dice.random() < 0.6:  # noqa: PLR2004
            return said(dice, ts, self.id, "camera.person", person(dice))
        return said(dice, ts, self.id, "camera.vehicle", vehicle(dice))

    def _stop(self, dice: Random, ts: int) -> Iterator[Said]:
        """Let somebody out and drive on: said when it has stood for a minute, and when it leaves."""
        zone, seen = dice.choice(("fire_lane", "no_parking")), track(dice)
        yield said(dice, ts, self.id, "camera.parked", parked(zone, "parked", 60, seen))
        stood_s = 60 + dice.randint(5, 55)
        yield said(dice, ts + (stood_s - 60) * SECOND_MS, self.id, "camera.parked", parked(zone, "left", stood_s, seen))


def person(dice: Random) -> dict[str, Value]:
    """Return what a camera says of somebody who walks through the picture."""
    return {"zone": "pavement", "confidence": round(dice.uniform(0.6, 0.98), 2), "track": track(dice)}


def vehicle(dice: Random) -> dict[str, Value]:
    """Return what a camera says of something with wheels that passes."""
    seen: dict[str, Value] = {"zone": "lane", "class": dice.choice(_VEHICLES)}
    return seen | {"confidence": round(dice.uniform(0.65, 0.98), 2), "track": track(dice)}


def parked(zone: str, state: str, stood_s: int, seen: str) -> dict[str, Value]:
    """Return what a camera says of a standing vehicle: still there, or gone after `stood_s` seconds."""
    return {"zone": zone, "state": state, "parked_s": stood_s, "track": seen}


def track(dice: Random) -> str:
    """Name what a camera follows."""
    return f"t-{dice.getrandbits(24):06x}"
