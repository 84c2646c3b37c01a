"""What a platform posts to us: taken, refused, and never a crash."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gat1400.config import ViidConfig
from connectors.gat1400.receiver import MOST_BYTES, Receiver
from connectors.gat1400.subscriptions import Subscription

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
OWN = "340200010000032026030108000000001"
WHOLE = {
    "SubscribeID": OWN, "Title": "county", "SubscribeDetail": "12,13,16", "BeginTime": "20260301000000",
    "EndTime": "2026-03-03 00:00:00", "ReceiveAddr": "http://10.0.0.5:1400/VIID/SubscribeNotifications",
    "ReportInterval": "600", "OperateType": 0, "Unknown": {"x": [1]},
}  # fmt: skip


class Shelf:
    def __init__(self, works: bool = True) -> None:
        self.kept: dict[str, Subscription] = {}
        self.works = works

    async def keep(self, subscription: Subscription) -> bool:
        self.kept[subscription.id] = subscription
        return self.works

    async def drop(self, own: str) -> bool:
        self.kept.pop(own, None)
        return self.works


def config(**told: Any) -> ViidConfig:
    return ViidConfig.model_validate({
        "url": "http://10.0.0.5:1400", "server_id": "34020000005030000001", "device_id": "34020000012005000001",
        "password": "x", "mode": "subscribe", "listen": "127.0.0.1:1", **told,
    })  # fmt: skip


def ask(shelf: Shelf, method: str, path: str, told: Any, query: str = "", **more: Any) -> tuple[int, list[Any]]:
    receiver = Receiver(config(**more), shelf, lambda: NOW, lambda _: True)
    body = told if isinstance(told, bytes) or told is None else json.dumps(told).encode()
    answered = asyncio.run(receiver.answer(method, path, query, body))
    held = answered.told.get("ResponseStatusListObject", answered.told)["ResponseStatusObject"]
    return answered.http, [one["StatusCode"] for one in (held if isinstance(held, list) else [held])]


def wrapped(*several: Any) -> Any:
    return {"SubscribeListObject": {"SubscribeObject": list(several)}}


def test_a_subscription_is_kept_with_what_is_served_of_it() -> None:
    shelf = Shelf()
    assert ask(shelf, "POST", "/VIID/Subscribes", wrapped(WHOLE)) == (200, [0])
    kept = shelf.kept[OWN]
    ask(
        shelf,
        "POST",
        "/VIID/Subscribes",
        wrapped({**WHOLE, "SubscribeID": OWN[:-1] + "2", "SubscribeDetail": "16;4,3"}),
    )
    assert shelf.kept.pop(OWN[:-1] + "2").details == ("3", "4", "16")
    assert (kept.details, kept.interval_s, kept.active(NOW)) == (("13", "16"), 60, True)
    assert not kept.active(datetime(2026, 3, 2, 16, 0, tzinfo=UTC))  # 24 o'clock in Beijing
    assert ask(shelf, "PUT", f"/VIID/Subscribes/{OWN}", wrapped({**WHOLE, "OperateType": 1})) == (200, [0])
    assert shelf.kept == {}
    ask(shelf, "POST", "/VIID/Subscribes", {"SubscribeListObject": {"SubscribeObject": WHOLE}})
    assert ask(shelf, "DELETE", "/VIID/Subscribes", b"", f"IDList={OWN},2") == (200, [0, 0])
    assert shelf.kept == {}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"EndTime": "20260301000000"}, 4), ({"EndTime": "soon"}, 8), ({"SubscribeID": "1"}, 8),
        ({"SubscribeID": 5}, 8), ({"SubscribeDetail": "11,12"}, 4), ({"ReceiveAddr": "http://10.0.0.6/"}, 4),
        ({"ReceiveAddr": "ftp://10.0.0.5/"}, 4), ({"ReceiveAddr": "http://10.0.0.5@evil/"}, 4),
        ({"ReceiveAddr": "http://x@10.0.0.5/"}, 4), ({"ReceiveAddr": None}, 4), ({"ReceiveAddr": "http://[::1"}, 4),
    ],
)  # fmt: skip
def test_what_is_not_taken(changed: dict[str, Any], code: int) -> None:
    shelf = Shelf()
    assert ask(shelf, "POST", "/VIID/Subscribes", wrapped({**WHOLE, **changed})) == (200, [code])
    assert shelf.kept == {}


def test_one_of_two_is_refused_and_the_other_kept() -> None:
    shelf = Shelf()
    assert ask(shelf, "POST", "/VIID/Subscribes", wrapped({**WHOLE, "SubscribeID": "1"}, WHOLE)) == (200, [8, 0])
    assert list(shelf.kept) == [OWN]


def test_what_else_is_said() -> None:
    shelf = Shelf()
    assert ask(shelf, "POST", "/VIID/Subscribes", b"{") == (200, [7])
    assert ask(shelf, "POST", "/VIID/Subscribes", {}) == (200, [8])
    assert ask(shelf, "POST", "/VIID/Subscribes", None) == (413, [8])
    assert ask(shelf, "POST", "/VIID/Faces", {}) == (404, [4])
    assert ask(shelf, "GET", "/VIID/Subscribes", b"") == (405, [4])
    assert ask(shelf, "POST", "/VIID/Subscribes", wrapped(WHOLE), mode="direct") == (200, [4])
    assert ask(Shelf(works=False), "POST", "/VIID/Subscribes", wrapped(WHOLE)) == (200, [2])
    assert ask(shelf, "POST", "/VIID/Dispositions", {"DispositionListObject": {"DispositionObject": {}}}) == (200, [4])


_KEYS = st.sampled_from([
    *WHOLE, "SubscribeListObject", "SubscribeObject", "DispositionNotificationListObject",
    "DispositionNotificationObject", "NotificationID",
])  # fmt: skip
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
    | st.sampled_from(list(WHOLE.values())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6),
)  # fmt: skip


@given(
    st.sampled_from(["POST", "PUT", "DELETE", "GET"]),
    st.sampled_from(["/VIID/Subscribes", f"/VIID/Subscribes/{OWN}", "/VIID/DispositionNotifications", "/", ""]),
    st.text(max_size=20),
    st.binary() | _ANYTHING.map(lambda told: json.dumps(told).encode()) | _ANYTHING.map(
        lambda told: json.dumps({"SubscribeListObject": {"SubscribeObject": told}}).encode()),
)  # fmt: skip
def test_whatever_comes_is_answered(method: str, path: str, query: str, body: bytes) -> None:
    http, codes = ask(Shelf(), method, path, body, query)
    assert http in {200, 404, 405}
    assert codes
    assert set(codes) <= {0, 4, 7, 8}


def http(receiver: Receiver, *pieces: bytes, peer: str = "10.0.0.5") -> int:
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": one, "more_body": n + 1 < len(pieces)} for n, one in enumerate(pieces)]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/VIID/Subscribes", "query_string": b"", "client": (peer, 1)}
    asyncio.run(receiver(scope, receive, send))
    return int(sent[0]["status"])


def test_only_the_platform_is_heard_and_not_without_end() -> None:
    receiver = Receiver(config(), Shelf(), lambda: NOW, lambda peer: peer == "10.0.0.5")
    assert http(receiver, json.dumps(wrapped(WHOLE)).encode()) == 200
    assert http(receiver, b"{}", peer="10.0.0.6") == 403
    assert http(receiver, b" " * MOST_BYTES, b"{}") == 413
