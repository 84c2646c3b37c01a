"""A camera's RTSP server (RFC 2326), RTP over the same TCP connection only.

Written here because the RTSP servers on PyPI are bindings to whole media frameworks, or unmaintained; what a camera
needs of the protocol is small, and its faults have to be ours to order.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import struct
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import urlsplit

from simulators.camera.channel import Channel, Faults
from simulators.camera.reel import Unit
from simulators.camera.rtp import Packets, description
from simulators.camera.rtsp_login import Login

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, SET_PARAMETER, TEARDOWN"
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 454: "Session Not Found",
    455: "Method Not Valid in This State", 461: "Unsupported Transport", 501: "Not Implemented",
}  # fmt: skip
_TIMEOUT_S = 60
#: A receiver that lets that many bytes wait has stopped reading.
_WAITING = 8_000_000
_LONGEST = 65_536


class _Request(NamedTuple):
    method: str
    url: str
    headers: Mapping[str, str]


class _Connection:
    """One client. It is its channel's receiver while it plays."""

    def __init__(self, server: CameraServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._login = server.login()
        self._session = ""
        self._channel: Channel | None = None
        self._packets = Packets(secrets.randbits(32), secrets.randbits(16), secrets.randbits(32))
        self._data, self._control = 0, 1
        self.waits_for_key = True

    async def serve(self) -> None:
        """Answer until the client has gone."""
        try:
            while (request := await self._read()) is not None:
                if not self._answer(request):
                    break
                await self._writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            self._stop()
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    async def _read(self) -> _Request | None:
        """Read the next request; what the client says over RTCP between them is left aside."""
        while True:
            first = await self._reader.read(1)
            if not first:
                return None
            if first == b"$":
                _, length = struct.unpack("!BH", await self._reader.readexactly(3))
                await self._reader.readexactly(length)
            elif first not in b"\r\n":
                break
        head = (first + await self._reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
        line, *lines = head.strip().split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        await self._reader.readexactly(min(int(headers.get("content-length", "0")), _LONGEST))
        method, _, rest = line.partition(" ")
        return _Request(method, rest.rpartition(" ")[0], headers)

    def _answer(self, request: _Request) -> bool:
        """Answer a request; return whether the connection goes on."""
        if request.method == "OPTIONS":
            self._say(request, 200, {"Public": _METHODS})
        elif not self._login.accepts(request.method, request.headers.get("authorization")):
            self._say(request, 401, {"WWW-Authenticate": self._login.challenge})
        elif request.method == "DESCRIBE":
            self._describe(request)
        elif request.method == "SETUP":
            self._setup(request)
        elif request.method not in {"PLAY", "GET_PARAMETER", "SET_PARAMETER", "TEARDOWN"}:
            self._say(request, 501)
        elif request.method == "PLAY" and self._channel is None:
            self._say(request, 455)
        elif request.headers.get("session", self._session).partition(";")[0] != self._session:
            self._say(request, 454)
        elif request.method == "PLAY":
            self._play(request)
        elif request.method == "TEARDOWN":
            self._stop()
            self._say(request, 200)
            return False
        else:
            self._say(request, 200)
        return True

    def _describe(self, request: _Request) -> None:
        name, channel = self._server.find(request.url)
        if channel is None:
            self._say(request, 404)
            return
        host = urlsplit(request.url).hostname or "0.0.0.0"  # noqa: S104  # SDP's word for: see the connection
        told = description(channel.reel, host, name)
        headers = {"Content-Type": "application/sdp", "Content-Base": f"{request.url.rstrip('/')}/"}
        self._say(request, 200, headers, told)

    def _setup(self, request: _Request) -> None:
        _, channel = self._server.find(request.url)
        asked = request.headers.get("transport", "")
        ours = next((one for one in asked.split(",") if one.strip().upper().startswith("RTP/AVP/TCP")), None)
        if channel is None:
            self._say(request, 404)
        elif ours is None:
            self._say(request, 461)
        else:
            if numbers := re.search(r"interleaved=(\d{1,3})(?:-(\d{1,3}))?", ours):
                self._data = int(numbers[1]) & 0xFF
                self._control = int(numbers[2] or self._data + 1) & 0xFF
            self._channel = channel
            self._session = self._session or secrets.token_hex(8)
            way = f"RTP/AVP/TCP;unicast;interleaved={self._data}-{self._control};ssrc={self._packets.ssrc:08X}"
            self._say(request, 200, {"Transport": way, "Session": f"{self._session};timeout={_TIMEOUT_S}"})

    def _play(self, request: _Request) -> None:
        track = f"{request.url.rstrip('/')}/trackID=0"
        info = f"url={track};seq={self._packets.sequence}"
        self._say(request, 200, {"Range": "npt=now-", "RTP-Info": info})
        if self._channel is not None:
            self._channel.receivers.add(self)

    def _say(self, request: _Request, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        lines = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {request.headers.get('cseq', '0')}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        if self._session and not any(line.startswith("Session:") for line in lines):
            lines.append(f"Session: {self._session}")
        if body:
            lines.append(f"Content-Length: {len(body)}")
        self._writer.write("".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body)

    def _stop(self) -> None:
        if self._channel is not None:
            self._channel.receivers.discard(self)

    def unit(self, unit: Unit, s: float, faults: Faults) -> None:
        """Send one picture, or what the faults leave of it."""
        if self._writer.transport.get_write_buffer_size() > _WAITING:
            self.cut()
            return
        for packet in self._packets.of(unit.nals, s):
            if faults.garbage:
                self._interleave(self._data, faults.dice.randbytes(len(packet)))
            elif faults.dice.random() >= faults.drop:
                self._interleave(self._data, packet)

    def report(self, unix: float, s: float) -> None:
        """Send a sender report."""
        self._interleave(self._control, self._packets.report(unix, s))

    def cut(self) -> None:
        """End the connection without a word."""
        self._stop()
        self._writer.transport.abort()

    def _interleave(self, number: int, data: bytes) -> None:
        self._writer.write(struct.pack("!cBH", b"$", number, len(data)) + data)


class CameraServer:
    """Cameras at one port, each by the name of its film: `rtsp://host:port/NAME`. With one camera, any path will do.

    A context manager that serves on a thread of its own; `port` is the real one once it runs. `channels` has each
    camera's faults to order. `again_from`: films that are shown once, and then from this second on again
    and again. Raises NoFilm or OSError for films that can't be read, OSError for a port that is taken.
    """

    def __init__(
        self,
        films: Mapping[str, Path],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        user: str | None = None,
        password: str = "",
        basic: bool = False,
        again_from: Mapping[str, float] | None = None,
    ) -> None:
        self.channels = {name: Channel(path, (again_from or {}).get(name)) for name, path in films.items()}
        self.host, self.port = host, port
        self._user, self._password, self._basic = user, password, basic
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="camera", daemon=True)
        self._connections: set[_Connection] = set()
        self._plays: list[asyncio.Future[None]] = []
        self._server: asyncio.Server | None = None

    def login(self) -> Login:
        """Return what a new connection has to say."""
        return Login(self._user, self._password, basic=self._basic)

    def url(self, name: str = "") -> str:
        """Return the address of a camera, without a login."""
        return f"rtsp://{self.host}:{self.port}/{name or next(iter(self.channels))}"

    def find(self, url: str) -> tuple[str, Channel | None]:
        """Return the camera an address means, and its name."""
        parts = [part for part in urlsplit(url).path.split("/") if part and not part.startswith("trackID=")]
        name = parts[0] if parts else ""
        if name not in self.channels and len(self.channels) == 1:
            name = next(iter(self.channels))
        return name, self.channels.get(name)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._begin(), self._loop).result()
        except OSError:
            self._halt()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._halt()

    async def _begin(self) -> None:
        self._server = await asyncio.start_server(self._serve, self.host, self.port, limit=_LONGEST)
        self.port = self._server.sockets[0].getsockname()[1]
        self._plays = [asyncio.ensure_future(channel.run()) for channel in self.channels.values()]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        self._connections.add(connection)
        try:
            await connection.serve()
        finally:
            self._connections.discard(connection)

    async def _end(self) -> None:
        if self._server is not None:
            self._server.close()
        for play in self._plays:
            play.cancel()
        await asyncio.gather(*self._plays, return_exceptions=True)
        while self._connections:
            for connection in list(self._connections):
                connection.cut()
            await asyncio.sleep(0.01)

    def _halt(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
