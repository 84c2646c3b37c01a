"""The tour of the live page: it starts by itself once, can be left at any moment, and never hides what is urgent."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from .conftest import PATIENCE_MS, Demo, enter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture
def standing(demo: Demo) -> None:
    """Something is on the list: the steps about the details have something to show."""
    demo.publish("building-1-back", "door.forced")


def arrive(page: Page, demo: Demo) -> Locator:
    """Log in for the first time; returns the tour's card, open."""
    page.goto("/")
    enter(page, demo)
    card = page.locator("#tour")
    expect(card).to_be_visible()
    page.locator("#open-alerts .row").first.wait_for()
    return card


@pytest.mark.usefixtures("standing")
def test_it_starts_by_itself_and_leads_through_five_steps(newcomer: Page, demo: Demo) -> None:
    card = arrive(newcomer, demo)
    framed = {
        "1/5": ("现在要处理什么", "#list"),
        "2/5": ("为什么报警", "#detail .first-action"),
        "3/5": ("下一步通知谁", "#detail .told"),
        "4/5": ("确认和签收是两回事", "#detail .acts"),
    }
    before = demo.get("alerts?state=unacknowledged")["items"]
    for count, (title, target) in framed.items():
        expect(card).to_contain_text(count)
        expect(card.locator("h2")).to_contain_text(title)
        expect(newcomer.locator(target)).to_be_in_viewport()
        expect(newcomer.locator(target)).to_have_css("outline-style", "solid")
        newcomer.keyboard.press("Enter")  # the focus is on «next»
    expect(card).to_contain_text("5/5")
    phones = card.get_by_role("link", name=re.compile("手机"))
    expect(phones).to_have_attribute("href", f"{demo.told['phones']['url']}/")
    expect(card.get_by_role("link", name=re.compile("死信"))).to_have_attribute("href", "/api/v1/dead-letters")
    card.get_by_role("button", name="完成").click()
    expect(card).to_be_hidden()
    assert demo.get("alerts?state=unacknowledged")["items"] == before, "looking is not acknowledging"


@pytest.mark.usefixtures("standing")
def test_escape_skips_it_for_good_and_the_button_brings_it_back(newcomer: Page, demo: Demo) -> None:
    card = arrive(newcomer, demo)
    newcomer.keyboard.press("Enter")
    expect(newcomer.locator("#detail .acts")).to_be_visible()
    newcomer.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(newcomer.locator("#detail .acts")).to_be_visible()  # the details stay open
    newcomer.reload()
    newcomer.locator("#open-alerts .row").first.wait_for()
    expect(card).to_be_hidden()
    newcomer.get_by_role("button", name="导览").click()
    expect(card).to_contain_text("1/5")
    newcomer.get_by_role("button", name="English").click()
    expect(card).to_contain_text("what needs action now")
    card.get_by_role("button", name="Skip").click()
    expect(card).to_be_hidden()


@pytest.mark.usefixtures("standing")
def test_a_new_p1_closes_it_and_says_so(newcomer: Page, demo: Demo) -> None:
    demo.settle("flat-2-102-sos")
    card = arrive(newcomer, demo)
    demo.publish("flat-2-102-sos", "alarm.pressed")
    expect(card).to_be_hidden()
    expect(newcomer.locator("#notices")).to_contain_text("导览已关闭")
    expect(newcomer.locator("#open-alerts .row.p1", has_text="西关小区3号楼102室")).to_be_in_viewport()


@pytest.mark.usefixtures("standing")
def test_on_a_phone_it_leaves_what_it_speaks_of_in_sight(newcomers_phone: Page, demo: Demo) -> None:
    card = arrive(newcomers_phone, demo)
    for target in ("#detail .first-action", "#detail .told", "#detail .acts"):
        card.get_by_role("button", name="下一步").click()
        shown = newcomers_phone.locator(target)
        expect(shown).to_be_in_viewport()
        newcomers_phone.wait_for_function(
            """target => document.querySelector(target).getBoundingClientRect().top
                 < document.getElementById("tour").getBoundingClientRect().top""",
            arg=target,
        )
    width = newcomers_phone.evaluate("document.documentElement.scrollWidth")
    assert width == 390, "nothing sticks out"


def test_who_has_seen_it_is_left_in_peace(console: Page) -> None:
    expect(console.locator("#tour")).to_be_hidden()
    console.get_by_role("button", name="导览").click()
    expect(console.locator("#tour")).to_be_visible()
    console.get_by_role("button", name="导览").click()
    expect(console.locator("#tour")).to_be_hidden()
