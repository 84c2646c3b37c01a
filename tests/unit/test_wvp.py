"""What is told of video platforms, what they answer, and where templates lead."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.http_outcome import Answer
from connectors.wvp.adapter import Wvp, _meaning, _read, _Told
from connectors.wvp.config import PlatformConfig, VideoConfig
from connectors.wvp.streams import Kind, Streams, VideoFailed, is_stream, origin_of
from connectors.wvp.template import Templates
from gateway.county.config import password_of
from gateway.model.errors import Misconfigured
from gateway.model.registry import Device
from gateway.model.video import VideoSource, source_of
from gateway.registering.complaints import complaints
from tests.station import make_site

WVP = {"name": "county", "url": "https://10.20.0.5:18080", "username": "anxin", "password": "Gw-pass-01"}
BESIDE = {"name": "zlm", "kind": "template", "live": {"hls": "http://10.20.0.6/live/{device}/{channel}/hls.m3u8"}}
SOURCE = VideoSource("county", "34020000001320000001", "34020000001310000001")


def platform(told: dict[str, Any], **more: Any) -> PlatformConfig:
    return PlatformConfig.model_validate({**told, **more})


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({**WVP, "url": "10.20.0.5"}, "its address"), ({**WVP, "url": "http://a:b@10.20.0.5"}, "without a user name"),
        ({**WVP, "api_key": "k"}, "one of"), ({**WVP, "password_file": "p"}, "one of"),
        ({**WVP, "username": ""}, "one of"),
        ({**WVP, "live": BESIDE["live"]}, "templates"), ({**WVP, "colour": "red"}, "colour"),
        ({**WVP, "media": ["http://10.20.0.6/live"]}, "no origin"), ({**WVP, "media": ["*"]}, "no origin"),
        ({**WVP, "media": ["http://10.20.0.6; script-src *"]}, "no origin"), ({**WVP, "prefer": []}, "prefer"),
        ({**BESIDE, "username": "a"}, "asked for nothing"), ({**BESIDE, "live": {}}, "live or playback"),
        ({**BESIDE, "live": {"hls": "http://h/{begin}"}}, "none of"),
        ({**BESIDE, "live": {"hls": "http://h/{device.__class__}"}}, "none of"),
        ({**BESIDE, "live": {"hls": "http://h/{device!r}"}}, "none of"),
        ({**BESIDE, "live": {"hls": "http://h/{"}}, "live.hls"),
        ({**BESIDE, "live": {"hls": "http://{device}.example/x"}}, "no placeholder"),
        ({**BESIDE, "live": {"rtsp": "rtsp://admin:secret@h/x"}}, "no user"),
        ({**BESIDE, "live": {"hls": "javascript:alert(1)"}}, "no address"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_said(told: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why) as refused:
        PlatformConfig.model_validate(told)
    assert "Gw-pass-01" not in "; ".join(one["msg"] for one in refused.value.errors())


def test_two_platforms_have_two_names() -> None:
    with pytest.raises(ValidationError, match="same name"):
        VideoConfig.model_validate({"platforms": [WVP, WVP]})


def test_pages_load_from_the_platform_and_what_is_named_besides() -> None:
    assert platform(WVP, media=["http://10.20.0.6"]).origins() == {"https://10.20.0.5:18080", "http://10.20.0.6"}
    assert platform(BESIDE, playback={"rtsp": "rtsp://10.20.0.7/{begin}"}).origins() == {"http://10.20.0.6"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://a:80/x", "http://a"), ("https://a:443/x?y", "https://a"), ("http://a:8080", "http://a:8080"),
        ("https://A.Example:1/", "https://a.example:1"), ("http://[::1]:8/x", "http://[::1]:8"),
    ],
)  # fmt: skip
def test_an_origin_is_named_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("kind", "url", "is_one"),
    [
        ("hls", "http://h/x.m3u8", True), ("hls", "rtsp://h/x", False), ("rtsp", "rtsp://h:554/x", True),
        ("rtsp", "http://h/x", False), ("hls", "javascript:alert(1)", False), ("hls", "http:///x", False),
        ("hls", "http://h/a b", False), ("hls", "http://h/" + "x" * 2048, False), ("hls", None, False),
        ("hls", "http://h:99999/", False), ("hls", "http://[h/", False), ("webrtc", "https://h/webrtc", True),
    ],
)  # fmt: skip
def test_what_is_an_address_of_a_stream(kind: Kind, url: object, is_one: bool) -> None:
    assert is_stream(kind, url) is is_one


def test_a_secret_is_read_from_beside_the_file(tmp_path: Path) -> None:
    told = platform({name: value for name, value in WVP.items() if name != "password"}, password_file="p")
    with pytest.raises(Misconfigured, match="county"):
        password_of(told, tmp_path)
    (tmp_path / "p").write_text("\n")
    with pytest.raises(Misconfigured, match="empty"):
        password_of(told, tmp_path)
    (tmp_path / "p").write_text("Gw-pass-01\n")
    assert password_of(told, tmp_path) == "Gw-pass-01" == password_of(platform(WVP), tmp_path)


async def _filled(templates: Templates) -> tuple[Streams, Streams]:
    begin = datetime(2026, 11, 22, 23, 59, 30, 900_000, tzinfo=UTC)
    return await templates.live(SOURCE), await templates.playback(SOURCE, begin, begin + timedelta(seconds=60))


def test_templates_are_filled_in() -> None:
    told = platform(
        BESIDE,
        playback={"fmp4": "http://10.20.0.6:9996/get?path={channel}&start={begin}&duration={seconds}&format=fmp4"},
    )
    live, recorded = asyncio.run(_filled(Templates(told)))
    assert live == Streams(hls=f"http://10.20.0.6/live/{SOURCE.device}/{SOURCE.channel}/hls.m3u8")
    assert recorded.fmp4 == (
        f"http://10.20.0.6:9996/get?path={SOURCE.channel}&start=2026-11-23T07%3A59%3A30%2B08%3A00&duration=60&format=fmp4"
    )
    with pytest.raises(VideoFailed, match="none"):
        asyncio.run(_filled(Templates(platform(BESIDE))))
    with pytest.raises(VideoFailed, match="no_snapshot"):
        asyncio.run(Templates(told).snapshot(SOURCE))


@pytest.mark.parametrize(
    ("code", "msg", "why"),
    [
        (-1, "信令超时", "silent"), (-2, "收流超时", "silent"), (100, "点播超时", "silent"), (100, "timeout", "silent"),
        (486, "超时或无响应", "silent"), (100, "设备离线", "offline"), (100, "Channel OFFLINE", "offline"),
        (100, "未找到通道：1", "unknown"), (404, "资源未找到", "unknown"), (403, "无权限操作", "login"),
        (-3, "资源耗尽", "refused"), (500, None, "refused"), (0, None, "refused"),
    ],
)  # fmt: skip
def test_what_its_codes_mean(code: int, msg: str | None, why: str) -> None:
    assert _meaning(_Told(code, msg)) == why


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
STREAM = st.sampled_from(["hls", "https_hls", "fmp4", "flv", "rtc", "rtsp", "https_fmp4"])


@given(status=st.integers(200, 599), body=st.binary(max_size=60) | JSON.map(msgspec.json.encode))
def test_whatever_is_answered_is_read_or_refused(status: int, body: bytes) -> None:
    try:
        told: object = _read(Answer(status, {}, body)).code
    except VideoFailed as failed:
        told = failed.why
    assert isinstance(told, int) or told in {"unreadable", "refused"}


@given(data=JSON | st.dictionaries(STREAM, JSON | st.sampled_from(["http://h/x", "rtsp://h/x", "javascript:a()"])))
def test_only_addresses_of_streams_come_out_of_an_answer(data: Any) -> None:
    wvp = Wvp.__new__(Wvp)
    wvp._config = platform(WVP)
    try:
        told = [url for url in msgspec.structs.astuple(wvp._streams(data)) if url is not None]
    except VideoFailed as failed:
        told = [failed.why]
    assert told
    assert told == ["unreadable"] or all(url in {"http://h/x", "rtsp://h/x"} for url in told)


@settings(max_examples=30)
@given(secret=st.text("abcXYZ0123456789%/+", min_size=4, max_size=20), before=st.text(max_size=20))
def test_a_secret_is_in_nothing_that_is_told(secret: str, before: str) -> None:
    wvp = Wvp(platform(WVP), secret)
    wvp._token = "a-token-of-theirs"
    told = wvp._hidden(f"{before} {secret} {wvp._md5} {wvp._token}")
    assert [one for one in (secret, wvp._md5, wvp._token) if one in told] == []


@pytest.mark.parametrize(
    ("device", "complaint"),
    [
        (Device("c", "camera", "mall", "枪机", attributes={"video": msgspec.to_builtins(SOURCE)}), ""),
        (
            Device("c", "camera", "mall", "枪机", attributes={"video": {"platform": "county"}}),
            "device and channel, quoted",
        ),
        (Device("c", "motion", "mall", "红外", attributes={"video": msgspec.to_builtins(SOURCE)}), "for a camera"),
    ],
)
def test_a_site_says_it_whole_and_of_cameras(device: Device, complaint: str) -> None:
    site = make_site(doors=1)
    before = complaints(site)
    after = complaints(msgspec.structs.replace(site, devices=[*site.devices, device]))
    found = [one for one in after if one not in before]
    assert len(found) == bool(complaint)
    assert complaint in "".join(found)


@pytest.mark.parametrize(
    ("told", "is_right"),
    [
        (None, True), ({"platform": "county", "device": "34020000001320000001", "channel": "1"}, True),
        ({"platform": "county", "device": "1"}, False), ("county", False),
        ({"platform": "county", "device": "../x", "channel": "1"}, False),
        ({"platform": "county", "device": 34, "channel": "1"}, False),
        ({"platform": "county", "device": "1", "channel": "1", "password": "x"}, False),
    ],
)  # fmt: skip
def test_where_a_cameras_video_is(told: Any, is_right: bool) -> None:
    attributes = {} if told is None else {"video": told}
    if is_right:
        assert (source_of(attributes) is None) == (told is None)
    else:
        with pytest.raises(msgspec.ValidationError):
            source_of(attributes)
