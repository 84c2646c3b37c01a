"""The roster at the desk: gaps are told before they are saved, and two who edit it lose nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect
from psycopg.types.json import Jsonb

from .conftest import PATIENCE_MS, Demo, accessible, enter, opened, picture

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", autouse=True)
def roster(demo: Demo) -> Iterator[None]:
    """Other tests rely on the roster as it was."""
    tables = ("duty", "shift")
    with psycopg.connect(demo.told["database_url"]) as database:
        before = {name: database.execute(f"select jsonb_agg({name}) from {name}").fetchone() for name in tables}  # noqa: S608
    yield
    with demo.changing_the_registry(), psycopg.connect(demo.told["database_url"]) as database:
        for name in ("swap", *tables):
            database.execute(f"delete from {name}")  # noqa: S608
        for name in tables:
            (rows,) = before[name] or (None,)
            database.execute(
                f"insert into {name} select * from jsonb_populate_recordset(null::{name}, %s)",  # noqa: S608
                [Jsonb(rows or [])],
            )
        database.execute("update station set registry_version = registry_version + 1")
        database.execute("notify anxin_registry")


@pytest.fixture
def bench(page: Page, log_in: Callable[..., None]) -> Page:
    """The commander's bench, with the station's roster on it."""
    page.goto("/duty?view=edit")
    log_in("commander")
    expect(page.locator("#gaps .no-gaps")).to_be_visible(timeout=PATIENCE_MS)
    return page


@pytest.fixture
def colleague(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """The administrator's bench, on another screen."""
    with opened(chromium, demo) as page:
        page.goto("/duty?view=edit")
        enter(page, demo, "admin")
        expect(page.locator("#gaps .no-gaps")).to_be_visible(timeout=PATIENCE_MS)
        yield page


def test_the_week_says_who_answers_when_and_why(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/duty")
    log_in("commander")
    expect(page.locator(".week .standing").first).to_contain_text("李卫国")
    expect(page.locator("#duty-now .answers li").first).to_be_visible()
    page.goto("/duty?area=grid-102")
    expect(page.locator("#duty-now .answers").get_by_text("第一警务区值班民警")).to_be_visible()
    accessible(page)
    picture(page, "duty")
    page.locator("#language").click()
    expect(page.locator("#duty-now")).to_contain_text("officer on duty of")
    accessible(page)


def test_a_gap_is_told_in_words_and_refused_then_mended_and_saved(bench: Page) -> None:
    bench.locator("tr[data-area=beat-2] .remove").click()
    told = bench.locator("#gaps .told-gaps li")
    expect(told.first).to_contain_text("无人应答")
    expect(told.first).to_contain_text("安排常设民警或副班")
    expect(told.filter(has_text="西关网格")).to_have_count(1)
    expect(bench.locator(".week .holes .hole").first).to_contain_text("无人")
    accessible(bench)
    picture(bench, "duty-gap")
    bench.locator(".area-tool .picker").click()
    bench.get_by_role("listbox", name="辖区").get_by_role("option", name="第一警务区", exact=True).click()
    expect(bench.locator("#notices")).to_contain_text("先保存或放弃改动")
    expect(bench.locator("tr[data-area=beat-1]")).to_be_visible()

    bench.locator("#save-roster").click()
    expect(bench.locator("#save-problem")).to_contain_text("没有保存：西关网格")

    # A shift by turns closes it: from eight to eight, somebody always has it.
    bench.locator("#add-shift").click()
    form = bench.get_by_role("dialog")
    form.locator("#shift-id").fill("beat-2-officers")
    form.locator(".picker").nth(0).click()
    bench.get_by_role("listbox", name="辖区").get_by_role("option", name="第二警务区", exact=True).click()
    for person in ("officer", "deputy"):
        form.locator(".members .user-select").select_option(person)
    expect(form.locator(".members li")).to_have_count(2)
    form.get_by_role("button", name="周海涛 上移").click()
    # Before eight it is yesterday's turn that runs: from today on, nobody would have this night.
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    form.locator("#shift-since").fill((now - timedelta(hours=8)).date().isoformat())
    expect(form.locator(".next-turns")).to_contain_text("周海涛")
    accessible(bench)
    picture(bench, "duty-shift")
    form.get_by_role("button", name="放入值班表").click()
    expect(bench.locator("#gaps .no-gaps")).to_be_visible()
    bench.locator("#save-roster").click()
    expect(bench.locator("#notices")).to_contain_text("值班表已保存")
    bench.locator("#duty-week").click()
    expect(bench.locator(".week .turn b", has_text="周海涛").first).to_be_visible()


def test_whoever_saves_second_is_told_by_whom_and_keeps_their_edits(bench: Page, colleague: Page) -> None:
    colleague.get_by_label("第一警务区 副班").select_option("")
    expect(colleague.locator("#gaps[aria-busy=false] .no-gaps")).to_be_visible()
    colleague.locator("#save-roster").click()
    expect(colleague.locator("#notices")).to_contain_text("值班表已保存")

    bench.get_by_label("第一警务区 所领导").select_option("commander")
    bench.get_by_label("第一警务区 副班").select_option("commander")
    bench.locator("#save-roster").click()
    overtaken = bench.locator("#overtaken")
    expect(overtaken).to_contain_text("何晓东")
    expect(overtaken).to_contain_text("副班 周海涛 → —")
    expect(overtaken).to_contain_text("双方都改了")
    expect(bench.get_by_label("第一警务区 所领导")).to_have_value("commander")
    accessible(bench)
    bench.get_by_role("button", name="改用对方的").click()
    expect(bench.get_by_label("第一警务区 副班")).to_have_value("")
    bench.locator("#save-roster").click()
    expect(bench.locator("#notices")).to_contain_text("值班表已保存")
    expect(bench.get_by_label("第一警务区 副班")).to_have_value("")
    expect(bench.get_by_label("第一警务区 所领导")).to_have_value("commander")


def test_a_turn_is_swapped_from_the_calendar_and_taken_back(bench: Page, page: Page) -> None:
    bench.locator("#add-shift").click()
    form = bench.get_by_role("dialog")
    form.locator("#shift-id").fill("duty-room")
    form.locator("#shift-as").select_option("deputy")
    form.locator(".members .user-select").select_option("deputy")
    form.get_by_role("button", name="放入值班表").click()
    bench.locator("#save-roster").click()
    expect(bench.locator("#notices")).to_contain_text("值班表已保存")
    page.locator("#duty-week").click()
    page.get_by_role("button", name="duty-room，换班").last.click()
    form = page.get_by_role("dialog")
    form.locator(".user-select").select_option("officer")
    form.locator("#swap-reason").fill("家中有事")
    form.get_by_role("button", name="申请换班").click()
    expect(page.locator(".week .turn.swapped")).to_contain_text("替 周海涛")
    page.locator("#duty-swaps").click()
    expect(page.locator(".el-table__row")).to_contain_text("家中有事")
    accessible(page)
    page.locator(".take-back").click()
    page.get_by_role("dialog").get_by_role("button", name="撤销").click()
    expect(page.locator(".el-table__empty-text")).to_contain_text("没有换班")
