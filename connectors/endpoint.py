"""Addresses that others gave us: a push subscription, an enterprise's webhook. Never a way into our own network.

The name is looked up here, every address it has must be a public one, and the connection goes to the very address that
was looked at: a name that answers differently the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

import httpx2 as httpx
import msgspec

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Endpoint(msgspec.Struct, frozen=True):
    """Where to connect to (`url`), and what keeps the name valid on the way: the Host header and TLS's server name."""

    url: str
    headers: dict[str, str]
    extensions: dict[str, Any]


class NotAllowed(Exception):
    """This address is not one we send to; the text says why and names no path."""


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, as VAPID names its audience. Raises `NotAllowed`."""
    parsed = _parsed(url)
    return f"{parsed.scheme}://{parsed.netloc.decode('ascii')}"


async def endpoint_of(url: str, *, private: bool) -> Endpoint:
    """Look up a URL and return where to connect. Raises `NotAllowed`; `OSError` when the name has no address now.

    `private` allows what is refused otherwise: http, and loopback and private addresses. For tests and closed networks.
    """
    parsed = _parsed(url)
    if private:
        return Endpoint(url, {}, {})
    if parsed.scheme != "https":
        raise NotAllowed("only https:// is allowed")
    if parsed.userinfo:
        raise NotAllowed("a user name in the URL is not allowed")
    found = await asyncio.get_running_loop().getaddrinfo(parsed.host, parsed.port or 443, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_public(address) for address in addresses):
        raise NotAllowed("its host is at a private address; ANXIN_PRIVATE_ENDPOINTS allows that in a closed network")
    # Half of the machines have no IPv6 beyond their own wire: the other family first.
    address = min(addresses, key=lambda each: ":" in each)
    return Endpoint(
        str(parsed.copy_with(host=address)),
        {"Host": parsed.netloc.decode("ascii")},
        {"sni_hostname": parsed.host},
    )


def secret_parts(url: str) -> list[str]:
    """Return the parts of a URL's path and query that may be a key: whoever has them can speak to that endpoint."""
    parsed = httpx.URL(url)
    parts = [*parsed.path.split("/"), *parsed.params.values()]
    return [part for part in parts if len(part) > 8]  # noqa: PLR2004  # longer than «send», «wpush», «webhook»


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise NotAllowed("the address is no URL") from error
    if parsed.scheme not in {"https", "http"} or not parsed.host:
        raise NotAllowed("the address is no https:// URL")
    return parsed


def _public(address: str) -> bool:
    told = ipaddress.ip_address(address.partition("%")[0])
    if told in _NAT64:  # what is meant is the IPv4 address within
        told = ipaddress.ip_address(int(told) & 0xFFFF_FFFF)
    inside = getattr(told, "ipv4_mapped", None) or getattr(told, "sixtofour", None)
    return (inside or told).is_global and not told.is_multicast
