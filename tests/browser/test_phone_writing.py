"""What one writes down on the phone: away, visits, reports; what a grid worker sees; every page in both languages."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture
from .phones import card, carried, kept, log_in, pressed, until

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

expect.set_options(timeout=PATIENCE_MS)

SECRET = "a first password"


@pytest.fixture
def phone(chromium: Browser, demo: Demo) -> Iterator[Page]:
    """The officer's phone, logged in; its service worker has taken it over."""
    with carried(chromium, demo) as page:
        log_in(page, demo)
        kept(page)
        yield page


def test_a_resident_goes_away_and_comes_back(phone: Page, demo: Demo) -> None:
    phone.goto("/m/write")
    accessible(phone)
    phone.locator("#to-away").tap()
    phone.get_by_label("辖区").select_option(label="河滨网格")
    phone.get_by_label("查找地点").fill("302")
    phone.locator("[data-place=flat-1-302]").tap()
    person = phone.locator("[data-person=p-002]")
    expect(person).to_contain_text("李**")
    expect(person).not_to_contain_text("李德厚")
    person.get_by_role("button", name="登记外出").tap()
    phone.get_by_role("button", name="3 天后").tap()
    accessible(phone)
    phone.locator("#save-away").tap()
    expect(person).to_contain_text("外出中，至")
    (told,) = [one for one in demo.get("persons?place=flat-1-302")["items"] if one["id"] == "p-002"]
    away = datetime.fromisoformat(told["care"]["away_until"])
    assert timedelta(days=2) < away - datetime.now(UTC) < timedelta(days=4)
    person.get_by_role("button", name="已回家").tap()
    expect(person.get_by_role("button", name="登记外出")).to_be_visible()
    assert phone.evaluate("JSON.stringify(localStorage)").find("李**") == -1


def test_a_visit_and_a_report_are_written_down_on_the_spot(phone: Page, demo: Demo) -> None:
    phone.goto("/m/write/visit")
    phone.get_by_label("辖区").select_option(label="东街网格")
    phone.get_by_label("查找地点").fill("药房")
    phone.locator("[data-place=pharmacy]").tap()
    phone.get_by_label("记录").fill("看了登记本")
    accessible(phone)
    phone.locator("#save-visit").tap()
    expect(phone.locator("#footprints")).to_contain_text("康宁药房")
    expect(phone.locator("#waiting")).to_be_hidden()

    phone.goto("/m/write/report")
    phone.get_by_text("矛盾纠纷", exact=True).tap()
    phone.get_by_label("查找地点").fill("十字")
    phone.locator("[data-place=east-street]").tap()
    phone.get_by_label("情况").fill("两名摊主争执，无人受伤")
    phone.get_by_label("附照片").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": _photo(phone)})
    expect(phone.get_by_text("1 张照片")).to_be_visible()
    accessible(phone)
    picture(phone, "phone-report")
    phone.context.set_offline(True)
    phone.locator("#save-report").tap()
    expect(phone.locator("#waiting")).to_have_text("等待发送 2")
    phone.context.set_offline(False)
    expect(phone.locator("#waiting")).to_be_hidden()
    until(
        lambda: any(
            one["place"] == "east-street" and one["origin"] == "person" for one in demo.get("incidents")["items"]
        )
    )
    (made,) = [one for one in demo.get("incidents?place=east-street")["items"] if one["opened_by"] == "officer"]
    whole = demo.get(f"incidents/{made['id']}")
    assert whole["said"]["text"] == "两名摊主争执，无人受伤"
    (photo,) = whole["attachments"]
    assert photo["content_type"] == "image/jpeg"
    card(phone, made["id"]).tap()
    phone.locator("#files button").tap()
    expect(phone.locator("#files img")).to_have_js_property("naturalWidth", 1600)
    phone.locator("#back").tap()


def _photo(page: Page) -> bytes:
    """A picture larger than what is sent."""
    drawn = page.evaluate(
        """() => {
          const canvas = Object.assign(document.createElement('canvas'), {width: 2400, height: 1800});
          canvas.getContext('2d').fillRect(100, 100, 900, 500);
          return canvas.toDataURL('image/png');
        }"""
    )
    return base64.b64decode(str(drawn).partition(",")[2])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_is_accessible_in_both_languages(chromium: Browser, demo: Demo, language: str) -> None:
    incident = pressed(demo, "school-1-button-2")
    with carried(chromium, demo, language=language) as phone:
        accessible(phone)
        log_in(phone, demo)
        pages = ["", f"?incident={incident}", "/write", "/write/visit", "/write/away", "/write/report", "/shift", "/me",
                 "/me/queue", "/me/reach", "/me/record"]  # fmt: skip
        for path in pages:
            phone.goto(f"/m{path}")
            phone.locator("main").wait_for()
            phone.wait_for_timeout(600)  # for what it fetches
            accessible(phone)
            assert phone.evaluate("document.documentElement.scrollWidth") <= 360
            text = phone.locator("body").inner_text()
            assert "phone." not in text, f"a word is missing on /m{path}"
            if language == "zh":
                name = path.strip("/").replace("/", "-").partition("?")[0]
                if name in {"shift", "me", "write"}:
                    picture(phone, f"phone-{name}")


def test_a_grid_worker_has_less_and_an_auditor_nothing(chromium: Browser, demo: Demo) -> None:
    admin = chromium.new_context(base_url=demo.url).request
    login = {"username": "admin", "password": demo.password("admin")}
    token = admin.post("/api/v1/auth/login", data=login).json()["token"]
    made = {"username": "grid-1", "name": "郑小兰", "role": "grid_worker", "areas": ["grid-102"], "password": SECRET}
    answer = admin.post("/api/v1/users", data=made, headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 201, answer.text()
    incident = pressed(demo, "flat-1-101-sos")
    elsewhere = pressed(demo, "school-2-button")
    with carried(chromium, demo) as phone:
        enter(phone, demo, "grid-1", SECRET)
        expect(card(phone, incident)).to_be_visible()
        expect(card(phone, elsewhere)).to_have_count(0)
        card(phone, incident).tap()
        expect(phone.get_by_role("button", name="记一笔")).to_be_visible()
        expect(phone.locator("#main-act, .small-act")).to_have_count(0)
        phone.goto("/m/write")
        expect(phone.locator("#to-visit, #to-away, #to-report")).to_have_count(3)
        accessible(phone)
    with carried(chromium, demo) as phone:
        enter(phone, demo, "auditor")
        expect(phone.locator("main")).to_contain_text("没有可看的内容")
        expect(phone.locator("nav")).to_have_count(0)
        accessible(phone)


#: A microphone that hums: this machine has none.
MICROPHONE = """navigator.mediaDevices.getUserMedia = async () => {
  const sound = new AudioContext(), hum = sound.createOscillator(), into = sound.createMediaStreamDestination();
  hum.connect(into);
  hum.start();
  return into.stream;
};"""


def test_a_voice_note_is_recorded_and_hangs_on_the_incident(chromium: Browser, demo: Demo) -> None:
    incident = pressed(demo, "flat-2-102-sos")
    with carried(chromium, demo, script=MICROPHONE) as phone:
        log_in(phone, demo)
        card(phone, incident).tap()
        phone.get_by_role("button", name="语音").tap()
        accessible(phone)
        phone.locator("#record").tap()
        expect(phone.locator("#stop-voice")).to_contain_text("2 秒")
        phone.locator("#stop-voice").tap()
        phone.locator("#send-voice").tap()
        expect(phone.locator("#files")).to_contain_text("语音")
        (note,) = demo.get(f"incidents/{incident}")["attachments"]
        assert note["content_type"] == "audio/webm"
        phone.locator("#files button").tap()
        expect(phone.locator("#files audio")).to_be_visible()
        phone.wait_for_function("() => document.querySelector('#files audio').readyState > 0")
