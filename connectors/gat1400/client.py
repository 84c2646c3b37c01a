"""Requests to an image database: who asks is named, and a challenge is answered wherever it comes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2 as httpx
import msgspec

from connectors.digest import Challenge, Unsupported, authorization, read_challenge
from connectors.gat1400.answers import Reply, read_statuses
from connectors.gat1400.traffic import Traffic, http_text
from connectors.http_outcome import Answer, ask
from gateway.model.ports import Outcome

#: As the standard writes it; some platforms compare letters.
CONTENT_TYPE = "application/VIID+JSON;charset=UTF-8"
UNAUTHORISED = 401
#: A plain request, an answer to what it was challenged with, and another where that nonce was no longer good.
MOST_TRIES = 3
#: A picture of some megabytes over a slow line.
LIMIT_S = 20.0


class Client:
    """Speaks to one platform as one device."""

    def __init__(  # one argument per thing it is told
        self,
        url: str,
        device: str,
        username: str,
        password: str,
        *,
        limit_s: float = LIMIT_S,
        traffic: Traffic | None = None,
    ) -> None:
        self.url, self.device = url, device
        self._username, self._password, self._limit_s = username or device, password, limit_s
        self._traffic = traffic
        self._http = httpx.AsyncClient(timeout=limit_s, trust_env=False)
        #: By path what it was last challenged with: a picture is not sent twice to be let in.
        self._challenges: dict[str, Challenge] = {}

    async def ask(
        self, path: str, told: Any = None, *, method: str = "POST", at: str | None = None, limit_s: float | None = None
    ) -> Reply:
        """Send an object and return what is answered. `at`: another whole URL than this platform's. Never raises."""
        url = at or f"{self.url}{path}"
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        body = b"" if told is None else msgspec.json.encode(told)
        # What it was challenged with before is answered at once; if that is no longer good it asks anew.
        challenge, reply = self._challenges.pop(url, None), Reply(0)
        remembered = challenge is not None
        for _ in range(MOST_TRIES):
            headers = {"Content-Type": CONTENT_TYPE, "User-Identify": self.device}
            if challenge is not None:
                headers["Authorization"] = authorization(
                    challenge, method, target, self._username, self._password, secrets.token_hex(8)
                )
            self._record("out", url, f"{method} {target} HTTP/1.1", headers, body)
            answer = await ask(
                self._http, url, body=body, headers=headers, method=method, limit_s=limit_s or self._limit_s,
                hide=(self._password,),
            )  # fmt: skip
            if isinstance(answer, Outcome):
                return Reply(0, (), answer.detail)
            self._record("in", url, f"HTTP/1.1 {answer.status}", answer.headers, answer.body)
            reply = Reply(answer.status, read_statuses(answer.body))
            if answer.status != UNAUTHORISED:
                if challenge is not None:
                    self._challenges[url] = challenge
                return reply
            try:
                asked = _challenge(answer)
            except Unsupported as error:
                return reply._replace(why=str(error))
            if asked is None or (challenge is not None and not remembered and not asked.stale):
                return reply
            challenge, remembered = asked, False
        return reply

    def _record(self, way: str, url: str, line: str, headers: Mapping[str, str], body: bytes) -> None:
        if self._traffic is not None and self._traffic.records:
            to = urlsplit(url)
            self._traffic(
                way,
                (to.hostname or "", to.port or (443 if to.scheme == "https" else 80)),
                http_text(line, headers, body),
            )

    async def close(self) -> None:
        """Let go of connections."""
        await self._http.aclose()


def _challenge(answer: Answer) -> Challenge | None:
    told = answer.headers.get("WWW-Authenticate")
    return None if told is None else read_challenge(told)
