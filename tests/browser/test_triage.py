"""Triage as it is worked: by keyboard alone, by two at once, with what can be taken back and what cannot."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def row_of(page: Page, incident: int) -> Locator:
    return page.locator(f"#open-alerts li[data-key='incident-{incident}'] .row")


def raised(demo: Demo, device: str, kind: str, data: dict[str, Any] | None = None) -> tuple[int, int]:
    """Make a case of its own; returns its alert and its incident."""
    for incident in demo.get("incidents?state=open&limit=500")["items"]:
        whole = demo.get(f"incidents/{incident['id']}")
        if "close" in whole["may"]:
            demo.post(f"incidents/{incident['id']}/close", {"disposition": "real"})
    demo.settle(device)
    demo.publish(device, kind, data)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        found = demo.get(f"alerts?state=unacknowledged&device={device}")["items"]
        incidents = demo.get(f"alerts/{found[0]['id']}")["incidents"] if found else []
        if incidents:
            return int(found[0]["id"]), int(incidents[-1])
        assert time.monotonic() < deadline, f"no incident of {device}"
        time.sleep(0.1)


def at_desk(page: Page, demo: Demo, username: str, incident: int) -> Locator:
    """Log somebody in and open an incident; returns the details."""
    page.goto("/")
    enter(page, demo, username)
    row_of(page, incident).click()
    detail = page.locator("#detail")
    expect(detail.locator(".headline")).to_be_visible()
    expect(detail.locator(".states", has_text=f"警情 {incident} ")).to_be_visible()
    return detail


def test_from_press_to_close_by_keyboard_alone(console: Page, demo: Demo) -> None:
    _, incident = raised(demo, "building-2-back", "door.forced")
    row = row_of(console, incident)
    expect(row).to_be_visible()
    keys = console.keyboard
    for _ in range(20):
        if row.get_attribute("aria-current") == "true":
            break
        keys.press("j")
        console.wait_for_timeout(150)
    expect(row).to_have_attribute("aria-current", "true")
    detail = console.locator("#detail")
    expect(detail.locator(".headline")).to_contain_text("门被强行打开")
    keys.press("?")  # it lists what can be done now: with a case
    help_sheet = console.get_by_role("dialog", name="键盘与图例")
    for told in ("派警", "办结", "搁置", "撤销", "确认当前告警", "搜索列表"):
        expect(help_sheet).to_contain_text(told)
    keys.press("Escape")
    expect(help_sheet).to_be_hidden()

    keys.press("a")
    expect(row).to_contain_text("已接警")

    keys.press("d")
    people = detail.locator(".ask .choice")
    expect(people.first).to_contain_text("责任民警")  # why this one
    keys.press("1")
    expect(detail.locator(".ask .confirm")).to_contain_text(re.compile("将派 .+ 前往"))
    assert demo.get(f"incidents/{incident}")["state"] == "acknowledged", "choosing is not sending"
    keys.press("Enter")
    expect(row).to_contain_text("已派警")
    assert len(demo.get(f"incidents/{incident}")["assignees"]) == 1

    keys.press("n")
    keys.type("后门锁舌被撬")
    keys.press("Control+Enter")
    expect(detail.locator("#timeline")).to_contain_text("后门锁舌被撬")

    keys.press("c")
    keys.press("2")
    expect(detail.locator(".ask .confirm")).to_contain_text("将以“设备误报”办结")
    keys.press("Escape")
    assert demo.get(f"incidents/{incident}")["state"] == "dispatched", "left, nothing was done"
    keys.press("c")
    expect(detail.get_by_label("设备误报")).to_be_checked()  # what was chosen is kept
    keys.press("Enter")
    expect(console.locator("#notices")).to_contain_text("已办结")
    closed = demo.get(f"incidents/{incident}")
    assert (closed["state"], closed["disposition"]) == ("closed", "false_sensor")


def test_an_acknowledgement_is_taken_back_within_ten_seconds(console: Page, demo: Demo) -> None:
    alert, incident = raised(demo, "mall-stockroom-door", "door.forced")
    row = row_of(console, incident)
    row.click()
    detail = console.locator("#detail")
    expect(detail.locator(".headline")).to_contain_text("门被强行打开")
    console.keyboard.press("a")
    expect(row).not_to_have_class(re.compile("unacknowledged"))
    console.locator("#notices").get_by_role("button", name="撤销").click()
    expect(row).to_have_class(re.compile("unacknowledged"))
    expect(console.locator("#notices")).to_contain_text("已撤销确认")
    told = demo.get(f"alerts/{alert}")
    assert (told["acknowledged"], demo.get(f"incidents/{incident}")["state"]) == (False, "new")
    # The same by a key; and after ten seconds there is nothing to press any more.
    console.keyboard.press("a")
    expect(row).not_to_have_class(re.compile("unacknowledged"))
    expect(detail.locator("#act-undo")).to_be_enabled()
    console.keyboard.press("u")
    expect(row).to_have_class(re.compile("unacknowledged"))
    console.keyboard.press("a")
    expect(detail.locator("#act-undo")).to_be_visible()
    expect(detail.locator("#act-undo")).to_be_hidden(timeout=15_000)
    assert demo.get(f"alerts/{alert}")["acknowledged"] is True


def test_two_at_once_see_each_other_and_the_slower_one_is_told(chromium: Browser, demo: Demo) -> None:
    _, incident = raised(demo, "building-1-back", "door.forced")
    with opened(chromium, demo) as one, opened(chromium, demo) as other:
        first = at_desk(one, demo, "operator", incident)
        second = at_desk(other, demo, "commander", incident)
        expect(first.locator("#present")).to_contain_text("也打开了这起警情", timeout=25_000)
        expect(second.locator("#present")).to_contain_text("张敏（接警员）", timeout=25_000)
        second.locator("#act-note").click()
        second.get_by_label("记录内容").fill("写到一半")
        # Both close it at the same moment; the second one's is a moment longer on its way.
        for detail, disposition in ((first, "真实警情"), (second, "人为误报")):
            detail.locator("#act-close").click()
            detail.get_by_label(disposition).check()
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        other.route(f"**/api/v1/incidents/{incident}/close", hold)
        with other.expect_request(f"**/api/v1/incidents/{incident}/close"):
            second.locator(".ask").get_by_role("button", name="办结").click()
        first.locator(".ask").get_by_role("button", name="办结").click()
        expect(one.locator("#notices")).to_contain_text("已办结")
        held[0].continue_()
        expect(second.locator("#act-error")).to_contain_text(re.compile("张敏（接警员） 快了一步：.*办结"))
        expect(second.locator(".states").first).to_contain_text("已办结")  # the fresh state, at once
        closed = demo.get(f"incidents/{incident}")
        assert (closed["state"], closed["disposition"]) == ("closed", "real")
        assert [line["act"] for line in closed["timeline"]].count("close") == 1
        # What was being written is still there.
        second.locator("#act-note").click()
        expect(second.get_by_label("记录内容")).to_have_value("写到一半")


def test_a_p1_as_nothing_real_is_proposed_by_one_and_closed_by_another(chromium: Browser, demo: Demo) -> None:
    _, incident = raised(demo, "flat-2-102-sos", "alarm.pressed")
    with opened(chromium, demo) as one:
        detail = at_desk(one, demo, "operator", incident)
        one.keyboard.press("c")
        one.keyboard.press("3")
        expect(detail.locator(".ask .confirm")).to_contain_text("须两人")
        one.keyboard.press("Enter")
        expect(one.locator("#notices")).to_contain_text("已提请办结，待第二人")
        expect(one.locator("#notices")).not_to_contain_text("已办结")
        expect(detail.locator("#proposed")).to_contain_text("人为误报")
        detail.locator("#act-withdraw").click()
        expect(detail.locator("#proposed")).to_be_hidden()
        one.keyboard.press("c")
        one.keyboard.press("3")
        one.keyboard.press("Enter")
        expect(detail.locator("#proposed")).to_be_visible()
        expect(detail.locator("#act-agree")).to_be_hidden()
    assert demo.get(f"incidents/{incident}")["state"] == "new"
    with opened(chromium, demo) as other:
        detail = at_desk(other, demo, "commander", incident)
        detail.locator("#act-agree").click()
        expect(detail.locator(".ask .confirm")).to_contain_text("将以“人为误报”办结")
        detail.locator(".ask").get_by_role("button", name="办结").click()
        expect(other.locator("#notices")).to_contain_text("已办结")
    assert demo.get(f"incidents/{incident}")["disposition"] == "false_human"


def test_shelving_says_beforehand_how_many_that_hides(console: Page, demo: Demo) -> None:
    alert, incident = raised(demo, "school-2-gate", "door.forced")
    demo.post(f"incidents/{incident}/ack", {})
    row_of(console, incident).click()
    detail = console.locator("#detail")
    expect(detail.locator(".headline")).to_contain_text("门被强行打开")
    console.keyboard.press("s")
    confirm = detail.locator(".ask .confirm")
    expect(confirm).to_contain_text("这将搁置 1 条")
    console.keyboard.press("3")
    expect(detail.get_by_label("1 小时", exact=False).first).to_be_checked()
    detail.get_by_label("的全部").last.check()  # a wider scope is counted anew
    expect(confirm).to_contain_text(re.compile(r"这将搁置 [1-9]\d* 条"))
    detail.get_by_label("只这一处").check()
    expect(confirm.get_by_role("button", name="搁置")).to_be_disabled()  # nobody has said why
    detail.get_by_label("为什么搁置").fill("门禁正在维修")
    assert demo.get(f"alerts/{alert}")["shelved_until"] is None, "looking hides nothing"
    console.keyboard.press("Control+Enter")
    expect(console.locator("#notices")).to_contain_text("已搁置")
    assert demo.get(f"alerts/{alert}")["shelved_until"] is not None
    # It stands among what is quiet with who, until when and why, and is ended there.
    console.get_by_role("tab", name="已静默").click()
    shelf = console.locator("#shelves li", has_text="门禁正在维修")
    expect(shelf).to_contain_text("张敏（接警员）")
    shelf.get_by_role("button", name="现在结束").click()
    expect(shelf).to_have_count(0)
    assert [one for one in demo.get("shelves")["items"] if one["standing"]] == []


def test_a_case_is_opened_by_hand_and_merged_into_another(console: Page, demo: Demo) -> None:
    _, incident = raised(demo, "school-1-button", "alarm.pressed")
    expect(row_of(console, incident)).to_be_visible()
    console.get_by_role("button", name="新警情").click()
    form = console.locator("#by-hand")
    form.get_by_label("类别").select_option(label="治安")
    form.get_by_label("地点").first.fill("实验小学")
    form.get_by_label("标题").fill("家长在门口争吵")
    form.get_by_role("button", name="立警").click()
    expect(console.locator("#notices")).to_contain_text("已立警")
    detail = console.locator("#detail")
    expect(detail.locator(".said")).to_contain_text("家长在门口争吵")
    expect(detail.locator(".site")).to_contain_text("实验小学")
    made = max(one["id"] for one in demo.get("incidents?state=open")["items"])
    assert made > incident
    detail.locator("#act-merge").click()
    detail.locator(".ask").get_by_label(re.compile(f"{incident} ")).first.check()
    expect(detail.locator(".ask .confirm")).to_contain_text("不能拆开")
    detail.locator(".ask").get_by_role("button", name="合并").click()
    expect(row_of(console, made)).to_have_count(0)
    expect(row_of(console, incident)).to_have_attribute("aria-current", "true")
    assert demo.get(f"incidents/{made}")["merged_into"] == incident


OPENED_BY_HAND = """at => fetch("/api/v1/incidents", {method: "POST", headers: {"Content-Type": "application/json"},
  body: JSON.stringify({category: "order", priority: "P1", place: at, title: "门口有人打架"})
}).then(answer => answer.json())"""


def test_what_an_officer_reports_without_any_alert_calls_until_it_is_taken(
    console: Page, demo: Demo, chromium: Browser
) -> None:
    with opened(chromium, demo) as phone:
        phone.goto("/")
        enter(phone, demo, "officer")
        expect(phone.locator("#who")).to_contain_text("民警")
        made = phone.evaluate(OPENED_BY_HAND, "school-1")
    row = row_of(console, made["id"])
    expect(row).to_have_class(re.compile("unacknowledged"))
    expect(console.locator("#urgent")).to_contain_text("治安警情，实验小学")
    expect(console.locator("#counts")).to_contain_text("P1")
    expect(console).to_have_title(re.compile(r"^\(\d+\) "))
    row.click()
    expect(console.locator("#detail .states", has_text=f"警情 {made['id']} ")).to_be_visible()
    console.keyboard.press("a")
    expect(row).not_to_have_class(re.compile("unacknowledged"))
    expect(row).to_be_visible()
    assert demo.get(f"incidents/{made['id']}")["state"] == "acknowledged"
    demo.post(f"incidents/{made['id']}/close", {"disposition": "real"})


def test_a_form_stays_with_the_alert_it_was_opened_on(console: Page, demo: Demo) -> None:
    _, incident = raised(demo, "school-1-gate", "door.forced")
    row_of(console, incident).click()
    detail = console.locator("#detail")
    expect(detail.locator(".headline")).to_contain_text("门被强行打开")
    console.keyboard.press("s")
    detail.locator("#shelve-reason").fill("正在维修")
    demo.publish("school-1-button", "alarm.pressed")  # more urgent, at the same place
    expect(console.locator("#open-alerts .row", has_text="一键报警").first).to_be_visible()
    console.wait_for_timeout(1000)
    expect(detail.locator(".headline")).to_contain_text("门被强行打开")
    expect(detail.locator("#shelve-reason")).to_have_value("正在维修")
    console.keyboard.press("Escape")


def test_a_picture_hangs_on_the_incident_and_is_shown(console: Page, demo: Demo) -> None:
    _, incident = raised(demo, "school-3-gate", "door.forced")
    row_of(console, incident).click()
    detail = console.locator("#detail")
    detail.locator("#act-attach").click()
    detail.locator("#attach-file").set_input_files({"name": "door.png", "mimeType": "image/png", "buffer": PIXEL})
    detail.locator(".ask").get_by_role("button", name="附图片").click()
    picture_shown = detail.locator(".attachments img")
    expect(picture_shown).to_be_visible()
    assert picture_shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    expect(detail.locator(".camera")).to_contain_text("没有摄像机画面")


def test_list_and_details_are_accessible_in_both_languages(console: Page, demo: Demo) -> None:
    _, incident = raised(demo, "flat-1-101-sos", "alarm.pressed")
    row_of(console, incident).click()
    detail = console.locator("#detail")
    expect(detail.locator(".site")).to_contain_text("登记居住（1）")
    expect(detail.locator(".residents")).to_contain_text("**")  # masked
    expect(detail.locator(".strip-graph")).to_be_visible()
    picture(console, "console")
    for language in ("English", "中文"):
        accessible(console)
        for key in ("d", "c", "s", "n"):
            console.keyboard.press(key)
            expect(detail.locator(".ask")).to_be_visible()
            accessible(console)
            console.keyboard.press("Escape")
        console.get_by_role("button", name=language).click()
    detail.locator(".residents").get_by_role("button", name="显示完整信息").click()
    detail.get_by_label("原因").fill("上门前联系家属")
    detail.locator(".reveal").get_by_role("button").click()
    expect(detail.locator(".residents")).to_contain_text("王秀兰")


#: One white pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c494441"
    "54789c63f8ffff3f0005fe02fe0def46b80000000049454e44ae426082"
)
