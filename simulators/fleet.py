"""Many devices on one thread: a single selector watches all their sockets."""

import selectors
import time
from collections.abc import Iterable

from simulators.device import Device

TICK_EVERY_S = 1.0


class Fleet:
    """Drives devices: connects, reads, writes, keeps alive. Call `turn` in a loop, `close` at the end."""

    def __init__(self, devices: Iterable[Device]) -> None:
        self.devices = {device.id: device for device in devices}
        self._selector = selectors.DefaultSelector()
        self._tick_at = 0.0

    @property
    def online(self) -> int:
        """How many devices are connected."""
        return sum(device.online for device in self.devices.values())

    @property
    def waiting(self) -> int:
        """How many events of all devices the broker hasn't acknowledged yet."""
        return sum(device.waiting for device in self.devices.values())

    def turn(self, timeout_s: float, *, connect: bool = True) -> None:
        """Do what is due, then wait at most `timeout_s` for the network and serve it.

        At most one connection is opened per turn: opening blocks, and the others mustn't starve meanwhile.
        """
        now = time.monotonic()
        due = [device for device in self.devices.values() if device.due_to_connect(now)] if connect else []
        if due:
            due[0].connect(self._selector)
        if now >= self._tick_at:
            self._tick_at = now + TICK_EVERY_S
            for device in self.devices.values():
                device.tick()
        for key, mask in self._selector.select(0 if len(due) > 1 else timeout_s):
            key.data.serve(mask)

    def close(self, timeout_s: float = 2.0) -> None:
        """Wait at most `timeout_s` for outstanding PUBACKs, then disconnect every device properly."""
        deadline = time.monotonic() + timeout_s
        while self.online and time.monotonic() < deadline:
            self.turn(0.1, connect=False)
            if not any(device.online and device.waiting for device in self.devices.values()):
                break
        for device in self.devices.values():
            device.disconnect()
        self._selector.close()
