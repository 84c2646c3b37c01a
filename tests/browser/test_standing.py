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


def row_of(page: Page, incident: int) -> Locator:
    return page.locator(f"#open-alerts li[data-key='incident-{incident}'] .row")


def raised(page: Page, demo: Demo, device: str, kind: str) -> tuple[int, int]:
    """Make an alert with an incident of its own and wait for its row; returns the ids of both."""
    for standing in demo.get("incidents?state=open&limit=500")["items"]:
        demo.post(f"incidents/{standing['id']}/close", {"disposition": "real"})
    demo.settle(device)
    demo.publish(device, kind)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        found = demo.get(f"alerts?state=unacknowledged&device={device}")["items"]
        incidents = demo.get(f"alerts/{found[0]['id']}")["incidents"] if found else []
        if incidents and demo.get(f"incidents/{incidents[-1]}")["state"] == "new":
            break
        assert time.monotonic() < deadline, f"no incident of {device}"
        time.sleep(0.1)
    expect(row_of(page, incidents[-1])).to_be_visible()
    return int(found[0]["id"]), int(incidents[-1])


def order(page: Page) -> list[str]:
    keys: list[str] = page.locator("#open-alerts li").evaluate_all("rows => rows.map((row) => row.dataset.key)")
    return keys


def test_what_has_cleared_says_since_when_and_no_longer_counts(console: Page, demo: Demo) -> None:
    _, incident = raised(console, demo, "school-2-gate", "door.held")
    row = row_of(console, incident)
    row.click()
    detail = console.locator("#detail")
    expect(detail.locator(".first-action h3")).to_have_text("先做什么（处置要点）")
    demo.publish("school-2-gate", "door.closed")
    expect(row).to_contain_text(re.compile(r"已恢复 \d\d:\d\d:\d\d"))
    expect(row).to_contain_text("当时：")
    expect(row.locator(".since")).to_contain_text("共持续")
    expect(detail.locator(STATES)).to_contain_text(re.compile(r"已恢复 \d\d:\d\d:\d\d"))
    expect(detail.locator(".first-action h3")).to_have_text("已恢复：确认情况后确认告警")
    expect(detail.locator(".times")).to_contain_text("共持续")
    console.get_by_role("button", name="English").click()
    expect(row).to_contain_text(re.compile(r"cleared \d\d:\d\d:\d\d"))
    expect(detail.locator(".first-action h3")).to_contain_text("It has cleared")


def test_a_button_that_went_quiet_by_itself_still_says_what_to_do(console: Page, demo: Demo) -> None:
    _, incident = raised(console, demo, "flat-2-102-sos", "alarm.pressed")
    row_of(console, incident).click()
    detail = console.locator("#detail")
    demo.publish("flat-2-102-sos", "alarm.reset")
    expect(detail.locator(STATES)).to_contain_text("已恢复")
    expect(detail.locator(".first-action h3")).to_have_text("先做什么（处置要点）")
    expect(detail.locator("#all-the-same")).to_contain_text("照样处置")
    demo.post(f"incidents/{incident}/close", {"disposition": "real"})
    expect(detail.locator("#all-the-same")).to_be_hidden()


def test_unacknowledged_comes_first_then_the_last_sound_and_what_is_closed_last(console: Page, demo: Demo) -> None:
    first, older = raised(console, demo, "school-1-gate", "door.held")
    demo.publish("mall-staff-door", "door.held")
    row = console.locator("#open-alerts li", has_text="万家商场员工通道门禁")
    expect(row).to_have_count(1)
    newer = int((row.get_attribute("data-key") or "").removeprefix("incident-"))
    second = demo.alert_of("mall-staff-door")["id"]
    keys = [f"incident-{newer}", f"incident-{older}"]
    assert [key for key in order(console) if key in keys] == keys

    row_of(console, newer).focus()
    demo.post(f"alerts/{second}/ack", {})
    expect(row_of(console, newer)).to_contain_text("已确认")
    assert [key for key in order(console) if key in keys] == keys[::-1]
    expect(row_of(console, newer)).to_be_focused()

    demo.post(f"alerts/{first}/ack", {})
    demo.post(f"incidents/{newer}/close", {"disposition": "nuisance"})
    # Closed, its door is open still: it is to be finished, and no longer stands among what is to be handled.
    for _ in ("as it comes", "the same after everything was fetched anew"):
        expect(row_of(console, older)).to_be_visible()
        expect(row_of(console, newer)).to_have_count(0)
        console.get_by_role("tab", name="待收尾").click()
        expect(console.locator(f"#open-alerts li[data-key='alert-{second}']")).to_have_count(1)
        console.reload()


def test_a_time_limit_that_is_over_says_by_how_much_until_somebody_signs(console: Page, demo: Demo) -> None:
    _, incident = raised(console, demo, "flat-1-101-sos", "alarm.pressed")
    demo.change("update incident set opened_at = opened_at - interval '1 hour' where id = %s", incident)
    console.reload()
    row_of(console, incident).click()
    limit = console.locator("#detail .first-action")
    expect(limit).to_contain_text("处置时限 2 分")
    expect(limit.locator(".overdue")).to_have_text(re.compile(r"已超 (5[89] 分|1 小时).*，无人签收"))
    console.locator("#act-sign").click()
    expect(console.locator(f"#detail {STATES}")).to_contain_text("已签收")
    expect(limit.locator(".overdue")).to_have_count(0)


def test_people_are_shown_by_name_and_role(console: Page, demo: Demo) -> None:
    alert, incident = raised(console, demo, "school-2-button", "alarm.pressed")
    row_of(console, incident).click()
    told = console.locator("#detail .told")
    expect(told).to_contain_text("李卫国（民警）")
    expect(told).not_to_contain_text("phone-")
    demo.post(f"alerts/{alert}/ack", {})
    expect(row_of(console, incident)).to_contain_text("张敏（接警员） 已确认")
    console.get_by_role("button", name="English").click()
    expect(row_of(console, incident)).to_contain_text("acknowledged by 张敏 (operator)")
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
