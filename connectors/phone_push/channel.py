"""The phone channel: one HTTP POST per message, `<base>/push`.

Providers answer failures with HTTP 200 and an error code in the body; both are read. A provider that says the
phone is gone (410) or the message malformed (4xx) is not asked again.
"""

from __future__ import annotations

import httpx2 as httpx
import msgspec

from connectors.http_outcome import post
from gateway.model.ports import Message, Outcome

TIMEOUT_S = 5.0
#: The provider's codes that a later try may not meet again: over its limits, or its own trouble.
_LATER_CODES = frozenset({-1, 45009, 50001})


class _Answer(msgspec.Struct):
    code: int = 0
    message_id: str | int | None = None
    message: str | None = None


class PhoneChannel:
    """Pushes to officers' phones. `receipts`: their app tells us what has arrived (`body["receipt"]` is its token)."""

    name = "phone"

    def __init__(self, base_url: str, *, receipts: bool = False) -> None:
        self.receipts = receipts
        self._url = f"{base_url.rstrip('/')}/push"
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S)

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
        answer = await post(self._client, message, self._url, body, {"Content-Type": "application/json"})
        if isinstance(answer, Outcome):
            return answer
        try:
            told = msgspec.json.decode(answer.content, type=_Answer)
        except msgspec.DecodeError as error:
            return Outcome("retry", f"the provider's answer cannot be read: {error}")
        if told.code == 0:
            return Outcome("accepted", provider_id=str(told.message_id) if told.message_id is not None else None)
        result = "retry" if told.code in _LATER_CODES else "refused"
        return Outcome(result, f"code {told.code}: {told.message}"[:300])  # type: ignore[arg-type]

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()
