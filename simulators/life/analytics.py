"""What a camera's analytics make of harmless things: steam, cats, a full market, somebody who waits, a spider."""

from collections.abc import Iterator
from random import Random

from simulators.events import Value
from simulators.life.cameras import track
from simulators.life.day import Day, said
from simulators.life.message import SECOND_MS, Said
from simulators.site_file import DeviceEntry

WAITS = {"street": 0.12, "market": 0.4, "school_gate": 0.15, "mall": 0.25}
"""How often a day somebody stands about for a while: for a friend, a bus, a child."""
WAITS_S = (40, 150)
CAT_AT_NIGHT, SPIDER_A_DAY = 0.08, 0.03
GUARDED = frozenset({"enterprise", "hazardous_site", "building", "school_gate"})
"""Where something warm that moves at night looks to a camera like somebody who has no business there."""
CROWDS, CROWD, LIMIT = (3, 8), (70, 220), 300
"""How often a market's camera says on an evening how many there are, how many it sees, and how many there may be."""
STEAM_A_DAY = 2


class Analytics:
    """What a camera takes for more than it is; nothing of it lasts, or the camera itself doesn't believe it."""

    def __init__(self, camera: DeviceEntry) -> None:
        self.id = f"{camera.id}/analytics"
        self._camera = camera.id
        self._where = camera.place.kind

    def plan(self, day: Day) -> Iterator[Said]:
        """Return a day's events, in no order."""
        dice = day.dice(self.id)
        if dice.random() < WAITS.get(self._where, 0.0):
            seen: dict[str, Value] = {"zone": "pavement", "dwell_s": dice.randint(*WAITS_S), "track": track(dice)}
            yield said(dice, day.at(dice.uniform(8.0, 22.0)), self._camera, "camera.loitering", seen)
        if self._where in GUARDED and dice.random() < CAT_AT_NIGHT:
            cat: dict[str, Value] = {
                "zone": "yard",
                "confidence": round(dice.uniform(0.12, 0.45), 2),
                "track": track(dice),
            }
            yield said(dice, day.at(dice.uniform(0.5, 5.0)), self._camera, "camera.intrusion", cat)
        if dice.random() < SPIDER_A_DAY * (2.0 if day.bad_weather else 1.0):
            yield from self._covered(dice, day.at(dice.uniform(0.0, 23.9)))
        if self._where == "market":
            yield from self._evening(dice, day)

    def _covered(self, dice: Random, ts: int) -> Iterator[Said]:
        how = dice.choice(("covered", "defocused"))
        yield said(dice, ts, self._camera, "camera.tamper", {"how": how, "state": "on"})
        ends = ts + int(dice.uniform(2.0, 14.0) * SECOND_MS)
        yield said(dice, ends, self._camera, "camera.tamper", {"how": how, "state": "off"})

    def _evening(self, dice: Random, day: Day) -> Iterator[Said]:
        fewest, most = CROWD
        busiest = most if day.holiday or not day.work else (fewest + most) // 2
        for _ in range(dice.randint(*CROWDS)):
            people = dice.randint(fewest, busiest)
            crowd: dict[str, Value] = {"people": people, "limit": LIMIT, "zone": "stalls"}
            yield said(dice, day.at(dice.uniform(18.0, 22.3)), self._camera, "camera.crowding", crowd)
        for _ in range(STEAM_A_DAY):
            steam: dict[str, Value] = {"confidence": round(dice.uniform(0.15, 0.45), 2), "zone": "stalls"}
            yield said(dice, day.at(dice.uniform(17.5, 22.8)), self._camera, "camera.smoke", steam)
