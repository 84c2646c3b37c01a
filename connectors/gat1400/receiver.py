"""What the platform posts to us and what it is answered; an ASGI application, so that any server carries it.

Subscriptions are taken. Watch-lists (布控) are not: a notification of one is refused politely, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qs

import msgspec

from connectors.gat1400.answers import listed
from connectors.gat1400.config import ViidConfig
from connectors.gat1400.ids import is_business_id, stamp
from connectors.gat1400.objects import TIME
from connectors.gat1400.subscriptions import (
    BAD_CONTENT,
    BAD_JSON,
    BUSY,
    INVALID,
    OK,
    Refused,
    Subscription,
    is_cancel,
    read_subscription,
)  # fmt: skip
from connectors.gat1400.traffic import Traffic, http_text

#: A subscription has some hundred bytes; so many objects of one request are read.
MOST_BYTES, MOST_OBJECTS = 256 * 1024, 100
SUBSCRIBES, DISPOSED = "/VIID/Subscribes", "/VIID/Disposition"
NOT_SERVED = "本网关不支持布控"
_Message = dict[str, Any]


class Keeper(Protocol):
    """Where subscriptions are kept. False: not now."""

    async def keep(self, subscription: Subscription) -> bool:
        """Keep one; the same identifier again is the same, changed."""

    async def drop(self, own: str) -> bool:
        """End one; one that nobody knows has ended."""


class Answered(NamedTuple):
    """An HTTP status and what is said, None for nothing."""

    http: int
    told: Any = None


class Receiver:
    """Answers one platform. `may` says of an address whether it is the platform's; `now` is aware."""

    def __init__(
        self,
        config: ViidConfig,
        keeper: Keeper,
        now: Callable[[], datetime],
        may: Callable[[str], bool],
        traffic: Traffic | None = None,
    ) -> None:
        self._config, self._keeper, self._now, self._may, self._traffic = config, keeper, now, may, traffic

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[_Message]],
        send: Callable[[_Message], Awaitable[None]],
    ) -> None:
        """Take one HTTP request, as ASGI says."""
        if scope["type"] != "http":
            return
        if not self._may((scope.get("client") or ("",))[0]):
            answered = Answered(403)
        else:
            body = await _body(receive)
            path, query = str(scope["path"]), bytes(scope.get("query_string", b"")).decode("latin-1")
            self._record(scope, "in", f"{scope['method']} {path}{'?' if query else ''}{query} HTTP/1.1", body or b"")
            answered = await self.answer(scope["method"], path, query, body)
        content = b"" if answered.told is None else msgspec.json.encode(answered.told)
        headers = [(b"content-type", b"application/VIID+JSON;charset=UTF-8"), (b"content-length", b"%d" % len(content))]
        self._record(scope, "out", f"HTTP/1.1 {answered.http}", content)
        await send({"type": "http.response.start", "status": answered.http, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    def _record(self, scope: dict[str, Any], way: str, line: str, body: bytes) -> None:
        if self._traffic is not None and self._traffic.records:
            host, port = scope.get("client") or ("", 0)
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
            self._traffic(way, (host, port), http_text(line, headers if way == "in" else {}, body))

    async def answer(self, method: str, path: str, query: str, body: bytes | None) -> Answered:
        """Answer a request; `body` None: it was too long to be read. Never raises for what the platform says."""
        path = path.rstrip("/")
        if path == TIME and method == "GET":
            return Answered(200, self._time())
        if body is None:
            return Answered(413, self._one(path, BAD_CONTENT, "请求过长"))
        if path.startswith(DISPOSED):
            return self._refuse(path, body)
        if path == SUBSCRIBES or path.startswith(f"{SUBSCRIBES}/"):
            return await self._of_subscriptions(method, path, query, body)
        return Answered(404, self._one(path, INVALID, "不支持的资源"))

    async def _of_subscriptions(self, method: str, path: str, query: str, body: bytes) -> Answered:
        own = path.removeprefix(SUBSCRIBES).strip("/")
        if method == "DELETE":
            told = [own] if own else [one for each in parse_qs(query).get("IDList", []) for one in each.split(",")]
            return await self._drop(path, told)
        if method not in {"POST", "PUT"}:
            return Answered(405, self._one(path, INVALID, "不支持的方法"))
        return await self._subscribe(path, own if method == "PUT" else "", body)

    async def _subscribe(self, path: str, own: str, body: bytes) -> Answered:
        told = _read(body)
        if told is None:
            return Answered(200, self._one(path, BAD_JSON, "JSON 格式无效"))
        held = told.get("SubscribeListObject", told)
        several = listed(held.get("SubscribeObject", []) if isinstance(held, dict) else held)[:MOST_OBJECTS]
        if own and not several:
            several = [{"OperateType": 1}]  # some cancel with a path and no more
        if not several:
            return Answered(200, self._one(path, BAD_CONTENT, "缺少 SubscribeObject"))
        return self._list(path, [await self._take(each, own) for each in several])

    async def _take(self, each: dict[str, Any], own: str) -> tuple[int, str, str]:
        """Take one; return its StatusCode, what is said and its identifier."""
        told = {**each, "SubscribeID": own or each.get("SubscribeID")}
        name = _name(told, "SubscribeID")
        if is_cancel(told):
            return await self._end(name)
        if self._config.mode == "direct":
            return INVALID, "本网关直接推送，不接受订阅", name
        try:
            subscription, said = read_subscription(told, self._config.hosts, self._now())
        except Refused as refused:
            return refused.code, refused.text, name
        return (OK, said, name) if await self._keeper.keep(subscription) else (BUSY, "请稍后再试", name)

    async def _drop(self, path: str, several: Sequence[str]) -> Answered:
        done = [await self._end(one[:64]) for one in several[:MOST_OBJECTS]]
        return self._list(path, done) if done else Answered(200, self._one(path, BAD_CONTENT, "缺少 IDList"))

    async def _end(self, own: str) -> tuple[int, str, str]:
        done = await self._keeper.drop(own) if is_business_id(own) else True
        return (OK, "已取消", own) if done else (BUSY, "请稍后再试", own)

    def _refuse(self, path: str, body: bytes) -> Answered:
        """Watch-lists are not served: each is answered, none is kept, however its moments are written."""
        told = _read(body) if body else {}
        if told is None:
            return Answered(200, self._one(path, BAD_JSON, "JSON 格式无效"))
        several: list[dict[str, Any]] = []
        for kind in ("DispositionNotification", "Disposition"):
            held = told.get(f"{kind}ListObject", told)
            several += listed(held.get(f"{kind}Object", []) if isinstance(held, dict) else [])
        names = [_name(one, "NotificationID") or _name(one, "DispositionID") for one in several[:MOST_OBJECTS]]
        return self._list(path, [(INVALID, NOT_SERVED, name) for name in names or [""]])

    def _time(self) -> Any:
        local = stamp(self._now())
        return {
            "SystemTimeObject": {
                "VIIDServerID": self._config.device_id, "TimeMode": "1", "LocalTime": local, "TimeZone": "Asia/Shanghai"
            }
        }  # fmt: skip

    def _status(self, path: str, code: int, text: str, own: str = "") -> dict[str, Any]:
        return {
            "RequestURL": path[:200], "StatusCode": code, "StatusString": text, "Id": own,
            "LocalTime": stamp(self._now()),
        }  # fmt: skip

    def _one(self, path: str, code: int, text: str) -> Any:
        return {"ResponseStatusObject": self._status(path, code, text)}

    def _list(self, path: str, each: Sequence[tuple[int, str, str]]) -> Answered:
        told = [self._status(path, code, text or ("正常" if code == OK else "失败"), own) for code, text, own in each]
        return Answered(200, {"ResponseStatusListObject": {"ResponseStatusObject": told}})


def _read(body: bytes) -> dict[str, Any] | None:
    """Return a JSON object, None for anything else."""
    try:
        told = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _name(one: dict[str, Any], key: str) -> str:
    told = one.get(key)
    return told[:64] if isinstance(told, str) else ""


async def _body(receive: Callable[[], Awaitable[_Message]]) -> bytes | None:
    """Return a request's body, None when it is too long; no more of it is kept than is allowed."""
    read, more, length = bytearray(), True, 0
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        piece = message.get("body", b"")
        length += len(piece)
        if length <= MOST_BYTES:
            read += piece
        elif length > 64 * MOST_BYTES:
            break
        more = bool(message.get("more_body"))
    return bytes(read) if length <= MOST_BYTES else None
