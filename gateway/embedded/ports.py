"""Loopback ports: is one free, and which one to take."""

from __future__ import annotations

import random
import socket

from gateway.model.errors import Misconfigured

LOOPBACK = "127.0.0.1"
#: Where the demo's parts like to be, beside the console: broker, database, phones, cameras, the county's platform, its
#: page, our link to it, and its image database.
USUAL = {
    "mqtt": 1883, "postgres": 54329, "receivers": 8090, "cameras": 8554, "county": 5060, "county_page": 5080,
    "county_link": 5062, "county_viid": 1400,
}  # fmt: skip


def is_free(port: int) -> bool:
    """Say whether nobody listens on a loopback port, over TCP or UDP."""
    with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            datagrams.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


#: Below the ports that Linux gives to outgoing connections: one of those could take ours before we listen on it.
_OURS = range(20_000, 32_000)


def any_free() -> int:
    """Return a port that is free now, and that no outgoing connection will be given."""
    while True:
        # Not the generator that tests seed: two of them at once would take the very same ports.
        port = random.SystemRandom().choice(_OURS)
        if is_free(port):
            return port


def choose(remembered: int | None, usual: int) -> int:
    """Return the port used last time if it is free, else the usual one if it is, else any free one."""
    for port in (remembered, usual):
        if port and is_free(port):
            return port
    return any_free()


def must_be_free(port: int, what: str, how_to_change: str) -> None:
    """Raise `Misconfigured` with a sentence that says which port is taken and what to do."""
    if not is_free(port):
        raise Misconfigured(
            f"port {port} on {LOOPBACK} is taken, and {what} needs it. Stop what uses it "
            f"(`ss -ltnp 'sport = :{port}'` shows it) or {how_to_change}."
        )
