"""Cameras live in the console: the wall, the triage page, a round of online patrol; a worker plays a film."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from connectors.camera.config import WorkerConfig
from connectors.camera.worker import Worker
from tests.films import film

from .conftest import PATIENCE_MS, Demo, accessible, enter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

CAMERA = "east-street-camera"


@contextmanager
def watching(demo: Demo, folder: Path) -> Iterator[Worker]:
    """A worker of the crossing's camera."""
    logins = json.loads(Path(demo.told["devices_file"]).read_text(encoding="utf-8"))["devices"]
    made = film(folder / "film.mp4", seconds=30, fps=5, size=(640, 360), bright_at=0)
    config = WorkerConfig.model_validate({
        "station": demo.told["station"], "broker": f"mqtt://{demo.told['mqtt']['host']}:{demo.told['mqtt']['port']}",
        "api": demo.url, "spool": folder / "spool", "spool_mb": 50, "reserve_mb": 1,
        "cameras": [{"device": CAMERA, "secret": logins[CAMERA]["password"], "source": str(made)}],
    })  # fmt: skip
    worker, stopping = Worker(config, lambda: datetime.now(UTC), time.monotonic), threading.Event()
    thread = threading.Thread(target=worker.run, args=(stopping,))
    thread.start()
    try:
        yield worker
    finally:
        stopping.set()
        thread.join(60)


def test_a_wall_is_chosen_kept_shows_what_is_now_and_says_when_it_is_not(
    page: Page, demo: Demo, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/cameras")
    enter(page, demo)
    expect(page.locator(".room-body")).to_contain_text("还没有选摄像机")
    accessible(page)
    with watching(demo, tmp_path):
        page.locator("#camera-search").fill("东街 枪机")
        page.get_by_label("东街十字枪机").press("Space")
        page.locator("#camera-search").fill("夜市")
        page.get_by_label("新城夜市球机").press("Space")
        live = page.locator(".tile", has_text="东街十字枪机")
        expect(live.locator("img")).to_have_js_property("naturalWidth", 640)
        expect(live.locator(".taken")).to_contain_text("实时")
        shown = live.locator("time").get_attribute("datetime")
        expect(live.locator("time")).not_to_have_attribute("datetime", str(shown))
        silent = page.locator(".tile", has_text="新城夜市球机")
        expect(silent).to_contain_text("没有画面")
        accessible(page)
        page.locator("#choose-cameras").click()
        page.locator("#page h2").click()  # away from the controls: digits choose the size
        page.keyboard.press("1")
        expect(page.locator(".tile")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        expect(page.locator(".tile")).to_contain_text("新城夜市球机")
        page.keyboard.press("4")
        expect(page.locator(".tile")).to_have_count(2)

        demo.publish(CAMERA, "camera.falling_object", {"floor_estimate": 6})
        expect(live.locator(".tile-case")).to_contain_text("P2")
        accessible(page)
        page.reload()
        expect(live.locator("img")).to_have_js_property("naturalWidth", 640)

        live.locator(".tile-case").click()
        expect(page).to_have_url(f"{demo.url}/")
        page.locator(".watch-live", has_text="东街十字枪机").click()
        expect(page.locator("#detail .still img")).to_have_js_property("naturalWidth", 640)
        accessible(page)

        page.goto("/patrol")
        page.locator(".route", has_text="东街重点部位巡查").click()
        page.locator("#begin-round").click()
        expect(page.locator(".walk .point")).to_contain_text("1. 实验小学")
        page.keyboard.press("1")
        expect(page.locator(".walk .camera img")).to_have_js_property("naturalWidth", 640)
        demo.post(f"patrols/rounds/{page.url.partition('round=')[2]}/end", {})
        page.goto("/cameras")
        expect(live.locator("img")).to_have_js_property("naturalWidth", 640)
    expect(live.locator(".stopped")).to_contain_text("画面已停")
    expect(live.locator(".still.old img")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="English").click()
    expect(live.locator(".stopped")).to_contain_text("this is not now")
