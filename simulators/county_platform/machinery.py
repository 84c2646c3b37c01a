"""What runs inside a county's platform: its parts, put together, and what happens by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from simulators.county_platform.asking import Asking
from simulators.county_platform.complaints import Complaints
from simulators.county_platform.desk import Desk
from simulators.county_platform.manscdp import DECLARED
from simulators.county_platform.past import Past
from simulators.county_platform.reception import Reception
from simulators.county_platform.registrar import Registered, Registrar
from simulators.county_platform.sending import Sender
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.sip import Style
from simulators.county_platform.subscriptions import Subscriptions
from simulators.county_platform.thread import LoopThread
from simulators.county_platform.watch import Watch
from simulators.county_platform.wire import Source, Wire

_TICK_S = 0.2


class Machinery:
    """The parts of a platform. What has a leading underscore runs on the platform's thread, under the lock."""

    def __init__(self, settings: CountySettings, told: Callable[[str], None] = lambda _: None) -> None:
        self.settings = settings
        self.watch = Watch()
        self.lines: list[str] = []
        self._told = told
        self._thread = LoopThread("county", self.watch)
        self._ticking: asyncio.TimerHandle | None = None
        complaints = Complaints(lambda: settings.beijing_now, self._tell)
        self._wire = Wire(settings.host, settings.port, self._heard, self._lost)
        self._sender = Sender(self._wire, settings, self._thread.later, complaints.about)
        self._registrar = Registrar(settings, self._came, self._went)
        self._subscriptions = Subscriptions()
        self._desk = Desk(settings, self._registrar, self._subscriptions, complaints, Past(), self._tell)
        self._reception = Reception(settings, self._wire, self._sender, self._registrar, self._desk, self._thread.later)
        self._asking = self._desk.asking = Asking(
            settings, self._wire, self._sender, self._registrar, self._subscriptions, self.watch, self._copies
        )

    def _heard(self, data: bytes, source: Source) -> None:
        self._thread.now(lambda: self._reception.heard(data, source))

    def _lost(self, source: Source, why: str) -> None:
        def note() -> None:
            self._reception.lost(source, why)
            self._tell(f"连接断开 {source}")

        self._thread.now(note)

    def _copies(self, method: str) -> int:
        return 1 + self._reception.faults.strikes("repeat-request", method)

    def _tell(self, line: str) -> None:
        self.lines.append(line)
        self._told(line)

    def _came(self, known: Registered, first: bool) -> None:  # as the registrar calls it
        if first:
            self._tell(f"设备注册 {known.device} {known.source}，{known.granted_s} 秒")
            self._desk.past.forget_numbers()
        # The 200 goes out first.
        self._thread.later(0, lambda: self._desk.greet(known, first=first))

    def _went(self, device: str, why: str) -> None:
        self._tell(f"设备离线 {device}：{why}")
        self._subscriptions.lapse(device)

    def _tick(self) -> None:
        self._registrar.expire()
        for one in self._subscriptions.due():
            if one.device in self._registrar.registered:
                one.state = "asked"
                self._asking.subscribe(one)
        self._ticking = self._thread.later(_TICK_S, self._tick)

    def _behave(self) -> None:
        self._reception.faults.clear()
        self._wire.split, self._wire.merge = 0, False
        self._sender.style = Style()
        self._asking.declared = self._asking.encoded = DECLARED[self.settings.dialect]

    def _forget(self, *, catalogue: bool) -> None:
        self._registrar.forget()
        self._subscriptions.forget()
        self._sender.give_up()
        self._desk.past.forget()
        if catalogue:
            for one in self._desk.catalogues.values():
                one.forget()

    def _close(self) -> None:
        self._wire.close()
        self._sender.give_up()
        self._desk.past.forget()

    def _end(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        self._close()
