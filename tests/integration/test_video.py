"""Video near an alert over the API: which cameras, who may look, what the trail and the evidence say."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
import yaml

from gateway.evidence.verify import verify_file
from gateway.model.policy import Flood
from gateway.model.registry import Area, Device, Place
from gateway.registering.site import SiteUser
from simulators.video_platform.server import Mode, VideoPlatform
from tests.station import Station, ladders, make_site, wait_for

pytestmark = pytest.mark.slow

DEVICE, CHANNEL, PASSWORD = "34020000001320000001", "34020000001310000001", "Gw-pass-01"


def filmed(name: str, place: str, platform: str = "county") -> Device:
    video = {"platform": platform, "device": DEVICE, "channel": CHANNEL}
    return Device(name, "camera", place, f"{name}号机", attributes={"video": video})


@pytest.fixture(scope="module")
def platform() -> Iterator[VideoPlatform]:
    with VideoPlatform("anxin", PASSWORD, DEVICE, CHANNEL) as running:
        yield running


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, platform: VideoPlatform) -> Iterator[Station]:
    site = make_site(doors=1)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "西街网格")],
        places=[
            *site.places, Place("street", "street", "grid-1", "校前街", 33.1507, 109.1),
            Place("lane", "street", "grid-2", "西巷", 33.1503, 109.1),
            Place("hill", "street", "grid-1", "山上", 33.16, 109.1),
        ],
        devices=[
            *site.devices, filmed("at-gate", "school-1"), filmed("on-street", "street"), filmed("in-lane", "lane"),
            filmed("on-hill", "hill"), filmed("elsewhere", "school-1", "nobody"),
        ],
        users=[*site.users, SiteUser("east", "东街民警", "officer", areas=["grid-1"])],
        policy=msgspec.structs.replace(ladders(), flood=Flood(begins_above=1_000_000)),
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("town")
    running = Station(folder, site)
    told = {"name": "county", "url": platform.url, "username": "anxin", "password_file": "video.password",
        "contact": "县局科信 3100"}  # fmt: skip
    (folder / "county.yaml").write_text(yaml.safe_dump({"video": {"platforms": [told]}}, allow_unicode=True))
    (folder / "video.password").write_text(PASSWORD)
    running.settings["ANXIN_COUNTY_FILE"] = str(folder / "county.yaml")
    try:
        yield running.start_all()
    finally:
        running.close()


@pytest.fixture(scope="module")
def alert(town: Station) -> dict[str, Any]:
    """The school's button was pressed; its incident is open."""
    with town.publisher() as publisher, town.api() as api:
        publisher.event("button-1", "alarm.pressed")
        wait_for(lambda: api.get("/incidents").json()["items"], "the incident")
        return dict(api.get("/alerts").json()["items"][0])


@pytest.fixture
def well(platform: VideoPlatform) -> VideoPlatform:
    platform.mode = "well"
    platform.asked.clear()
    return platform


def look(api: httpx.Client, device: str = "at-gate", **wanted: Any) -> httpx.Response:
    return api.post(f"/cameras/{device}/video", json=wanted)


def test_cameras_near_an_alert_the_nearest_first(town: Station, alert: dict[str, Any]) -> None:
    with town.api() as api:
        told = api.get(f"/alerts/{alert['id']}/video").json()["items"]
        assert [one["device"] for one in told] == ["at-gate", "in-lane", "on-street"]
        assert told[0] == {"device": "at-gate", "name": "at-gate号机", "place": "实验小学", "metres": 0}
        assert (told[1]["metres"], told[2]["metres"]) == (33, 78)
    with town.api("east") as api:
        told = api.get(f"/alerts/{alert['id']}/video").json()["items"]
        assert [one["device"] for one in told] == ["at-gate", "on-street"], "the lane is another area's"


def test_live_and_recorded_and_each_look_in_the_trail(
    town: Station, alert: dict[str, Any], well: VideoPlatform
) -> None:
    with town.api("officer") as api:
        live = look(api)
        assert (live.status_code, live.headers["cache-control"]) == (200, "private, no-store")
        told = live.json()
        assert told["play"] == "hls"
        assert (told["begin"], told["end"], told["fmp4"]) == (None, None, None)
        assert httpx.get(told["hls"]).text.startswith("#EXTM3U")
        recorded = look(api, alert=alert["id"]).json()
        before = datetime.fromisoformat(alert["raised_at"]) - datetime.fromisoformat(recorded["begin"])
        assert before == timedelta(seconds=30)
        assert [path.split("/")[2] for path, _ in well.asked] == ["play", "gb_record", "playback"]
    lines = town.rows(
        "select object, detail from audit where act = 'camera.video' and username = 'officer' order by id"
    )
    assert [line["object"] for line in lines] == ["device/at-gate"] * 2
    assert lines[0]["detail"] == {"platform": "county", "live": True}
    assert (lines[1]["detail"]["alert"], lines[1]["detail"]["begin"]) == (alert["id"], recorded["begin"])


@pytest.mark.usefixtures("well")
def test_who_may_look_at_what(town: Station, alert: dict[str, Any]) -> None:
    for user, status in (("commander", 200), ("auditor", 403), ("admin", 403)):
        with town.api(user) as api:
            assert look(api).status_code == status, user
    with town.api("east") as api:
        assert look(api, "in-lane").status_code == 404
        assert look(api, "on-street").status_code == 200
        snapshot = api.post(f"/alerts/{alert['id']}/video/snapshot", json={"device": "in-lane"})
        assert snapshot.status_code == 404
    with town.api() as api:
        assert look(api, "camera-1").status_code == 404, "it has no video on a platform"
        assert look(api, "button-1").status_code == 404
        assert look(api, "elsewhere").json()["type"] == "urn:anxin:problem:video_unknown"


def test_what_is_no_possible_time(town: Station, alert: dict[str, Any], well: VideoPlatform) -> None:
    now = datetime.now(UTC)
    with town.api() as api:
        for begin, end in ((-60, 60), (-10, -20), (-1000, -10), (-60, None)):
            told = {"begin": (now + timedelta(seconds=begin)).isoformat()}
            told |= {"end": (now + timedelta(seconds=end)).isoformat()} if end is not None else {}
            assert look(api, **told).status_code == 422, (begin, end)
        span = {"begin": (now - timedelta(seconds=60)).isoformat(), "end": (now - timedelta(seconds=20)).isoformat()}
        assert look(api, **span).status_code == 200
        assert look(api, **span, alert=alert["id"]).status_code == 422
        assert look(api, begin="2026-11-22T08:00:00", end="2026-11-22T08:01:00").status_code == 422
    assert len([path for path, _ in well.asked if "playback" in path]) == 1


@pytest.mark.parametrize(
    ("mode", "reason", "sentence"),
    [
        ("offline", "video_offline", "the camera is offline on the video platform county; call 县局科信 3100"),
        ("silent", "video_silent", "does not answer the video platform county"),
        ("none", "video_none", "has no recording of that time"),
        ("garbage", "video_unreadable", "cannot be understood"),
        ("broken", "video_refused", "refuses: … Connection refused; call 县局科信 3100"),
    ],
)
def test_why_there_is_none(
    town: Station, alert: dict[str, Any], well: VideoPlatform, mode: Mode, reason: str, sentence: str
) -> None:
    well.mode = mode
    with town.api() as api:
        answer = look(api, alert=alert["id"])
    assert answer.status_code == 502
    assert answer.json()["type"] == f"urn:anxin:problem:{reason}"
    assert sentence in answer.json()["detail"]


def test_pages_may_load_from_the_platform_and_nowhere_else(town: Station, well: VideoPlatform) -> None:
    csp = httpx.get(f"{town.url}/healthz").headers["content-security-policy"]
    assert f"media-src 'self' blob: {well.url};" in csp
    assert f"connect-src 'self' {well.url};" in csp


@pytest.mark.usefixtures("well")
def test_a_snapshot_is_frozen_and_proves_itself(town: Station, alert: dict[str, Any], tmp_path: Path) -> None:
    before = datetime.now(UTC)
    with town.api() as api:
        kept = api.post(f"/alerts/{alert['id']}/video/snapshot", json={"device": "at-gate"})
        assert kept.status_code == 201, kept.text
        incident = kept.json()["incident"]
        again = api.post(f"/alerts/{alert['id']}/video/snapshot", json={"device": "at-gate"})
        assert (again.status_code, again.json()["attachment"]) == (200, kept.json()["attachment"])
        shown = api.get(f"/incidents/{incident}/attachments/{kept.json()['attachment']}")
        assert shown.content.startswith(b"\xff\xd8\xff")

        def frozen() -> list[dict[str, Any]]:
            items = api.get(f"/incidents/{incident}/evidence").json()["items"]
            return [one for one in items if one["what"].get("act") == "attached"]

        [record] = wait_for(frozen, "that it is frozen")
        assert [one["name"] for one in record["contents"]] == ["step.json", f"{kept.json()['attachment']}.jpg"]
        step = api.get(f"/incidents/{incident}/evidence/{record['seq']}/step.json").json()
        assert step["detail"]["sha256"] == kept.json()["sha256"]
        source = step["detail"]["source"]
        assert source | {"taken_at": ""} == {
            "camera": "at-gate", "alert": alert["id"], "platform": "county", "device": DEVICE, "channel": CHANNEL,
            "taken_at": "",
        }  # fmt: skip
        assert before <= datetime.fromisoformat(source["taken_at"]) <= datetime.now(UTC)
    with town.api("commander") as api:
        bundle = api.post(
            f"/incidents/{incident}/evidence/bundle", json={"recipient": "法制大队", "reason": "办案需要"}
        )
        (tmp_path / "bundle.zip").write_bytes(bundle.content)
    assert verify_file(tmp_path / "bundle.zip").is_whole
    with zipfile.ZipFile(tmp_path / "bundle.zip") as parts:
        assert shown.content in [parts.read(name) for name in parts.namelist() if name.endswith(".jpg")]


def test_no_address_and_no_secret_is_kept_or_logged(town: Station, alert: dict[str, Any], well: VideoPlatform) -> None:
    well.mode = "broken"
    with town.api() as api:
        look(api, alert=alert["id"])
    log = (town.home / "api.log").read_text(encoding="utf-8")
    kept = json.dumps(town.rows("select act, detail from audit"), default=str)
    for told in (log, kept):
        for secret in (PASSWORD, "/rtp/", "accessToken", *well.tokens):
            assert secret not in told


def test_a_platform_that_is_gone_and_one_that_hangs(town: Station, well: VideoPlatform) -> None:
    well.mode = "hang"
    with town.api() as api:
        api.timeout = 20
        slow = look(api)
        assert slow.json()["type"] == "urn:anxin:problem:video_timeout"
        assert 10 < slow.elapsed.total_seconds() < 19
        well.stop()
        gone = look(api)
        assert gone.json()["type"] == "urn:anxin:problem:video_unreachable"
        assert "call 县局科信 3100" in gone.json()["detail"]
