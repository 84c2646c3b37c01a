"""One signed call to Alibaba Cloud, and its answer."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import httpx2 as httpx
import msgspec

from connectors.aliyun.acs3 import query_of, signed_headers
from connectors.aliyun.codes import outcome_of_code
from connectors.hiding import hidden
from connectors.http_outcome import TIMEOUT_S, ask, outcome_of
from gateway.model.ports import Outcome

_SEPARATORS = re.compile(r"[\s()-]")
_NUMBER = re.compile(r"^[0-9]{5,15}\Z")


class Told(msgspec.Struct):
    """What it answers. `biz_id` is of a text, `call_id` of a call."""

    code: str = msgspec.field(name="Code")
    message: str = msgspec.field(name="Message", default="")
    request_id: str = msgspec.field(name="RequestId", default="")
    biz_id: str | None = msgspec.field(name="BizId", default=None)
    call_id: str | None = msgspec.field(name="CallId", default=None)


class Said(msgspec.Struct, frozen=True):
    """An answer that came: what it holds, and the outcome it means when its code is another than OK."""

    told: Told
    refusal: Outcome | None


class AliyunCaller:
    """Calls one product. `now` is the time of the world: a signature older than 15 minutes is refused."""

    def __init__(  # one argument per thing a call is made of
        self,
        url: str,
        version: str,
        key_id: str,
        key_secret: str,
        now: Callable[[], datetime],
        *,
        limit_s: float = TIMEOUT_S,
    ) -> None:
        self._url, self._version = url.rstrip("/"), version
        self._host = httpx.URL(url).netloc.decode("ascii")
        self._key_id, self._key_secret, self._now, self._limit_s = key_id, key_secret, now, limit_s
        self._client = httpx.AsyncClient(timeout=limit_s)

    async def call(self, action: str, parameters: Mapping[str, str], hide: Collection[str] = ()) -> Said | Outcome:
        """Call, and return what it said; the outcome alone when nothing was said that can be read."""
        query = query_of(parameters)
        headers = signed_headers(
            self._host, action, self._version, query, self._key_id, self._key_secret, self._now(), secrets.token_hex(16)
        )
        hide = (*hide, self._key_id, self._key_secret)
        answer = await ask(self._client, f"{self._url}/?{query}", headers=headers, hide=hide, limit_s=self._limit_s)
        if isinstance(answer, Outcome):
            return answer
        try:
            told = msgspec.json.decode(answer.body, type=Told)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            if not answer.success:
                return outcome_of(answer, gone=(), hide=hide)
            return Outcome("retry", "the answer cannot be read")
        if told.code == "OK" and answer.success:
            return Said(told, None)
        text = hidden(told.message, *hide)
        return Said(told, outcome_of_code(told.code, text, retry_after=answer.retry_after()))

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


def number_of(recipient: str) -> str | None:
    """Return a number as these services take it: digits, mainland numbers without their +86. None: it is no number."""
    plain = _SEPARATORS.sub("", recipient)
    for prefix in ("+86", "0086"):
        if plain.startswith(prefix):
            plain = plain.removeprefix(prefix)
            break
    plain = plain.removeprefix("+")
    return plain if _NUMBER.match(plain) else None
