"""The WeCom channel: an application message to one member, a card when phones have a way to the gateway, else a text.

WeCom answers every failure with HTTP 200: only `errcode` 0 and nobody under `invaliduser` means that it took it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import httpx2 as httpx
import msgspec

from connectors.hiding import hidden
from connectors.http_outcome import TIMEOUT_S, ask
from connectors.wecom.codes import TOKEN_OVER, outcome_of_code
from connectors.wecom.token import TokenKeeper, read
from connectors.wording import link_of, said
from gateway.model.ports import Message, Outcome

BASE_URL = "https://qyapi.weixin.qq.com"
#: What WeCom keeps of each, in bytes; the rest it cuts, in the middle of a character where it falls so.
TITLE_BYTES, DESCRIPTION_BYTES, TEXT_BYTES = 128, 512, 2048
#: WeCom drops the same request within so many seconds: a send whose answer was lost does not ring twice.
SAME_WITHIN_S = 600


class _Told(msgspec.Struct):
    errcode: int
    errmsg: str = ""
    msgid: str | None = None
    invaliduser: str | None = None
    unlicenseduser: str | None = None


class WecomChannel:
    """Sends as one application. `public_url` is where phones reach the gateway."""

    name = "wecom"
    receipts = False
    rate_per_min: int | None = None

    def __init__(  # one keyword per thing WeCom asks for
        self,
        corp_id: str,
        agent_id: int,
        secret: str,
        monotonic: Callable[[], float],
        *,
        base_url: str = BASE_URL,
        public_url: str | None = None,
        limit_s: float = TIMEOUT_S,
    ) -> None:
        self._agent_id, self._secret, self._public_url, self._limit_s = agent_id, secret, public_url, limit_s
        self._base = base_url.rstrip("/")
        self._client = httpx.AsyncClient(timeout=limit_s)
        self._tokens = TokenKeeper(self._client, self._base, corp_id, secret, monotonic, limit_s)

    async def send(self, message: Message) -> Outcome:
        """Send one application message; a token that is over is fetched anew, once."""
        if not message.recipient or "|" in message.recipient or message.recipient == "@all":
            return Outcome("refused", "the address is not the id of one member")
        try:
            async with asyncio.timeout(self._limit_s):  # token and message together
                return await self._send_anew(message)
        except TimeoutError:
            return Outcome("retry", f"no answer within {self._limit_s:g} s")

    async def _send_anew(self, message: Message) -> Outcome:
        token = await self._tokens.token()
        if isinstance(token, Outcome):
            return token
        told = await self._send(message, token)
        if isinstance(told, _Told) and told.errcode in TOKEN_OVER:
            token = await self._tokens.token(instead_of=token)
            if isinstance(token, Outcome):
                return token
            told = await self._send(message, token)
        return told if isinstance(told, Outcome) else self._meaning(told, message, token)

    async def check(self) -> Outcome:
        """Ask for a token: `accepted` when WeCom takes the credentials. Costs nothing and tells nobody."""
        token = await self._tokens.token()
        return token if isinstance(token, Outcome) else Outcome("accepted")

    async def _send(self, message: Message, token: str) -> _Told | Outcome:
        answer = await ask(
            self._client,
            f"{self._base}/cgi-bin/message/send?{urlencode({'access_token': token})}",
            body=msgspec.json.encode(self._request(message)),
            headers={"Content-Type": "application/json"},
            hide=[token, self._secret, message.recipient],
            limit_s=self._limit_s,
        )
        if isinstance(answer, Outcome):
            return answer
        told: _Told | Outcome = read(answer, _Told, token, self._secret, message.recipient)
        return told

    def _request(self, message: Message) -> dict[str, Any]:
        title, body = said(message, "title"), said(message, "body")
        common = {"touser": message.recipient, "agentid": self._agent_id, "safe": 0}
        link = link_of(message, self._public_url)
        if link is None:
            return common | {"msgtype": "text", "text": {"content": _cut(f"{title}\n{body}", TEXT_BYTES)}}
        # The number makes each message another one: WeCom must drop repeats of this message, not the next reminder.
        card = {
            "title": _cut(title, TITLE_BYTES),
            "description": _cut(body, DESCRIPTION_BYTES),
            "url": f"{link}#{message.id}",
            "btntxt": "查看",
        }
        repeats = {"enable_duplicate_check": 1, "duplicate_check_interval": SAME_WITHIN_S}
        return common | repeats | {"msgtype": "textcard", "textcard": card}

    def _meaning(self, told: _Told, message: Message, token: str) -> Outcome:
        text = hidden(told.errmsg, token, self._secret, message.recipient)
        if told.errcode:
            return outcome_of_code(told.errcode, text)
        if told.invaliduser:
            return Outcome("gone", "WeCom knows no such member, or the application does not show itself to them")
        if told.unlicenseduser:
            return Outcome(
                "refused", "this member has no licence for the interface: give one in WeCom's administration"
            )
        return Outcome("accepted", provider_id=told.msgid)

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode(errors="ignore")
