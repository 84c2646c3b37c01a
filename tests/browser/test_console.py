"""The command-room console as an operator meets it: the live page in Chromium on a running demo."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from api.routes.health import NotReady
from gateway.health import Reason

from .conftest import PATIENCE_MS, Demo, accessible

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def row_of(page: Page, *texts: str) -> Locator:
    """Rows of the triage list that say all of this."""
    rows = page.locator("#open-alerts .row")
    for text in texts:
        rows = rows.filter(has_text=text)
    return rows


def test_a_wrong_password_is_refused_and_the_right_one_opens_the_list(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/")
    log_in(password="not it")
    expect(page.locator("#login-error")).to_contain_text("用户名或密码错误")
    expect(page.locator("#list")).to_be_hidden()
    log_in()
    expect(page.locator("#link")).to_have_text("实时")
    expect(page.locator("#list")).to_be_visible()
    expect(page.locator("#login")).to_be_hidden()


def test_a_press_appears_by_itself_with_place_and_reason(console: Page, demo: Demo) -> None:
    console.evaluate("window.neverReloaded = true")
    demo.publish("school-1-button", "alarm.pressed")
    row = row_of(console, "实验小学", "P1")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("东街网格")
    expect(row).to_contain_text("实验小学门卫室一键报警")
    expect(row).to_have_class(re.compile("unacknowledged"))
    expect(console.locator("#urgent")).to_contain_text("实验小学")
    assert console.evaluate("window.neverReloaded") is True


def test_opening_is_not_acknowledging_and_acknowledging_is_known_to_the_api(console: Page, demo: Demo) -> None:
    demo.publish("building-2-back", "door.forced")
    row = row_of(console, "西关小区3号楼", "门被强行打开")
    row.click()
    detail = console.locator("#detail")
    expect(detail.locator(".first-action")).to_contain_text("派就近警力到场")
    expect(detail).to_contain_text("开门前有授权")  # what would have prevented it
    expect(detail).to_contain_text("3号楼后门门禁")  # the event that counted
    expect(detail).to_contain_text("周海涛（民警）")  # who was told
    assert demo.alert_of("building-2-back")["acknowledged"] is False

    console.keyboard.press("a")

    expect(row).not_to_have_class(re.compile("unacknowledged"))
    expect(row).to_contain_text("张敏（接警员） 已确认")
    expect(row).to_contain_text("已接警")
    told = demo.alert_of("building-2-back")
    assert (told["acknowledged"], told["acknowledged_by"]) == (True, "operator")

    # The rest of the road: sign, close with a coded disposition, let go of the latch.
    detail.get_by_role("button", name="签收").click()
    expect(detail.locator(".headline + .place + .states")).to_contain_text("已签收")
    detail.locator("#act-close").click()
    detail.get_by_label("设备误报").check()
    detail.locator(".ask").get_by_role("button", name="办结").click()
    expect(detail.locator(".headline + .place + .states")).to_contain_text("设备误报")
    expect(detail.locator("#still-latched")).to_have_text("警情已办结，告警还需复位。")
    expect(row).to_have_count(0)  # nothing to handle; to finish it has to be reset
    console.get_by_role("tab", name="待收尾").click()
    expect(row).to_contain_text("还需复位")
    detail.get_by_role("button", name="复位").click()
    expect(row).to_have_count(0)
    (incident,) = demo.get(f"alerts/{told['id']}")["incidents"]
    closed = demo.get(f"incidents/{incident}")
    assert (closed["state"], closed["disposition"]) == ("closed", "false_sensor")
    assert demo.get(f"alerts/{told['id']}")["state"] == "ended"


def test_a_new_row_does_not_move_the_row_under_the_pointer(console: Page, demo: Demo) -> None:
    demo.publish("building-1-back", "door.held", {"open_s": 30})
    row = row_of(console, "河滨小区1号楼", "门长时间未关")
    expect(row).to_have_count(1)
    row.hover()
    before = row.bounding_box()
    demo.publish("flat-1-101-sos", "alarm.pressed")
    expect(row_of(console, "河滨小区1号楼101室", "P1")).to_have_count(1)
    after = row.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2
    expect(console.locator("#counts .count.p1")).to_be_visible()


def test_what_moves_up_out_of_sight_is_told(console: Page, demo: Demo) -> None:
    """Once acknowledged, the row under the cursor belongs below one that is not: that one may not just vanish."""
    for device in ("flat-1-101-sos", "school-1-button-2"):
        demo.settle(device)
        demo.publish(device, "alarm.pressed")
        expect(console.locator("#open-alerts .row.unacknowledged.p1").first).to_be_visible()
    later = row_of(console, "实验小学教务处", "未确认")
    later.hover()
    later.click()
    console.keyboard.press("a")
    expect(row_of(console, "实验小学教务处", "已确认")).to_be_in_viewport()
    console.locator("#more-above").click()
    expect(row_of(console, "河滨小区1号楼101室", "未确认")).to_be_in_viewport()


def test_a_change_that_comes_while_the_lists_are_fetched_is_kept(
    page: Page, demo: Demo, log_in: Callable[..., None]
) -> None:
    lists = "**/api/v1/alerts?state=open*"

    def answer_late(route: Route) -> None:
        before = route.fetch()
        demo.publish("school-1-gate", "door.held", {"open_s": 45})
        time.sleep(2)  # the stream is faster than this answer, which does not know of the door yet
        route.fulfill(response=before)

    page.route(lists, answer_late, times=1)
    page.goto("/")
    with page.expect_response(lists):
        log_in()
    page.wait_for_timeout(500)  # for the answer to have been taken over
    expect(row_of(page, "实验小学人行门禁", "门长时间未关")).to_have_count(1)


def test_what_a_device_sends_is_shown_as_text(console: Page, demo: Demo) -> None:
    markup = "<img src=x onerror='window.fooled=true'><b>bold</b>"
    demo.publish("flat-2-102-sos", "alarm.pressed", {"note": markup})
    row_of(console, "西关小区3号楼102室").click()
    expect(console.locator("#detail")).to_contain_text(markup)
    assert console.locator("main img").count() == 0
    assert console.evaluate("window.fooled") is None


def test_starting_the_shift_turns_the_sound_on(page: Page, demo: Demo, log_in: Callable[..., None]) -> None:
    page.add_init_script(
        """
        const start = OscillatorNode.prototype.start;
        OscillatorNode.prototype.start = function (...given) {
          document.documentElement.dataset.tones = (document.documentElement.dataset.tones ?? "") + "♪";
          return start.apply(this, given);
        };
        """
    )
    page.goto("/")
    log_in()
    expect(page.locator("#silent")).to_contain_text("不会响铃")
    expect(page.locator("html")).not_to_have_attribute("data-tones", re.compile("."))
    page.get_by_role("button", name="开始值班").click()
    expect(page.locator("#silent")).to_be_hidden()
    expect(page.locator("html")).to_have_attribute("data-tones", re.compile("."))  # the test tone
    page.evaluate("document.documentElement.dataset.tones = ''")
    demo.publish("school-3-button", "alarm.pressed")
    expect(row_of(page, "新城幼儿园", "P1")).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("data-tones", re.compile("♪{6}"))  # three a round: it repeats


def test_a_console_is_muted_for_ten_minutes_and_says_by_whom(page: Page, log_in: Callable[..., None]) -> None:
    page.clock.install()
    page.goto("/")
    log_in()
    expect(page.locator("#mute")).to_have_count(0)  # without sound there is nothing to mute
    page.get_by_role("button", name="开始值班").click()
    page.locator("#mute").click()
    muted = page.locator("#muted")
    expect(muted).to_contain_text(re.compile(r"张敏 已将本台静音，.*自动恢复。一级告警照常响铃"))
    accessible(page)
    page.locator("#unmute").click()
    expect(muted).to_be_hidden()
    page.locator("#mute").click()
    expect(muted).to_be_visible()
    page.clock.fast_forward(10 * 60_000 + 1000)
    expect(muted).to_be_hidden()
    expect(page.locator("#mute")).to_be_visible()


def test_a_flood_that_stands_is_said(page: Page, log_in: Callable[..., None]) -> None:
    flood = {"id": 1, "since": "2026-11-23T03:00:00Z", "ended_at": None, "report": None, "standing": True}
    page.route("**/api/v1/floods?*", lambda route: route.fulfill(json={"items": [flood], "next": None}))
    page.goto("/")
    log_in()
    expect(page.locator("#flood")).to_contain_text(re.compile("洪峰中（自 .*11:00:00）"))
    expect(page.locator("#flood")).to_contain_text("一级照常")


def test_the_other_language_is_english_and_remembered(console: Page, demo: Demo) -> None:
    demo.publish("school-1-button-2", "alarm.pressed")
    row = row_of(console, "实验小学教务处一键报警")
    expect(row).to_contain_text("校园一键报警")
    console.get_by_role("button", name="English").click()
    expect(row).to_contain_text("School one-touch alarm")
    row.click()
    expect(console.locator("#detail .first-action")).to_contain_text("Send the nearest officers")
    expect(console.locator("#detail").get_by_role("button", name="Acknowledge")).to_be_visible()
    expect(console.locator("html")).to_have_attribute("lang", "en")
    console.reload()
    expect(console.get_by_role("button", name="中文")).to_be_visible()
    expect(row).to_contain_text("School one-touch alarm")


def test_the_documentation_of_the_api_is_complete(page: Page) -> None:
    page.goto("/docs")
    page.get_by_role("button", name="Expand operation").first.wait_for()
    page.locator("#operations-tag-persons").click()
    expect(page.locator(".opblock-summary-path", has_text=re.compile("persons/.*away"))).to_be_visible()


def test_a_session_that_is_over_leads_back_to_the_form(console: Page) -> None:
    console.context.clear_cookies()
    console.reload()
    expect(console.locator("#login")).to_be_visible()
    expect(console.locator("#list")).to_be_hidden()


def test_why_a_press_might_not_ring_is_told_in_the_language_of_the_page(
    page: Page, log_in: Callable[..., None]
) -> None:
    reasons = [*Reason, *NotReady]
    page.route("**/readyz", lambda route: route.fulfill(status=503, json={"failing": reasons, "detail": "…"}))
    page.goto("/")
    log_in()
    banner = page.locator("#not-ready")
    expect(banner).to_contain_text("系统未就绪")
    expect(banner).to_contain_text("网关自检探针没有走完全程；无法通知任何手机")
    expect(banner).not_to_contain_text(re.compile("[a-z]", re.IGNORECASE))
    page.get_by_role("button", name="English").click()
    expect(banner).to_contain_text("the gateway's own probe does not come through the road; no phone can be reached")


def test_a_killed_api_is_seen_and_caught_up_with(console: Page, demo: Demo) -> None:
    expect(console.locator("#lost")).to_be_hidden()
    console.evaluate("window.neverReloaded = true")
    os.kill(demo.pid("api"), signal.SIGKILL)
    demo.publish("school-2-button", "alarm.pressed")
    demo.publish("school-2-button", "alarm.pressed")
    expect(console.locator("#lost")).to_contain_text("连接已中断")
    expect(console.locator(".frame")).to_have_class(re.compile("stale"))

    row = row_of(console, "城关中学门卫室")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("2 次")
    expect(console.locator("#lost")).to_be_hidden()
    expect(console.locator(".frame")).not_to_have_class(re.compile("stale"))
    expect(console.locator("#caught-up")).to_have_text(re.compile(r"补收 [1-9]\d* 条变化"))
    assert console.locator("#open-alerts li").evaluate_all(
        "rows => rows.length === new Set(rows.map((row) => row.dataset.key)).size"
    )
    assert console.evaluate("window.neverReloaded") is True
