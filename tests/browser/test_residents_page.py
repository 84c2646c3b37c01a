"""Residents at the desk: masked until somebody says why, then for a minute; consent that ends watching over them."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo, accessible, picture

pytestmark = pytest.mark.browser

NAME = "王秀兰"


def test_a_person_is_shown_for_a_reason_and_masked_again_after_a_minute(
    page: Page, demo: Demo, log_in: Callable[..., None]
) -> None:
    page.clock.install()
    page.goto("/residents?person=p-001")
    log_in("officer")
    expect(page.locator("#person-name")).to_contain_text("王**")
    expect(page.locator("#watched")).to_contain_text("监护中")
    expect(page.locator(".device-lines li").first).to_be_visible()
    expect(page.locator(".el-table__row")).not_to_have_count(0)
    accessible(page)
    picture(page, "residents")
    assert NAME not in page.content()

    page.locator("#reveal").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("button[type=submit]")).to_be_disabled()
    dialog.locator("textarea").fill(f"核实{NAME}的情况")
    dialog.locator("button[type=submit]").click()
    expect(dialog.get_by_role("alert")).to_contain_text("请写为什么，不要写谁")
    dialog.locator("textarea").fill("上门核实情况")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#revealed")).to_contain_text(NAME)
    expect(dialog).to_be_hidden()
    accessible(page)
    page.clock.fast_forward(61_000)
    expect(page.locator("#revealed")).to_have_count(0)
    assert NAME not in page.content()
    with psycopg.connect(demo.told["database_url"]) as database:
        trail = database.execute("select username, object from audit where act = 'person.reveal'").fetchall()
    assert trail == [("officer", "person/p-001")]


def test_withdrawn_consent_stops_watching_over_somebody_and_can_be_said_anew(
    page: Page, log_in: Callable[..., None]
) -> None:
    page.goto("/residents?person=p-002")
    log_in("operator")
    consent = page.locator("#consent li[data-purpose=care_monitoring]")
    consent.locator(".withdraw").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("停止监护")
    dialog.locator("select").select_option("relative")
    dialog.locator("textarea").fill("女儿来所说明")
    dialog.locator("button[type=submit]").click()
    expect(page.locator("#watched")).to_contain_text("监护已停止")
    expect(page.locator(".el-table__row", has_text="河滨小区1号楼302室")).to_contain_text("已撤回同意，不监护")
    page.locator("#consent summary").click()
    expect(page.locator(".consent-lines li").first).to_contain_text("女儿来所说明")
    page.locator("#language").click()
    expect(page.locator("#watched")).to_contain_text("Monitoring has stopped")
    accessible(page)
    consent.locator(".give").click()
    page.get_by_role("dialog").locator("button[type=submit]").click()
    expect(page.locator("#watched")).to_contain_text("Watched over")


def test_somebody_is_written_down_found_exactly_marked_away_and_erased(page: Page, log_in: Callable[..., None]) -> None:
    page.goto("/residents")
    log_in("officer")
    page.locator("#add-person").click()
    form = page.get_by_role("dialog")
    form.locator(".picker").click()
    page.keyboard.type("401室")
    page.get_by_role("listbox", name="场所").get_by_role("option").first.click()
    form.locator("#person-is").fill("顾春兰")
    form.locator("#person-limit").fill("20")
    accessible(page)
    form.locator("button[type=submit]").click()
    expect(page.locator("#person-name")).to_contain_text("顾**")
    expect(page.locator("#watched")).to_contain_text("还没有征得同意")
    expect(page.locator(".room-side")).to_contain_text("20 小时")

    page.locator("#find-person input").fill("顾春兰")
    page.locator("#find-person button[type=submit]").click()
    expect(page.locator(".el-table__row")).to_have_count(1)
    assert "顾春兰" not in page.url

    page.locator("#person-away").click()
    page.get_by_role("dialog").locator("button[type=submit]").click()
    expect(page.locator("#is-away-now")).to_be_visible()
    page.locator("#person-back").click()
    expect(page.locator("#is-away-now")).to_have_count(0)

    made = page.locator("#person-name small").inner_text()
    page.locator("#erase-person").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("button[type=submit]")).to_be_disabled()
    dialog.locator("#erase-typed").fill(made)
    dialog.locator("button[type=submit]").click()
    expect(page.locator(".el-table__empty-text")).to_contain_text("没有完全一致的居民")
