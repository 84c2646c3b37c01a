"""What an HTTP answer means for a message: taken, later, never, or: its recipient is gone.

Bounded on every side: the whole exchange in time, the answer in bytes; no redirect is followed. What is told of a
failure names neither the recipient nor a secret.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Collection, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2 as httpx
import msgspec

from connectors.hiding import hidden
from gateway.model.ports import Message, Outcome

#: The whole exchange, from looking the name up to the answer's last byte. The delivery loop's own patience is longer.
TIMEOUT_S = 5.0
#: So much of an answer is read; providers say what they have to say in some hundred bytes.
MOST_BYTES = 65_536
#: Whoever asks to wait longer than a day has another clock or none, and is not believed.
LONGEST_WAIT_S = 86_400.0
#: Status codes that say the message is at fault, and always will be. Everything else (an expired token, a balancer's
#: redirect, a provider in trouble) may be mended while we try again.
NEVER = frozenset({400, 413, 415, 422})
#: Status codes that say the recipient is no more.
GONE = frozenset({410})

# It tells each URL at INFO: with access tokens, phone numbers and the secret paths of push endpoints in them.
logging.getLogger("httpx2").setLevel(logging.WARNING)


class Answer(msgspec.Struct, frozen=True):
    """An answer, read as far as it came in time and in bounds."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def success(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004

    def retry_after(self) -> float | None:
        """Seconds after which to try again, if it says so: a number, or a date reckoned from its own Date."""
        told = self.headers.get("Retry-After", "")
        try:
            seconds = float(told)
        except ValueError:
            seconds = _seconds_until(told, self.headers.get("Date", ""))
        return max(seconds, 0.0) if seconds <= LONGEST_WAIT_S else None  # NaN is not


async def ask(  # one argument per thing a request has
    client: httpx.AsyncClient,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    hide: Collection[str] = (),
    limit_s: float = TIMEOUT_S,
    extensions: dict[str, Any] | None = None,
    most_bytes: int = MOST_BYTES,
) -> Answer | Outcome:
    """Ask, and return the answer whatever its status, cut to so many bytes, or the outcome when there is none."""
    got: list[Answer] = []
    try:
        async with asyncio.timeout(limit_s):
            await _exchange(client, method, url, body, headers or {}, extensions or {}, got, most_bytes)
    except TimeoutError:
        return got[-1] if got else Outcome("retry", f"Timeout: no answer within {limit_s:g} s")
    except httpx.InvalidURL as error:
        return Outcome("refused", hidden(f"the URL is not one: {error}", *hide))
    except (httpx.HTTPError, OSError, ValueError) as error:  # ValueError: headers of theirs that no library takes
        return got[-1] if got else Outcome("retry", hidden(f"{type(error).__name__}: {error}", *hide))
    return got[-1]


async def post(  # one argument per thing a request has
    client: httpx.AsyncClient,
    message: Message,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    gone: Collection[int] = GONE,
    never: Collection[int] = NEVER,
    hide: Collection[str] = (),
    limit_s: float = TIMEOUT_S,
    extensions: dict[str, Any] | None = None,
) -> Answer | Outcome:
    """Post a message under its idempotency key; return the answer when it is 2xx, otherwise the outcome it means."""
    hide = (*hide, message.recipient, str(message.body.get("receipt") or ""))
    answer = await ask(
        client,
        url,
        body=body,
        headers={"Idempotency-Key": message.key, **headers},
        hide=hide,
        limit_s=limit_s,
        extensions=extensions,
    )
    if isinstance(answer, Outcome) or answer.success:
        return answer
    return outcome_of(answer, gone=gone, never=never, hide=hide)


def outcome_of(
    answer: Answer,
    *,
    gone: Collection[int] = GONE,
    never: Collection[int] = NEVER,
    hide: Collection[str] = (),
) -> Outcome:
    """Return what an answer that is no 2xx means by its status alone."""
    detail = hidden(f"HTTP {answer.status}: {answer.body.decode(errors='replace')}", *hide)
    if answer.status in gone:
        return Outcome("gone", detail)
    if answer.status in never:
        return Outcome("refused", detail)
    return Outcome("retry", detail, retry_after=answer.retry_after())


async def _exchange(  # one argument per thing a request has
    client: httpx.AsyncClient,
    method: str,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    extensions: dict[str, Any],
    got: list[Answer],
    most_bytes: int,
) -> None:
    """Put the answer into `got` as it comes: first its head, then its head and body, cut to what is read at most."""
    # Not compressed: a small answer must not unpack into a large one.
    asked = {"Accept-Encoding": "identity", **headers}
    async with client.stream(method, url, content=body, headers=asked, extensions=extensions) as answer:
        got.append(Answer(answer.status_code, answer.headers, b""))
        read = bytearray()
        async for piece in answer.aiter_raw():
            read += piece
            if len(read) >= most_bytes:
                break
        got.append(Answer(answer.status_code, answer.headers, bytes(read[:most_bytes])))


def _seconds_until(told: str, theirs: str) -> float:
    """Return the seconds from one HTTP date to another; NaN when either is none. No clock of ours takes part."""
    try:
        return (_moment(told) - _moment(theirs)).total_seconds()
    except (ValueError, TypeError, IndexError, OverflowError):
        return math.nan


def _moment(text: str) -> datetime:
    return parsedate_to_datetime(text)
