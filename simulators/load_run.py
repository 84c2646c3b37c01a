"""A run of the load generator: connect, offer, wait for what is outstanding, sum up."""

import asyncio
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.load_latencies import Latencies
from simulators.load_ledger import Ledger
from simulators.load_link import Broker
from simulators.load_mix import ALARM_KIND
from simulators.load_packets import ProtocolError
from simulators.load_stream import Stream, makers_for

TICK_S = 0.005
TELL_EVERY_S = 1.0
CONNECT_WITHIN_S = 10.0


class LoadError(Exception):
    """The run couldn't start; the text says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do; `rate` in events per second over all devices, 0 for as fast as acknowledged."""

    broker: Broker
    station: str
    devices: Sequence[str]
    kinds: Mapping[str, int]
    rate: float
    seconds: float
    drain_s: float
    connections: int
    window: int
    seed: int
    alarm_device: str | None = None
    alarm_every_s: float = 0.0


class LoadRun:
    """One run of a plan: a stream of events and, if asked for, one of alarms on a connection of its own."""

    def __init__(self, plan: Plan, ledger: Ledger) -> None:
        self._plan = plan
        self._ledger = ledger
        self._streams = [_events(plan, ledger)]
        if plan.alarm_device is not None:
            self._streams.append(_alarms(plan, plan.alarm_device, ledger))
        self._links = [link for stream in self._streams for link in stream.links]
        self._interrupts = 0
        self._seconds = 0.0
        self._cpu_s = 0.0
        self._told_at = 0.0
        self._told_acked = 0

    async def run(self) -> dict[str, Any]:
        """Do it and return the summary; raises LoadError when the broker can't be reached or refuses.

        The first SIGINT or SIGTERM ends offering, the second ends waiting; the summary comes either way.
        """
        for signum in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(signum, self._interrupt)
        tasks = [asyncio.create_task(link.run()) for link in self._links]
        bookkeeping = asyncio.create_task(self._ledger.keep())
        try:
            await self._connect(tasks)
            cpu_s, started = time.process_time(), time.monotonic()
            await self._offer(started)
            await self._drain(started)
            self._cpu_s = time.process_time() - cpu_s
            self._seconds = max(0.0, *(stream.acked_at - started for stream in self._streams))
        finally:
            for link in self._links:
                link.close()
            for task in (*tasks, bookkeeping):
                task.cancel()
            await asyncio.gather(*tasks, bookkeeping, return_exceptions=True)
            self._ledger.close()
        return self._summary()

    async def _connect(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        ready = asyncio.create_task(self._all_connected())
        first_of: list[asyncio.Future[Any]] = [ready, *tasks]
        await asyncio.wait(first_of, timeout=CONNECT_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if ready.done():
            return
        ready.cancel()
        for task in tasks:
            if task.done() and isinstance(refusal := task.exception(), ProtocolError):
                raise LoadError(str(refusal))
        where = f"{self._plan.broker.host}:{self._plan.broker.port}"
        raise LoadError(f"no connection to {where} within {CONNECT_WITHIN_S:.0f} s; is the broker up?")

    async def _all_connected(self) -> None:
        for link in self._links:
            await link.connected.wait()

    async def _offer(self, started: float) -> None:
        started_at = time.time()
        for stream in self._streams:
            stream.open_valves()
        while (elapsed := time.monotonic() - started) < self._plan.seconds and not self._interrupts:
            for stream in self._streams:
                stream.offer_until(elapsed, started_at)
            self._tell(elapsed)
            await asyncio.sleep(TICK_S)
        for stream in self._streams:
            stream.close_valves()
            if not self._interrupts:
                stream.offer_until(self._plan.seconds, started_at)

    async def _drain(self, started: float) -> None:
        deadline = time.monotonic() + self._plan.drain_s
        while self._outstanding and time.monotonic() < deadline and self._interrupts < 2:  # noqa: PLR2004
            self._tell(time.monotonic() - started)
            await asyncio.sleep(TICK_S)

    @property
    def _outstanding(self) -> int:
        return sum(stream.offered - stream.acked for stream in self._streams)

    def _interrupt(self) -> None:
        self._interrupts += 1

    def _tell(self, elapsed: float) -> None:
        if elapsed - self._told_at < TELL_EVERY_S:
            return
        acked = sum(stream.acked for stream in self._streams)
        rate = (acked - self._told_acked) / (elapsed - self._told_at)
        self._told_at, self._told_acked = elapsed, acked
        in_flight = sum(link.in_flight for link in self._links)
        queued = sum(link.queued for link in self._links)
        reconnects = sum(link.reconnects for link in self._links)
        sys.stderr.write(
            f"{elapsed:7.1f} s  acked {rate:8.0f}/s  in flight {in_flight:5d}  queued {queued:6d}"
            f"  reconnects {reconnects}\n"
        )
        for link in self._links:
            link.tick()

    def _summary(self) -> dict[str, Any]:
        acked = sum(stream.acked for stream in self._streams)
        latencies = sum((stream.latencies for stream in self._streams), Latencies())
        summary = {
            "offered": sum(stream.offered for stream in self._streams),
            "sent": sum(stream.sent for stream in self._streams),
            "acked": acked,
            "resent": sum(link.resent for link in self._links),
            "reconnects": sum(link.reconnects for link in self._links),
            "seconds": round(self._seconds, 3),
            "rate": round(acked / self._seconds, 1) if self._seconds else 0.0,
            "puback_ms": latencies.summary(),
            "cpu_s": round(self._cpu_s, 2),
        }
        for alarms in self._streams[1:]:
            summary["alarms"] = {
                "offered": alarms.offered,
                "sent": alarms.sent,
                "acked": alarms.acked,
                "puback_ms": alarms.latencies.summary(),
            }
        return summary


def _events(plan: Plan, ledger: Ledger) -> Stream:
    makers = makers_for(
        plan.station, plan.devices, plan.kinds, connections=plan.connections, seed=f"{plan.seed}/events"
    )
    name = f"{plan.station}-load"
    return Stream(name, plan.broker, ledger, makers=makers, rate=plan.rate, window=plan.window)


def _alarms(plan: Plan, device: str, ledger: Ledger) -> Stream:
    makers = makers_for(plan.station, [device], {ALARM_KIND: 1}, connections=1, seed=f"{plan.seed}/alarms")
    name, rate = f"{plan.station}-load-alarms", 1 / plan.alarm_every_s
    return Stream(name, plan.broker, ledger, makers=makers, rate=rate, window=plan.window)
