"""Accounts and how people are reached, by the admin; the policy, by those who may."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=PATIENCE_MS)


def test_somebody_gets_an_account_and_logs_in_with_what_was_told_once(
    page: Page, demo: Demo, chromium: Browser
) -> None:
    page.goto("/accounts")
    enter(page, demo, "admin")
    page.get_by_role("button", name="新建账号").click()
    form = page.get_by_role("dialog")
    form.locator(".username").fill("new-worker")
    form.locator(".name").fill("苏晓雯")
    form.locator(".role").select_option("grid_worker")
    form.get_by_role("combobox", name="辖区").fill("河滨")
    page.get_by_role("option", name=re.compile("河滨网格")).click()
    page.keyboard.press("Tab")  # the choices close
    accessible(page)
    form.get_by_role("button", name="保存").click()
    password = page.locator(".secret input").input_value()
    assert re.fullmatch(r"\w{14}", password)
    page.get_by_role("button", name="已妥善保存").click()
    row = page.locator(".el-table__row", has_text="苏晓雯")
    expect(row).to_contain_text("河滨网格")
    with opened(chromium, demo) as theirs:
        theirs.goto("/")
        enter(theirs, demo, "new-worker", password)
        expect(theirs.locator("#who")).to_contain_text("苏晓雯")
        row.get_by_role("button").click()
        page.locator(".room-side .change").click()
        form.locator(".disabled").check()
        form.get_by_role("button", name="保存").click()
        expect(row).to_contain_text("已停用")
        theirs.reload()
        expect(theirs.locator("#login")).to_be_visible()  # their session ended with it
    page.locator("#language").click()
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()
    accessible(page)
    page.locator("#language").click()
    picture(page, "accounts")


def test_a_test_message_shows_how_far_it_comes(page: Page, demo: Demo) -> None:
    page.goto("/accounts?user=officer")
    enter(page, demo, "admin")
    phone = page.locator(".contacts li", has_text="手机").first
    expect(phone).to_contain_text("…")  # the last characters of an address, no more
    phone.get_by_role("button", name="测试").click()
    expect(phone.locator("[data-step='accepted']")).to_have_class(re.compile(r"\bdone\b"))
    accessible(page)
    picture(page, "accounts-test")


def test_the_policy_says_what_would_change_before_it_does(page: Page, demo: Demo) -> None:
    page.goto("/policy")
    enter(page, demo, "commander")
    save = page.get_by_role("button", name="保存策略")
    expect(save).to_be_disabled()
    page.locator("[data-ladder='P1'] .after").nth(1).fill("45")
    page.locator("[data-deadline='P2.new']").fill("75")
    expect(page.locator(".changes tbody tr")).to_have_count(2)
    expect(page.locator("[data-path='deadlines.P2.new']")).to_contain_text(re.compile(r"60\s*75"))
    accessible(page)
    picture(page, "policy")
    save.click()
    expect(page.locator(".changes")).to_have_count(0)
    assert demo.get("policy")["deadlines"]["P2"]["new"] == 75
    page.locator("[data-ladder='P3'] .ticks input:checked").first.uncheck()  # nobody is called any more
    save.click()
    expect(page.locator(".room-body > .error")).to_be_visible()  # in a sentence; what was typed stays
    page.get_by_role("button", name="放弃改动").click()
    page.locator("[data-ladder='P1'] .after").nth(1).fill("30")
    page.locator("[data-deadline='P2.new']").fill("60")
    save.click()
    expect(page.locator(".changes")).to_have_count(0)
    page.locator("#language").click()
    expect(page.get_by_role("heading", name="Policy")).to_be_visible()
    accessible(page)


def test_an_operator_reads_the_policy_and_has_no_accounts(console: Page) -> None:
    console.goto("/policy")
    expect(console.locator("[data-deadline='P1.new']")).to_be_disabled()
    expect(console.get_by_role("button", name="保存策略")).to_have_count(0)
    accessible(console)
    console.goto("/accounts")
    expect(console).to_have_url(re.compile(r"/$"))


def test_a_shelf_that_p1_waits_for_is_agreed_to_by_a_second_person_and_ended(page: Page, demo: Demo) -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    demo.post("shelves", {"place": "jeweller", "until": soon, "reason": "门磁在换，今天都会误报"})
    page.goto("/quiet")
    enter(page, demo, "commander")
    row = page.locator(".el-table__row", has_text="门磁在换")
    expect(row).to_contain_text("一级待第二人同意")
    accessible(page)
    row.get_by_role("button", name="同意搁置").click()
    page.get_by_role("dialog").get_by_role("button", name="同意搁置").click()
    expect(row).to_contain_text("同意")
    expect(row.locator(".sign.abnormal")).to_have_count(0)
    row.get_by_role("button", name="结束搁置").click()
    page.get_by_role("dialog").get_by_role("button", name="结束搁置").click()
    expect(row).to_contain_text("已于")
    page.get_by_role("button", name="洪峰").click()
    page.locator("#language").click()
    expect(page.get_by_role("heading", name="Quiet")).to_be_visible()
    accessible(page)
