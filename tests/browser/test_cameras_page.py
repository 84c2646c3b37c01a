"""Cameras live in the console: the wall, the triage page, a round of online patrol; a worker plays a film."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from playwright.sync_api import Browser, Page, expect

from connectors.camera.config import CameraConfig, WorkerConfig
from connectors.camera.worker import Worker
from simulators.camera.film import write_film
from simulators.camera.named import named
from tests.films import film

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

CAMERA = "east-street-camera"


@contextmanager
def watching(
    demo: Demo, folder: Path, made: Path | None = None, analytics: Sequence[dict[str, Any]] = ()
) -> Iterator[Worker]:
    """A worker of the crossing's camera, on a film."""
    logins = json.loads(Path(demo.told["devices_file"]).read_text(encoding="utf-8"))["devices"]
    made = made or film(folder / "film.mp4", seconds=30, fps=5, size=(640, 360), bright_at=0)
    config = WorkerConfig.model_validate({
        "station": demo.told["station"], "broker": f"mqtt://{demo.told['mqtt']['host']}:{demo.told['mqtt']['port']}",
        "api": demo.url, "spool": folder / "spool", "spool_mb": 50, "reserve_mb": 1,
        "cameras": [{"device": CAMERA, "secret": logins[CAMERA]["password"], "source": str(made),
                     "analytics": list(analytics)}],
    })  # fmt: skip
    worker, stopping = Worker(config, lambda: datetime.now(UTC), time.monotonic), threading.Event()
    thread = threading.Thread(target=worker.run, args=(stopping,))
    thread.start()
    try:
        yield worker
    finally:
        stopping.set()
        thread.join(60)


def walk_and_keep_the_picture(page: Page, demo: Demo) -> None:
    """Walk a round past the crossing, and keep the picture its finding was made on."""
    page.goto("/patrol")
    page.locator(".route", has_text="东街重点部位巡查").click()
    page.locator("#begin-round").click()
    expect(page.locator(".walk .point")).to_contain_text("1. 实验小学")
    page.keyboard.press("1")
    expect(page.locator(".walk .camera img")).to_have_js_property("naturalWidth", 640)
    page.keyboard.press("2")
    page.locator("#keep-picture").check()
    expect(page.locator(".walk .camera .taken")).to_contain_text("已定格")
    taken = page.locator(".walk .camera time").get_attribute("datetime")
    page.locator("#finding-note").press("Enter")
    page.locator(".look-line.finding .picture").click()
    expect(page.locator(".look-line .kept")).to_have_js_property("naturalWidth", 640)
    accessible(page)
    number = page.url.partition("round=")[2]
    (kept,) = [one["picture_at"] for one in demo.get(f"patrols/rounds/{number}")["looks"] if one["picture_at"]]
    assert datetime.fromisoformat(kept) == datetime.fromisoformat(str(taken))
    demo.post(f"patrols/rounds/{number}/end", {})


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

        walk_and_keep_the_picture(page, demo)
        page.goto("/cameras")
        expect(live.locator("img")).to_have_js_property("naturalWidth", 640)
    expect(live.locator(".stopped")).to_contain_text("画面已停")
    expect(live.locator(".still.old img")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="English").click()
    expect(live.locator(".stopped")).to_contain_text("this is not now")


def analytics_of(page: Page) -> list[dict[str, Any]]:
    """What the page says to paste, as the worker reads it beside what it has."""
    text = f"    analytics:\n{page.locator('#snippet').text_content()}"
    told = yaml.safe_load(text)["analytics"]
    CameraConfig.model_validate({"device": CAMERA, "secret": "x", "source": "film.mp4", "analytics": told})
    return list(told)


@pytest.fixture
def lane(page: Page, demo: Demo, tmp_path: Path) -> Iterator[list[dict[str, Any]]]:
    """What a worker on a rendered lane is told, with its camera's page open."""
    scene = named("demo-lane", 1, 8)
    write_film(scene, tmp_path / "lane.mp4")
    zone = {
        "name": "fire_lane",
        "polygon": [[round(part, 3) for part in at] for at in scene.truth["zones"][0]["polygon"]],
    }
    analytics: list[dict[str, Any]] = [
        {"notice": "parked", "zone": zone, "hours": ["00:00-23:59"], "warn_s": 30},
        {"notice": "crossing", "line": "kerb", "start": [0.05, 0.9], "end": [0.3, 0.55]},
        {"notice": "tamper"},
    ]
    page.set_viewport_size({"width": 1366, "height": 768})
    with watching(demo, tmp_path, tmp_path / "lane.mp4", analytics):
        page.goto(f"/cameras/{CAMERA}/calibrate")
        enter(page, demo, "commander")
        yield analytics


def pressed(page: Page, *points: tuple[float, float]) -> None:
    """Press on the picture at points, each in parts of it."""
    for x, y in points:
        page.mouse.click(*on_screen(page, x, y))


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    box = page.locator("svg.marks").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def test_what_a_worker_looks_at_is_seen_over_its_picture(page: Page, lane: list[dict[str, Any]]) -> None:
    shown = page.locator(".calibrated")
    expect(shown.locator("img")).to_have_js_property("naturalWidth", 640)
    expect(shown.locator(".mark.zone")).to_contain_text("违停 fire_lane")
    expect(shown.locator(".mark.line")).to_contain_text("越线 kerb")
    parked = page.locator(".looks[data-notice=parked]")
    for told in ("违停", "正在分析", "00:00-23:59", "warn_s: 30", "sensitivity: 0.5", "fire_lane", "毫秒"):
        expect(parked).to_contain_text(told)
    assert ".mp4" not in page.content()
    accessible(page)

    # What the worker has is drawn anew, with what its file says of it and without its defaults.
    parked.locator(".again").click()
    assert analytics_of(page) == [lane[0]]
    page.locator("#copy-snippet").click()
    expect(page.locator(".draft .acts-row [role=status]")).to_contain_text("已复制")
    page.get_by_role("button", name="English").click()
    expect(parked).to_contain_text("Draw anew")


def test_a_zone_is_drawn_by_pointer_and_keys_and_is_what_the_worker_reads(page: Page, lane: list[Any]) -> None:
    del lane
    expect(page.locator(".calibrated img")).to_have_js_property("naturalWidth", 640)
    expect(page.locator(".mark.zone")).to_contain_text("fire_lane")
    page.locator("#draw-notice").select_option("intrusion")
    expect(page.locator(".draft .wrong")).to_contain_text("至少三个角")
    pressed(page, (0.2, 0.2), (0.8, 0.2), (0.8, 0.7))
    expect(page.locator("#hold-picture")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".draft .wrong")).to_contain_text("起个名称")
    page.locator("#draw-name").fill("yard")
    page.locator("svg.marks").focus()
    for _ in range(10):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    expect(page.locator(".points li")).to_have_count(4)
    page.keyboard.press("Backspace")
    expect(page.locator(".points li")).to_have_count(3)
    page.keyboard.press("Enter")
    page.get_by_label("第 4 点横坐标").fill("0.25")
    page.get_by_label("第 4 点横坐标").press("Tab")
    (told,) = analytics_of(page)
    assert (told["notice"], told["zone"]["name"]) == ("intrusion", "yard")
    (*three, fourth) = told["zone"]["polygon"]
    assert np.array(three) == pytest.approx(np.array([[0.2, 0.2], [0.8, 0.2], [0.8, 0.7]]), abs=0.005)
    assert fourth == pytest.approx([0.25, 0.7], abs=0.005)

    page.mouse.move(*on_screen(page, 0.8, 0.7))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 0.9, 0.8), steps=4)
    page.mouse.up()
    assert analytics_of(page)[0]["zone"]["polygon"][2] == pytest.approx([0.9, 0.8], abs=0.005)
    accessible(page)
    picture(page, "calibrate")

    page.get_by_label("第 4 点横坐标").fill("0.5")
    page.get_by_label("第 4 点纵坐标").fill("0.1")
    page.get_by_label("第 4 点纵坐标").press("Tab")
    expect(page.locator(".draft .wrong")).to_contain_text("互相交叉")
    expect(page.locator("#snippet")).to_have_count(0)


def test_a_scale_is_two_marks_one_above_the_other(page: Page, lane: list[Any]) -> None:
    del lane
    expect(page.locator(".calibrated img")).to_have_js_property("naturalWidth", 640)
    page.locator("#draw-notice").select_option("falling_object")
    pressed(page, (0.4, 0.9), (0.5, 0.3))
    page.locator("#draw-floor").fill("12")
    (column,) = analytics_of(page)[0]["columns"]
    assert column == pytest.approx({"x": 0.4, "ground": 0.9, "line": 0.3, "floor": 12}, abs=0.005)
    page.locator("#hold-picture").click()
    expect(page.locator(".taken-at")).to_contain_text("实时")


def test_who_sees_no_pictures_sees_the_marks_and_who_configures_nothing_is_led_away(
    chromium: Browser, demo: Demo, tmp_path: Path
) -> None:
    zone = {"name": "fire_lane", "polygon": [[0.1, 0.6], [0.9, 0.6], [0.9, 0.9]]}
    with watching(demo, tmp_path, analytics=[{"notice": "parked", "zone": zone}]):
        with opened(chromium, demo) as page:
            page.goto("/devices")
            enter(page, demo, "admin")
            page.get_by_text("东街十字枪机").first.click()
            page.locator(".room-side .calibrate").click()
            expect(page).to_have_url(f"{demo.url}/cameras/{CAMERA}/calibrate")
            expect(page.locator(".marks .zone")).to_contain_text("fire_lane")
            expect(page.locator(".calibrated")).to_contain_text("您的角色不看画面")
            expect(page.locator(".calibrated img, .draft")).to_have_count(0)
            accessible(page)
        with opened(chromium, demo) as page:
            page.goto(f"/cameras/{CAMERA}/calibrate")
            enter(page, demo)
            expect(page).to_have_url(f"{demo.url}/")
