"""Rules: read, written anew, tried on the past, let run and asked why by whoever commands; everybody else looks."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=PATIENCE_MS)

TESTS = """devices:
  - {id: door-1, kind: door_controller, place: block-1}
cases:
  - name: held raises, closed clears
    events:
      - {at: 60, device: door-1, kind: door.held}
      - {at: 200, device: door-1, kind: door.closed}
    expect:
      - {at: 60, action: raise, subject: "device:door-1"}
      - {at: 200, action: clear, subject: "device:door-1"}
"""

#: What learning from the past may take on a busy machine.
LEARNT_MS = 90_000


def test_a_version_is_written_tried_and_let_run(page: Page, demo: Demo) -> None:
    page.goto("/rules?rule=door-held")
    enter(page, demo, "commander")
    expect(page.locator(".runs")).to_have_text("运行第 1 版")
    expect(page.locator(".rule-record")).to_contain_text("通知物业或网格员去关门")

    page.get_by_role("tab", name="写新版本").click()
    definition, tests = page.get_by_label("定义"), page.get_by_label("测试（输入事件，预期结果）")
    right = definition.input_value()
    assert "priority: P3" in right
    assert "cases:" in tests.input_value()  # the version that runs brings its own
    stood = len(tests.input_value().splitlines())
    assert stood > 10, "not an empty page"
    definition.fill(f"{right}oops: [\n")
    tests.fill(TESTS)
    page.get_by_role("button", name="检查并写入").click()
    expect(page.locator(".definition-error")).to_be_visible()
    expect(page.locator(".gutter .wrong")).to_have_count(1)  # at its line
    definition.fill(right.replace("priority: P3", "priority: P1"))
    page.get_by_role("button", name="检查并写入").click()
    expect(page.locator(".definition-error")).to_contain_text("P3")  # the priority follows from its record
    definition.fill(right.replace("time_available_s: 3600", "time_available_s: 7200"))
    tests.fill(TESTS.replace("at: 200, action: clear", "at: 100, action: clear"))
    page.get_by_role("button", name="检查并写入").click()
    expect(page.locator(".tests-error")).to_contain_text("held raises")
    tests.fill(TESTS)
    page.get_by_role("button", name="检查并写入").click()

    expect(page.locator(".tried")).to_have_value("2")
    page.locator(".begin").click()
    expect(page.locator(".report .raised")).to_be_visible()
    expect(page.locator(".fired canvas").first).to_be_visible()
    picture(page, "rules-backtest")
    day = page.locator(".fired").first
    day.get_by_role("button", name="按天：表格").click()
    expect(day.locator("thead")).to_contain_text("运行中的第 1 版")
    assert day.locator("tbody tr").count() in {7, 8}  # every day of the week tried
    accessible(page)

    page.get_by_role("button", name="依此回测启用第 2 版").click()
    page.get_by_role("dialog").get_by_role("button", name="启用", exact=True).click()
    # It lives through the past first, in a process of its own.
    expect(page.locator(".runs")).to_have_text("运行第 2 版", timeout=LEARNT_MS)
    expect(page.locator(".activations li").first).to_contain_text("已完成")
    row = page.locator("[data-version='2'] .difference tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("rationalisation.time_available_s")
    version = page.locator("[data-version='2']")
    version.locator("summary", has_text="测试").click()
    expect(version.locator("pre", has_text="held raises, closed clears")).to_be_visible()
    accessible(page)


def test_a_rule_runs_untried_only_for_a_reason_and_says_why_it_did_not_ring(page: Page, demo: Demo) -> None:
    demo.publish("school-1-gate", "door.closed")  # whatever the tests before left open
    page.goto("/rules?rule=door-held&tab=versions")
    enter(page, demo, "commander")
    waiting = page.locator(".version").filter(has=page.locator("button.activate")).first
    expect(waiting).to_be_visible()
    number = waiting.get_attribute("data-version")
    waiting.locator("button.activate").click()
    dialog = page.get_by_role("dialog")
    go = dialog.get_by_role("button", name="启用", exact=True)
    expect(go).to_be_disabled()
    dialog.locator("textarea").fill("回到原来的时限，新的太长")
    accessible(page)
    go.click()
    expect(page.locator(".runs")).to_have_text(f"运行第 {number} 版", timeout=LEARNT_MS)
    page.get_by_role("tab", name=re.compile("为什么")).click()
    page.get_by_role("combobox", name="对象").select_option("other")
    page.get_by_role("textbox", name="是哪一个").fill("device:school-1-gate")
    page.get_by_role("button", name="查一查").click()
    expect(page.locator(".trace")).to_contain_text("此刻不成立")


def test_a_rule_that_was_retired_is_found_again_and_let_run(page: Page, demo: Demo) -> None:
    page.goto("/rules")
    enter(page, demo, "commander")
    row = page.locator(".el-table__row", has_text="反潜回")
    row.get_by_role("button").first.click()
    page.get_by_role("button", name="停用规则").click()
    page.get_by_role("dialog").locator("textarea").fill("门禁更换期间停用这条规则")
    page.get_by_role("dialog").get_by_role("button", name="停用规则").click()
    expect(page.locator(".runs")).to_have_text("未运行")
    page.locator(".room-head .link").first.click()
    expect(row.locator(".rests")).to_have_text("未运行")
    accessible(page)
    row.get_by_role("button").first.click()
    page.get_by_role("tab", name="版本", exact=True).click()
    page.locator(".version button.activate").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("textarea").fill("门禁已经更换，恢复运行")
    dialog.get_by_role("button", name="启用", exact=True).click()
    expect(page.locator(".runs")).to_have_text("运行第 1 版")


def test_rules_are_listed_for_everybody_and_changed_by_few(console: Page) -> None:
    console.goto("/rules")
    console.locator("#language").click()
    expect(console.get_by_role("heading", name="Rules")).to_be_visible()
    row = console.locator(".el-table__row", has_text="Door held open")
    expect(row).to_contain_text("P3")
    accessible(console)
    console.locator("#language").click()
    expect(console.locator(".el-table__row", has_text="校园一键报警")).to_be_visible()
    accessible(console)
    picture(console, "rules")
    console.get_by_role("searchbox").fill("door-held")
    expect(console.locator(".el-table__row")).to_have_count(1)
    console.get_by_role("button", name="门长时间未关").press("Enter")  # by keyboard
    expect(console.locator(".rule-record")).to_be_visible()
    expect(console.get_by_role("tab", name="写新版本")).to_have_count(0)
    expect(console.get_by_role("button", name="停用规则")).to_have_count(0)
    console.go_back()
    expect(console.locator(".el-table__row").first).to_be_visible()
