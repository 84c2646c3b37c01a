"""Which cameras there are and how they are, told to whoever subscribed to that: whole at first, then what changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from connectors.gat1400.config import ViidConfig
from connectors.gat1400.devices import MOST_ITEMS, Ape, changes, notification, turned
from connectors.gat1400.ids import Numbers, is_capture_device, notification_id
from connectors.gat1400.session import Session
from connectors.gat1400.subscriptions import DEVICES, STATUSES, Subscription
from gateway.county.config import CountyConfig
from gateway.county.shown import address
from gateway.model.registry import Registry

LOOK_EVERY_S = 1.0


class Directory:
    """Tells the cameras. What a subscription was told is known until the process ends; then it is told whole again."""

    def __init__(
        self,
        config: ViidConfig,
        session: Session,
        subscriptions: Callable[[], Collection[Subscription]],
        now: Callable[[], datetime],
    ) -> None:
        self._config, self._session, self._subscriptions, self._now = config, session, subscriptions, now
        self._numbers = Numbers()
        #: None until they were looked at.
        self._shown: list[Ape] | None = None
        self._told: dict[tuple[str, str], dict[str, Ape]] = {}
        self._next_at: dict[str, float] = {}

    @property
    def wanted(self) -> bool:
        """Whether anybody subscribed to devices."""
        return any({DEVICES, STATUSES} & set(one.details) for one in self._subscriptions())

    def show(self, apes: list[Ape]) -> None:
        """There are these cameras now."""
        self._shown = apes

    async def run(self) -> None:
        """Tell until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            apes, active = self._shown, [one for one in self._subscriptions() if one.active(self._now())]
            known = {one.id for one in active}
            self._told = {key: told for key, told in self._told.items() if key[0] in known}
            if apes is None or not self._session.online:
                continue
            for one in active:
                await self._tell(one, apes)

    async def _tell(self, one: Subscription, apes: list[Ape]) -> None:
        """Say what is new to a subscription; what is not taken is said again with the next report."""
        now = asyncio.get_running_loop().time()
        if now < self._next_at.get(one.id, 0.0):
            return
        self._next_at[one.id] = now + one.interval_s
        if DEVICES in one.details:
            before = self._told.get((one.id, DEVICES), {})
            said = [await self._say(one, several, operation) for operation, several in changes(before, apes)]
            if all(said):
                self._told[one.id, DEVICES] = {each.id: each for each in apes}
        if STATUSES in one.details:
            before = self._told.get((one.id, STATUSES), {})
            if await self._say(one, turned(before, apes), None):
                self._told[one.id, STATUSES] = {each.id: each for each in apes}

    async def _say(self, one: Subscription, several: Sequence[Ape], operation: int | None) -> bool:
        for start in range(0, len(several), MOST_ITEMS):
            at = self._now()
            own = notification_id(self._config.device_id, at, self._numbers.take())
            told = notification(own, one.id, one.title or "设备", at, several[start : start + MOST_ITEMS], operation)
            (verdict,) = await self._session.post("", [own], told, at=one.receive)
            if verdict.action not in {"done", "never"}:  # who calls it wrong is not told it for ever
                return False
        return True


def apes_of(
    registry: Registry, config: CountyConfig, codes: Mapping[str, str], online: Mapping[str, bool]
) -> list[Ape]:
    """Return the devices whose code is that of a capture device."""
    found = []
    for device in sorted(registry.devices.values(), key=lambda one: one.id):
        code = codes.get(device.id, "")
        if not is_capture_device(code):
            continue
        place = registry.places.get(device.place)
        found.append(
            Ape(
                id=code, name=device.name or device.id, place=address(registry, device.place),
                place_code=config.codes.county_code,
                online=online.get(device.id) is not False,
                longitude=place.lon if place else None, latitude=place.lat if place else None,
            )
        )  # fmt: skip
    return found
