"""Work that never rings: disputes somebody has to look at again, and where officers were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo, accessible, enter, picture

pytestmark = pytest.mark.browser


def test_a_dispute_is_worked_on_followed_up_and_opened_in_triage(
    page: Page, demo: Demo, log_in: Callable[..., None]
) -> None:
    today = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    told = {"category": "dispute", "title": "楼道堆物纠纷", "place": "flat-1-101", "area": "grid-102"}
    mediation = {"route": "police", "parties": 2, "places": ["flat-1-101", "flat-1-201"], "follow_up_on": today}
    made = demo.post("incidents", {**told, "dispute": mediation})
    page.goto("/disputes?show=due")
    log_in("officer")
    row = page.locator(".el-table__row", has_text=f"{made['id']} ")
    expect(row).to_contain_text("民警调解")
    expect(row).to_contain_text("另涉：河滨小区1号楼201室")
    expect(row.locator(".sign.abnormal")).to_have_text(today)
    accessible(page)
    picture(page, "disputes")
    row.locator(".mediate").click()
    form = page.get_by_role("dialog")
    form.locator("#dispute-route").select_option("joint")
    form.locator("#dispute-outcome").select_option("agreed")
    form.locator("#dispute-followed").check()
    accessible(page)
    form.locator("button[type=submit]").click()
    expect(page.locator(".el-table__empty-text")).to_contain_text("没有到期的回访")
    page.locator("#disputes-open").click()
    expect(row).to_contain_text("三方联调")
    expect(row).to_contain_text("达成协议")
    page.locator("#language").click()
    expect(row).to_contain_text("joint")
    accessible(page)
    page.locator("#language").click()
    row.locator(".link").click()
    expect(page.locator("#detail .headline")).to_be_visible()
    expect(page.locator("#detail")).to_contain_text(str(made["id"]))


def test_visits_are_mine_to_see_and_the_commanders_look_is_written_down(
    page: Page, demo: Demo, log_in: Callable[..., None]
) -> None:
    page.goto("/footprints")
    log_in("officer")
    page.locator("#menu").wait_for()
    visit = {"client_id": "visit-1", "kind": "visit", "at": datetime.now(UTC).isoformat(), "place": "flat-1-101"}
    taken = page.evaluate(
        """visit => fetch('/api/v1/footprints', {method: 'POST', headers: {'Content-Type': 'application/json'},
           body: JSON.stringify({items: [visit]})}).then(answer => answer.json())""",
        {**visit, "person": "p-001", "note": "身体不错，门锁已换"},
    )
    assert taken.get("items", [{}])[0].get("new"), taken
    page.reload()
    row = page.locator(".el-table__row").filter(has_text="河滨小区1号楼101室")
    expect(row).to_contain_text("身体不错，门锁已换")
    expect(page.get_by_label("谁的")).to_have_count(0)
    accessible(page)
    picture(page, "footprints")
    page.locator("#log-out").click()
    enter(page, demo, "commander")
    expect(page.locator(".room-note")).to_contain_text("记入审计")
    page.get_by_label("谁的").select_option("officer")
    expect(row).to_contain_text("走访")
    page.locator("#language").click()
    expect(row).to_contain_text("visit")
    accessible(page)
    with psycopg.connect(demo.told["database_url"]) as database:
        looks = database.execute("select distinct username, object from audit where act = 'footprints.read'").fetchall()
    assert looks == [("commander", "user/officer")]
