"""The screen on the wall: in by its address, nothing to press, loud when nobody comes and when it is cut off."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

BUTTON = "school-3-button"


@pytest.fixture
def wall(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """A browser of its own on the wall, 1920 × 1080; nobody is logged in."""
    with opened(chromium, demo, width=1920) as page:
        page.set_viewport_size({"width": 1920, "height": 1080})
        yield page


def made(page: Page, demo: Demo) -> str:
    """Let the commander make a wall on its page; returns its address."""
    page.goto("/walls")
    enter(page, demo, "commander")
    page.locator("#wall-label").fill("指挥室北墙")
    page.locator("#wall-new button[type=submit]").click()
    return page.locator("#wall-address").input_value()


def test_a_wall_gets_in_by_its_address_and_shows_what_is_open(page: Page, wall: Page, demo: Demo) -> None:
    demo.settle(BUTTON)
    address = made(page, demo)
    accessible(page)
    picture(page, "walls")
    assert "#token=wall_" in address
    wall.goto(address)
    expect(wall.locator("#wall-light.fresh")).to_be_visible()
    wall.locator("#wall-quiet, .wall-card").first.wait_for()
    assert wall.url == f"{demo.url}/?mode=wall"
    before = int(wall.locator(".wall-counts .p1 b").inner_text())
    demo.publish(BUTTON, "alarm.pressed")
    expect(wall.locator(".wall-counts .p1 b")).to_have_text(str(before + 1))
    expect(wall.locator("#wall-p1")).to_contain_text("校园一键报警")
    expect(wall.locator(".wall-card", has_text="新城幼儿园")).to_be_visible()
    expect(wall.locator(".wall-duty li").first).to_be_visible()
    # It reads and does nothing, nor offers to.
    pressable = (
        "[...document.querySelectorAll('button, a, input, [tabindex]')].filter((one) => !one.closest('[inert]'))"
    )
    assert wall.evaluate(f"{pressable}.filter((one) => one.checkVisibility()).length") == 0
    refused = wall.evaluate("fetch('/api/v1/incidents', {method: 'POST'}).then((answer) => answer.json())")
    assert refused["status"] == 403
    assert "wall" in refused["detail"]
    accessible(wall)
    picture(wall, "wall")
    wall.evaluate("localStorage.setItem('anxin.language', 'en')")
    wall.reload()
    expect(wall.locator(".wall-duty h2")).to_have_text("On duty now")
    accessible(wall)
    # Ended by whoever looks after walls: its picture stops, its address is worth nothing.
    page.get_by_role("button", name="停用 指挥室北墙").first.click()
    page.locator("#wall-end").click()
    expect(page.locator("#notices")).to_contain_text("已停用")
    wall.goto("/healthz")
    wall.goto(address)
    expect(wall.locator("#wall-refused")).to_be_visible()
    demo.settle(BUTTON)


def test_a_p1_that_nobody_signs_is_red_after_three_minutes(wall: Page, demo: Demo) -> None:
    demo.settle(BUTTON)
    demo.publish(BUTTON, "alarm.pressed")
    wall.goto("/?mode=wall")
    enter(wall, demo)  # an operator's own log-in opens it too
    expect(wall.locator("#wall-p1")).to_be_visible()
    with psycopg.connect(demo.told["database_url"]) as database:
        database.execute(
            "update incident set opened_at = opened_at - interval '190 s' where state in ('new', 'acknowledged')"
        )
    wall.reload()
    expect(wall.locator("#wall-p1.unsigned #wall-unsigned")).to_contain_text("无人签收")
    accessible(wall)
    picture(wall, "wall-unsigned")
    for incident in demo.get("incidents?state=open&priority=P1")["items"]:
        demo.post(f"incidents/{incident['id']}/sign", {})
    expect(wall.locator("#wall-p1.unsigned")).to_have_count(0)
    demo.settle(BUTTON)


@pytest.mark.parametrize(("width", "height", "rem"), [(1920, 1080, 20), (3840, 2160, 40)])
def test_it_is_as_large_as_the_screen_and_never_scrolls(
    wall: Page, demo: Demo, width: int, height: int, rem: int
) -> None:
    wall.set_viewport_size({"width": width, "height": height})
    wall.goto("/?mode=wall")
    enter(wall, demo)
    wall.locator("#wall-light.fresh").wait_for()
    assert wall.evaluate("getComputedStyle(document.documentElement).fontSize") == f"{rem}px"
    boxes = "[...document.querySelectorAll('.wall-screen, .wall-box, .wall-ground, .wall-duty')]"
    assert wall.evaluate(f"{boxes}.every((box) => box.scrollHeight <= box.clientHeight + 1)")
    if width > 1920:
        picture(wall, "wall-4k")


def test_cut_off_it_says_so_all_over(wall: Page, demo: Demo) -> None:
    wall.goto("/?mode=wall")
    enter(wall, demo)
    wall.locator("#wall-quiet, .wall-card").first.wait_for()
    os.kill(demo.pid("api"), signal.SIGKILL)
    expect(wall.locator("#wall-lost")).to_contain_text("连接已中断")
    expect(wall.locator(".wall-screen.stale")).to_be_visible()
    expect(wall.locator("#wall-light.lost")).to_be_visible()
    picture(wall, "wall-lost")
    expect(wall.locator("#wall-light.fresh")).to_be_visible()  # it is started again, and the wall comes back by itself
    expect(wall.locator("#wall-lost")).to_have_count(0)


def test_only_who_may_looks_after_walls(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/")
    log_in()
    page.locator("#link.live").wait_for()
    expect(page.locator("#menu")).not_to_contain_text("大屏")
    assert page.request.get("/api/v1/walls").status == 403
