"""Seeded plausible habits: what each part of the town does, how often, and at which hours."""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from simulators import camera, door
from simulators.events import Step
from simulators.site_file import DeviceEntry, Site

HOUR_S = 3600.0

# How busy an hour of the day is, against the busiest; never quite zero, so that a demo at night still moves.
BUSYNESS = (
    *(0.15, 0.10, 0.10, 0.10, 0.10, 0.20, 0.50, 1.00, 0.90, 0.70, 0.60, 0.80),
    *(0.80, 0.60, 0.60, 0.60, 0.80, 1.00, 1.00, 0.80, 0.60, 0.50, 0.30, 0.20),
)


class Cue(NamedTuple):
    """A device's line in a scene: `at_s` counts seconds from the start of the scene."""

    at_s: float
    device: str
    step: Step


Scene = list[Cue]
Perform = Callable[[random.Random], Scene]


@dataclass(frozen=True, slots=True)
class Habit:
    """Something that happens again and again: `per_hour` times in the busiest hour, at random moments.

    `hours` are those of the day at which it happens at all.
    """

    name: str
    per_hour: float
    hours: range
    perform: Perform
    dice: random.Random

    def wait_s(self, now: datetime) -> float:
        """Draw the seconds until the next time; `now` is in the station's time zone."""
        return self.dice.expovariate(self.per_hour * BUSYNESS[now.hour] / HOUR_S)

    def scene(self, now: datetime) -> Scene:
        """Draw what happens now; nothing outside the hours."""
        return self.perform(self.dice) if now.hour in self.hours else []


def cues(device: str, steps: Iterable[Step], at_s: float = 0.0) -> Scene:
    """Give a behaviour to a device, starting `at_s` seconds into the scene."""
    return [Cue(at_s + step.after_s, device, step) for step in steps]


def habits_of(site: Site, seed: int) -> list[Habit]:
    """Return the habits of everything in a site that has some; the same seed gives the same habits."""
    return [
        # Each habit has dice of its own, so that adding a device doesn't change what the others do.
        Habit(name, per_hour, hours, perform, random.Random(f"{seed}/{name}"))
        for name, per_hour, hours, perform in (*_of_residents(site), *_of_devices(site))
    ]


def card(dice: random.Random) -> str:
    """Invent a card."""
    return f"card:{dice.randrange(0x1000, 0x10000):04x}"


_Draft = tuple[str, float, range, Perform]
"""A habit without its dice."""

_ALWAYS = range(24)
_SHOP_HOURS = range(8, 22)
_SCHOOL_HOURS = range(6, 20)


def _of_residents(site: Site) -> Iterator[_Draft]:
    for contact in site.find("door_contact", "flat"):
        entrance = site.entrance_of(contact.place)
        if entrance is not None:
            yield f"{contact.id}/resident", 3.0, _ALWAYS, _Resident(contact, entrance)


class _Resident:
    """Goes out and comes home in turn, through the same two doors, home always with the same card."""

    def __init__(self, contact: DeviceEntry, entrance: DeviceEntry) -> None:
        self._contact = contact.id
        self._entrance = entrance.id
        self._card = card(random.Random(contact.id))
        self._at_home = True

    def __call__(self, dice: random.Random) -> Scene:
        stairs_s = dice.uniform(15.0, 45.0)
        self._at_home = not self._at_home
        if self._at_home:
            return [
                *cues(self._entrance, door.granted_swipe(dice, self._card)),
                *cues(self._contact, door.contact_cycle(dice), stairs_s),
            ]
        return [
            *cues(self._contact, door.contact_cycle(dice)),
            *cues(self._entrance, door.pushed_open(dice), stairs_s),
        ]


def _of_devices(site: Site) -> Iterator[_Draft]:
    for device in site.devices:
        where = device.place.kind
        match device.kind:
            case "camera":
                yield f"{device.id}/person", 240.0, _ALWAYS, _solo(device, camera.person)
                yield f"{device.id}/vehicle", 120.0, _ALWAYS, _solo(device, camera.vehicle)
            case "door_contact" if where == "shop":
                yield f"{device.id}/customer", 15.0, _SHOP_HOURS, _solo(device, door.contact_cycle)
            case "door_controller" if where in {"school_gate", "mall"}:
                hours = _SCHOOL_HOURS if where == "school_gate" else _SHOP_HOURS
                yield f"{device.id}/staff", 12.0, hours, _solo(device, _someone_with_a_card)
            case "motion" if where in {"flat", "building", "shop"}:
                hours = _SHOP_HOURS if where == "shop" else _ALWAYS
                yield f"{device.id}/motion", 12.0, hours, _solo(device, _motion)
            case _:
                # Buttons wait for somebody, the restricted door and the back doors for the opening scene;
                # an entrance moves with its residents.
                pass


def _solo(device: DeviceEntry, behave: Callable[[random.Random], list[Step]]) -> Perform:
    return lambda dice: cues(device.id, behave(dice))


def _someone_with_a_card(dice: random.Random) -> list[Step]:
    return door.granted_swipe(dice, card(dice), dice.choice(("in", "out")))


def _motion(_dice: random.Random) -> list[Step]:
    return [Step(0.0, "motion.detected", {})]
