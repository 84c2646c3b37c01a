"""The webhook channel: the message's body as JSON, signed as `connectors/signing.py` says, to the recipient's own URL.

A recipient is JSON, `{"url": …, "secret": …}`: each has a secret of its own, so that none can speak to another in our
name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import httpx2 as httpx
import msgspec

from connectors.endpoint import NotAllowed, endpoint_of, secret_parts
from connectors.hiding import hidden
from connectors.http_outcome import TIMEOUT_S, post
from connectors.signing import signature_headers
from gateway.model.ports import Message, Outcome


class Receiver(msgspec.Struct):
    """Where a party takes notices, and the secret it shares with us."""

    url: str
    secret: str


class WebhookChannel:
    """Posts to whoever gave us a URL. Any 2xx counts as taken; `now` stamps the signature.

    Each party is a provider of its own: one that is away is no reason to leave the others alone.
    """

    name = "webhook"
    receipts = False
    rate_per_min: int | None = None

    def __init__(
        self, now: Callable[[], datetime], *, private_endpoints: bool = False, limit_s: float = TIMEOUT_S
    ) -> None:
        self._now, self._private, self._limit_s = now, private_endpoints, limit_s
        # Not kept, for the reason told in web_push: one connection is to an address, and hosts share addresses.
        self._client = httpx.AsyncClient(timeout=limit_s, limits=httpx.Limits(max_keepalive_connections=0))

    async def send(self, message: Message) -> Outcome:
        """Post one notice."""
        return msgspec.structs.replace(await self._sent(message), of_recipient=True)

    async def _sent(self, message: Message) -> Outcome:
        try:
            to = msgspec.json.decode(message.recipient, type=Receiver)
        except msgspec.DecodeError:
            return Outcome("refused", 'the address is not {"url": …, "secret": …}; enter it again')
        if not to.secret:
            return Outcome("refused", "the address has no secret: nobody could tell our notice from another's")
        try:
            endpoint = await asyncio.wait_for(endpoint_of(to.url, private=self._private), self._limit_s / 2)
        except NotAllowed as error:
            return Outcome("refused", f"no notice is sent to this URL: {error}")
        except (OSError, UnicodeError) as error:
            return Outcome("retry", hidden(f"the host has no address now: {error}", to.url))
        body = msgspec.json.encode(message.body)
        headers = {
            "Content-Type": "application/json",
            **signature_headers(to.secret.encode(), body, self._now()),
            **endpoint.headers,
        }
        answer = await post(
            self._client,
            message,
            endpoint.url,
            body,
            headers,
            hide=[to.secret, to.url, endpoint.url, *secret_parts(to.url)],
            limit_s=self._limit_s,
            extensions=endpoint.extensions,
        )
        return answer if isinstance(answer, Outcome) else Outcome("accepted")

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
