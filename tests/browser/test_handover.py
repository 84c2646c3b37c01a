"""From one shift to the next: at the desk, a page that two people sign, and phones that are tried before the shift."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

BUTTON = "school-2-button"


@pytest.fixture
def desk(page: Page, log_in: Callable[..., None]) -> Page:
    """The operator's console on the handover page."""
    page.goto("/handover")
    log_in()
    page.locator(".handover .counts").wait_for()
    return page


def test_a_shift_begins_pauses_and_ends(desk: Page, demo: Demo) -> None:
    desk.locator("#shift").click()
    desk.locator("#shift-begin").click()
    expect(desk.locator("#shift.on")).to_contain_text("值班中")
    assert [one["paused"] for one in demo.get("desk/handover")["at_desk"] if one["username"] == "operator"] == [False]
    desk.locator("#shift").click()
    desk.locator("#shift-pause").click()
    expect(desk.locator("#shift.paused")).to_be_visible()
    desk.reload()
    expect(desk.locator("#shift.paused")).to_be_visible()  # it is known after a reload too
    desk.locator("#shift").click()
    desk.locator("#shift-end").click()
    expect(desk.locator("#shift.off")).to_be_visible()
    assert [one for one in demo.get("desk/handover")["at_desk"] if one["username"] == "operator"] == []


def test_two_people_sign(chromium: Browser, desk: Page, demo: Demo) -> None:
    demo.settle(BUTTON)
    demo.publish(BUTTON, "alarm.pressed")
    expect(desk.locator("#top .count.p1")).to_be_visible()
    desk.get_by_role("button", name="刷新").click()
    expect(desk.locator("#left-open tr", has_text="城关中学").first).to_be_visible()
    counted = demo.get("desk/handover")["counts"]
    expect(desk.locator("[data-count=open] dd")).to_have_text(str(counted["open"]))
    accessible(desk)
    picture(desk, "handover")
    desk.locator("#handover-note").fill("城关中学的按钮今早试过两次。")
    desk.locator("#handover-give button[type=submit]").click()
    expect(desk.locator("#given-by")).to_contain_text("张敏")
    expect(desk.locator("#taken-by")).to_have_text("待签字")
    expect(desk.locator("#handover-take")).to_have_count(0)  # not by the one who gave it
    with opened(chromium, demo) as other:
        other.goto("/")
        enter(other, demo, "commander")
        expect(other.locator("#handover-pending")).to_contain_text("张敏")
        other.locator("#handover-pending a").click()
        expect(other.locator("#handover-said")).to_contain_text("今早试过两次")
        other.locator("#handover-take").click()
        expect(other.locator("#taken-by")).to_contain_text("孙建平")
        expect(other.locator("#handover-pending")).to_have_count(0)
        expect(other.locator("#shift.on")).to_be_visible()
        accessible(other)
        other.locator("#language").click()
        expect(other.locator("#handover-take")).to_have_count(0)
        accessible(other)
        other.emulate_media(media="print")
        expect(other.locator("#top")).to_be_hidden()
        expect(other.locator("#given-by")).to_be_visible()
        other.emulate_media(media="screen")
        other.locator("#shift").click()
        other.locator("#shift-end").click()
        expect(other.locator("#shift.off")).to_be_visible()
    newest = demo.get("desk/handovers")["items"][0]
    assert (newest["given_by"], newest["taken_by"]) == ("operator", "commander")
    desk.locator("#handover-back").click()
    desk.reload()
    expect(desk.locator("#past tbody tr").first).to_contain_text("孙建平")
    demo.settle(BUTTON)


def test_phones_are_tried_before_the_shift(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/handover")
    log_in("commander")
    officer = page.locator("#reach tr[data-user=officer]")
    expect(officer).to_contain_text("李卫国")
    officer.get_by_role("button", name="测试 李卫国").first.click()
    expect(officer.locator(".tested").first).to_contain_text(re.compile("已送达|已读"))
    expect(officer.locator(".reach.reached").first).to_be_visible()
    page.locator("#language").click()
    expect(page.locator("#reach h3")).to_contain_text("can those on duty be reached")
    accessible(page)
