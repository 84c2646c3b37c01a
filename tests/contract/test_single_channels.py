"""What is special about single channels, and which of them an installation has."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from connectors.command_room.channel import CommandRoomChannel
from connectors.endpoint import NotAllowed, endpoint_of, origin_of, secret_parts
from connectors.mqtt_app.channel import MqttAppChannel
from connectors.native.decode import decode
from connectors.webhook.channel import WebhookChannel
from connectors.wecom.channel import WecomChannel
from gateway.model.contact import CHANNELS
from gateway.model.errors import Misconfigured
from gateway.model.ports import Channel, Delivery, Outcome
from gateway.settings import Settings
from gateway.telling.channels import channels_of
from tests.contract.channel_kits import NOW, message
from tests.contract.fake_provider import Answer, Asked, FakeProvider, says

pytestmark = pytest.mark.contract


def nowhere(*_: object, **__: object) -> bool:
    return False


def talk(make: Any, answer: Answer, recipient: Any, times: int = 1, **more: Any) -> tuple[list[Outcome], list[Asked]]:
    provider = FakeProvider(answer, **more)

    async def act() -> list[Outcome]:
        async with provider.running():
            channel: Channel = make(provider.url)
            outcomes = [await channel.send(message(recipient(provider.url))) for _ in range(times)]
            await channel.close()
            return outcomes

    return asyncio.run(act()), provider.asked


# ── WeCom ────────────────────────────────────────────────────────────────────────────────────────────────────────────


class WecomServer:
    """Hands out tokens, takes messages under the newest of them only."""

    def __init__(self, *, valid: bool = True, expires_in: int = 7200) -> None:
        self.fetched, self.valid, self.expires_in = 0, valid, expires_in
        self.sent: list[dict[str, Any]] = []

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.target.startswith("/cgi-bin/gettoken?corpid=ww&corpsecret=s3cret"):
            self.fetched += 1
            told: dict[str, Any] = {
                "errcode": 0,
                "access_token": f"token-{self.fetched}",
                "expires_in": self.expires_in,
            }
        elif self.valid and asked.target.endswith(f"access_token=token-{self.fetched}"):
            self.sent.append(json.loads(asked.body))
            told = {"errcode": 0, "errmsg": "ok", "msgid": f"m{len(self.sent)}"}
        else:
            told = {"errcode": 42001, "errmsg": "access_token expired"}
        await says(200, told)(asked, writer)


def wecom(url: str, **settings: Any) -> WecomChannel:
    return WecomChannel("ww", 1000002, "s3cret", settings.pop("clock", lambda: 0.0), base_url=url, **settings)


def test_the_token_is_fetched_once_for_many() -> None:
    server = WecomServer()
    outcomes, _ = talk(wecom, server, lambda _: "chen", times=5)
    assert [outcome.result for outcome in outcomes] == ["accepted"] * 5
    assert server.fetched == 1


def test_many_at_once_fetch_one_token() -> None:
    server = WecomServer()
    provider = FakeProvider(server)

    async def act() -> list[Outcome]:
        async with provider.running():
            channel = wecom(provider.url)
            outcomes = await asyncio.gather(*(channel.send(message("chen")) for _ in range(8)))
            await channel.close()
            return outcomes

    assert {outcome.result for outcome in asyncio.run(act())} == {"accepted"}
    assert server.fetched == 1


def test_a_token_that_is_over_is_fetched_anew_once() -> None:
    server = WecomServer()
    provider = FakeProvider(server)

    async def act() -> list[str]:
        async with provider.running():
            channel = wecom(provider.url)
            results = [(await channel.send(message("chen"))).result]
            server.fetched += 1  # somebody else fetched one: ours is over
            results.append((await channel.send(message("chen"))).result)
            server.valid = False
            results.append((await channel.send(message("chen"))).result)
            await channel.close()
            return results

    assert asyncio.run(act()) == ["accepted", "accepted", "retry"]
    assert server.fetched == 4, "one to begin with, theirs, one instead of it, and one more try"


def test_a_token_is_given_up_before_its_time() -> None:
    now = [0.0]
    server = WecomServer()
    provider = FakeProvider(server)

    async def act() -> None:
        async with provider.running():
            channel = wecom(provider.url, clock=lambda: now[0])
            for now[0] in (0.0, 6890.0, 6910.0):
                await channel.send(message("chen"))
            await channel.close()

    asyncio.run(act())
    assert server.fetched == 2


@pytest.mark.parametrize(
    ("told", "result", "word"),
    [
        ({"errcode": 40001, "errmsg": "invalid credential s3cret"}, "refused", "ANXIN_WECOM_SECRET"),
        ({"errcode": 40013, "errmsg": "invalid corpid"}, "refused", "ANXIN_WECOM_CORP_ID"),
        ({"errcode": 60020, "errmsg": "not allow to access from your ip"}, "refused", "企业可信IP"),
        ({"errcode": 45009, "errmsg": "api freq out of limit"}, "retry", "45009"),
        ({"errcode": 0, "errmsg": "ok"}, "retry", "errcode -1"),
        ({}, "retry", "cannot be read"),
    ],
)
def test_no_token(told: dict[str, Any], result: str, word: str) -> None:
    (outcome,), asked = talk(wecom, says(200, told), lambda _: "chen")
    assert (outcome.result, word in outcome.detail, "s3cret" in outcome.detail) == (result, True, False)
    assert len(asked) == 1
    assert asked[0].method == "GET"


def test_a_text_without_and_a_card_with_a_way_to_the_gateway() -> None:
    server = WecomServer()
    talk(wecom, server, lambda _: "chen")
    talk(lambda url: wecom(url, public_url="https://anxin.example/"), server, lambda _: "chen")
    text, card = server.sent
    assert text == {
        "touser": "chen",
        "agentid": 1000002,
        "safe": 0,
        "msgtype": "text",
        "text": {"content": "P1 校园一键报警\n东街网格 · 警情 12 · 点开查看"},
    }
    assert card["textcard"]["url"] == "https://anxin.example/m?incident=12#4711", "each message is another request"
    assert card["enable_duplicate_check"] == 1
    assert "enable_duplicate_check" not in text, "it would drop the second reminder"


def test_one_member_only() -> None:
    for recipient in ("", "@all", "chen|li"):
        (outcome,), asked = talk(wecom, WecomServer(), lambda _, told=recipient: told)
        assert (outcome.result, asked) == ("refused", [])


# ── signed posts ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["webhook", "command_room"])
def test_a_receiver_can_check_the_signature(name: str) -> None:
    def recipient(url: str) -> str:
        return json.dumps({"url": f"{url}/in", "secret": "theirs"})

    def make(url: str) -> Channel:
        if name == "webhook":
            return WebhookChannel(lambda: NOW, private_endpoints=True)
        return CommandRoomChannel(url, "theirs", lambda: NOW)

    (outcome,), (asked,) = talk(make, says(202, b""), recipient)
    signed = f"{int(NOW.timestamp())}.".encode() + asked.body
    assert outcome.result == "accepted"
    assert asked.headers["x-anxin-timestamp"] == str(int(NOW.timestamp()))
    assert asked.headers["x-anxin-signature"] == f"sha256={hmac.new(b'theirs', signed, hashlib.sha256).hexdigest()}"
    assert json.loads(asked.body) == message("x").body


@pytest.mark.parametrize(
    "told",
    [
        "",
        "https://x.example",
        '{"url": "https://x.example"}',
        '{"url": "x", "secret": "s"}',
        '{"url": "https://x.example", "secret": ""}',
    ],
)
def test_a_webhook_without_url_or_secret_is_refused(told: str) -> None:
    (outcome,), asked = talk(lambda _: WebhookChannel(lambda: NOW), says(200, b""), lambda _: told)
    assert (outcome.result, asked) == ("refused", [])


# ── addresses that others gave us ────────────────────────────────────────────────────────────────────────────────────


def found(url: str, *addresses: str) -> Any:
    async def act() -> Any:
        async def lookup(*_: object, **__: object) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]

        asyncio.get_running_loop().getaddrinfo = lookup  # type: ignore[method-assign]
        return await endpoint_of(url, private=False)

    return asyncio.run(act())


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",  # noqa: S104
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "64:ff9b::a00:1", "255.255.255.255"],
)  # fmt: skip
def test_no_way_into_our_own_network(address: str) -> None:
    with pytest.raises(NotAllowed, match="ANXIN_PRIVATE_ENDPOINTS"):
        found("https://push.example/x", address)
    with pytest.raises(NotAllowed):
        found("https://push.example/x", "93.184.216.34", address)


def test_the_connection_goes_to_the_address_that_was_looked_at() -> None:
    endpoint = found("https://push.example/send/abc?x=1", "2606:2800:220:1::1", "93.184.216.34")
    assert endpoint.url == "https://93.184.216.34/send/abc?x=1"
    assert endpoint.headers == {"Host": "push.example"}
    assert endpoint.extensions == {"sni_hostname": "push.example"}


@pytest.mark.parametrize(
    "url",
    ["http://push.example/x", "ftp://push.example", "push.example/x", "https://", "https://u:p@push.example/", "x" * 9],
)
def test_urls_that_are_not_allowed(url: str) -> None:
    with pytest.raises(NotAllowed):
        found(url, "93.184.216.34")


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://[::1]/x", "https://2130706433/x", "https://localhost/x"]
)
def test_spellings_of_this_machine(url: str) -> None:
    """The real look-up, which needs no network for these."""

    async def act() -> None:
        await endpoint_of(url, private=False)

    with pytest.raises((NotAllowed, OSError)):
        asyncio.run(act())


def test_audience_and_secrets_of_an_endpoint() -> None:
    assert origin_of("https://push.example:8443/send/abc") == "https://push.example:8443"
    assert origin_of("https://push.example:443/send/abc") == "https://push.example"
    assert secret_parts("https://push.example/send/abcdefghij?key=klmnopqrst") == ["abcdefghij", "klmnopqrst"]


# ── over the broker ──────────────────────────────────────────────────────────────────────────────────────────────────


class Broker:
    """Keeps what was published; `there` says whether there is a connection."""

    def __init__(self, *, there: bool = True) -> None:
        self.there, self.published = there, [] if there else None

    def __call__(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        if self.published is not None:
            self.published.append((topic, json.loads(payload), retain))
        return self.there


def say(broker: Broker, recipient: str) -> Outcome:
    return asyncio.run(MqttAppChannel("chengguan", broker).send(message(recipient)))


def test_people_and_screens_have_topics_of_their_own() -> None:
    broker = Broker()
    assert say(broker, "chen").result == "accepted"
    assert say(broker, "screen:screen-1").result == "accepted"
    assert broker.published is not None
    (person, told, kept), (screen, _, retained) = broker.published
    assert (person, kept) == ("anxin/v1/chengguan/app/chen", False)
    assert (screen, retained) == ("anxin/v1/chengguan/screen-1/display", True)
    assert (told["receipt"], told["notification"], told["title"]["zh"]) == ("receipt-token-1", 4711, "P1 校园一键报警")


def test_without_a_connection_it_is_tried_again() -> None:
    assert say(Broker(there=False), "chen").result == "retry"


@pytest.mark.parametrize(
    "name", ["", "a/b", "+", "#", "a b", "陈", "x" * 65, "screen:", "screen:a/b", "alarm", "event"]
)
def test_names_that_are_none_or_words_of_the_protocol(name: str) -> None:
    broker = Broker()
    assert say(broker, name).result == "refused"
    assert broker.published == []


def test_what_is_said_to_an_app_reports_nothing() -> None:
    def heard(topic: str) -> Delivery:
        return Delivery("mqtt-event", topic, b'{"title": {}}', NOW)

    assert decode(heard("anxin/v1/chengguan/app/chen")) == []
    assert decode(heard("anxin/v1/chengguan/screen-1/display")) == []


# ── which there are ──────────────────────────────────────────────────────────────────────────────────────────────────

ALL = {
    "phone_url": "http://127.0.0.1:1",
    "command_room_url": "http://127.0.0.1:1",
    "web_push_contact": "mailto:duty@anxin.example",
    "wecom_corp_id": "ww",
    "wecom_agent_id": 7,
    "wecom_secret": "s",
    "aliyun_key_id": "k",
    "aliyun_key_secret": "s",
    "aliyun_sms_sign": "安心",
    "aliyun_sms_template": "SMS_1",
    "aliyun_voice_template": "TTS_1",
    "apprise": True,
}


def made(settings: Settings) -> set[str]:
    channels = channels_of(settings, nowhere)

    async def close() -> None:
        for channel in channels:
            await channel.close()

    asyncio.run(close())
    assert len({channel.name for channel in channels}) == len(channels)
    return {channel.name for channel in channels}


def test_each_is_there_when_it_is_switched_on(tmp_path: Path) -> None:
    assert made(Settings(home=tmp_path, **ALL)) == {*CHANNELS, "command_room", "webhook"}
    assert made(Settings(home=tmp_path)) == {"mqtt", "webhook"}


@pytest.mark.parametrize(
    ("missing", "changes"),
    [
        ("ANXIN_WECOM_AGENT_ID and ANXIN_WECOM_SECRET", {"wecom_agent_id": 0, "wecom_secret": ""}),
        ("ANXIN_ALIYUN_SMS_SIGN", {"aliyun_sms_sign": None}),
        ("ANXIN_ALIYUN_KEY_ID", {"aliyun_key_id": ""}),
        ("ANXIN_ALIYUN_VOICE_NUMBER", {"aliyun_voice_signed_template": "TTS_2"}),
    ],
)
def test_half_set_up_is_said_at_start(tmp_path: Path, missing: str, changes: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match=missing):
        channels_of(Settings(home=tmp_path, **{**ALL, **changes}), nowhere)
