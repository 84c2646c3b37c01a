"""The auditor searches the trail, reads what is kept how long, and sees nothing else."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def test_the_auditor_comes_to_the_trail_and_to_nobodys_data(page: Page, demo: Demo) -> None:
    demo.get("me")  # the operator has logged in
    page.goto("/")
    enter(page, demo, "auditor")
    expect(page).to_have_url(f"{demo.url}/audit")
    expect(page.get_by_role("heading", name="审计")).to_be_visible()
    expect(page.locator("#menu a")).to_have_text(["审计", "留存", re.compile("账")])  # and their own account
    page.locator("input.who").fill("operator")
    page.locator("select.act").select_option("login")
    page.get_by_role("button", name="搜索").click()
    rows = page.locator(".el-table__row")
    expect(rows.first).to_contain_text("operator")
    expect(page.locator(".el-table__row", has_text="auditor")).to_have_count(0)
    accessible(page)
    picture(page, "audit")
    page.locator(".el-table__expand-icon").first.click()
    expect(page.locator(".audit-detail").first).to_be_visible()
    page.locator("#language").click()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible()
    accessible(page)
    page.goto("/rules")
    expect(page).to_have_url(f"{demo.url}/audit")


def test_what_would_go_and_what_stays_is_a_table(page: Page, demo: Demo) -> None:
    demo.get("me")
    page.goto("/retention")
    enter(page, demo, "auditor")
    expect(page.get_by_role("heading", name="留存")).to_be_visible()
    told = demo.get("me")
    assert "retention.read" not in told["may"], "the operator's"
    rows = page.locator(".el-table__row")
    expect(rows).to_have_count(10)
    expect(rows.first).to_contain_text("设备事件")
    expect(rows.first).to_contain_text("ANXIN_STORE_KEEP_DAYS")
    expect(rows.first).to_contain_text("30–730")
    accessible(page)
    page.locator("#language").click()
    expect(rows.first).to_contain_text("what devices said")
    expect(page.locator(".room-note")).to_contain_text("The gateway looked last")


def test_what_was_found_is_a_file_too_and_fetching_it_is_audited(page: Page, demo: Demo) -> None:
    demo.get("me")
    page.goto("/audit")
    enter(page, demo, "auditor")
    page.locator("input.who").fill("operator")
    with page.expect_download() as under_way:
        page.get_by_role("link", name="导出 CSV").click()
    lines = list(csv.DictReader(io.StringIO(under_way.value.path().read_text(encoding="utf-8-sig"))))
    assert {line["username"] for line in lines} == {"operator"}
    page.locator("input.who").fill("auditor")
    page.locator("select.act").select_option("audit.read")
    page.get_by_role("button", name="搜索").click()
    expect(page.locator(".el-table__row", has_text="operator")).to_have_count(0)
    expect(page.locator(".el-table__row").first).to_contain_text("查阅审计")
    page.locator(".el-table__expand-icon").first.click()
    expect(page.locator(".audit-detail").first).to_contain_text("format: csv")
