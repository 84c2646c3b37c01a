"""The platform's requests to us over HTTP: from its own addresses only, in the loop of the county's process."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Generator, Iterable
from contextlib import suppress

import structlog
import uvicorn

from connectors.gat1400.receiver import Receiver
from connectors.gb28181.config import host_port

log = structlog.get_logger()

#: Names are looked up again so often, in seconds.
LOOK_UP_S = 300.0


class Peers:
    """The addresses of the platform's hosts."""

    def __init__(self, hosts: Iterable[str]) -> None:
        self._hosts = list(hosts)
        self._found: dict[str, set[str]] = {}
        self._turned_away: set[str] = set()

    def may(self, address: str) -> bool:
        """Say whether an address is one of the platform's."""
        known = any(_plain(address) in found for found in self._found.values())
        if not known and address not in self._turned_away and len(self._turned_away) < 100:  # noqa: PLR2004
            self._turned_away.add(address)
            log.warning("somebody was turned away", peer=address)
        return known

    async def run(self) -> None:
        """Look the names up, again and again."""
        while True:
            await self.look_up()
            await asyncio.sleep(LOOK_UP_S)

    async def look_up(self) -> None:
        """Look the names up once; a name without an answer keeps what it had."""
        loop = asyncio.get_running_loop()
        for host in self._hosts:
            with suppress(OSError, UnicodeError):
                found = await loop.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
                self._found[host] = {_plain(str(each[4][0])) for each in found}


class _Server(uvicorn.Server):
    """Signals are the process's own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Leave them alone."""
        yield


async def serve(listen: str, receiver: Receiver, peers: Peers) -> None:
    """Serve until cancelled. Raises OSError when the address cannot be had."""
    host, port = host_port(listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    await peers.look_up()
    with socket.create_server((host, port), family=family) as ours:
        config = uvicorn.Config(
            receiver, log_config=None, access_log=False, lifespan="off", ws="none", interface="asgi3",
            proxy_headers=False, server_header=False, limit_concurrency=32, timeout_graceful_shutdown=1,
        )  # fmt: skip
        server = _Server(config)
        looking = asyncio.create_task(peers.run())
        serving = asyncio.create_task(server.serve(sockets=[ours]))
        try:
            await asyncio.shield(serving)
        finally:
            looking.cancel()
            server.should_exit = True
            await asyncio.gather(serving, looking, return_exceptions=True)


def _plain(address: str) -> str:
    """Return an address as it is compared: IPv4 within IPv6 is IPv4, a zone is left out."""
    try:
        told = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    inner = getattr(told, "ipv4_mapped", None)
    return str(inner or told)
