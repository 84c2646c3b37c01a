"""Where the broker is: ANXIN_MQTT_URL, read; and what somebody met there."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from gateway.model.errors import Misconfigured


class Broker(msgspec.Struct, frozen=True):
    """Where the broker is."""

    host: str
    port: int
    username: str | None
    password: str | None
    tls: bool
    ca_file: str | None = None


def read_url(url: str, ca_file: str | None = None) -> Broker:
    """Read `mqtt://user:password@host:port`. Raises `Misconfigured`."""
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        raise Misconfigured("ANXIN_MQTT_URL must look like mqtt://user:password@host:1883 (or mqtts://)")
    tls = parts.scheme == "mqtts"
    return Broker(
        parts.hostname,
        parts.port or (8883 if tls else 1883),
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        tls,
        ca_file,
    )


class Visit(msgspec.Struct):
    """What a short visit to the broker met.

    `refused` is why it let us go no further; `heard` are messages, each with the seconds since we began to publish;
    `certificate` is what TLS showed (as `ssl.SSLSocket.getpeercert` has it).
    """

    refused: str | None = "it gives no answer"
    heard: list[tuple[float, str, bytes]] = []
    certificate: dict[str, Any] | None = None
