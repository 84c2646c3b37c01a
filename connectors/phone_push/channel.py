"""The phone channel: one HTTP POST per message, `<base>/push`.

Providers answer failures with HTTP 200 and an error code in the body; both are read. A provider that says the message
is malformed (4xx) is not asked again, and one that says the phone is gone (410) not about that phone.
"""

from __future__ import annotations

import httpx2 as httpx
import msgspec

from connectors.hiding import hidden
from connectors.http_outcome import GONE, TIMEOUT_S, post
from gateway.model.ports import Message, Outcome

#: The provider's codes that a later try may not meet again: over its limits, or its own trouble.
_LATER_CODES = frozenset({-1, 45009, 50001})


class _Answer(msgspec.Struct):
    code: int
    message_id: str | int | None = None
    message: str | None = None


class PhoneChannel:
    """Pushes to officers' phones. `receipts`: their app tells us what has arrived (`body["receipt"]` is its token)."""

    name = "phone"
    rate_per_min: int | None = None

    def __init__(self, base_url: str, *, receipts: bool = False, limit_s: float = TIMEOUT_S) -> None:
        self.receipts = receipts
        self._url, self._limit_s = f"{base_url.rstrip('/')}/push", limit_s
        self._client = httpx.AsyncClient(timeout=limit_s)

    async def send(self, message: Message) -> Outcome:
        """Hand one message to the provider."""
        body = msgspec.json.encode(
            {
                "notification": message.id,
                "to": message.recipient,
                "priority": message.priority,
                "created_at": message.created_at,
                **message.body,
            }
        )
        answer = await post(
            self._client, message, self._url, body, {"Content-Type": "application/json"}, limit_s=self._limit_s
        )
        if isinstance(answer, Outcome):
            return answer
        try:
            told = msgspec.json.decode(answer.body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Outcome("retry", f"the provider's answer cannot be read: {error}")
        if told.code == 0:
            return Outcome("accepted", provider_id=str(told.message_id) if told.message_id is not None else None)
        detail = hidden(f"code {told.code}: {told.message}", message.recipient)
        if told.code in GONE:
            return Outcome("gone", detail)
        return Outcome("retry" if told.code in _LATER_CODES else "refused", detail)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
