"""Video a platform has of a camera near an alert, on the desk: it plays, it is kept, its end says whom to call."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from gateway.model.registry import Device
from simulators.video_platform.server import VideoPlatform
from tests.browser.conftest import PATIENCE_MS, SEEN_TOUR, accessible
from tests.station import PASSWORD, Station, make_site, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)
DEVICE, CHANNEL, SECRET = "34020000001320000001", "34020000001310000001", "Gw-pass-01"
PLAYS = "() => document.querySelector('.near-video video')?.currentTime > 1"


@pytest.fixture(scope="module", autouse=True)
def clear_desk() -> None:
    """The tests here have a station of their own; no demo is started for them."""


@pytest.fixture
def platform() -> Iterator[VideoPlatform]:
    with VideoPlatform("anxin", SECRET, DEVICE, CHANNEL) as running:
        yield running


@pytest.fixture
def town(tmp_path: Path, platform: VideoPlatform) -> Iterator[Station]:
    """A station whose school's camera only the county's platform has, and whose button was pressed."""
    site = make_site(doors=1)
    video = {"platform": "county", "device": DEVICE, "channel": CHANNEL}
    gate = Device("at-gate", "camera", "school-1", "校门枪机", attributes={"video": video})
    running = Station(tmp_path / "town", msgspec.structs.replace(site, devices=[*site.devices, gate]))
    told = {"name": "county", "url": platform.url, "username": "anxin", "password": SECRET, "contact": "县局科信 3100"}
    (tmp_path / "county.yaml").write_text(yaml.safe_dump({"video": {"platforms": [told]}}))
    running.settings["ANXIN_COUNTY_FILE"] = str(tmp_path / "county.yaml")
    try:
        running.start_all()
        with running.publisher() as publisher, running.api() as api:
            publisher.event("button-1", "alarm.pressed")
            wait_for(lambda: api.get("/incidents").json()["items"], "the incident")
        yield running
    finally:
        running.close()


@pytest.fixture
def desk(chromium: Browser, town: Station, platform: VideoPlatform) -> Iterator[Page]:
    """The operator's page with the alert open; it asks the gateway and the platform, and nobody else."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, base_url=town.url, locale="zh-CN")
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(SEEN_TOUR)
    page = context.new_page()
    complaints: list[str] = []
    known = {urlsplit(town.url).netloc, urlsplit(platform.url).netloc, ""}
    context.on("request", lambda one: complaints.append(one.url) if urlsplit(one.url).netloc not in known else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda told: complaints.append(told.text) if "Content Security" in told.text else None)
    page.goto("/")
    page.locator("#username").fill("operator")
    page.locator("#password").fill(PASSWORD)
    page.locator("#login button[type=submit]").click()
    page.locator("#open-alerts .row").first.click()
    yield page
    context.close()
    assert complaints == []


def test_it_plays_is_kept_and_says_whom_to_call(
    desk: Page, town: Station, platform: VideoPlatform, tmp_path: Path
) -> None:
    near = desk.locator(".near-video")
    expect(near).to_contain_text("校门枪机")
    near.get_by_role("button", name="实时：校门枪机").click()
    desk.wait_for_function(PLAYS)
    video = near.locator("video")
    assert video.evaluate("video => [video.videoWidth, video.videoHeight]") == [320, 180]
    accessible(desk)

    desk.evaluate("() => { HTMLMediaElement.prototype.canPlayType = () => '' }")  # a browser without HLS of its own
    near.get_by_role("button", name="警前 30 秒起：校门枪机").click()
    expect(near).to_contain_text("起的录像")
    desk.wait_for_function(PLAYS)
    assert str(video.evaluate("video => video.src")).startswith("blob:"), "hls.js puts it together"
    assert [path.split("/")[2] for path, _ in platform.asked] == ["play", "gb_record", "playback"]

    near.get_by_role("button", name="截图存证").click()
    expect(near).to_contain_text("已截图，随警情存证")
    incident = town.one("select max(id) from incident")
    with town.api("commander") as api:

        def is_frozen() -> bool:
            items = api.get(f"/incidents/{incident}/evidence").json()["items"]
            return any(one["what"].get("act") == "attached" for one in items)

        wait_for(is_frozen, "that it is frozen")
        wanted = {"recipient": "县局法制大队", "reason": "办案需要"}
        bundle = api.post(f"/incidents/{incident}/evidence/bundle", json=wanted).content
    (tmp_path / "bundle.zip").write_bytes(bundle)
    command = [sys.executable, "-m", "gateway.cli", "evidence", "verify", str(tmp_path / "bundle.zip")]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    desk.locator("#evidence-show").click()
    expect(desk.locator("#evidence")).to_contain_text(".jpg")

    for part in platform.folder.glob("*.m*4*"):
        part.write_bytes(b"no film")
    near.get_by_role("button", name="实时：校门枪机").click()
    expect(near.get_by_role("alert")).to_contain_text("浏览器不能播放这种视频")
    expect(near.locator("code")).to_have_text(f"rtsp://127.0.0.1:554/rtp/{DEVICE}_{CHANNEL}")

    platform.stop()
    near.get_by_role("button", name="警前 30 秒起：校门枪机").click()
    expect(near.get_by_role("alert")).to_have_text("视频平台 county 连不上；请联系 县局科信 3100")
    expect(near.locator("video")).to_have_count(0)
