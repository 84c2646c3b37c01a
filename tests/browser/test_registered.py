"""Drills and absences on the live page: what is practised never looks real, and who is away alarms nobody."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def test_a_drill_says_so_everywhere_and_its_real_sequel_looks_real(console: Page, demo: Demo) -> None:
    demo.settle("school-3-button")
    with demo.changing_the_registry():
        demo.post("drills", {"device": "school-3-button", "minutes": 15, "note": "开学演练"})
    row = console.locator("#open-alerts .row", has_text="新城幼儿园")
    demo.publish("school-3-button", "alarm.pressed")
    expect(row).to_have_count(1)
    expect(row).to_have_class(re.compile(r"\bdrill\b"))
    expect(row.locator(".drill-tag")).to_have_text("演练")
    expect(row).to_have_css("border-top-style", "dashed")  # not by colour alone
    expect(console.locator("#urgent")).to_contain_text("不是真实警情")
    expect(console.locator("#counts .practised b")).to_have_text("1")
    row.click()
    detail = console.locator("#detail")
    expect(detail.locator(".headline .drill-tag")).to_have_text("演练")
    expect(detail.locator(".drill-note")).to_contain_text("不是真实警情")
    console.get_by_role("button", name="English").click()
    expect(row.locator(".drill-tag")).to_have_text("DRILL")
    console.get_by_role("button", name="中文").click()

    demo.change("update drill set ends_at = now() where device_id = 'school-3-button'")  # it is over
    console.keyboard.press("a")
    expect(row).to_contain_text("张敏（接警员） 已确认")
    demo.publish("school-3-button", "alarm.pressed")
    expect(row).to_contain_text("未确认")
    expect(row).not_to_have_class(re.compile(r"\bdrill\b"))
    expect(row.locator(".drill-tag")).to_have_count(0)
    expect(detail.locator(".drill-note")).to_have_count(0)
    expect(console.locator("#counts .practised")).to_have_count(0)


def test_marking_an_elder_as_away_ends_the_alarm_about_them(console: Page, demo: Demo) -> None:
    with psycopg.connect(demo.told["database_url"]) as database:
        row = database.execute(
            "select p.id, place.name from person p join place on place.id = p.place_id "
            "where (p.care ->> 'lives_alone')::boolean order by p.id limit 1"
        ).fetchone()
        assert row is not None
    person, place = row
    demo.change("update person set care = care || '{\"silence_limit_s\": 1}' where id = %s", person)
    alert = console.locator("#open-alerts .row", has_text=place).filter(has_text="长时间无活动")
    expect(alert).to_contain_text("告警中")
    alert.click()
    field = console.get_by_label("本人外出，至")
    expect(field).to_have_value(re.compile(r"^\d{4}-\d\d-\d\dT20:00$"))
    console.get_by_label("原因（可不填）").fill("去女儿家")
    console.get_by_role("button", name="登记外出").click()
    expect(alert).to_contain_text("已恢复")
    expect(console.locator("#is-away")).to_contain_text("已登记外出")
    expect(console.locator("#away")).to_be_hidden()

    console.get_by_role("button", name="取消外出登记").click()
    expect(alert).to_contain_text("告警中")
    expect(console.locator("#away")).to_be_visible()
    # A moment that is past is refused in words, whatever the field itself lets through.
    console.locator("#away").evaluate("form => { form.noValidate = true; }")
    field.fill("2020-01-01T08:00")
    console.get_by_role("button", name="登记外出").click()
    expect(console.locator("#act-error")).to_contain_text("这个时间已经过去")
    demo.change("update person set care = care - 'silence_limit_s' where id = %s", person)
