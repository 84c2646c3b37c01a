"""One contract for every channel, against a provider that succeeds and fails in every way that providers do."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import pytest

from connectors import hiding
from connectors.apprise_any.channel import is_installed
from gateway.model.ports import Channel, Outcome
from tests.contract.channel_kits import KITS, NUMBER, PLANTED, Kit, message
from tests.contract.fake_provider import (
    Answer,
    FakeProvider,
    busy_until,
    hangs,
    hangs_up,
    never_ends,
    says,
    speaks_no_http,
)

# The optional library reads images with a module that Python is about to drop.
pytestmark = [pytest.mark.contract, pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")]


def _marked(kit: Kit) -> list[pytest.MarkDecorator]:
    return [pytest.mark.skipif(not is_installed(), reason="the optional apprise is missing")] if kit.library else []


every_channel = pytest.mark.parametrize("kit", [pytest.param(kit, id=kit.name, marks=_marked(kit)) for kit in KITS])
every_vendor_body = pytest.mark.parametrize(
    ("kit", "told"),
    [
        pytest.param(kit, told, id=f"{kit.name}-{number}-{told[3] or told[2]}", marks=_marked(kit))
        for kit in KITS
        for number, told in enumerate(kit.says)
    ],
)
#: Whatever the provider does, the loop has its answer by then: its own patience ends at eight seconds.
MOST_S = 7.0


@pytest.fixture(autouse=True)
def all_is_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Details are not cut, and logs kept from the lowest level: what is hidden must be hidden, not out of sight."""
    monkeypatch.setattr(hiding, "LONGEST", 100_000)
    caplog.set_level(logging.DEBUG)


def send(kit: Kit, answer: Answer, **changes: Any) -> tuple[Outcome, FakeProvider]:
    provider = FakeProvider(answer, before=kit.before)

    async def act() -> Outcome:
        async with provider.running():
            channel = kit.make(provider.url)
            try:
                return await asyncio.wait_for(channel.send(message(kit.recipient(provider.url), **changes)), MOST_S)
            finally:
                await channel.close()

    return asyncio.run(act()), provider


def must_hide(kit: Kit, outcome: Outcome, caplog: pytest.LogCaptureFixture, provider: FakeProvider) -> None:
    recipient = kit.recipient(provider.url)
    for secret in (*kit.secrets, recipient, recipient.removeprefix("+86 ")):
        if secret != "command_room":  # there is one, and it is no secret
            assert secret not in outcome.detail
            assert "receipt-token-1" not in outcome.detail
            assert secret not in caplog.text


@every_channel
def test_it_is_a_channel(kit: Kit) -> None:
    channel: Channel = kit.make("http://127.0.0.1:9")
    assert channel.name == kit.name
    assert isinstance(channel.receipts, bool)
    assert channel.rate_per_min is None or channel.rate_per_min > 0
    asyncio.run(channel.close())


@every_channel
def test_what_is_taken_is_accepted(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    outcome, provider = send(kit, says(*kit.good))
    assert outcome.result == "accepted", outcome
    assert outcome.provider_id == kit.provider_id
    assert len(provider.asked) == 1
    must_hide(kit, outcome, caplog, provider)


@every_vendor_body
def test_what_the_vendor_says_is_what_it_means(
    kit: Kit, told: tuple[int, dict[str, Any], str, str], caplog: pytest.LogCaptureFixture
) -> None:
    status, body, result, word = told
    outcome, provider = send(kit, says(status, body))
    assert outcome.result == result, outcome
    assert word in outcome.detail
    must_hide(kit, outcome, caplog, provider)


@every_channel
@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 408, 409, 410, 413, 418, 500, 502, 503, 504])
def test_a_status_alone(kit: Kit, status: int, caplog: pytest.LogCaptureFixture) -> None:
    outcome, provider = send(kit, says(status, Location="/elsewhere"))
    usual = "refused" if status in {400, 413} else "retry"
    assert outcome.result == kit.by_status.get(status, usual), outcome
    assert "Warning" not in outcome.detail
    if not kit.library:
        assert f"HTTP {status}" in outcome.detail
        assert len(provider.asked) == 1, "no redirect is followed"
    must_hide(kit, outcome, caplog, provider)


@every_channel
@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("-5", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("86401", None),
        ("", None),
        ("9" * 400, None),
    ],
)
def test_how_long_to_wait(kit: Kit, told: str, seconds: float | None) -> None:
    outcome, _ = send(kit, says(429, Retry_After=told))
    assert outcome.result == "retry"
    assert outcome.retry_after == (seconds if kit.waits else None)


@every_channel
@pytest.mark.parametrize(("told", "seconds"), [(30, 30.0), (-30, 0.0), (2_000_000_000, None)])
def test_until_when_to_wait(kit: Kit, told: int, seconds: float | None) -> None:
    outcome, _ = send(kit, busy_until(told))
    assert (outcome.result, outcome.retry_after) == ("retry", seconds if kit.waits else None), "by their clock"


@every_channel
@pytest.mark.parametrize("answer", [hangs, speaks_no_http, hangs_up], ids=lambda answer: answer.__name__)
def test_no_answer_at_all(kit: Kit, answer: Answer, caplog: pytest.LogCaptureFixture) -> None:
    began = time.monotonic()
    outcome, provider = send(kit, answer)
    assert outcome.result == "retry", outcome
    assert time.monotonic() - began < MOST_S
    must_hide(kit, outcome, caplog, provider)


@every_channel
def test_nobody_listens(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    async def act() -> tuple[Outcome, FakeProvider]:
        provider = FakeProvider(hangs)
        async with provider.running():
            pass  # the port was there, and is closed now
        channel = kit.make(provider.url)
        try:
            return await channel.send(message(kit.recipient(provider.url))), provider
        finally:
            await channel.close()

    outcome, provider = asyncio.run(act())
    assert outcome.result == "retry", outcome
    must_hide(kit, outcome, caplog, provider)


@every_channel
@pytest.mark.parametrize(
    "body",
    [b"<html>maintenance</html>", b"", b"\xff\xfe\x00", b"[]", b'"ok"', b"null", b"[" * 60_000, b'{"code":"\xff"}'],
    ids=["a page", "nothing", "bytes", "a list", "a text", "null", "deep", "half a letter"],
)
def test_a_body_that_nobody_can_read(kit: Kit, body: bytes) -> None:
    outcome, _ = send(kit, says(200, body))
    assert outcome.result == ("retry" if kit.reads else "accepted"), outcome


@every_channel
@pytest.mark.parametrize(
    ("piece", "every_s"), [(b" " * 65_536, 0.0), (b" ", 0.02)], ids=["without an end", "drop by drop"]
)
def test_a_body_that_does_not_end(kit: Kit, piece: bytes, every_s: float) -> None:
    began = time.monotonic()
    outcome, _ = send(kit, never_ends(200, piece, every_s))
    assert time.monotonic() - began < MOST_S
    if not kit.library:
        assert outcome.result == ("retry" if kit.reads else "accepted"), outcome


@every_channel
def test_only_what_is_meant_for_them_is_sent(kit: Kit) -> None:
    """A field of the body that no channel knows must not reach a vendor; one's own machines get the body as it is."""
    if kit.name in {"phone", "command_room", "webhook"}:
        pytest.skip("the body as it is")
    planted = {**message("x").body, "note": PLANTED}
    _, provider = send(kit, says(*kit.good), body=planted)
    (asked,) = provider.asked
    assert PLANTED not in asked.echo.decode(errors="replace")
    assert PLANTED.encode("unicode_escape") not in asked.echo


@every_channel
@pytest.mark.parametrize("body", [{}, {"title": None, "body": 7}, {"title": "P1", "body": {"en": "x"}, "ttl_s": None}])
def test_a_body_with_nothing_in_it_raises_nothing(kit: Kit, body: dict[str, Any]) -> None:
    outcome, _ = send(kit, says(*kit.good), body=body, incident=None)
    assert outcome.result in {"accepted", "retry"}, outcome


@pytest.mark.parametrize("kit", [kit for kit in KITS if kit.name in {"phone", "command_room", "webhook", "web_push"}],
                         ids=lambda kit: kit.name)  # fmt: skip
def test_the_idempotency_key_is_told(kit: Kit) -> None:
    _, provider = send(kit, says(*kit.good))
    assert provider.asked[0].headers["idempotency-key"] == "incident:chengguan:12:1:0:5:chen"


def test_details_are_short_and_have_no_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    told = hiding.hidden(f"call +86 138-0000-0001, {NUMBER} or 110\n\n{'x' * 1000} s3cret", "s3cret")
    assert told.startswith("call …01, …01 or 110 xxx")
    assert len(told) <= hiding.LONGEST
    assert hiding.hidden("is not", "is") == "is not", "a word of the language is no secret"


def test_kits_are_all_channels() -> None:
    """A channel that is added is tested here."""
    from pathlib import Path  # noqa: PLC0415

    folders = {path.parent.name for path in Path(hiding.__file__).parent.glob("*/channel.py")}
    tested = {"phone": "phone_push", "sms": "aliyun_sms", "voice": "aliyun_voice", "apprise": "apprise_any"}
    assert folders == {tested.get(kit.name, kit.name) for kit in KITS} | {"mqtt_app"}, "mqtt_app speaks no HTTP"
