"""Five thousand open alerts: the list scrolls and filters without jank. Figures are printed, assertions are loose."""

from __future__ import annotations

import copy
from statistics import median
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from .conftest import PATIENCE_MS, Demo, enter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=PATIENCE_MS)

MANY = 5000
#: So many frames are scrolled through: as a wheel turns, then as the bar is dragged, with every row drawn anew.
FRAMES = 240
WHEEL_PX = 90
JUMP_PX = 7000
#: Three frames. A machine without a graphics card is slower than any desk.
LOOSE_MS = 50.0

SCROLL = """
async ([frames, by]) => {
  const list = document.querySelector(".scroller");
  const times = [];
  let last = performance.now();
  for (let n = 0; n < frames; n++) {
    list.scrollTop += by;
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - last);
    last = performance.now();
  }
  return times;
}
"""
TYPE = """
async (text) => {
  const field = document.querySelector("#search");
  const times = [];
  for (let n = 1; n <= text.length; n++) {
    const began = performance.now();
    field.value = text.slice(0, n);
    field.dispatchEvent(new Event("input", {bubbles: true}));
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done, 0));
    times.push(performance.now() - began);
  }
  return times;
}
"""
WATCH = """
() => {
  window.late = [];
  const watch = new PerformanceObserver((list) => window.late.push(...list.getEntries().map((one) => one.duration)));
  watch.observe({type: "longtask"});
}
"""


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]


@pytest.fixture
def crowded(page: Page, demo: Demo) -> Page:
    """The console with 5,000 open alerts that exist nowhere but in the answers it gets."""
    demo.settle("school-2-gate")
    demo.publish("school-2-gate", "door.forced")
    page.wait_for_timeout(2000)
    pattern = demo.alert_of("school-2-gate")
    devices = [device["id"] for device in demo.get("devices?limit=1000")["items"]]
    places = {device["id"]: device for device in demo.get("devices?limit=1000")["items"]}
    alerts = [made(pattern, n, places[devices[n // 4 % len(devices)]]) for n in range(MANY)]

    def answer(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        if asked.get("state") != ["open"]:
            route.continue_()
            return
        before = int(asked["before"][0]) if "before" in asked else 10**9
        items = [alert for alert in alerts if alert["id"] < before][:500]
        route.fulfill(json={"items": items, "next": items[-1]["id"] if len(items) == 500 else None})

    page.route("**/api/v1/alerts?*", answer)
    page.route("**/api/v1/incidents?*", lambda route: route.fulfill(json={"items": [], "next": None}))
    page.goto("/")
    enter(page, demo)
    expect(page.locator("#tab-open")).to_contain_text(str(MANY), timeout=60_000)
    page.locator("#open-alerts .row").first.wait_for()
    return page


def made(pattern: dict[str, Any], n: int, device: dict[str, Any]) -> dict[str, Any]:
    alert = copy.deepcopy(pattern)
    alert |= {
        "id": 10_000_000 - n,
        "subject": f"device:{device['id']}",
        "device": device["id"],
        "place": device["place"],
        "area": device["area"],
        "priority": f"P{1 + n % 4}",
        "raised_at": f"2026-01-{1 + n % 28:02}T{n % 24:02}:{n % 60:02}:00Z",
        "acknowledged": n % 3 == 0,
        "sounded": 0,
        "suppressed_by": None,
        "shelved_until": None,
    }
    return alert


def test_five_thousand_alerts_scroll_and_filter_without_jank(crowded: Page, demo: Demo) -> None:
    crowded.evaluate(SCROLL, [30, 90])  # once to warm up
    scrolled = crowded.evaluate(SCROLL, [FRAMES, WHEEL_PX])
    jumped = crowded.evaluate(SCROLL, [FRAMES // 4, JUMP_PX])
    assert crowded.locator("#open-alerts li").count() < 60, "only what is in sight is drawn"
    typed = crowded.evaluate(TYPE, "实验小学 p1 门禁")
    few = crowded.locator("#open-alerts li")
    expect(few.first).to_contain_text("实验小学")
    crowded.evaluate(TYPE, " ")
    crowded.locator("#search").fill("")
    # One more alert comes, among five thousand.
    crowded.evaluate(WATCH)
    demo.settle("flat-1-101-sos")
    demo.publish("flat-1-101-sos", "alarm.pressed")
    expect(crowded.locator("#tab-open")).to_contain_text(str(MANY + 1))
    crowded.wait_for_timeout(500)
    longest = max([0.0, *crowded.evaluate("window.late")])
    print(
        f"\n{MANY} open alerts: a frame while scrolling p50 {median(scrolled):.0f} ms, "
        f"p95 {p95(scrolled):.0f} ms, worst {max(scrolled):.0f} ms; while jumping p95 {p95(jumped):.0f} ms; "
        f"a letter typed until it is drawn p95 {p95(typed):.0f} ms; "
        f"the longest task when one more comes {longest:.0f} ms"
    )
    # Half of them: what else runs on a shared machine makes single frames late, not every second one.
    assert median(scrolled) < LOOSE_MS
    assert median(jumped) < LOOSE_MS
    assert median(typed) < 3 * LOOSE_MS
