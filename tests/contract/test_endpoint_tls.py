"""The connection to an address that was looked at is still a connection to the name: TLS checks it, Host says it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connectors import endpoint
from connectors.webhook.channel import WebhookChannel
from gateway.model.ports import Outcome
from tests.contract.channel_kits import NOW, message

pytestmark = pytest.mark.contract


def certificate(folder: Path, name: str) -> Path:
    """A certificate for one name, signed by itself, with its key."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return path


def post_to(host: str, pem: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Outcome, list[bytes], list[str | None]]:
    """Send a notice to https://<host>/hook, which is looked up as this machine."""
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    monkeypatch.setattr(endpoint, "_public", lambda address: address == "127.0.0.1")
    heads: list[bytes] = []
    names: list[str | None] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def act() -> Outcome:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        context.sni_callback = lambda _socket, name, _context: names.append(name)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]

        async def lookup(asked: str, *_: object, **__: object) -> list[Any]:
            assert asked == host
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", lookup)
        channel = WebhookChannel(lambda: NOW)
        outcome = await channel.send(message(json.dumps({"url": f"https://{host}:{port}/hook", "secret": "s3cret"})))
        await channel.close()
        server.close()
        await server.wait_closed()
        return outcome

    return asyncio.run(act()), heads, names


def test_the_name_is_told_and_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, (head,), names = post_to("hooks.example", certificate(tmp_path, "hooks.example"), monkeypatch)
    assert outcome.result == "accepted", outcome
    assert head.startswith(b"POST /hook HTTP/1.1\r\n")
    assert b"\nhost: hooks.example:" in head.lower().replace(b"\r", b"")
    assert names == ["hooks.example"]


def test_a_certificate_of_another_name_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, heads, _ = post_to("hooks.example", certificate(tmp_path, "other.example"), monkeypatch)
    assert (outcome.result, heads) == ("retry", [])
    assert "certificate" in outcome.detail.lower()
