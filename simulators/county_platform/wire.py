"""UDP and TCP on one port: bytes in with their source, bytes out, and connections that can be mistreated."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable
from typing import NamedTuple

from simulators.county_platform.sip import Framer, NotSip

#: How long a split message's next part waits, and how long a merged one waits for company.
PAUSE_S, COMPANY_S = 0.1, 0.5
_TRIES = 20


class Source(NamedTuple):
    """Where bytes came from, and may go to. `connection` counts TCP connections from 1; 0 is UDP."""

    transport: str
    host: str
    port: int
    connection: int = 0

    def __str__(self) -> str:
        """Show it as people write it."""
        return f"{self.transport.lower()}:{self.host}:{self.port}"


class Wire:
    """One port. `heard` gets each message's bytes; `port` is the real one once it is open."""

    def __init__(
        self,
        host: str,
        port: int,
        heard: Callable[[bytes, Source], None],
        lost: Callable[[Source, str], None],
    ) -> None:
        self.host, self.port = host, port
        #: TCP: write messages in parts of that many bytes, or several in one.
        self.split = 0
        self.merge = False
        self._heard, self._lost = heard, lost
        self._server: asyncio.Server | None = None
        self._datagrams: asyncio.DatagramTransport | None = None
        self._connections: dict[int, _Connection] = {}
        self._count = 0

    async def open(self) -> None:
        """Listen. Raises OSError for a port that is taken."""
        for left in reversed(range(_TRIES)):
            self._server = await asyncio.start_server(self._serve, self.host, self.port)
            port = self._server.sockets[0].getsockname()[1]
            try:
                self._datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
                    lambda: _Datagrams(self._heard), (self.host, port)
                )
            except OSError as error:
                self._server.close()
                if self.port or error.errno != errno.EADDRINUSE or not left:
                    raise
            else:
                self.port = port
                return

    def close(self) -> None:
        """Stop listening and cut all connections; a later `open` takes the same port."""
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.abort()
        self.cut()
        self._server = self._datagrams = None

    def cut(self) -> None:
        """Cut all TCP connections."""
        for connection in list(self._connections.values()):
            connection.writer.transport.abort()

    def send(self, data: bytes, to: Source) -> bool:
        """Send bytes; False where there is nobody to send them to."""
        if to.transport == "UDP":
            if self._datagrams is None:
                return False
            self._datagrams.sendto(data, (to.host, to.port))
            return True
        connection = self._connections.get(to.connection)
        if connection is None:
            return False
        connection.waiting.put_nowait(data)
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        host, port = writer.get_extra_info("peername")[:2]
        source = Source("TCP", host, port, self._count)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(writer, self)
        self._connections[source.connection] = connection
        sending = asyncio.ensure_future(connection.send())
        framer, why = Framer(), ""
        try:
            while data := await reader.read(65536):
                for message in framer.feed(data):
                    self._heard(message, source)
        except NotSip as error:
            why = str(error)
        except OSError:
            pass
        finally:
            del self._connections[source.connection]
            sending.cancel()
            writer.close()
            self._lost(source, why)


class _Connection:
    def __init__(self, writer: asyncio.StreamWriter, wire: Wire) -> None:
        self.writer, self._wire = writer, wire
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue()

    async def send(self) -> None:
        while True:
            data = await self.waiting.get()
            if self._wire.merge:
                with contextlib.suppress(TimeoutError):
                    data += await asyncio.wait_for(self.waiting.get(), COMPANY_S)
            step = self._wire.split or len(data)
            for start in range(0, len(data), step):
                self.writer.write(data[start : start + step])
                if start + step < len(data):
                    await asyncio.sleep(PAUSE_S)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, heard: Callable[[bytes, Source], None]) -> None:
        self._heard = heard

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Hand a datagram on; what is only a keep-alive is none."""
        if data.strip(b"\r\n\0 "):
            self._heard(data, Source("UDP", addr[0], addr[1]))
