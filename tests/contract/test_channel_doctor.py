"""What `anxin doctor` says of vendors' channels, and that it tells nobody and nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.doctor import channels
from gateway.doctor.examine import PARTS, _masked
from gateway.doctor.finding import Finding
from gateway.settings import Settings
from tests.contract.fake_provider import Answer, Asked, FakeProvider, hangs, says

pytestmark = pytest.mark.contract
SECRET = "s3cret-of-ours"
TEXTS, CALLS = {"aliyun_sms_template": "SMS_1"}, {"aliyun_voice_template": "TTS_1"}


@contextmanager
def answering(answer: Answer) -> Iterator[FakeProvider]:
    """The provider on a loop of its own: the doctor brings one too."""
    provider = FakeProvider(answer)
    ready, ended = threading.Event(), threading.Event()

    async def serve() -> None:
        async with provider.running():
            ready.set()
            await asyncio.to_thread(ended.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(10)
        yield provider
    finally:
        ended.set()
        thread.join()


def settings(tmp_path: Path, url: str, **changes: Any) -> Settings:
    usual: dict[str, Any] = {
        "wecom_corp_id": "ww",
        "wecom_agent_id": 7,
        "wecom_secret": SECRET,
        "wecom_url": url,
        "aliyun_key_id": "LTAI-key",
        "aliyun_key_secret": SECRET,
        "aliyun_sms_sign": "安心",
        "aliyun_sms_template": "SMS_1",
        "aliyun_sms_url": url,
        "aliyun_voice_template": "TTS_1",
        "aliyun_voice_url": url,
    }
    return Settings(home=tmp_path, **{**usual, **changes})


def found(told: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in channels.look(told)}


async def vendors(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Both, in order."""
    if asked.target.startswith("/cgi-bin/gettoken"):
        told: dict[str, Any] = {"errcode": 0, "access_token": "t", "expires_in": 7200}
    elif asked.headers["x-acs-action"] == "QuerySmsTemplate":
        told = {"Code": "OK", "Message": "OK", "TemplateStatus": 1}
    else:
        told = {"Code": "isv.CALL_NOT_FOUND", "Message": "no such call"}
    await says(200, told)(asked, writer)


def test_credentials_that_are_taken(tmp_path: Path) -> None:
    with answering(vendors) as provider:
        told = found(settings(tmp_path, provider.url))
    assert {name: finding.level for name, finding in told.items()} == {
        "WeCom": "ok", "texts": "ok", "voice calls": "ok", "channels not in use": "ok",
        "reports of texts and calls": "WARN",
    }  # fmt: skip
    actions = {asked.headers.get("x-acs-action") for asked in provider.asked}
    assert actions == {None, "QuerySmsTemplate", "QueryCallDetailByCallId"}, "nothing that sends"
    assert len(provider.asked) == 3


async def wrong(asked: Asked, writer: asyncio.StreamWriter) -> None:
    told = {
        "errcode": 40001,
        "errmsg": f"invalid credential {SECRET}",
        "Code": "SignatureDoesNotMatch",
        "Message": SECRET,
    }
    await says(200, told)(asked, writer)


def test_credentials_that_are_not(tmp_path: Path) -> None:
    with answering(wrong) as provider:
        told = found(settings(tmp_path, provider.url))
    assert "ANXIN_WECOM_SECRET" in told["WeCom"].detail
    assert "ANXIN_ALIYUN_KEY_SECRET" in told["texts"].detail
    assert "ANXIN_ALIYUN_KEY_SECRET" in told["voice calls"].detail
    lines = [told[name].line() for name in channels.VENDORS]
    assert all(line.startswith("BAD") and SECRET not in line for line in lines)


def test_nobody_there(tmp_path: Path) -> None:
    told = found(settings(tmp_path, "http://127.0.0.1:9"))
    assert {told[name].level for name in channels.VENDORS} == {"BAD"}
    assert all("firewall" in told[name].do for name in channels.VENDORS)


def test_one_that_hangs_is_given_up(tmp_path: Path) -> None:
    with answering(hangs) as provider:
        told = found(settings(tmp_path, provider.url, aliyun_sms_template=None, aliyun_voice_template=None))
    assert (told["WeCom"].level, "no answer" in told["WeCom"].detail) == ("BAD", True)


@pytest.mark.parametrize(
    ("changes", "name", "level", "word"),
    [
        ({"wecom_corp_id": "ww"}, "WeCom", "BAD", "ANXIN_WECOM_AGENT_ID"),
        ({"web_push_contact": "mailto:d@x.example"}, "Web Push", "ok", "public half"),
        ({"web_push_contact": "me"}, "Web Push", "BAD", "ANXIN_WEB_PUSH_CONTACT"),
        ({"web_push_contact": "mailto:d@x.example", "web_push_key": "short"}, "Web Push", "BAD", "ANXIN_WEB_PUSH_KEY"),
        ({"web_push_contact": "mailto:d@x.example", "private_endpoints": True}, "Web Push", "WARN", "unset it"),
        (TEXTS, "reports of texts and calls", "WARN", "ANXIN_ALIYUN_REPORTS_TOKEN"),
        (CALLS, "reports of texts and calls", "WARN", "ANXIN_ALIYUN_REPORTS_TOKEN"),
        (TEXTS | {"aliyun_reports_token": "t" * 32}, "reports of texts and calls", "ok", "taken"),
        ({}, "channels not in use", "ok", "WeCom, texts, voice calls, Web Push"),
    ],
)
def test_settings_alone(tmp_path: Path, changes: dict[str, Any], name: str, level: str, word: str) -> None:
    finding = found(Settings(home=tmp_path, **changes))[name]
    assert (finding.level, word in finding.line()) == (level, True)


def test_a_missing_package_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for there, level in ((True, "ok"), (False, "BAD")):
        monkeypatch.setattr(channels, "is_installed", lambda there=there: there)
        assert found(Settings(home=tmp_path, apprise=True))["apprise"].level == level


def test_the_doctor_looks_and_hides() -> None:
    assert channels.look in PARTS.values()
    told = settings(Path(), "http://127.0.0.1:9", web_push_key="x" * 43, aliyun_reports_token="t" * 32)
    secrets = {name for name in Settings.model_fields if _masked(getattr(told, name)) == "********"}
    assert secrets >= {"wecom_secret", "aliyun_key_id", "aliyun_key_secret", "web_push_key", "aliyun_reports_token"}
