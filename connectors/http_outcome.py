"""What an HTTP answer means for a message: taken, later, or never."""

from __future__ import annotations

import math

import httpx2 as httpx

from gateway.model.ports import Message, Outcome

#: Status codes that say the message or its recipient is at fault, and always will be. Everything else (an expired
#: token, a balancer's redirect, a provider in trouble) may be mended while we try again.
_NEVER = frozenset({400, 410, 413, 415, 422})


async def post(
    client: httpx.AsyncClient, message: Message, url: str, body: bytes, headers: dict[str, str]
) -> httpx.Response | Outcome:
    """Post and return the answer when it is 2xx, otherwise the outcome it means."""
    try:
        answer = await client.post(url, content=body, headers={"Idempotency-Key": message.key, **headers})
    except httpx.InvalidURL as error:
        return Outcome("refused", f"the URL is not one: {error}")
    except httpx.HTTPError as error:
        return Outcome("retry", f"{type(error).__name__}: {error}")
    if answer.is_success:
        return answer
    detail = f"HTTP {answer.status_code}: {answer.text[:200]}"
    if answer.status_code in _NEVER:
        return Outcome("refused", detail)
    return Outcome("retry", detail, retry_after=_retry_after(answer))


def _retry_after(answer: httpx.Response) -> float | None:
    try:
        seconds = float(answer.headers["Retry-After"])
    except (KeyError, ValueError):
        return None
    return seconds if math.isfinite(seconds) else None
