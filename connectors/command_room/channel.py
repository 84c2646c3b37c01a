"""The command room's channel: CloudEvents 1.0 (structured JSON), signed as `connectors/signing.py` says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import httpx2 as httpx
import msgspec

from connectors.http_outcome import TIMEOUT_S, post
from connectors.signing import signature_headers
from gateway.model.ports import Message, Outcome


class CommandRoomChannel:
    """Posts changes to the station's command room. `now` stamps the signature."""

    name = "command_room"
    receipts = False
    rate_per_min: int | None = None

    def __init__(self, base_url: str, secret: str, now: Callable[[], datetime], *, limit_s: float = TIMEOUT_S) -> None:
        self._url = f"{base_url.rstrip('/')}/events"
        self._secret, self._now, self._limit_s = secret, now, limit_s
        self._client = httpx.AsyncClient(timeout=limit_s)

    async def send(self, message: Message) -> Outcome:
        """Post one CloudEvent."""
        body = msgspec.json.encode(message.body)
        headers = {
            "Content-Type": "application/cloudevents+json",
            **signature_headers(self._secret.encode(), body, self._now()),
        }
        # There is one command room: nothing to retire when it says «gone», somebody has to mend the URL.
        answer = await post(
            self._client, message, self._url, body, headers, gone=(), hide=[self._secret], limit_s=self._limit_s
        )
        return answer if isinstance(answer, Outcome) else Outcome("accepted")

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
