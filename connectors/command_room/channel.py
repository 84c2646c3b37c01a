"""The command room's channel: CloudEvents 1.0 (structured JSON), signed.

    X-Anxin-Timestamp: 1795330000
    X-Anxin-Signature: sha256=<hex HMAC-SHA256(secret, timestamp + "." + body)>

The signature covers the time, so that a recorded request cannot be replayed later.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

import httpx2 as httpx
import msgspec

from connectors.http_outcome import post
from gateway.model.ports import Message, Outcome

TIMEOUT_S = 5.0


class CommandRoomChannel:
    """Posts changes to the station's command room. `now` stamps the signature."""

    name = "command_room"

    def __init__(self, base_url: str, secret: str, now: Callable[[], datetime]) -> None:
        self._url = f"{base_url.rstrip('/')}/events"
        self._secret, self._now = secret.encode(), now
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)

    async def send(self, message: Message) -> Outcome:
        """Post one CloudEvent."""
        body = msgspec.json.encode(message.body)
        answer = await post(self._client, message, self._url, body, self._headers(body))
        return answer if isinstance(answer, Outcome) else Outcome("accepted")

    def _headers(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._now().timestamp()))
        signature = hmac.new(self._secret, f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
        return {
            "Content-Type": "application/cloudevents+json",
            "X-Anxin-Timestamp": timestamp,
            "X-Anxin-Signature": f"sha256={signature}",
        }

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
