"""How an alert's standing is told: what has cleared, what comes first, what is overdue, and who has done what."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import PATIENCE_MS, Demo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

STATES = ".headline ~ .states"


def row_of(page: Page, alert: int) -> Locator:
    return page.locator(f"#open-alerts li[data-key='alert-{alert}'] .row")


def raised(page: Page, demo: Demo, device: str, kind: str) -> int:
    """Make an alert of its own and wait for its row; returns its id."""
    demo.settle(device)
    demo.publish(device, kind)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not (found := demo.get(f"alerts?state=unacknowledged&device={device}")["items"]):
        assert time.monotonic() < deadline, f"no alert of {device}"
        time.sleep(0.1)
    alert = int(found[0]["id"])
    expect(row_of(page, alert)).to_be_visible()
    return alert


def order(page: Page) -> list[str]:
    keys: list[str] = page.locator("#open-alerts li").evaluate_all("rows => rows.map((row) => row.dataset.key)")
    return keys


def test_what_has_cleared_says_since_when_and_no_longer_counts(console: Page, demo: Demo) -> None:
    alert = raised(console, demo, "school-2-gate", "door.held")
    row = row_of(console, alert)
    row.click()
    detail = console.locator("#detail")
    expect(detail.locator(".first-action h3")).to_have_text("先做什么（处置要点）")
    demo.publish("school-2-gate", "door.closed")
    expect(row).to_contain_text(re.compile(r"已恢复 \d\d:\d\d:\d\d"))
    expect(row).to_contain_text("当时：")
    expect(row.locator("[data-age]")).to_have_count(0)
    expect(detail.locator(STATES)).to_contain_text(re.compile(r"已恢复 \d\d:\d\d:\d\d"))
    expect(detail.locator(".first-action h3")).to_have_text("已恢复：确认情况后确认告警")
    expect(detail.locator(".times")).to_contain_text("共持续")
    console.get_by_role("button", name="English").click()
    expect(row).to_contain_text(re.compile(r"cleared \d\d:\d\d:\d\d"))
    expect(detail.locator(".first-action h3")).to_contain_text("It has cleared")


def test_unacknowledged_comes_first_then_the_last_sound_and_what_is_closed_last(console: Page, demo: Demo) -> None:
    older = raised(console, demo, "school-1-gate", "door.held")
    newer = raised(console, demo, "mall-staff-door", "door.held")
    keys = [f"alert-{newer}", f"alert-{older}"]
    assert [key for key in order(console) if key in keys] == keys

    row_of(console, newer).focus()
    demo.post(f"alerts/{newer}/ack", {})
    expect(row_of(console, newer)).to_contain_text("已确认")
    assert [key for key in order(console) if key in keys] == keys[::-1]
    expect(row_of(console, newer)).to_be_focused()

    demo.post(f"alerts/{older}/ack", {})
    (incident,) = demo.get(f"alerts/{newer}")["incidents"]
    demo.post(f"incidents/{incident}/close", {"disposition": "nuisance"})
    expect(row_of(console, newer)).not_to_contain_text("警情")
    assert order(console)[-1] == f"alert-{newer}"
    console.reload()
    row_of(console, newer).wait_for()
    assert order(console)[-1] == f"alert-{newer}", "the same after everything was fetched anew"


def test_a_time_limit_that_is_over_says_by_how_much_until_somebody_signs(console: Page, demo: Demo) -> None:
    alert = raised(console, demo, "flat-1-101-sos", "alarm.pressed")
    (incident,) = demo.get(f"alerts/{alert}")["incidents"]
    demo.change("update incident set opened_at = opened_at - interval '1 hour' where id = %s", incident)
    console.reload()
    row_of(console, alert).click()
    limit = console.locator("#detail .first-action")
    expect(limit).to_contain_text("处置时限 2 分")
    expect(limit.locator(".overdue")).to_have_text(re.compile(r"已超 (5[89] 分|1 小时).*，无人签收"))
    console.locator("#act-sign").click()
    expect(console.locator(f"#detail {STATES}")).to_contain_text("已签收")
    expect(limit.locator(".overdue")).to_have_count(0)


def test_people_are_shown_by_name_and_role(console: Page, demo: Demo) -> None:
    alert = raised(console, demo, "school-2-button", "alarm.pressed")
    row_of(console, alert).click()
    told = console.locator("#detail .told")
    expect(told).to_contain_text("李卫国（民警）")
    expect(told).not_to_contain_text("phone-")
    demo.post(f"alerts/{alert}/ack", {})
    expect(row_of(console, alert)).to_contain_text("张敏（接警员） 已确认")
    console.get_by_role("button", name="English").click()
    expect(row_of(console, alert)).to_contain_text("acknowledged by 张敏 (operator)")
    expect(told).to_contain_text("李卫国 (officer)")


def test_the_top_alert_stands_open_on_a_desk_and_nothing_is_asked_before_the_log_in(page: Page, demo: Demo) -> None:
    demo.publish("school-2-button", "alarm.pressed")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/")
    expect(page.locator("#login")).to_be_visible()
    assert [url for url in asked if "/api/" in url] == []
    page.locator("#username").fill("operator")
    page.locator("#password").fill(demo.password("operator"))
    page.locator("#login button[type=submit]").click()
    expect(page.locator("#detail .headline")).to_be_visible()
    expect(page.locator("#open-alerts .row").first).to_have_attribute("aria-current", "true")
