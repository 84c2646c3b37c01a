"""One connection for the whole browser, and what happens when the tab that holds it goes, or the line breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from .conftest import PATIENCE_MS, Demo, enter, opened
from .line import Line

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


def test_two_tabs_share_one_connection_and_the_second_takes_over(console: Page, demo: Demo) -> None:
    asked: list[str] = []

    def count(request: Request) -> None:
        if "/api/v1/stream" in request.url:
            asked.append(request.url)

    console.context.on("request", count)
    other = console.context.new_page()
    other.goto("/")
    expect(other.locator("#link")).to_have_text("实时")
    other.locator("#nothing:visible, #open-alerts .row").first.wait_for()
    assert asked == [], "the second tab asks for no stream of its own"

    demo.settle("school-1-button-2")
    demo.publish("school-1-button-2", "alarm.pressed")
    for tab in (console, other):
        expect(tab.locator("#open-alerts .row", has_text="实验小学教务处")).to_have_count(1)
    console.close()
    demo.settle("flat-2-102-sos")
    demo.publish("flat-2-102-sos", "alarm.pressed")
    row = other.locator("#open-alerts .row", has_text="西关小区3号楼102室").filter(has_text="未确认")
    expect(row).to_have_count(1)
    expect(other.locator("#link")).to_have_text("实时")
    assert len(asked) == 1, "it holds the connection now"
    assert re.search(r"last_event_id=\d+", asked[0]), "from where the other one had come to: nothing is missed"


def test_who_logs_in_or_out_in_one_tab_does_so_in_all(console: Page, demo: Demo) -> None:
    other = console.context.new_page()
    other.goto("/")
    other.locator("#nothing:visible, #open-alerts .row").first.wait_for()
    other.locator("#log-out").click()
    expect(console.locator("#login")).to_be_visible()
    enter(other, demo, "officer")
    for tab in (other, console):
        expect(tab.locator("#who")).to_contain_text("民警")
    expect(console.locator("#shift-begin, #mute")).to_have_count(0)


def test_a_page_acts_for_nobody_else_though_the_browser_forgets_to_tell_it(
    console: Page, demo: Demo, chromium: Browser
) -> None:
    demo.settle("school-2-button")
    demo.publish("school-2-button", "alarm.pressed")
    row = console.locator("#open-alerts .row", has_text="城关中学").filter(has_text="未确认").first
    row.click()
    with opened(chromium, demo) as officers:
        officers.goto("/")
        enter(officers, demo, "officer")
        expect(officers.locator("#who")).to_contain_text("民警")
        theirs = officers.context.cookies()
        console.context.add_cookies([{**cookie} for cookie in theirs])  # type: ignore[typeddict-item]
        console.locator("#act-ack").click()
        expect(console.locator("#who")).to_contain_text("民警")
        assert demo.alert_of("school-2-button")["acknowledged"] is False, "nobody has acknowledged it"
    demo.settle("school-2-button")


@pytest.fixture
def line(demo: Demo) -> Iterator[Line]:
    """The console's line to the gateway."""
    line = Line(demo.url)
    yield line
    line.close()


@pytest.fixture
def afar(chromium: Browser, demo: Demo, line: Line) -> Iterator[Page]:
    """The console at the other end of the line, logged in."""
    with opened(chromium, replace(demo, told={**demo.told, "url": line.url})) as page:
        page.clock.install()
        page.goto("/")
        enter(page, demo)
        expect(page.locator("#link")).to_have_text("实时")
        page.locator("#nothing:visible, #open-alerts .row").first.wait_for()
        yield page


def missed(demo: Demo) -> None:
    """Three things happen meanwhile."""
    for device in ("school-1-button-2", "flat-2-102-sos", "school-3-button"):
        demo.settle(device)
        demo.publish(device, "alarm.pressed")


def caught_up(page: Page) -> None:
    """Everything is there, once; nothing was loaded anew."""
    for where in ("实验小学教务处", "西关小区3号楼102室", "新城幼儿园"):
        expect(page.locator("#open-alerts .row", has_text=where).filter(has_text="未确认")).to_have_count(1)
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("#caught-up")).to_have_text(re.compile(r"补收 ([3-9]|\d\d+) 条变化"))
    assert page.evaluate("window.neverReloaded") is True


def test_a_line_that_is_cut_is_loud_and_what_was_missed_is_replayed(afar: Page, demo: Demo, line: Line) -> None:
    afar.evaluate("window.neverReloaded = true")
    line.cut()
    expect(afar.locator("#lost")).to_contain_text("连接已中断")
    expect(afar.locator(".frame")).to_have_class(re.compile("stale"))
    missed(demo)
    asked: list[str] = []
    afar.on("request", lambda request: asked.append(request.url))
    line.mend()
    caught_up(afar)
    assert [url for url in asked if "/api/v1/alerts?" in url] == [], "replayed, not fetched anew"
    expect(afar.locator(".frame")).not_to_have_class(re.compile("stale"))


def test_a_line_that_only_falls_silent_is_noticed_within_forty_seconds(afar: Page, demo: Demo, line: Line) -> None:
    afar.evaluate("window.neverReloaded = true")
    line.hush()
    missed(demo)
    afar.clock.fast_forward(30_000)
    expect(afar.locator("#lost")).to_be_hidden()
    afar.clock.fast_forward(15_000)
    expect(afar.locator("#lost")).to_contain_text("连接已中断")
    line.mend()
    caught_up(afar)
