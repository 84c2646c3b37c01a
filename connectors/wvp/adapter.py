"""WVP's HTTP interface: log in, where a channel is live or recorded, a picture of it.

Learnt from the public source of 648540858/wvp-GB28181-pro (August 2026): its answers are `{code, msg, data}`, mostly
with HTTP 200 whatever happened. Streams are never stopped by us: others may be looking at the same one, and the
platform ends what nobody looks at.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx2 as httpx
import msgspec

from connectors.hiding import hidden
from connectors.http_outcome import Answer, ask
from connectors.wvp.config import PlatformConfig
from connectors.wvp.streams import Kind, Streams, VideoFailed, Why, is_stream, origin_of
from connectors.wvp.template import CHINA
from gateway.model.ports import Outcome
from gateway.model.video import VideoSource

#: To be connected, and for everything a look needs together: a camera may have to be woken.
CONNECT_S, WHOLE_S = 3.0, 12.0
#: The largest picture that is taken.
MOST_PICTURE = 4 * 1024 * 1024
_NOT_IN = 401
_FORBIDDEN = 403
_NOTHING = 404
#: What its codes of a stream that did not come mean: nobody answered it, or no media came.
_SILENT = frozenset({-1, -2, 408, 486})
#: Under which names an answer has each stream, the one over TLS first.
_NAMES: Mapping[Kind, tuple[str, ...]] = {
    "hls": ("https_hls", "hls"), "fmp4": ("https_fmp4", "fmp4"), "flv": ("https_flv", "flv"),
    "webrtc": ("rtcs", "rtc"), "rtsp": ("rtsps", "rtsp"),
}  # fmt: skip
_JPEG = b"\xff\xd8\xff"


class _Told(msgspec.Struct):
    code: int = 0
    msg: str | None = None
    data: Any = None


class Wvp:
    """Asks one platform. `secret` is its password or key; `limit_s` is for everything one look needs."""

    def __init__(
        self, config: PlatformConfig, secret: str, *, limit_s: float = WHOLE_S, connect_s: float = CONNECT_S
    ) -> None:
        self._config, self._secret, self._limit_s = config, secret, limit_s
        self._md5 = hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()  # that is what it asks for
        self._base = config.url.rstrip("/")
        trusted = ssl.create_default_context(cafile=str(config.ca_file)) if config.ca_file is not None else True
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(limit_s, connect=connect_s), verify=trusted)
        self._token = ""
        self._one_at_a_time = asyncio.Lock()

    async def live(self, source: VideoSource) -> Streams:
        """Return where a channel is live. Raises `VideoFailed`."""
        async with _within(self._limit_s):
            return self._streams(await self._asked(f"/api/play/start/{_path(source)}"))

    async def playback(self, source: VideoSource, begin: datetime, end: datetime) -> Streams:
        """Return where a channel's recording of a time (aware) is played from. Raises `VideoFailed`."""
        span = urlencode({"startTime": _local(begin), "endTime": _local(end)})
        async with _within(self._limit_s):
            found = await self._asked(f"/api/gb_record/query/{_path(source)}?{span}")
            if not isinstance(found, dict) or not found.get("recordList"):
                raise VideoFailed("none")
            return self._streams(await self._asked(f"/api/playback/start/{_path(source)}?{span}"))

    async def snapshot(self, source: VideoSource) -> bytes:
        """Return a JPEG of what a channel shows now. Raises `VideoFailed`."""
        which = urlencode({"deviceId": source.device, "channelId": source.channel})
        async with _within(self._limit_s):
            answer = await self._answer(f"/api/play/snap?{which}")
            if not answer.body.startswith(_JPEG):
                # It tells the file it wrote on its own disk, and gives it by the mark in that file's name.
                told = self._data(answer)
                mark = re.search(rf"{source.device}_{source.channel}_(\w{{1,40}})\.jpg\Z", str(told))
                if mark is None:
                    raise VideoFailed("unreadable", "the picture has no name")
                answer = await self._answer(f"/api/device/query/snap/{_path(source)}?mark={mark[1]}")
            if not answer.body.startswith(_JPEG) or len(answer.body) >= MOST_PICTURE:
                raise VideoFailed("unreadable", "this is no JPEG of a size that is taken")
            return answer.body

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _asked(self, path: str) -> Any:
        return self._data(await self._answer(path))

    async def _answer(self, path: str) -> Answer:
        """Ask; when it says that we are not logged in, log in and ask once more."""
        if self._config.username:
            token = await self._log_in(instead_of="")
            answer = await self._send(path, {"access-token": token})
            if not _is_out(answer):
                return answer
            answer = await self._send(path, {"access-token": await self._log_in(instead_of=token)})
        else:
            answer = await self._send(path, {"api-key": self._secret})
        if _is_out(answer):
            raise VideoFailed("login")
        return answer

    async def _log_in(self, *, instead_of: str) -> str:
        async with self._one_at_a_time:
            if self._token and self._token != instead_of:
                return self._token
            who = urlencode({"username": self._config.username, "password": self._md5})
            told = _read(await self._send(f"/api/user/login?{who}", {}))
            token = told.data.get("accessToken") if isinstance(told.data, dict) else None
            if told.code or not isinstance(token, str) or not token.isascii() or not token.isprintable():
                raise VideoFailed("login", self._hidden(told.msg))
            self._token = token
            return token

    async def _send(self, path: str, headers: Mapping[str, str]) -> Answer:
        answer = await ask(
            self._client, self._base + path, method="GET", headers=headers, limit_s=self._limit_s,
            hide=self._secrets(), most_bytes=MOST_PICTURE,
        )  # fmt: skip
        if isinstance(answer, Outcome):
            why: Why = "timeout" if answer.detail.startswith(("Timeout", "ReadTimeout")) else "unreachable"
            raise VideoFailed(why, answer.detail.partition(":")[0])
        return answer

    def _data(self, answer: Answer) -> Any:
        told = _read(answer)
        if told.code or told.data is None:
            raise VideoFailed(_meaning(told), self._hidden(told.msg))
        return told.data

    def _streams(self, data: Any) -> Streams:
        """Take each stream's address; of two that which pages may load from, over TLS first."""
        if not isinstance(data, dict):
            raise VideoFailed("unreadable", "no addresses of streams")
        origins, found = self._config.origins(), {}
        for kind, names in _NAMES.items():
            there = [data[name] for name in names if is_stream(kind, data.get(name))]
            allowed = [url for url in there if origin_of(url) in origins]
            found[kind] = next(iter([*allowed, *reversed(there)]), None)
        if not any(found.values()):
            raise VideoFailed("unreadable", "no addresses of streams")
        return Streams(**found)

    def _hidden(self, told: str | None) -> str:
        return hidden(told or "", *self._secrets())

    def _secrets(self) -> list[str]:
        return [one for one in (self._secret, self._md5, quote(self._secret), self._token) if one]


@asynccontextmanager
async def _within(limit_s: float) -> AsyncIterator[None]:
    """Everything within so many seconds, or `VideoFailed`."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except TimeoutError as error:
        raise VideoFailed("timeout") from error


def _path(source: VideoSource) -> str:
    return f"{quote(source.device, safe='')}/{quote(source.channel, safe='')}"


def _local(moment: datetime) -> str:
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def _is_out(answer: Answer) -> bool:
    if answer.status == _NOT_IN:
        return True
    try:
        return not answer.body.startswith(_JPEG) and _read(answer).code == _NOT_IN
    except VideoFailed:
        return False


def _read(answer: Answer) -> _Told:
    """Return an answer's JSON, whatever its status. Raises `VideoFailed`."""
    try:
        return msgspec.json.decode(answer.body, type=_Told)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if answer.status == _NOTHING:
            raise VideoFailed("refused", f"HTTP {_NOTHING}") from error
        raise VideoFailed("unreadable", f"HTTP {answer.status}") from error


def _meaning(told: _Told) -> Why:
    words = (told.msg or "").casefold()
    if "离线" in words or "offline" in words:
        return "offline"
    if told.code in _SILENT or "超时" in words or "timeout" in words:
        return "silent"
    if told.code == _NOTHING or any(one in words for one in ("不存在", "未找到", "not found")):
        return "unknown"
    return "login" if told.code == _FORBIDDEN else "refused"
