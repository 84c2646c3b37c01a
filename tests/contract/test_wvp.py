"""The video adapter against a stand-in that answers as WVP does, its errors too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from connectors.wvp.adapter import Wvp
from connectors.wvp.config import PlatformConfig
from connectors.wvp.streams import Streams, VideoFailed
from gateway.model.video import VideoSource
from simulators.video_platform.server import Mode, VideoPlatform

T = TypeVar("T")
DEVICE, CHANNEL = "34020000001320000001", "34020000001310000001"
PASSWORD = "Gw-pass/01 %"
SOURCE = VideoSource("county", DEVICE, CHANNEL)
BEGIN = datetime(2026, 11, 22, 23, 59, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def standing() -> Iterator[VideoPlatform]:
    with VideoPlatform("anxin", PASSWORD, DEVICE, CHANNEL) as running:
        yield running


@pytest.fixture
def platform(standing: VideoPlatform) -> VideoPlatform:
    standing.mode, standing.log_ins = "well", 0
    standing.asked.clear()
    return standing


def asking(
    platform: VideoPlatform, what: Callable[[Wvp], Awaitable[T]], *, limit_s: float = 5, secret: str = PASSWORD,
    **told: Any,
) -> T:  # fmt: skip
    config = PlatformConfig.model_validate(
        {"name": "county", "url": platform.url, **(told or {"username": "anxin", "password": "in the file"})}
    )

    async def run() -> T:
        wvp = Wvp(config, secret, limit_s=limit_s)
        try:
            return await what(wvp)
        finally:
            await wvp.close()

    return asyncio.run(run())


async def live(wvp: Wvp) -> Streams:
    return await wvp.live(SOURCE)


async def recorded(wvp: Wvp) -> Streams:
    return await wvp.playback(SOURCE, BEGIN, BEGIN + timedelta(seconds=60))


async def picture(wvp: Wvp) -> bytes:
    return await wvp.snapshot(SOURCE)


def test_live_has_addresses_of_which_pages_may_load(platform: VideoPlatform) -> None:
    found = asking(platform, live)
    base = f"127.0.0.1:{platform.port}/rtp/{DEVICE}_{CHANNEL}"
    assert found.hls == f"http://{base}/hls.m3u8", "the one over TLS has another origin, which nobody named"
    assert found.flv == f"http://{base}.live.flv"
    assert found.rtsp == f"rtsp://127.0.0.1:554/rtp/{DEVICE}_{CHANNEL}"
    assert found.fmp4 is None
    over_tls = asking(
        platform, live, username="anxin", password="in the file", media=[f"https://127.0.0.1:{platform.port}"]
    )
    assert over_tls.hls == f"https://{base}/hls.m3u8"


def test_a_recording_is_asked_for_in_chinas_time(platform: VideoPlatform) -> None:
    found = asking(platform, recorded)
    assert found.hls is not None
    assert found.hls.endswith("_20261123075930/hls.m3u8")
    span = {"startTime": "2026-11-23 07:59:30", "endTime": "2026-11-23 08:00:30"}
    assert platform.asked == [
        (f"/api/gb_record/query/{DEVICE}/{CHANNEL}", span), (f"/api/playback/start/{DEVICE}/{CHANNEL}", span)
    ]  # fmt: skip


def test_a_picture_is_fetched_by_its_mark(platform: VideoPlatform) -> None:
    found = asking(platform, picture)
    assert (found[:3], found[-2:]) == (b"\xff\xd8\xff", b"\xff\xd9")


def test_a_key_needs_no_log_in(platform: VideoPlatform) -> None:
    assert asking(platform, live, secret=platform.api_key, api_key="in the file").hls
    assert platform.log_ins == 0
    with pytest.raises(VideoFailed, match="login"):
        asking(platform, live, secret="another", api_key="in the file")


def test_one_log_in_is_enough_until_its_token_is_over(platform: VideoPlatform) -> None:
    async def thrice(wvp: Wvp) -> None:
        await asyncio.gather(wvp.live(SOURCE), wvp.live(SOURCE))
        assert platform.log_ins == 1
        platform.forget_tokens()
        await asyncio.gather(wvp.live(SOURCE), wvp.live(SOURCE))
        assert platform.log_ins == 2

    asking(platform, thrice)


def test_a_wrong_password_is_said_and_stands_nowhere(platform: VideoPlatform) -> None:
    with pytest.raises(VideoFailed) as failed:
        asking(platform, live, secret="wrong one")
    assert (failed.value.why, failed.value.told) == ("login", "用户名或密码错误")
    assert platform.asked == []


@pytest.mark.parametrize(
    ("mode", "what", "why"),
    [
        ("offline", live, "offline"), ("silent", live, "silent"), ("slow", live, "silent"), ("full", live, "refused"),
        ("none", recorded, "none"), ("none", live, ""), ("offline", recorded, "offline"),
        ("no_picture", picture, "unreadable"), ("offline", picture, "offline"),
        ("garbage", live, "unreadable"), ("garbage", picture, "unreadable"), ("huge", live, "unreadable"),
        ("broken", live, "refused"), ("hang", live, "timeout"), ("hang", recorded, "timeout"),
    ],
)  # fmt: skip
def test_what_goes_wrong_has_its_name(
    platform: VideoPlatform, mode: Mode, what: Callable[[Wvp], Awaitable[Any]], why: str
) -> None:
    platform.mode = mode
    began = time.monotonic()
    if why:
        with pytest.raises(VideoFailed) as failed:
            asking(platform, what, limit_s=1.5)
        assert failed.value.why == why
        assert PASSWORD not in failed.value.told
    else:
        assert asking(platform, what, limit_s=1.5)
    assert time.monotonic() - began < 15, "it waits no longer than it was told, on a busy machine too"


def test_a_camera_it_does_not_have(platform: VideoPlatform) -> None:
    with pytest.raises(VideoFailed, match="unknown: 设备不存在"):
        asking(platform, lambda wvp: wvp.live(VideoSource("county", DEVICE, "34020000001310000009")))


def test_a_platform_that_is_not_there() -> None:
    with VideoPlatform("anxin", PASSWORD, DEVICE, CHANNEL) as gone:
        gone.stop()
        with pytest.raises(VideoFailed) as failed:
            asking(gone, live)
    assert failed.value.why == "unreachable"
    assert str(gone.port) not in str(failed.value)
