"""The officer's phone in Chromium at 360 × 740 with touch, on a running demo: with a network and without one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import PATIENCE_MS, Demo, accessible, picture
from .phones import acts_of, card, carried, kept, log_in, pressed, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

#: One thumb, in px.
THUMB = 56
#: A phone's clock is wrong: the timeline has to say both.
SLOW_BY = timedelta(minutes=7)
SLOW_CLOCK = f"""
  const Real = Date, slow = {int(SLOW_BY.total_seconds() * 1000)};
  globalThis.Date = class extends Real {{
    constructor(...given) {{ given.length === 0 ? super(Real.now() - slow) : super(...given); }}
    static now() {{ return Real.now() - slow; }}
  }};
"""


COUNT = """async (shelf) => {
  const asked = indexedDB.open('anxin-phone');
  const base = await new Promise((done) => asked.onsuccess = () => done(asked.result));
  const counted = base.transaction(shelf).objectStore(shelf).count();
  const n = await new Promise((done) => counted.onsuccess = () => done(counted.result));
  base.close();
  return n;
}"""
COPIES = f"({COUNT})('copies')"
QUEUED = f"({COUNT})('queue')"


@pytest.fixture
def phone(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """The officer's phone, logged in; its service worker has taken it over."""
    with carried(chromium, demo) as page:
        log_in(page, demo)
        kept(page)
        yield page


def test_from_the_press_to_the_feedback_with_one_thumb(phone: Page, demo: Demo) -> None:
    incident = pressed(demo, "school-1-button")
    # It appears by itself, above everything else, and says that one is called.
    mine = phone.locator("#mine .card")
    expect(card(phone, incident)).to_contain_text("实验小学")
    expect(card(phone, incident)).to_contain_text("呼叫您")
    expect(card(phone, incident)).to_contain_text("P1")
    assert mine.count() >= 1
    picture(phone, "phone-list")
    accessible(phone)
    card(phone, incident).tap()
    expect(phone.locator("#first-action")).not_to_be_empty()
    expect(phone.locator("#place")).to_have_text("实验小学")
    expect(phone.locator("#navigate")).to_have_attribute("href", re.compile(r"uri\.amap\.com.*coordinate=wgs84"))
    button = phone.locator("#main-act")
    expect(button).to_have_text("签收")
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= THUMB
    assert box["y"] + box["height"] <= 740  # within the thumb's reach, whatever is above
    low = [one.bounding_box() for one in phone.locator(".incident button:visible, .incident .button:visible").all()]
    assert all(one is not None and one["height"] >= THUMB for one in low)
    picture(phone, "phone-incident")
    accessible(phone)

    button.tap()
    expect(button).to_have_text("出发")
    button.tap()
    expect(button).to_have_text("到场")
    button.tap()
    expect(button).to_have_text("反馈")
    button.tap()
    accessible(phone)
    expect(phone.locator("#tell")).to_be_disabled()  # without a word it is no feedback
    phone.get_by_role("button", name="已到现场，误碰按钮，无险情。").tap()
    phone.locator("#tell").tap()
    expect(button).to_have_text("办结")
    expect(phone.locator("#timeline")).to_contain_text("误碰按钮，无险情")
    expect(phone.locator("#waiting")).to_be_hidden()
    told = demo.get(f"incidents/{incident}")
    assert told["state"] == "handled"
    assert told["assignees"] == ["officer"]
    button.tap()
    phone.locator("[data-disposition=real]").tap()
    expect(phone.locator(".over")).to_have_text("此警情已办结。")
    expect(phone.locator("#waiting")).to_be_hidden()
    assert demo.get(f"incidents/{incident}")["disposition"] == "real"
    phone.locator("#back").tap()
    expect(card(phone, incident)).to_have_count(0)


def test_what_comes_late_moves_no_button_away_from_under_a_thumb(chromium: Browser, demo: Demo) -> None:
    incident = pressed(demo, "flat-2-102-sos")
    with carried(chromium, demo, workers=False) as phone:
        log_in(phone, demo)
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        phone.route(f"**/api/v1/incidents/{incident}", hold)
        with phone.expect_request(f"**/api/v1/incidents/{incident}"):
            card(phone, incident).tap()
        voice = phone.get_by_role("button", name="语音")
        before = voice.bounding_box()
        assert len(held) == 1
        held[0].continue_()
        expect(phone.locator(".incident .lines")).to_be_visible()
        assert voice.bounding_box() == before


def test_in_a_stairwell_what_is_done_waits_and_is_told_once_with_the_phones_own_time(
    chromium: Browser, demo: Demo
) -> None:
    with carried(chromium, demo, script=SLOW_CLOCK) as phone:
        log_in(phone, demo)
        kept(phone)
        incident = pressed(demo, "flat-1-101-sos")
        card(phone, incident).tap()
        expect(phone.locator("#first-action")).not_to_be_empty()
        phone.context.set_offline(True)
        phone.locator("#main-act").tap()
        expect(phone.locator("#main-act")).to_have_text("出发")
        expect(phone.locator("#state")).to_have_text("已签收（等待发送）")
        phone.get_by_role("button", name="记一笔").tap()
        phone.locator("#words").fill("老人在床边，神志清楚")
        phone.locator("#tell").tap()
        expect(phone.locator("#waiting")).to_have_text("等待发送 2")
        expect(phone.locator("#timeline .unsent")).to_have_count(2)
        # The page opens without a network too, with what was known, and says how old that is.
        phone.reload()
        expect(phone.locator("#waiting")).to_have_text("等待发送 2")
        expect(phone.locator("#place")).to_have_text("河滨小区1号楼101室")
        expect(phone.locator(".stale").first).to_contain_text("没有网络")
        picture(phone, "phone-offline")
        accessible(phone)
        phone.locator("#waiting").tap()
        expect(phone.locator("#queue li")).to_have_count(2)
        phone.go_back()
        assert acts_of(demo, incident, "sign") == []

        phone.context.set_offline(False)
        expect(phone.locator("#waiting")).to_be_hidden()
        expect(phone.locator(".stale")).to_have_count(0)
        expect(phone.locator("#timeline [data-step=sign] time")).to_have_text(re.compile("手机 .* 收到"))
        for act in ("sign", "note"):
            (line,) = acts_of(demo, incident, act)
            late = datetime.fromisoformat(line["at"]) - datetime.fromisoformat(line["client_at"])
            assert SLOW_BY - timedelta(seconds=5) < late < SLOW_BY + timedelta(minutes=2)
        assert acts_of(demo, incident, "note")[0]["note"] == "老人在床边，神志清楚"
        # Whatever else asks for it again changes nothing.
        phone.reload()
        expect(phone.locator("#main-act")).to_have_text("出发")
        assert len(acts_of(demo, incident, "sign")) == len(acts_of(demo, incident, "note")) == 1


def test_who_was_slower_reads_why_and_nothing_is_dropped_in_silence(phone: Page, demo: Demo) -> None:
    incident = pressed(demo, "flat-2-102-sos")
    card(phone, incident).tap()
    expect(phone.locator("#main-act")).to_have_text("签收")
    phone.context.set_offline(True)
    phone.locator("#main-act").tap()
    expect(phone.locator("#waiting")).to_have_text("等待发送 1")
    demo.post(f"incidents/{incident}/sign", {})
    phone.context.set_offline(False)
    expect(phone.locator("#refused")).to_contain_text("1 条没有被接受")
    phone.locator("#refused").tap()
    refused = phone.locator("#queue .refused")
    expect(refused).to_contain_text("签收")
    expect(refused.locator(".error")).to_contain_text("情况已变化")
    accessible(phone)
    phone.reload()
    expect(refused).to_have_count(1)  # until it was read
    refused.get_by_role("button", name="知道了").tap()
    expect(phone.locator("#queue-empty")).to_be_visible()


def test_what_waits_is_sent_by_its_owner_only_and_logging_out_clears_the_phone(chromium: Browser, demo: Demo) -> None:
    incident = pressed(demo, "school-3-button")
    with carried(chromium, demo, workers=False) as phone:
        log_in(phone, demo)
        phone.route("**/api/v1/incidents/*/notes", lambda route: route.abort())
        card(phone, incident).tap()
        phone.get_by_role("button", name="记一笔").tap()
        phone.locator("#words").fill("李卫国写的")
        phone.locator("#tell").tap()
        expect(phone.locator("#waiting")).to_have_text("等待发送 1")
        phone.goto("/m/me")
        phone.locator("#logout").tap()
        expect(phone.locator("dialog")).to_contain_text("还有 1 条没有发送")
        accessible(phone)
        phone.locator("#logout-keep").tap()
        phone.locator("#login").wait_for()
        assert phone.evaluate(COPIES) == 0
        assert phone.evaluate("localStorage.getItem('anxin.phone.me')") is None

        phone.unroute_all()
        phone.goto("/m")
        log_in(phone, demo, "deputy")
        expect(phone.locator("#waiting")).to_be_hidden()
        phone.goto("/m/me/queue")
        expect(phone.locator("#queue-empty")).to_be_visible()
        assert acts_of(demo, incident, "note") == []
        phone.goto("/m/me")
        phone.locator("#logout").tap()
        phone.locator("#login").wait_for()
        log_in(phone, demo)
        expect(phone.locator("#waiting")).to_be_hidden()
        until(lambda: phone.evaluate(QUEUED) == 0)
        (line,) = acts_of(demo, incident, "note")
        assert (line["actor"], line["note"]) == ("officer", "李卫国写的")


def test_it_can_be_installed_and_its_worker_keeps_to_its_own(phone: Page) -> None:
    chrome = phone.context.new_cdp_session(phone)
    manifest = chrome.send("Page.getAppManifest")
    assert manifest["errors"] == []
    told = json.loads(manifest["data"])
    assert (told["start_url"], told["scope"], told["display"]) == ("/m", "/m", "standalone")
    for icon in told["icons"]:
        answer = phone.request.get(icon["src"])
        assert answer.headers["content-type"] == "image/png"
        assert answer.body()[16:24] == b"".join(int(n).to_bytes(4) for n in icon["sizes"].split("x"))
    wrong = [one["errorId"] for one in chrome.send("Page.getInstallabilityErrors")["installabilityErrors"]]
    assert wrong == ["in-incognito"]  # this test's browser is one
    worker = phone.request.get("/sw.js")
    assert worker.headers["service-worker-allowed"] == "/m"
    assert worker.headers["cache-control"] == "no-cache"
    scopes = "navigator.serviceWorker.getRegistrations().then((all) => all.map((one) => new URL(one.scope).pathname))"
    assert phone.evaluate(scopes) == ["/m"]
    # Nothing that the API said is in the worker's cache: the built files alone are.
    names = "caches.keys().then(async (all) => (await Promise.all(all.map(async (name) => \
        (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat())"
    held = phone.evaluate(names)
    assert "/phone.html" in held
    assert [path for path in held if path.startswith("/api")] == []
