"""Online patrol in the console: a round, from its beginning to the work item of what was found; drawing routes."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def test_a_round_is_walked_by_keyboard_survives_a_reload_and_its_finding_is_a_work_item(page: Page, demo: Demo) -> None:
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto("/patrol")
    enter(page, demo)
    page.locator(".route", has_text="东街重点部位巡查").click()
    expect(page.locator(".route-history")).to_contain_text("校门口秩序和消防通道")
    expect(page.locator("#new-route")).to_have_count(0)  # an operator walks, and draws nothing
    accessible(page)
    page.locator("#begin-round").click()
    expect(page.locator(".walk .point")).to_contain_text("1. 实验小学")
    expect(page.locator(".walk .look-for")).to_contain_text("校门口秩序和消防通道")
    expect(page.locator(".walk .snippet .outline").first).to_be_attached()
    page.keyboard.press("1")
    expect(page.locator("#progress")).to_contain_text("已看 1/2")
    expect(page.locator(".walk .point")).to_contain_text("2. 东街十字")
    expect(page.locator(".walk .camera")).to_contain_text("东街十字枪机")
    expect(page.locator(".walk .camera")).to_contain_text("没有实时画面")
    accessible(page)
    picture(page, "patrol-round")

    # Whoever comes back without an address is led to their round.
    page.goto("/patrol")
    expect(page.locator("#progress")).to_contain_text("已看 1/2")
    expect(page.locator(".walk .point")).to_contain_text("2. 东街十字")
    page.keyboard.press("2")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("安全隐患")).to_be_checked()
    page.locator("#finding-note").fill("路口东侧围挡倾斜")
    page.locator("#finding-note").press("Enter")
    expect(page.locator(".walk")).to_contain_text("全部点位已看")
    expect(page.locator(".look-line.finding")).to_contain_text("路口东侧围挡倾斜")
    expect(page.locator(".look-line.ok")).to_contain_text("实验小学")
    accessible(page)
    (item,) = [one for one in demo.get("work-items?state=open")["items"] if one["rule"] == "patrol-hazard"]
    page.keyboard.press("Enter")
    row = page.locator(".rounds tbody tr").first
    expect(row).to_contain_text("全部看完")
    expect(row).to_contain_text("2/2")
    row.get_by_role("button", name="明细").click()
    page.get_by_role("button", name=f"工单 {item['id']}").click()
    expect(page).to_have_url(f"{demo.url}/")
    expect(page.locator("#detail")).to_contain_text("网上巡查：安全隐患")
    page.locator("#tab-work").click()
    expect(page.locator("#rows .row", has_text="网上巡查：安全隐患")).to_contain_text("东街十字")


def test_the_page_speaks_english_and_says_what_is_due(page: Page, demo: Demo) -> None:
    page.goto("/patrol")
    enter(page, demo)
    expect(page.locator(".route")).to_have_count(2)
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Routes")).to_be_visible()
    expect(page.locator(".route .stand").first).to_have_text(re.compile("due|later|missed|under way"))
    page.locator(".route", has_text="夜市晚间巡查").click()
    expect(page.locator(".route-history")).to_contain_text("Fire lane and crowds")
    accessible(page)
    picture(page, "patrol-english")


def test_a_route_is_drawn_changed_and_removed(chromium: Browser, demo: Demo) -> None:
    with opened(chromium, demo, width=1366) as page:
        page.goto("/patrol")
        enter(page, demo, "commander")
        page.locator("#new-route").click()
        page.locator("#route-name").fill("校园周边巡查")
        page.locator("#route-area").select_option("beat-2")
        search = page.locator("#point-search")
        search.fill("实验小学")
        expect(page.locator(".search-places")).to_contain_text("没有这样的场所")  # it lies in the other beat
        for name in ("城关中学", "新城幼儿园", "夜市入口"):
            search.fill(name)
            expect(page.locator("#found-places li")).to_have_count(1)
            search.press("Enter")
        points = page.locator(".draw-points li b")
        expect(points).to_have_text(["城关中学", "新城幼儿园", "新城夜市入口"])
        expect(page.locator(".draw-points select").nth(2)).to_have_value("night-market-camera")
        page.get_by_role("button", name="第 3 个上移").press("Enter")
        expect(points).to_have_text(["城关中学", "新城夜市入口", "新城幼儿园"])
        page.locator(".draw-points li").nth(2).drag_to(page.locator(".draw-points li").nth(0))
        expect(points).to_have_text(["新城幼儿园", "城关中学", "新城夜市入口"])
        page.get_by_label("看什么（中文）").first.fill("门口有无占道")
        page.get_by_role("button", name="加一个时间").click()
        page.get_by_label("第 1 个时间", exact=True).fill("15:50")
        accessible(page)
        picture(page, "patrol-route")
        page.get_by_role("button", name="保存").click()
        made = page.locator(".route", has_text="校园周边巡查")
        expect(made).to_contain_text("3 个点位")
        (told,) = [one for one in demo.get("patrols")["items"] if one["name"] == "校园周边巡查"]
        assert [point["place"] for point in told["points"]] == ["school-3", "school-2", "night-market"]
        assert told["points"][0]["look_for"] == {"zh": "门口有无占道"}
        assert told["at"] == ["15:50"]

        made.click()
        page.locator("#edit-route").click()
        page.locator("#route-name").fill("")
        page.get_by_role("button", name="保存").click()
        expect(page.locator(".route-editor")).to_be_visible()  # a route has a name
        page.get_by_role("button", name="删除路线").click()
        page.locator(".el-popconfirm").get_by_role("button", name="删除路线").click()
        expect(made).to_have_count(0)
        assert [one for one in demo.get("patrols")["items"] if one["name"] == "校园周边巡查"] == []
