"""Devices misbehave, seldom, on days that the seed knows; who, when and how can be asked.

`battery_dying`  its heartbeats sink from 24 % for ten days, it says device.battery_low once, then nothing until
                 somebody changes the battery
`clock_drift`    everything it says bears a time some minutes off
`chatter`        a contact bounces: dozens of openings within minutes
`repeats`        its firmware says each event twice, the same bytes
`replay`         the last statuses of all devices behind it come once more, marked retained
`outage`         it is off for 20 to 90 minutes; what was said behind it meanwhile comes in a burst
`storm`          it loses and finds its connection again and again within minutes
"""

import random
from collections.abc import Callable, Collection, Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple

from simulators.life.day import day_of
from simulators.life.entrances import back_doors
from simulators.life.message import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from simulators.site_file import DeviceEntry, Site

Kind = Literal["battery_dying", "clock_drift", "chatter", "repeats", "replay", "outage", "storm"]
WINDOW_D = 30
"""Misbehaviour is dealt anew for each window of so many days."""
A_TOWN = 2800
"""So many devices have as many episodes in a window as `OFTEN` says; a small site has one of each."""
OFTEN: dict[Kind, int] = {
    "battery_dying": 3,
    "clock_drift": 4,
    "chatter": 4,
    "repeats": 4,
    "replay": 3,
    "outage": 5,
    "storm": 2,
}
DYING_MS, SAYS_SO_MS = 10 * DAY_MS, 6 * DAY_MS
FIRST_PERCENT, LAST_PERCENT = 24, 4
BUSY = frozenset({"building", "school_gate", "mall", "street", "market"})
_FIRST = date(2026, 1, 1)
_FIRST_D = (_FIRST - date(1970, 1, 1)).days


class Episode(NamedTuple):
    """One misbehaviour of one device: from `since` to before `until`, milliseconds of Unix time.

    `amount` is what its kind makes of it: minutes for `clock_drift` (ahead is positive), bounces for `chatter`,
    flaps for `storm`, else 0.
    """

    kind: Kind
    device: str
    since: int
    until: int
    amount: int = 0


class Misbehaviour:
    """Deals episodes to the devices of a site, but to none that is `spared`."""

    def __init__(self, site: Site, seed: int, spared: Collection[str]) -> None:
        self._zone = site.time_zone
        self._seed = seed
        self._size = len(site.devices)
        own = [device for device in site.devices if device.id not in spared]
        hubs = [device.id for device in site.hubs() if device.id not in spared]
        hubs = hubs or [device.id for device in own if device.kind == "camera"]
        backs = {door.id for door in back_doors(site)}
        talkers = [one.id for one in own if one.place.kind in BUSY and one.kind in _TALK and one.id not in backs]
        self._fit: dict[Kind, list[str]] = {
            "battery_dying": [device.id for device in own if _runs_on_battery(device)],
            "clock_drift": talkers,
            "chatter": [device.id for device in own if device.kind == "door_contact"],
            "repeats": talkers,
            "replay": hubs,
            "outage": hubs,
            "storm": hubs,
        }
        # One window is asked for some thousand times a day.
        self._of_window = lru_cache(8)(self._deal)

    def between(self, since: int, until: int) -> list[Episode]:
        """Return the episodes that touch a span (milliseconds of Unix time), in order of time."""
        # Time zones and long episodes reach into the window before or after.
        windows = range((since // DAY_MS - _FIRST_D) // WINDOW_D - 1, (until // DAY_MS - _FIRST_D) // WINDOW_D + 2)
        found = (episode for window in windows for episode in self._of_window(window))
        return sorted(
            (one for one in found if one.since < until and one.until > since), key=lambda one: (one.since, one)
        )

    def _deal(self, window: int) -> list[Episode]:
        dealt: list[Episode] = []
        for kind, often in OFTEN.items():
            dice = random.Random(f"{self._seed}/misbehaviour/{kind}/{window}")
            fit = self._fit[kind]
            for device in dice.sample(fit, min(len(fit), max(1, round(often * self._size / A_TOWN)))):
                day = day_of(
                    _FIRST + timedelta(days=window * WINDOW_D + dice.randrange(WINDOW_D)), self._seed, self._zone
                )
                since, lasts, amount = _DRAW[kind](dice)
                begin = day.at(since)
                dealt.append(Episode(kind, device, begin, begin + lasts, amount))
        return dealt


def flaps(storm: Episode) -> Iterator[tuple[int, int]]:
    """Return when a storm's connection is down: spans of some seconds (milliseconds of Unix time)."""
    step = (storm.until - storm.since) // storm.amount
    dice = random.Random(f"{storm.device}/{storm.since}")
    for number in range(storm.amount):
        down = storm.since + number * step
        yield down, down + int(dice.uniform(0.2, 0.7) * step)


def dying_percent(episode: Episode, ts: int) -> int | None:
    """Return what a dying battery still has, in percent; None when it has nothing left to say so."""
    gone = ts - episode.since
    if gone >= DYING_MS:
        return None
    return FIRST_PERCENT - (FIRST_PERCENT - LAST_PERCENT) * gone // DYING_MS


_TALK = frozenset({"door_controller", "camera"})


def _runs_on_battery(device: DeviceEntry) -> bool:
    return device.kind == "sos_button" or (
        device.kind in {"door_contact", "door_controller"} and device.place.kind in {"flat", "shop", "stall", "bar"}
    )


_Draw = Callable[[random.Random], tuple[float, int, int]]
"""Draws the hour at which an episode begins, how long it lasts in milliseconds, and its amount."""


def _battery(dice: random.Random) -> tuple[float, int, int]:
    return dice.uniform(0.0, 24.0), DYING_MS + dice.randint(2 * 24, 5 * 24) * HOUR_MS, 0


def _drift(dice: random.Random) -> tuple[float, int, int]:
    return dice.uniform(0.0, 24.0), dice.randint(48, 120) * HOUR_MS, dice.choice((-40, -25, -12, -4, 4, 9, 20))


def _chatter(dice: random.Random) -> tuple[float, int, int]:
    bounces = dice.randint(15, 40)
    return dice.uniform(9.0, 20.0), bounces * 4 * SECOND_MS, bounces


def _repeats(dice: random.Random) -> tuple[float, int, int]:
    return dice.uniform(0.0, 24.0), dice.randint(24, 72) * HOUR_MS, 0


def _replay(dice: random.Random) -> tuple[float, int, int]:
    return dice.uniform(1.0, 23.0), SECOND_MS, 0


def _outage(dice: random.Random) -> tuple[float, int, int]:
    return dice.uniform(6.0, 21.0), dice.randint(20, 90) * MINUTE_MS, 0


def _storm(dice: random.Random) -> tuple[float, int, int]:
    count = dice.randint(5, 9)
    return dice.uniform(6.0, 21.0), count * dice.randint(20, 50) * SECOND_MS, count


_DRAW: dict[Kind, _Draw] = {
    "battery_dying": _battery,
    "clock_drift": _drift,
    "chatter": _chatter,
    "repeats": _repeats,
    "replay": _replay,
    "outage": _outage,
    "storm": _storm,
}
