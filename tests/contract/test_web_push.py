"""Web Push against a stand-in push service that decrypts and checks, made from the RFCs with other code than ours."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from starlette.testclient import TestClient

from connectors.web_push.channel import MOST_BYTES, Subscription, WebPushChannel, encrypted, payload_of
from gateway.model.errors import Misconfigured
from gateway.model.ports import Outcome
from gateway.settings import Settings
from gateway.telling.channels import VAPID_KEY_FILE, channels_of, vapid_public_key
from simulators.receivers.receipts import Receipts
from simulators.receivers.serve import build_app
from simulators.receivers.web_push import Refused, decrypt
from tests.contract.channel_kits import VAPID_KEY, message

pytestmark = pytest.mark.contract
CONTACT = "mailto:duty@anxin.example"


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """The push service's base URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(build_app("s3cret"), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    yield f"http://127.0.0.1:{port}/webpush"
    server.should_exit = True
    thread.join()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, web_push_contact=CONTACT, private_endpoints=True, web_push_key=VAPID_KEY)  # type: ignore[arg-type]


def subscribe(service: str, settings: Settings, phone: str, **changes: Any) -> str:
    told = {"phone": phone, "key": vapid_public_key(settings), **changes}
    answer = httpx.post(f"{service}/subscriptions", json=told)
    assert answer.status_code == 201
    return answer.text


def send(recipient: str, *, key: str = VAPID_KEY, now: datetime | None = None, **changes: Any) -> Outcome:
    async def act() -> Outcome:
        channel = WebPushChannel(key, CONTACT, lambda: now or datetime.now(UTC), private_endpoints=True)
        try:
            return await channel.send(message(recipient, **changes))
        finally:
            await channel.close()

    return asyncio.run(act())


def shown(service: str, phone: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = httpx.get(f"{service}/messages", params={"phone": phone}).json()["items"]
    return items


def test_the_phone_reads_what_was_sent(service: str, settings: Settings) -> None:
    assert send(subscribe(service, settings, "chen")).result == "accepted"
    (one,) = shown(service, "chen")
    assert one["title"]["zh"] == "P1 校园一键报警"
    assert one["message"] == {
        "title": {"zh": "P1 校园一键报警", "en": "P1 School button"},
        "body": {"zh": "东街网格 · 警情 12 · 点开查看", "en": "East street · incident 12 · open for details"},
        "url": "/m?incident=12",
        "tag": "incident-12",
        "priority": "P1",
        "drill": False,
        "receipt": "receipt-token-1",
    }
    assert (one["ttl"], one["urgency"], one["topic"], one["sub"]) == (600, "high", "incident-12", CONTACT)


@pytest.mark.parametrize(("priority", "urgency"), [("P1", "high"), ("P2", "high"), ("P3", "normal"), ("P4", "low")])
def test_urgency(service: str, settings: Settings, priority: str, urgency: str) -> None:
    send(subscribe(service, settings, f"u{priority}"), priority=priority)
    assert shown(service, f"u{priority}")[0]["urgency"] == urgency


def test_a_message_without_incident_has_no_topic(service: str, settings: Settings) -> None:
    assert send(subscribe(service, settings, "plain"), incident=None).result == "accepted"
    (one,) = shown(service, "plain")
    assert (one["topic"], one["tag"]) == (None, "message-4711")


def test_only_the_key_that_the_phone_subscribed_with(service: str, settings: Settings) -> None:
    other = base64.urlsafe_b64encode(b"\x07" * 32).decode()
    outcome = send(subscribe(service, settings, "faithful"), key=other)
    assert (outcome.result, "403" in outcome.detail) == ("refused", True)
    assert shown(service, "faithful") == []


@pytest.mark.parametrize("off", [timedelta(days=-2), timedelta(days=2)])
def test_a_clock_that_is_off_is_refused_not_tried_for_ever(service: str, settings: Settings, off: timedelta) -> None:
    outcome = send(subscribe(service, settings, "late"), now=datetime.now(UTC) + off)
    assert (outcome.result, "exp" in outcome.detail) == ("refused", True)


def test_a_phone_that_is_gone(service: str, settings: Settings) -> None:
    subscription = subscribe(service, settings, "leaver")
    assert httpx.delete(f"{service}/subscriptions/leaver").status_code == 204
    assert send(subscription).result == "gone"
    unknown = json.loads(subscription)
    assert send(json.dumps({**unknown, "endpoint": f"{service}/send/nobody"})).result == "gone"


def test_another_phone_cannot_read_it(service: str, settings: Settings) -> None:
    one, two = json.loads(subscribe(service, settings, "one")), json.loads(subscribe(service, settings, "two"))
    outcome = send(json.dumps({**one, "keys": two["keys"]}))
    assert (outcome.result, "decrypt" in outcome.detail) == ("refused", True)


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "chen",
        "{}",
        '{"endpoint": 7}',
        '{"endpoint": "https://push.example/x", "keys": {"p256dh": "", "auth": ""}}',
        '{"endpoint": "https://push.example/x", "keys": {"p256dh": "AAAA", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}',
    ],
)
def test_what_is_no_subscription_is_gone(recipient: str) -> None:
    outcome = send(recipient)
    assert (outcome.result, "subscribe again" in outcome.detail) == ("gone", True)


def test_faults_to_order(service: str, settings: Settings) -> None:
    subscription = subscribe(service, settings, "unlucky")
    httpx.put(f"{service}/faults", json=[{"mode": "http_429", "to": "unlucky", "times": 1, "seconds": 3}])
    outcome = send(subscription)
    assert (outcome.result, outcome.retry_after) == ("retry", 3.0)
    assert send(subscription).result == "accepted"


def test_a_long_message_is_cut_to_what_is_allowed() -> None:
    long = {**message("x").body, "body": {"zh": "东街网格" * 200, "en": "East street " * 200}}
    payload = payload_of(message("x", body=long))
    assert len(payload) <= MOST_BYTES
    assert json.loads(payload)["receipt"] == "receipt-token-1"


def test_claims_and_message_stay_as_they_are(service: str, settings: Settings) -> None:
    body = message("x").body
    before = json.dumps(body)
    send(subscribe(service, settings, "same"), body=body)
    assert json.dumps(body) == before


# ── the stand-in itself ──────────────────────────────────────────────────────────────────────────────────────────────


def test_it_decrypts_the_example_of_rfc_8291() -> None:
    key = derive_private_key(int.from_bytes(raw("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94")), SECP256R1())
    sealed = raw(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
        "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert decrypt(sealed, key, raw("BTBZMqHH6r4Tts7J_aSIgg")) == b"When I grow up, I want to be a watermelon"
    for wrong in (b"", sealed[:-1], sealed[:20], sealed + b"x", bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(Refused):
            decrypt(wrong, key, raw("BTBZMqHH6r4Tts7J_aSIgg"))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"TTL": ""}, 400),
        ({"TTL": "soon"}, 400),
        ({"Urgency": "now"}, 400),
        ({"Topic": "x" * 33}, 400),
        ({"Topic": "a b"}, 400),
        ({"Content-Encoding": "aesgcm"}, 415),
        ({"Authorization": ""}, 401),
        ({"Authorization": "vapid t=a.b.c,k=d"}, 401),
        ({"Authorization": "Bearer x"}, 401),
    ],
)
def test_it_refuses_what_push_services_refuse(
    service: str, settings: Settings, headers: dict[str, str], status: int
) -> None:
    endpoint = json.loads(subscribe(service, settings, "strict", key=None))["endpoint"]
    usual = {"TTL": "60", "Content-Encoding": "aes128gcm", "Authorization": "vapid t=a.b.c,k=d"}
    assert httpx.post(endpoint, content=b"x" * 100, headers={**usual, **headers}).status_code == status
    assert httpx.post(endpoint, content=b"x" * 5000, headers=usual).status_code == 413


@pytest.mark.parametrize("told", [b"", b"[]", b'{"phone": ""}', b'{"phone": 7}', b'{"phone": "x", "key": 7}'])
def test_it_refuses_phones_without_a_name(service: str, told: bytes) -> None:
    assert httpx.post(f"{service}/subscriptions", content=told).status_code == 400


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# ── the key ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_made_once_and_private(tmp_path: Path) -> None:
    made = Settings(home=tmp_path, web_push_contact=CONTACT)
    public = vapid_public_key(made)
    assert vapid_public_key(made) == public
    assert len(raw(public)) == 65
    assert (tmp_path / VAPID_KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert {channel.name for channel in channels_of(made, lambda *_, **__: False)} == {"mqtt", "webhook", "web_push"}


@pytest.mark.parametrize("key", ["short", "ü" * 43, base64.urlsafe_b64encode(b"\xff" * 32).decode()])
def test_a_key_that_is_none_is_named(tmp_path: Path, key: str) -> None:
    with pytest.raises(Misconfigured, match="ANXIN_WEB_PUSH_KEY"):
        vapid_public_key(Settings(home=tmp_path, web_push_key=key))  # type: ignore[arg-type]


def test_a_contact_that_is_none_is_named() -> None:
    async def act() -> Outcome:
        channel = WebPushChannel(VAPID_KEY, "the duty desk", lambda: datetime.now(UTC), private_endpoints=True)
        recipient = {"endpoint": "http://127.0.0.1:9/x", "keys": {"p256dh": "", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}}
        public = vapid_public_key(Settings(web_push_key=VAPID_KEY))  # type: ignore[arg-type]
        recipient["keys"] = {"p256dh": public, "auth": "BTBZMqHH6r4Tts7J_aSIgg"}
        outcome = await channel.send(message(json.dumps(recipient)))
        await channel.close()
        return outcome

    outcome = asyncio.run(act())
    assert (outcome.result, "ANXIN_WEB_PUSH_CONTACT" in outcome.detail) == ("refused", True)


def test_phones_keep_their_subscriptions_over_a_restart(tmp_path: Path) -> None:
    def asked(phone: str, **changes: Any) -> str:
        return client.post("/webpush/subscriptions", json={"phone": phone, "key": "k", **changes}).text

    with TestClient(build_app("s3cret", tmp_path / "journal")) as client:
        kept, other = asked("chen"), asked("liu")
        client.delete("/webpush/subscriptions/liu")
    (file,) = (tmp_path / "journal").glob("*.json")
    assert file.stat().st_mode & 0o077 == 0, "private keys"
    with TestClient(build_app("s3cret", tmp_path / "journal")) as client:
        assert asked("chen", keep=True) == kept
        assert client.post(json.loads(other)["endpoint"]).status_code == 410
        assert asked("chen", keep=True, key="another sender's") != kept
        assert client.post(json.loads(kept)["endpoint"]).status_code == 410


def test_a_phone_that_shows_a_message_says_so_unless_it_is_off(settings: Settings) -> None:
    said: list[Any] = []
    receipts = Receipts("http://nowhere.example")
    receipts.show = said.append  # type: ignore[method-assign]
    told = payload_of(message("", body={**message("").body, "receipt": "token-1"}))
    with TestClient(build_app("s3cret", None, receipts), base_url="http://127.0.0.1") as client:
        answer = client.post("/webpush/subscriptions", json={"phone": "chen", "key": vapid_public_key(settings)})
        subscription = msgspec.json.decode(answer.content, type=Subscription)
        headers = WebPushChannel(VAPID_KEY, CONTACT, lambda: datetime.now(UTC))._headers(
            message(""), "http://127.0.0.1"
        )
        for faults, count in (([], 1), ([{"mode": "dead"}], 1)):
            client.put("/webpush/faults", json=faults)
            sent = client.post(subscription.endpoint, content=encrypted(told, subscription), headers=headers)
            assert (sent.status_code, len(said)) == (201, count), sent.text
    assert said[0]["receipt"] == "token-1"
