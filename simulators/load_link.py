"""One publishing MQTT connection that outlives its TCP connections."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.load_mix import LoadEvent
from simulators.load_packets import (
    CONNACK,
    GOODBYE,
    PING,
    PUBACK,
    Packet,
    PacketReader,
    ProtocolError,
    connect_packet,
    publish_packet,
)

KEEPALIVE_S = 30
PING_AFTER_S = 10.0
CONNECT_TIMEOUT_S = 5.0
FIRST_BACKOFF_S = 0.1
LONGEST_BACKOFF_S = 2.0
LARGEST_WINDOW = 0xFFFF


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to connect, and as whom."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)


class Link:
    """Sends events and remembers each until its PUBACK, whatever becomes of the connection.

    At most `window` events are in flight; further ones queue. After a reconnect those in flight are sent
    again, in their first order, with their packet ids, their event ids, and DUP.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        window: int,
        on_acked: Callable[[list[LoadEvent], float], None],
    ) -> None:
        """Prepare; `run` connects. `on_acked` is told events when their PUBACKs arrive, in monotonic time."""
        self.sent = 0
        self.resent = 0
        self.reconnects = 0
        self.source: Callable[[], LoadEvent] | None = None
        """Makes the next event whenever the window has room; None when events are offered from outside."""
        self.connected = asyncio.Event()
        self._broker = broker
        self._connect = connect_packet(client_id, broker.username, broker.password, KEEPALIVE_S)
        self._on_acked = on_acked
        self._queue: deque[LoadEvent] = deque()
        self._in_flight: dict[int, LoadEvent] = {}
        # First in, first out: a packet id rests as long as possible before it means another event.
        self._free_ids = deque(range(1, window + 1))
        self._wire: _Wire | None = None

    @property
    def in_flight(self) -> int:
        """How many events are sent and not acknowledged."""
        return len(self._in_flight)

    @property
    def queued(self) -> int:
        """How many offered events aren't sent yet."""
        return len(self._queue)

    def offer(self, event: LoadEvent) -> None:
        """Queue an event; `pump` sends it."""
        self._queue.append(event)

    def pump(self) -> None:
        """Send as much as the window allows, in one write."""
        if self._wire is None:
            return
        now = time.monotonic()
        packets = []
        while self._free_ids and (event := self._next()) is not None:
            packet_id = self._free_ids.popleft()
            event.sent_at = now
            self._in_flight[packet_id] = event
            packets.append(publish_packet(event.topic, packet_id, event.payload))
        if packets:
            self.sent += len(packets)
            self._wire.write(packets)

    async def run(self) -> None:
        """Connect, and connect again, until cancelled.

        Raises ProtocolError when the broker refuses the login at the very first connection; later refusals,
        as of a broker that is just starting, are tried again.
        """
        backoff_s = FIRST_BACKOFF_S
        ever = False
        while True:
            try:
                wire = await asyncio.wait_for(self._open(), CONNECT_TIMEOUT_S)
            except ProtocolError:
                if not ever:
                    raise
            except (OSError, TimeoutError):
                pass
            else:
                self.reconnects += ever
                ever, backoff_s = True, FIRST_BACKOFF_S
                self._start(wire)
                await wire.lost
                self._wire = None
                self.connected.clear()
            await asyncio.sleep(backoff_s)
            backoff_s = min(2 * backoff_s, LONGEST_BACKOFF_S)

    def tick(self) -> None:
        """Ping when idle, give up on a silent connection; call it once a second."""
        if self._wire is not None:
            self._wire.keep_alive()

    def close(self) -> None:
        """Say goodbye."""
        if self._wire is not None:
            self._wire.write([GOODBYE])
            self._wire.close()

    def acknowledge(self, packets: list[Packet]) -> None:
        """Take what the broker sent: each PUBACK frees its packet id and settles its event."""
        settled = []
        for first, body in packets:
            if first != PUBACK:
                continue
            packet_id = int.from_bytes(body, "big")
            event = self._in_flight.pop(packet_id, None)
            if event is not None:
                self._free_ids.append(packet_id)
                settled.append(event)
        if settled:
            self._on_acked(settled, time.monotonic())
        self.pump()

    def _next(self) -> LoadEvent | None:
        if self._queue:
            return self._queue.popleft()
        return self.source() if self.source else None

    async def _open(self) -> "_Wire":
        loop = asyncio.get_running_loop()
        transport, wire = await loop.create_connection(lambda: _Wire(self), self._broker.host, self._broker.port)
        try:
            wire.write([self._connect])
            await wire.accepted
        except BaseException:
            transport.abort()
            raise
        return wire

    def _start(self, wire: "_Wire") -> None:
        self._wire = wire
        self.connected.set()
        if self._in_flight:
            self.resent += len(self._in_flight)
            wire.write(
                [
                    publish_packet(event.topic, packet_id, event.payload, dup=True)
                    for packet_id, event in self._in_flight.items()
                ]
            )
        self.pump()


class _Wire(asyncio.Protocol):
    """One TCP connection of a link."""

    def __init__(self, link: Link) -> None:
        loop = asyncio.get_running_loop()
        self.accepted: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self._link = link
        self._reader = PacketReader()
        self._transport: asyncio.Transport | None = None
        self._written_at = self._heard_at = time.monotonic()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101, what TCP gives; told to mypy
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard_at = time.monotonic()
        try:
            packets = self._reader.feed(data)
            if not self.accepted.done():
                self._read_answer(packets.pop(0) if packets else None)
        except ProtocolError as error:
            self._fail(error)
        else:
            self._link.acknowledge(packets)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.accepted.done():
            self.accepted.set_exception(exc or ConnectionResetError("closed before the CONNACK"))
        if not self.lost.done():  # The link may have stopped waiting.
            self.lost.set_result(None)

    def write(self, packets: list[bytes]) -> None:
        if self._transport is not None:
            self._written_at = time.monotonic()
            self._transport.write(b"".join(packets))

    def keep_alive(self) -> None:
        now = time.monotonic()
        if now - self._heard_at > KEEPALIVE_S and self._transport is not None:
            self._transport.abort()
        elif now - min(self._written_at, self._heard_at) > PING_AFTER_S:
            self.write([PING])

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _read_answer(self, packet: Packet | None) -> None:
        if packet is None:
            return
        if packet.first != CONNACK or packet.body[1:] != b"\x00":
            raise ProtocolError(f"the broker refuses the login: {packet.first:#x} {packet.body.hex()}")
        self.accepted.set_result(None)

    def _fail(self, error: ProtocolError) -> None:
        if not self.accepted.done():
            self.accepted.set_exception(error)
        if self._transport is not None:
            self._transport.abort()
