"""Alibaba Cloud: the signature, what is asked, what its reports say, how often one number is called."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import aliyun_sms, aliyun_voice
from connectors.aliyun.acs3 import query_of, signed_headers
from connectors.aliyun.call import number_of
from connectors.aliyun_sms.channel import AliyunSmsChannel
from connectors.aliyun_sms.channel import read_report as read_sms
from connectors.aliyun_voice.channel import AliyunVoiceChannel
from connectors.aliyun_voice.channel import read_report as read_voice
from connectors.aliyun_voice.limits import USUAL, CalleeLimits
from gateway.model.ports import Outcome, Report
from tests.contract.channel_kits import NOW, NUMBER, message
from tests.contract.fake_provider import Answer, Asked, FakeProvider, hangs, says

pytestmark = pytest.mark.contract


def sample(package: Any) -> bytes:
    return (Path(package.__file__).parent / "samples" / "report.json").read_bytes()


# ── the signature ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_example_of_the_documentation() -> None:
    query = query_of({"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"})
    headers = signed_headers(
        "ecs.cn-shanghai.aliyuncs.com",
        "RunInstances",
        "2014-05-26",
        query,
        "YourAccessKeyId",
        "YourAccessKeySecret",
        datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        "3156853299f313e23d1673dc12e1703d",
    )
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,"
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=6))
def test_a_query_says_what_was_meant(parameters: dict[str, str]) -> None:
    query = query_of(parameters)
    assert dict(parse_qsl(query, keep_blank_values=True)) == parameters
    assert query == query_of(dict(reversed(parameters.items())))
    assert "+" not in query


@pytest.mark.parametrize(
    ("told", "number"),
    [
        (f"+86 {NUMBER}", NUMBER),
        ("+86 138-0000-0001", NUMBER),
        (f"0086{NUMBER}", NUMBER),
        (NUMBER, NUMBER),
        ("+852 6000 0001", "85260000001"),
        ("(0571) 8888 0001", "057188880001"),
        ("", None),
        ("chen", None),
        ("１３８００００００01", None),
        ("1", None),
        (f"{NUMBER},13900000000", None),
    ],
)
def test_numbers(told: str, number: str | None) -> None:
    assert number_of(told) == number


# ── what is asked ────────────────────────────────────────────────────────────────────────────────────────────────────


def ask(make: Any, answer: Answer, recipients: list[str], **changes: Any) -> tuple[list[Outcome], list[Asked]]:
    provider = FakeProvider(answer)

    async def act() -> list[Outcome]:
        async with provider.running():
            channel = make(provider.url)
            outcomes = [await channel.send(message(each, **changes)) for each in recipients]
            await channel.close()
            return outcomes

    return asyncio.run(act()), provider.asked


def asked_for(asked: Asked) -> dict[str, str]:
    return dict(parse_qsl(asked.target.partition("?")[2], keep_blank_values=True))


def sms(url: str) -> AliyunSmsChannel:
    return AliyunSmsChannel("key", "s3cret", "安心网关", "SMS_1", lambda: NOW, base_url=url)


TAKEN = says(200, {"Code": "OK", "Message": "OK", "RequestId": "r", "BizId": "b", "CallId": "c"})


def test_a_text_is_four_variables_and_a_number() -> None:
    (outcome,), (asked,) = ask(sms, TAKEN, [f"+86 {NUMBER}"])
    told = asked_for(asked)
    assert outcome == Outcome("accepted", provider_id="b")
    assert json.loads(told.pop("TemplateParam")) == {
        "kind": "警情", "priority": "P1", "area": "东街网格", "incident": "12",
    }  # fmt: skip
    assert told == {"PhoneNumbers": NUMBER, "SignName": "安心网关", "TemplateCode": "SMS_1", "OutId": "4711"}
    assert asked.headers["x-acs-action"] == "SendSms"
    assert asked.headers["x-acs-date"] == "2026-11-22T08:00:00Z"
    assert asked.body == b""


def test_the_signature_is_of_what_was_asked() -> None:
    _, (asked,) = ask(sms, TAKEN, [NUMBER])
    host, nonce = asked.headers["host"], asked.headers["x-acs-signature-nonce"]
    query = asked.target.partition("?")[2]
    signed = signed_headers(host, "SendSms", "2017-05-25", query, "key", "s3cret", NOW, nonce)
    assert asked.headers["authorization"] == signed["Authorization"]


def test_a_drill_says_so_and_a_long_area_is_cut() -> None:
    body = {**message("x").body, "drill": True, "area": "很长的网格名" * 20}
    _, (asked,) = ask(sms, TAKEN, [NUMBER], body=body)
    told = json.loads(asked_for(asked)["TemplateParam"])
    assert (told["kind"], len(told["area"])) == ("演练", 35)


def voice(url: str, **settings: Any) -> AliyunVoiceChannel:
    clock = settings.pop("clock", lambda: 0.0)
    return AliyunVoiceChannel("key", "s3cret", "TTS_1", lambda: NOW, clock, base_url=url, limit_s=0.5, **settings)


def test_a_call_is_a_notice_or_asks_for_a_key() -> None:
    _, (asked,) = ask(voice, TAKEN, [NUMBER])
    told = asked_for(asked)
    assert asked.headers["x-acs-action"] == "SingleCallByTts"
    assert told["TtsCode"] == "TTS_1"
    assert json.loads(told["TtsParam"])["area"] == "东街网格"
    assert "CalledShowNumber" not in told, "the provider's shared numbers"
    _, (asked,) = ask(
        lambda url: voice(url, signed_template="TTS_2", show_number="057188880001"), TAKEN, [NUMBER]
    )  # fmt: skip
    told = asked_for(asked)
    assert asked.headers["x-acs-action"] == "IvrCall"
    assert (told["StartCode"], told["ByeCode"], told["CalledShowNumber"]) == ("TTS_1", "TTS_2", "057188880001")
    assert (told["MenuKeyMap.1.Key"], told["MenuKeyMap.1.Code"]) == ("1", "TTS_2")


def test_nobody_is_asked_about_what_is_no_number() -> None:
    for make in (sms, voice):
        (outcome,), asked = ask(make, TAKEN, ["chen"])
        assert (outcome.result, asked) == ("gone", [])


# ── how often one number is called ───────────────────────────────────────────────────────────────────────────────────


def test_one_call_a_minute() -> None:
    outcomes, asked = ask(voice, TAKEN, [NUMBER, NUMBER, "13900000001"])
    assert [outcome.result for outcome in outcomes] == ["accepted", "retry", "accepted"]
    assert outcomes[1].retry_after == 60
    assert len(asked) == 2, "the provider is not asked for what it would refuse"
    assert NUMBER not in outcomes[1].detail


def test_a_call_that_was_refused_is_not_counted_one_without_an_answer_is() -> None:
    busy = says(400, {"Code": "Throttling.User", "Message": "slower"})
    outcomes, asked = ask(voice, busy, [NUMBER, NUMBER])
    assert [(outcome.result, len(asked)) for outcome in outcomes] == [("retry", 2)] * 2
    outcomes, asked = ask(voice, hangs, [NUMBER, NUMBER])
    assert len(asked) == 1, "it may ring all the same"
    assert "1 times" in outcomes[1].detail


def test_over_the_hours_limit_another_way_is_tried() -> None:
    now = [0.0]
    limits = CalleeLimits(lambda: now[0])
    for _ in range(5):
        assert limits.refuse(NUMBER) is None
        limits.count(NUMBER)
        now[0] += 61
    stopped = limits.refuse(NUMBER)
    assert stopped is not None
    assert stopped.result == "refused"
    now[0] = 3600 - 30
    stopped = limits.refuse(NUMBER)
    assert stopped is not None
    assert (stopped.result, stopped.retry_after) == ("retry", 30.0), "half a minute is worth waiting for"
    now[0] = 3600
    assert limits.refuse(NUMBER) is None


@given(st.lists(st.floats(0, 4000), max_size=120))
def test_no_limit_is_ever_passed_and_what_is_said_of_waiting_is_true(pauses: list[float]) -> None:
    now, made = 0.0, []
    limits = CalleeLimits(lambda: now)
    for pause in pauses:
        now += pause
        stopped = limits.refuse(NUMBER)
        if stopped is None:
            limits.count(NUMBER)
            made.append(now)
        elif stopped.retry_after is not None:
            now += stopped.retry_after + 1e-6
            again = limits.refuse(NUMBER)
            assert again is None or "60 s" not in again.detail
    for seconds, most in USUAL.items():
        assert all(later - made[i] >= seconds for i, later in enumerate(made[most:]))


# ── reports ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_reports_of_texts() -> None:
    good, bad = read_sms(sample(aliyun_sms))
    assert good == Report(
        "900619746936498440^0", "delivered", datetime.fromisoformat("2026-11-22T08:00:04+08:00"),
        "DELIVERED: 用户接收成功", 4711,
    )  # fmt: skip
    assert (bad.step, bad.detail, bad.notification) == ("failed", "MOBILE_NOT_ON_SERVICE: 停机", 4712)


def test_reports_of_calls() -> None:
    signed, missed = read_voice(sample(aliyun_voice))
    assert (signed.step, signed.notification) == ("acknowledged", 4711)
    assert signed.at == datetime.fromisoformat("2026-11-22T08:00:21+08:00")
    assert (missed.step, missed.detail) == ("failed", "200003: 用户收到呼叫但未接听")


@pytest.mark.parametrize(
    ("code", "keys", "result"),
    [
        ("200000", "", "delivered"),
        ("200001", "", "delivered"),
        ("200008", "", "delivered"),
        ("200000", "2", "delivered"),
        ("200000", "1", "acknowledged"),
        ("300000", "1", "acknowledged"),
        ("300000", "9", "delivered"),
        ("200002", "", "failed"),
        ("200010", "", "failed"),
        ("999999", "", "failed"),
        ("300000", "", None),
        ("300001", "", None),
    ],
)
def test_what_a_call_came_to(code: str, keys: str, result: str | None) -> None:
    told = [{"call_id": "c", "status_code": code, "dtmf": keys, "out_id": "7", "callee": NUMBER}]
    reports = read_voice(json.dumps(told).encode())
    assert [report.step for report in reports] == ([] if result is None else [result])
    assert all(NUMBER not in report.detail for report in reports)


@pytest.mark.parametrize("read", [read_sms, read_voice])
def test_one_report_that_cannot_be_read_does_not_cost_the_others(read: Any) -> None:
    good = json.loads(sample(aliyun_sms if read is read_sms else aliyun_voice))
    told = [7, None, {}, {"biz_id": "x", "success": "yes", "status_code": None}, *good]
    assert len(read(json.dumps(told).encode())) == 2


@pytest.mark.parametrize("read", [read_sms, read_voice])
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"\xff", b"[" * 100_000, b"[1] x", b" " * (1 << 20) + b"[]"])
def test_what_is_no_report_is_an_error_with_a_reason(read: Any, body: bytes) -> None:
    with pytest.raises(ValueError, match="report"):
        read(body)


def test_times_and_numbers_that_are_none() -> None:
    told = [{"biz_id": "b", "success": False, "report_time": "soon", "out_id": "七", "err_code": None}]
    (report,) = read_sms(json.dumps(told).encode())
    assert (report.at, report.notification, report.step) == (None, None, "failed")
