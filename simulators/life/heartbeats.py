"""Heartbeats: the statuses that devices send by themselves, and what is left in their batteries.

The n-th heartbeat of a device is a function of site and seed alone, so that a retained one can be said again
without looking at what came before.
"""

from collections.abc import Iterator

from simulators.life.message import DAY_MS, HOUR_MS, MINUTE_MS, fixed, status
from simulators.site_file import DeviceEntry

PERIOD_MS = 23 * HOUR_MS
"""A little less than a day, so that «nothing for a day» is never the ordinary case."""
CARE_PERIOD_MS = 6 * HOUR_MS
CAMERA_PERIOD_MS = 4 * HOUR_MS
MAINS = frozenset({"camera", "screen", "gateway", "school_button"})
CARE = frozenset({"door_contact", "motion", "meter"})
LOWEST, BATTERY_DAYS = 28, (240, 600)
"""Batteries are changed at so many percent, after so many days; those that die sooner are misbehaviour."""


class Heart:
    """A device's heartbeat: when it comes and what it says."""

    def __init__(self, device: DeviceEntry, seed: int, *, care: bool) -> None:
        self.device = device
        self._seed = seed
        if device.kind == "camera":
            self._period = CAMERA_PERIOD_MS
        else:
            self._period = CARE_PERIOD_MS if care and device.kind in CARE else PERIOD_MS
        dice = fixed(seed, device.id, "heart")
        self._offset = dice % (self._period // 1000) * 1000
        self._mains = device.kind in MAINS or (device.kind == "door_controller" and device.place.kind != "flat")
        shortest, longest = BATTERY_DAYS
        self._life_ms = (shortest + dice % (longest - shortest)) * DAY_MS
        self._age_ms = dice % self._life_ms

    def beats(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Return number and time (milliseconds) of the heartbeats from `since` up to before `until`."""
        number = (since - self._offset) // self._period
        while (ts := self.time(number)) < until:
            if ts >= since:
                yield number, ts
            number += 1

    def last(self, before: int) -> int:
        """Return the number of the last heartbeat before a time."""
        number = (before - self._offset) // self._period
        while self.time(number) >= before:
            number -= 1
        return number

    def payload(self, number: int, battery: int | None = None) -> bytes:
        """Return what a heartbeat says; `battery` (percent) where the usual one doesn't hold."""
        if battery is None:
            battery = self.battery(self.time(number))
        return status(f"{fixed(self._seed, self.device.id, number):012x}", battery)

    def battery(self, ts: int) -> int:
        """Return what is left in the battery, in percent."""
        if self._mains:
            return 100
        return 100 - (ts + self._age_ms) % self._life_ms * (100 - LOWEST) // self._life_ms

    def time(self, number: int) -> int:
        """Return the time of a heartbeat: some seconds around where the period puts it."""
        wobble = fixed(self._seed, self.device.id, number, "wobble") % (2 * MINUTE_MS)
        return self._offset + number * self._period + wobble
