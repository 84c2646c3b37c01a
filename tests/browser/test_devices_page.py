"""Devices: how they are, an alarm that is seen to come through, and the registry changed by the admin alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=PATIENCE_MS)


def test_a_drill_shows_that_a_press_comes_through(console: Page, demo: Demo) -> None:
    demo.settle("school-2-button")
    console.goto("/devices?device=school-2-button")
    with demo.changing_the_registry():
        console.get_by_placeholder("说明，如“月度测试”").fill("月度测试")
        console.get_by_role("button", name="宣布演练").click()
        expect(console.locator(".drill-steps .done")).to_have_count(1)
    demo.publish("school-2-button", "alarm.pressed", {"point": "gatehouse"})
    expect(console.locator(".drill-steps .came")).to_contain_text("已收到：按下报警")
    expect(console.locator(".drill-steps .rang")).to_contain_text("已产生演练告警")
    accessible(console)
    picture(console, "devices-drill")
    with demo.changing_the_registry():
        console.get_by_role("button", name="结束演练").click()
        expect(console.get_by_role("button", name="宣布演练")).to_be_visible()
    demo.settle("school-2-button")
    expect(console.get_by_role("button", name="添加设备")).to_have_count(0)  # an operator does not


def test_what_ails_stands_first_and_alone_when_asked_for(console: Page, demo: Demo) -> None:
    demo.publish("jeweller-door", "device.battery_low", {"battery": 7})
    console.goto("/devices")
    ailing = console.locator(".el-table__row", has_text="jeweller-door")
    expect(ailing).to_contain_text("有工单")
    console.locator("[data-ail='item']").click()
    expect(ailing).to_be_visible()
    ailing.get_by_role("button").press("Enter")
    expect(console.locator(".room-side .work")).to_contain_text("电")
    expect(console.locator(".device-events")).to_contain_text("电量低")
    console.locator("#language").click()
    expect(console.get_by_role("heading", name="Devices")).to_be_visible()
    accessible(console)
    console.locator("#language").click()
    picture(console, "devices")


def test_a_device_is_added_its_secret_told_once_changed_and_removed(page: Page, demo: Demo) -> None:
    page.goto("/devices")
    enter(page, demo, "admin")
    page.get_by_role("button", name="添加设备").click()
    form = page.get_by_role("dialog")
    form.locator(".device-id").fill("test-door-9")
    form.locator(".device-name").fill("测试门磁")
    form.get_by_role("combobox", name="场所").fill("康宁药房")
    page.get_by_role("option", name="康宁药房 · 东街网格").click()
    form.get_by_role("button", name="保存").click()
    secret = page.locator(".secret input").input_value()
    assert len(secret) >= 16
    accessible(page)
    page.get_by_role("button", name="已妥善保存").click()
    expect(page.locator(".room-side")).to_contain_text("test-door-9")
    assert secret not in page.content()
    page.locator(".room-side .change").click()
    form.locator(".device-name").fill("药房后门")
    form.get_by_role("button", name="保存").click()
    expect(page.locator(".room-side h3").first).to_have_text("药房后门")
    page.locator(".room-side .remove").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.locator(".room-side")).to_have_count(0)
    page.get_by_role("searchbox").fill("test-door-9")
    expect(page.locator(".el-table__row")).to_have_count(0)


def test_a_spreadsheet_is_looked_at_before_it_is_written(page: Page, demo: Demo, tmp_path: Path) -> None:
    sheet = tmp_path / "devices.csv"
    sheet.write_text(
        "编号,类型,名称,位置,网关\nsheet-1,门磁,好的一行,pharmacy,\nsheet-2,飞船,坏的一行,pharmacy,\n", encoding="utf-8"
    )
    page.goto("/devices?tab=sheets")
    enter(page, demo, "admin")
    page.locator("input.sheet").set_input_files(sheet)
    page.get_by_role("button", name="先检查（不写入）").click()
    expect(page.locator(".sheet-report")).to_contain_text("2 行，1 行无误")
    expect(page.locator(".el-table__row")).to_contain_text("飞船")
    accessible(page)
    page.get_by_role("button", name="只写入无误的 1 行").click()
    expect(page.locator(".sheet-report h3")).to_have_text("已写入")
    page.get_by_role("button", name="设备", exact=True).click()
    page.get_by_role("searchbox").fill("sheet-")
    expect(page.locator(".el-table__row")).to_have_count(1)


def test_places_and_areas_are_kept_by_the_admin(page: Page, demo: Demo) -> None:
    page.goto("/devices?tab=areas")
    enter(page, demo, "admin")
    expect(page.locator(".el-table__row", has_text="新城夜市")).to_contain_text("特殊网格")
    page.locator(".el-table__row", has_text="grid-101").get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("grid-101")  # what refers to it is named
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    page.get_by_role("button", name="场所", exact=True).click()
    page.get_by_role("searchbox").fill("jeweller")
    page.locator(".el-table__row").get_by_role("button", name="修改").click()
    page.get_by_role("dialog").get_by_label("名称").fill("金福珠宝店")
    page.get_by_role("dialog").get_by_role("button", name="保存").click()
    expect(page.locator(".el-table__row")).to_contain_text("金福珠宝店")
    accessible(page)
