"""Carries a link's messages over UDP or TCP: sockets, names and moments for what has none (`link.py`)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import structlog

from connectors.gb28181.config import LinkConfig, host_port
from connectors.gb28181.link import Link
from connectors.gb28181.message import BadMessage
from connectors.gb28181.stream import Frames
from connectors.gb28181.transactions import Peer

log = structlog.get_logger()

#: Between tries to connect, doubling.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 30.0
CONNECT_S = 10.0
#: Names are looked up again after so long: a platform that moves is found.
LOOKED_UP_S = 300.0
#: At the end: as long as an unregistration may take.
LEAVE_S = 3.0


class Traffic(Protocol):
    """Sees every message that is carried: `way` is `in` or `out`."""

    def __call__(self, way: str, peer: Peer, data: bytes) -> None:
        """Take one message."""


class Carrier:
    """Runs one link on an event loop. `heard` is called after whatever happened: there may be news."""

    def __init__(
        self, link: Link, monotonic: Callable[[], float], heard: Callable[[], None], traffic: Traffic | None = None
    ) -> None:
        self._link, self._monotonic, self._heard, self.traffic = link, monotonic, heard, traffic
        self._config: LinkConfig = link.config
        self._turned = asyncio.Event()
        self._udp: asyncio.DatagramTransport | None = None
        self._tcp: asyncio.StreamWriter | None = None
        self._addresses: dict[str, tuple[str, float]] = {}
        self.port = 0

    def turn(self) -> None:
        """The link was given something to do: send it, and hear what came of it."""
        self._turned.set()

    async def run(self) -> None:
        """Carry until cancelled; then unregister. Raises `OSError` when the local address cannot be had."""
        if self._config.transport == "udp":
            await self._open_udp()
        self._link.start(self._monotonic())
        tasks = [asyncio.create_task(self._tick())]
        if self._config.transport == "tcp":
            tasks.append(asyncio.create_task(self._connected()))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            # With what carries still running: the platform's answers are wanted.
            await self._leave()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._udp is not None:
                self._udp.close()
            self._heard()

    async def _tick(self) -> None:
        while True:
            self._turned.clear()
            self._link.tick(self._monotonic())
            await self._send()
            self._heard()
            left = self._link.next_due() - self._monotonic()
            # Moments are not met to the microsecond. (`wait_for` loses a cancellation that comes with the turn.)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(max(left, 0.001), 60)):
                    await self._turned.wait()

    async def _leave(self) -> None:
        self._link.leave(self._monotonic())
        self.turn()
        ends = self._monotonic() + LEAVE_S
        while self._link.state != "off" and self._monotonic() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.02)  # the link has no events, and this is the end

    async def _send(self) -> None:
        for data, peer in self._link.take():
            if self.traffic is not None:
                self.traffic("out", peer, data)
            if self._tcp is not None:
                self._tcp.write(data)
            elif self._udp is not None and (address := await self._address(peer)) is not None:
                self._udp.sendto(data, address)

    def _came(self, data: bytes, peer: Peer) -> None:
        if self.traffic is not None:
            self.traffic("in", peer, data)
        try:
            self._link.receive(data, peer, self._monotonic())
        except Exception:  # whatever one message does, the next one is heard
            log.exception("a message could not be taken", peer=peer[0])
        self.turn()

    async def _address(self, peer: Peer) -> Peer | None:
        """The address a name stands for; the platform may speak from it."""
        known = self._addresses.get(peer[0])
        if known is None or self._monotonic() - known[1] > LOOKED_UP_S:
            try:
                found = await asyncio.get_running_loop().getaddrinfo(*peer, type=socket.SOCK_DGRAM)
            except OSError as error:
                log.warning("the platform's address cannot be looked up", host=peer[0], error=str(error))
                return (known[0], peer[1]) if known is not None else None
            known = (str(found[0][4][0]), self._monotonic())
            self._addresses[peer[0]] = known
            self._link.trusted.add(known[0])
        return known[0], peer[1]

    async def _open_udp(self) -> None:
        host, port = host_port(self._config.listen)
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(self._came), local_addr=(host, port)
        )
        self.port = self._udp.get_extra_info("sockname")[1]

    async def _connected(self) -> None:
        """Hold a connection, whatever becomes of it."""
        pause = FIRST_PAUSE_S
        while True:
            began = self._monotonic()
            why = await self._connection()
            log.info("no connection to the platform", server=self._config.server, why=why)
            self._link.broke(why, self._monotonic())
            self.turn()
            pause = FIRST_PAUSE_S if self._monotonic() - began > LONGEST_PAUSE_S else min(2 * pause, LONGEST_PAUSE_S)
            await asyncio.sleep(pause)

    async def _connection(self) -> str:
        host, _, port = self._link.registration.server.rpartition(":")
        try:
            async with asyncio.timeout(CONNECT_S):
                reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except (OSError, TimeoutError) as error:
            return str(error) or "no answer"
        peer: Peer = writer.get_extra_info("peername")[:2]
        self._link.trusted.add(peer[0])
        self._tcp = writer
        self._link.opened(self._monotonic())
        self.turn()
        try:
            return await self._read(reader, peer)
        finally:
            self._tcp = None
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, peer: Peer) -> str:
        frames = Frames()
        while True:
            try:
                data = await reader.read(65536)
            except OSError as error:
                return str(error)
            if not data:
                return "the platform closed the connection"
            try:
                for one in frames.feed(data):
                    self._came(one, peer)
            except BadMessage as error:
                # Where the next message begins is not known any more.
                return f"what came is no SIP: {error}"


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, came: Callable[[bytes, Peer], None]) -> None:
        self._came = came

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.strip(b"\r\n\0"):
            self._came(data, (addr[0], addr[1]))
