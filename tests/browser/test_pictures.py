"""What a camera saw, on the desk: the snapshot comes by itself, the clip plays."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import httpx2 as httpx
import pytest
from playwright.sync_api import Page, expect

from simulators.camera.film import write_film
from simulators.camera.named import named

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture
from .test_triage import raised, row_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)
CAMERA = "building-1-camera"


def hand_in(demo: Demo, event: str, role: str, content: bytes, media_type: str) -> None:
    logins = json.loads(Path(demo.told["devices_file"]).read_text(encoding="utf-8"))["devices"][CAMERA]
    now = datetime.now(UTC)
    answer = httpx.post(
        f"{demo.url}/api/v1/media",
        params={
            "event": event, "role": role, "from": (now - timedelta(seconds=40)).isoformat(), "until": now.isoformat()
        },
        content=content, headers={"Content-Type": media_type}, auth=(CAMERA, logins["password"]), timeout=20,
    )  # fmt: skip
    assert answer.status_code == 201, answer.text


def test_a_snapshot_comes_by_itself_and_the_clip_plays(page: Page, demo: Demo, tmp_path: Path) -> None:
    alert, incident = raised(
        demo, CAMERA, "camera.falling_object", {"floor_estimate": 12, "media": ["snapshot", "clip"]}
    )
    page.goto("/")
    enter(page, demo, "operator")
    row_of(page, incident).click()
    part = page.locator(".part.camera")
    expect(part).to_contain_text("录像片段录完后几秒内到达")

    event = demo.get(f"alerts/{alert}")["evidence"][-1]["id"]
    scene = named("facade", 1, 4)
    still = next(iter(scene.frames()))
    hand_in(demo, event, "snapshot", cv2.imencode(".jpg", still)[1].tobytes(), "image/jpeg")
    snapshot = part.get_by_role("img")
    expect(snapshot).to_be_visible()
    page.wait_for_function("() => document.querySelector('.part.camera img')?.naturalWidth === 1280")
    expect(part).to_contain_text("抓拍")
    expect(part).to_contain_text("录像片段录完后几秒内到达")

    write_film(scene, tmp_path / "clip.mp4")
    hand_in(demo, event, "clip", (tmp_path / "clip.mp4").read_bytes(), "video/mp4")
    video = part.locator("video")
    expect(video).to_be_visible()
    expect(part).not_to_contain_text("录完后几秒内到达")
    video.evaluate("video => video.play()")
    page.wait_for_function("() => document.querySelector('.part.camera video').currentTime > 0.5")
    assert video.evaluate("video => [video.videoWidth, video.videoHeight]") == [1280, 720]
    accessible(page)
    part.scroll_into_view_if_needed()
    picture(page, "pictures")
