"""A provider on loopback that answers, or fails to, in every way that providers do. Raw bytes: HTTP may be wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass
class Asked:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def echo(self) -> bytes:
        """All of a request, as chatty providers put it into their errors."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.target}\n{head}\n".encode() + self.body


Answer = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class FakeProvider:
    answer: Answer
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    #: Asked before what is tested, and answered well: an access token.
    before: Callable[[Asked], bytes | None] = lambda _asked: None

    _serving: list[tuple[Any, asyncio.StreamWriter]] = field(default_factory=list)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._serving.append((asyncio.current_task(), writer))
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            asked = await _read(reader)
            told = self.before(asked)
            if told is not None:
                await says(200, told)(asked, writer)
            else:
                self.asked.append(asked)
                await self.answer(asked, writer)
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FakeProvider]:
        server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            for task, writer in self._serving:
                task.cancel()
                writer.transport.abort()
            await asyncio.gather(*(task for task, _ in self._serving), return_exceptions=True)
            await server.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(method, target, headers, body)


def says(status: int, body: bytes | dict[str, Any] | None = None, **headers: str) -> Answer:
    """Answer properly; without a body, with an echo of the request."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        told = asked.echo if body is None else body
        sent = json.dumps(told, ensure_ascii=False).encode() if isinstance(told, dict) else told
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(sent)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + sent)
        await writer.drain()

    return answer


def busy_until(seconds: float) -> Answer:
    """429 with a date, by a clock of theirs that is a year off."""
    theirs = datetime(2025, 11, 22, 8, tzinfo=UTC)
    later = format_datetime(theirs + timedelta(seconds=seconds), usegmt=True)
    return says(429, Date=format_datetime(theirs, usegmt=True), Retry_After=later)


async def hangs(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def speaks_no_http(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x15\x03\x01\x00\x02\x02\x50 220 mail.example ESMTP\r\n")
    await writer.drain()


async def hangs_up(_asked: Asked, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


def never_ends(status: int, piece: bytes, every_s: float) -> Answer:
    """Good headers, then a body without an end."""

    async def answer(_asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} OK\r\nContent-Type: application/json\r\n\r\n".encode())
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every_s)

    return answer
