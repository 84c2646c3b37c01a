"""The access token: fetched once, kept until shortly before it ends, fetched anew when it is said to be over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
import msgspec

from connectors.hiding import hidden
from connectors.http_outcome import Answer, ask, outcome_of
from connectors.wecom.codes import outcome_of_code
from gateway.model.ports import Outcome

#: Given up so long before its time, so that none ends on its way.
EARLY_S = 300.0


class _Told(msgspec.Struct):
    errcode: int
    errmsg: str = ""
    access_token: str = ""
    expires_in: int = 0


class TokenKeeper:
    """Holds the token of one application. `monotonic` gives seconds that only go forward."""

    def __init__(  # one argument per thing WeCom asks for
        self,
        client: httpx.AsyncClient,
        base_url: str,
        corp_id: str,
        secret: str,
        monotonic: Callable[[], float],
        limit_s: float,
    ) -> None:
        self._client, self._monotonic, self._limit_s = client, monotonic, limit_s
        self._secret = secret
        self._url = f"{base_url}/cgi-bin/gettoken?{urlencode({'corpid': corp_id, 'corpsecret': secret})}"
        self._token, self._until = "", 0.0
        self._one_at_a_time = asyncio.Lock()

    async def token(self, *, instead_of: str = "") -> str | Outcome:
        """Return a token that holds, another than `instead_of`; or why there is none."""
        async with self._one_at_a_time:
            if self._token and self._token != instead_of and self._monotonic() < self._until:
                return self._token
            answer = await ask(self._client, self._url, method="GET", hide=[self._secret], limit_s=self._limit_s)
            if isinstance(answer, Outcome):
                return answer
            told = read(answer, _Told, self._secret)
            if isinstance(told, Outcome):
                return told
            if told.errcode or not told.access_token:
                return outcome_of_code(told.errcode or -1, hidden(told.errmsg, self._secret))
            self._token, self._until = told.access_token, self._monotonic() + told.expires_in - EARLY_S
            return self._token


def read(answer: Answer, shape: Any, *hide: str) -> Any:
    """Return an answer's JSON in this shape, or the outcome that it means."""
    if not answer.success:
        return outcome_of(answer, gone=(), hide=hide)
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Outcome("retry", f"WeCom's answer cannot be read: {error}")
