"""Bulletins at the desk: whom one would reach, how far it got, and what may not be in one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, picture

pytestmark = pytest.mark.browser


@pytest.fixture
def screen(demo: Demo) -> Iterator[None]:
    """The pharmacy's till shows bulletins for a while: the small town has no other screen."""
    demo.change("update device set attributes = '{}' where id = 'pharmacy-till'")
    yield
    demo.change("""update device set attributes = '{"shows": "nothing"}' where id = 'pharmacy-till'""")


@pytest.mark.usefixtures("screen")
def test_a_bulletin_is_previewed_issued_counted_and_withdrawn(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/bulletins")
    log_in()
    page.locator("#write-bulletin").click()
    form = page.get_by_role("dialog")
    form.locator("#bulletin-title-zh").fill("谨防冒充客服退款诈骗")
    form.locator("#bulletin-text-zh").fill("凡要求共享屏幕的“退款”都是诈骗，请拨打 96110。")
    form.locator("#bulletin-title-en").fill("No refund needs your screen")
    expect(form.locator(".screen-face")).to_contain_text("共享屏幕")
    expect(form.locator("button[type=submit]")).to_be_disabled()
    # A grid has to be unfolded to be chosen: the tree is areas within areas.
    form.locator(".el-tree-node__expand-icon").first.click()
    form.locator(".el-tree-node", has_text="河滨网格").last.locator(".el-checkbox").click()
    expect(form.locator("#reach")).to_contain_text("屏幕 0")
    form.locator("#bulletin-whole").check()
    expect(form.locator("#reach")).to_contain_text(re.compile(r"屏幕 [1-9]"))
    accessible(page)
    picture(page, "bulletin-form")
    form.locator("button[type=submit]").click()

    expect(page.locator("#bulletin-state")).to_have_text("展示中")
    row = page.locator("#delivered tr[data-medium=screens]")
    expect(row).to_contain_text(re.compile(r"已(提交|送达|显示)"), timeout=PATIENCE_MS)
    expect(page.locator(".room-side")).to_contain_text("每块屏幕")
    accessible(page)
    picture(page, "bulletins")
    page.locator("#language").click()
    expect(page.locator("#bulletin-state")).to_have_text("showing")
    accessible(page)
    page.locator("#language").click()

    page.locator("#withdraw").click()
    page.get_by_role("dialog").locator("button[type=submit]").click()
    expect(page.locator("#bulletin-state")).to_have_text("已撤下")
    expect(page.locator(".el-table__empty-text")).to_contain_text("没有通报")
    page.get_by_label("含已结束的").check()
    expect(page.locator(".el-table__row")).to_contain_text("已撤下")


def test_a_text_with_somebodys_number_is_refused_at_its_field_and_stays(
    page: Page, demo: Demo, log_in: Callable[..., None], screen: None
) -> None:
    del screen  # without one it would be refused for reaching nobody
    page.goto("/bulletins")
    log_in()
    page.locator("#write-bulletin").click()
    form = page.get_by_role("dialog")
    form.locator("#bulletin-title-zh").fill("寻人")
    form.locator("#bulletin-text-zh").fill("身份证号 11010119900307001X 的老人走失。")
    form.locator("#bulletin-whole").check()
    form.locator("button[type=submit]").click()
    expect(form.locator("#bulletin-refused")).to_contain_text("其中有身份证号")
    expect(form.locator("#bulletin-text-zh")).to_have_value("身份证号 11010119900307001X 的老人走失。")
    accessible(page)
    form.locator("#bulletin-text-zh").fill("河滨一带有老人走失，请留意。")
    expect(form.locator("#bulletin-refused")).to_have_count(0)
    with psycopg.connect(demo.told["database_url"]) as database:
        assert database.execute("select count(*) from bulletin where title ->> 'zh' = '寻人'").fetchone() == (0,)


def test_an_enterprises_secret_is_told_once(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/bulletins?tab=enterprises")
    log_in("commander")
    page.locator("#add-enterprise").click()
    form = page.get_by_role("dialog")
    form.locator("#enterprise-name").fill("万家商场物业")
    form.locator(".picker").click()
    page.get_by_role("listbox", name="辖区").get_by_role("option", name=re.compile("^新城网格")).click()
    form.locator("#enterprise-url").fill("https://mall.example/notices")
    form.locator("button[type=submit]").click()
    secret = page.locator(".secret input")
    told = secret.input_value()
    assert len(told) > 20
    accessible(page)
    page.locator(".kept").click()
    expect(secret).to_have_count(0)
    expect(page.locator(".el-table__row")).to_contain_text("万家商场物业")
    assert told not in page.content()
    page.locator(".try").click()
    expect(page.locator(".el-table__row .sign")).to_be_visible()
