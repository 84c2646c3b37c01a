"""Shops, stalls, bars, the mall, works and hazardous sites: hours, staff doors, restricted doors."""

import random
from collections.abc import Iterator

from simulators.life import doors
from simulators.life.day import Day, said
from simulators.life.message import Said
from simulators.site_file import DeviceEntry

HOURS = {"shop": (8.2, 20.8), "stall": (17.2, 23.3), "bar": (13.0, 23.4), "mall": (8.8, 21.6)}
"""When a place opens and closes, within half an hour."""
CLOSED_A_DAY = 0.04
STAFF = {"mall": (10, 10), "enterprise": (12, 3), "hazardous_site": (8, 5), "school_gate": (16, 2)}
"""How many cards a staff door sees on a working day, and on another."""
ACCESSES = {True: 1.6, False: 0.4}
"""How often a restricted door is opened on a working day, and on another."""
_NEVER = (1, 0)


class Shutter:
    """The door contact of a shop, stall or bar: open by hours, shut by night; and the sensor inside."""

    def __init__(self, contact: DeviceEntry | None, motion: DeviceEntry | None, place_kind: str, seed: int) -> None:
        known = contact or motion
        self.id = known.place.id if known is not None else ""
        self._contact, self._motion = contact, motion
        opens, closes = HOURS.get(place_kind, HOURS["shop"])
        dice = random.Random(f"{seed}/{self.id}")
        self._opens, self._closes = opens + dice.uniform(-0.4, 0.8), closes + dice.uniform(-0.8, 0.3)

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        if dice.random() < (0.5 if day.holiday else CLOSED_A_DAY):
            return
        opens, closes = self._opens + dice.uniform(-0.1, 0.3), self._closes + dice.uniform(-0.4, 0.2)
        if self._contact is not None:
            yield said(dice, day.at(opens), self._contact.id, "door.opened")
            yield said(dice, day.at(closes), self._contact.id, "door.closed")
        if self._motion is not None:
            for _ in range(6):
                yield said(dice, day.at(dice.uniform(opens, closes - 0.1)), self._motion.id, "motion.detected")


class StaffDoor:
    """The door of those who work at a place: in by card when they begin, out when they end.

    With `out` they leave by another one. Where nobody may come in twice on one card (a `zone`), everybody's card is
    held up on the way out, too; elsewhere some leave behind a colleague.
    """

    def __init__(self, door: DeviceEntry, out: DeviceEntry | None, seed: int) -> None:
        self.id = door.id
        self._out = (out or door).id
        self._counts = door.attributes.get("counts_people") is True
        self._leave_by_card = 1.0 if "zone" in door.attributes else 0.6
        self._often = STAFF[door.place.kind]
        self._school = door.place.kind == "school_gate"
        self._cards = [doors.card(seed, f"{self.id}/{number}") for number in range(max(self._often))]
        dice = random.Random(f"{seed}/{self.id}")
        self._begins = dice.uniform(6.9, 7.3) if self._school else dice.uniform(7.6, 9.0)
        self._ends = dice.uniform(16.8, 17.6) if self._school else dice.uniform(17.3, 21.2)

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        busy = day.school if self._school else day.work
        count = self._often[0 if busy else 1]
        # On days off there is nobody at a school but those who look after it.
        role = "guard" if self._school and not busy else "staff"
        for credential in self._cards[: round(count * dice.uniform(0.8, 1.0))]:
            begins, ends = self._begins + dice.gauss(0, 0.2), self._ends + dice.gauss(0, 0.2)
            if dice.random() < 0.004:  # noqa: PLR2004
                yield from doors.fumbled(dice, day.at(begins), self.id, f"card:{dice.getrandbits(32):08x}")
            comes = doors.granted(dice, day.at(begins), self.id, credential, role=role)
            yield from self._through(comes)
            if dice.random() < self._leave_by_card:
                leaves = doors.granted(dice, day.at(ends), self._out, credential, "out", role=role)
                yield from self._through(leaves)

    def _through(self, one: Said) -> Iterator[Said]:
        """Card and, where people are counted, the counter; its dice are its own."""
        yield one
        if self._counts:
            yield doors.counted(random.Random(one.bits), one)


class RestrictedDoor:
    """A door for few: opened now and then by day, by one of three cards; the sensor behind it sees them.

    On days off it is the guard who looks in.
    """

    def __init__(self, door: DeviceEntry, motion: DeviceEntry | None, seed: int) -> None:
        self.id = door.id
        self._motion = motion
        self._cards = [doors.card(seed, f"{door.place.id}/{number}") for number in range(3)]

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        for _ in range(int(ACCESSES[day.work] + dice.random())):
            ts = day.at(dice.uniform(8.6, 17.4))
            role = "staff" if day.work else "guard"
            yield from doors.passed(dice, ts, self.id, dice.choice(self._cards), role=role)
            if self._motion is not None:
                yield said(dice, ts + 9_000, self._motion.id, "motion.detected")


class Lobby:
    """A motion sensor where many pass: at the foot of the stairs."""

    def __init__(self, motion: DeviceEntry) -> None:
        self.id = motion.id

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        for _ in range(14):
            yield said(dice, day.at(dice.triangular(6.0, 22.5, 17.5)), self.id, "motion.detected")
