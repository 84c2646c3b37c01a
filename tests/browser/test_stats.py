"""The statistics page shows what the API counted: in pictures, in tables, as a file, on paper."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

BUTTONS = ("school-1-button", "school-2-button")


@pytest.fixture(scope="module")
def played(demo: Demo) -> Iterator[list[int]]:
    """Two incidents of the town, one of them gone through to its end; what is open is ended afterwards."""
    for button in BUTTONS:
        demo.settle(button)
        demo.publish(button, "alarm.pressed")
    incidents = [_incident_of(demo, button) for button in BUTTONS]
    for act in ("ack", "sign", "depart", "arrive"):
        demo.post(f"incidents/{incidents[0]}/{act}", {})
    demo.post(f"incidents/{incidents[0]}/handle", {"text": "已到校核实并处置。"})
    demo.post(f"incidents/{incidents[0]}/close", {"disposition": "real"})
    yield incidents
    for button in BUTTONS:
        demo.settle(button)


def _incident_of(demo: Demo, device: str) -> int:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < deadline:
        alerts = {alert["id"] for alert in demo.get(f"alerts?state=open&device={device}")["items"]}
        for incident in demo.get("incidents?state=open&limit=200")["items"]:
            if alerts & set(incident["alerts"]):
                return int(incident["id"])
        time.sleep(0.1)
    pytest.fail(f"{device} was pressed and there is no incident")


def figure(page: Page, name: str) -> Any:
    """One figure of the page."""
    return page.locator(f"[data-figure={name}]")


@pytest.fixture
def stats(page: Page, log_in: Callable[..., None], played: list[int]) -> Page:
    """The statistics as the commander sees them, counted."""
    assert played
    page.goto("/stats")
    log_in("commander")
    page.locator("#stats-finished").wait_for()
    page.locator("#stats-total").wait_for()
    return page


def asked(page: Page, name: str) -> dict[str, Any]:
    """What the API says for the very period that the page shows."""
    address = figure(page, {"clocks": "sign", "mix": "mix"}[name]).get_by_role("link", name="CSV").get_attribute("href")
    assert address is not None
    answer = page.request.get(re.sub(r"&(format|table|lang)=\w+", "", address))
    assert answer.ok
    return dict(answer.json())


def test_the_figures_are_those_of_the_api(stats: Page) -> None:
    mix, clocks = asked(stats, "mix"), asked(stats, "clocks")
    assert mix["total"]["incidents"] >= 2
    expect(stats.locator("#stats-total .big")).to_have_text(str(mix["total"]["incidents"]))
    sign = clocks["total"]["clocks"]["sign"]
    assert sign["n"] >= 1
    expect(stats.locator(".tile[data-clock=sign]")).to_contain_text(f"{sign['n']} 件")
    expect(figure(stats, "sign").locator("canvas").first).to_be_visible()
    figure(stats, "sign").get_by_role("button", name="表格").click()
    row = figure(stats, "sign").locator("tbody tr").first
    expect(row.locator("th")).to_have_text("全所")
    expect(row.locator("td").first).to_have_text(str(sign["n"]))
    share = sign["buckets"][0]["share"]
    expect(row.locator("td").nth(3)).to_have_text(f"{round(share * 100, 1):g}%")
    heat = sum(cell["incidents"] for cell in mix["heat"])
    figure(stats, "heat").get_by_role("button", name="表格").click()
    cells = figure(stats, "heat").locator("tbody td").all_inner_texts()
    assert sum(int(cell) for cell in cells if cell.strip()) == heat


def test_periods_and_units_are_chosen(stats: Page) -> None:
    assert "beat-1" in {unit["unit"] for unit in asked(stats, "clocks")["units"]}
    stats.get_by_role("radio", name="民警").first.check()
    expect(stats.locator("#stats-clocks[aria-busy=false]")).to_be_visible()
    figure(stats, "sign").get_by_role("button", name="表格").click()
    expect(figure(stats, "sign").locator("tbody th", has_text="张敏")).to_be_visible()
    stats.get_by_role("radio", name="上月").check()
    expect(stats.locator("#stats-total .big")).to_have_text("0")
    expect(figure(stats, "sign")).to_contain_text("本时段没有数据")
    stats.get_by_role("radio", name="自选").check()
    stats.get_by_label("从", exact=True).fill("2020-01-01")
    expect(stats.get_by_role("alert").filter(has_text="最长一年")).to_be_visible()


def test_a_figure_is_a_file_and_the_page_is_paper(stats: Page) -> None:
    address = figure(stats, "indicators").get_by_role("link", name="CSV").get_attribute("href")
    assert address is not None
    file = stats.request.get(address)
    assert file.headers["content-type"].startswith("text/csv")
    assert "每岗每10分钟告警" in file.text()
    stats.emulate_media(media="print")
    for hidden in ("#top", "#menu", "#banners", "#stats-print"):
        expect(stats.locator(hidden)).to_be_hidden()
    expect(stats.locator(".stats h2")).to_be_visible()
    expect(stats.locator("#stats-period")).to_contain_text("城关派出所")
    # Nothing is cut off by a box that scrolls on the screen.
    assert stats.evaluate(
        "document.querySelector('#page').scrollHeight <= document.querySelector('#page').clientHeight"
    )
    pages = stats.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n")
    assert pages >= 2


def test_everybody_reads_it(stats: Page) -> None:
    figure(stats, "sign").locator("canvas").first.wait_for()
    expect(stats.locator("[data-indicator=unattended], [data-indicator=average]").first).to_be_visible()
    expect(stats.locator("#stats-records")).to_contain_text("签收")
    accessible(stats)
    picture(stats, "stats")
    stats.locator("#language").click()
    expect(stats.locator(".stats h2")).to_have_text("Statistics")
    accessible(stats)


def test_alarm_health_is_for_those_who_answer_for_it(
    page: Page, log_in: Callable[..., None], played: list[int]
) -> None:
    assert played
    page.goto("/stats")
    log_in("officer")
    page.locator("#stats-total").wait_for()
    expect(page.locator("#stats-alarms")).to_have_count(0)
    expect(page.locator("#stats-records [data-figure=record]")).to_contain_text("李卫国")
    assert page.request.get("/api/v1/stats/alarms").status == 403
