"""Every page of the menu, as each role has it: on a desk's smaller screen, by keyboard, in both languages, at rest.

That a page asks nobody but the gateway is held for every page of every test (`complaints_about`).
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, ROOT, Demo, accessible, enter, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

expect.set_options(timeout=PATIENCE_MS)

#: Every word of the pages, as it is written down: Chinese, English.
WORDS = re.compile(r'\["((?:[^"\\]|\\.)+)", "((?:[^"\\]|\\.)+)"\]')
CATALOGUE = [
    pair for file in sorted((ROOT / "api/console/src/words").glob("*.ts")) for pair in WORDS.findall(file.read_text())
]
IN_CHINESE = {chinese for chinese, english in CATALOGUE if chinese != english}
#: Of more than one word: a single one may be a name or a code (CSV, operator).
IN_ENGLISH = {english for chinese, english in CATALOGUE if chinese != english and " " in english}
#: More than the menu has, fewer than anybody would press.
TABS = 60
STICKS_OUT = """() => {
  const page = document.querySelector("#page");
  return [document.documentElement.scrollWidth - innerWidth, page.scrollWidth - page.clientWidth]
    .filter((by) => by > 0);
}"""
MOVES_FOR_GOOD = """() => document.getAnimations()
  .filter((one) => one.playState === "running" && one.effect?.getComputedTiming().endTime === Infinity)
  .map((one) => one.animationName ?? "?")"""
TEXTS = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    if (walk.currentNode.parentElement.checkVisibility()) found.push(walk.currentNode.data.trim());
  }
  return found;
}"""
FOCUS = """() => {
  const on = document.activeElement;
  if (on === null || on.closest("#page") === null) return null;
  const style = getComputedStyle(on);
  return style.outlineStyle !== "none" || style.boxShadow !== "none" ? "seen" : "unseen: " + on.outerHTML.slice(0, 200);
}"""


def at_rest(page: Page) -> None:
    """Wait until a page shows what it has fetched."""
    expect(page.locator("#page :is(h1, h2, [role=tablist], canvas, .leaflet-container)").first).to_be_visible()
    expect(page.locator("#page [aria-busy=true]")).to_have_count(0)


@pytest.mark.parametrize("username", ["operator", "commander", "officer", "admin", "auditor"])
def test_every_page_is_whole_in_both_languages_and_by_keyboard(chromium: Browser, demo: Demo, username: str) -> None:
    with opened(chromium, demo, width=1366, height=768) as page:
        page.emulate_media(reduced_motion="reduce")
        page.goto("/")
        enter(page, demo, username)
        menu = page.locator("#menu a")
        menu.first.wait_for()
        paths = [str(link.get_attribute("href")) for link in menu.all()]
        assert len(paths) == len(set(paths)) > 1
        for path in paths:
            told = f"{path} as {username}"
            page.locator(f"#menu a[href='{path}']").click()
            at_rest(page)
            accessible(page)
            assert page.evaluate(STICKS_OUT) == [], told
            assert page.evaluate(MOVES_FOR_GOOD) == [], told
            page.locator(f"#menu a[href='{path}']").focus()
            for _ in range(TABS):
                page.keyboard.press("Tab")
                reached = page.evaluate(FOCUS)
                if reached is not None:
                    break
            assert reached == "seen", told
            page.get_by_role("button", name="English").click()
            expect(page.locator("html")).to_have_attribute("lang", "en")
            at_rest(page)
            accessible(page)
            assert page.evaluate(STICKS_OUT) == [], f"{told}, English"
            assert IN_CHINESE.intersection(page.evaluate(TEXTS)) <= {"中文"}, told
            page.get_by_role("button", name="中文").click()
            expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
            assert IN_ENGLISH.intersection(page.evaluate(TEXTS)) == set(), told
