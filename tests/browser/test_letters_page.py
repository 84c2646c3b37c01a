"""Dead letters: why, their bytes, and on their way again once the device stands in the registry."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import paho.mqtt.client as mqtt
import pytest
from playwright.sync_api import Page, expect

from .conftest import PATIENCE_MS, Demo, accessible, enter, picture

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

expect.set_options(timeout=PATIENCE_MS)


def say(demo: Demo, device: str, payload: bytes) -> None:
    """Publish bytes as a device's event, whatever they are."""
    told = demo.told["mqtt"]
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.username_pw_set(told["username"], told["password"])
    client.connect(told["host"], told["port"])
    client.loop_start()
    try:
        client.publish(f"anxin/v1/{demo.told['station']}/{device}/event", payload, qos=1).wait_for_publish(timeout=30)
    finally:
        client.disconnect()
        client.loop_stop()


def test_a_letter_shows_its_bytes_and_does_nothing(page: Page, demo: Demo) -> None:
    say(demo, "pharmacy-screen", b'{"name": "<img src=x onerror=alert(1)>", \xc3\xc5 \x00}')
    page.goto("/letters")
    enter(page, demo, "commander")
    page.locator("[data-reason='not_utf8']").click()
    expect(page.locator(".remedy").first).to_contain_text("UTF-8")
    page.locator(".el-table__row button").first.click()
    bytes_ = page.locator(".bytes")
    expect(bytes_).to_have_text(r'{"name": "<img src=x onerror=alert(1)>", \xc3\xc5 \x00}')
    assert page.locator(".bytes img").count() == 0
    accessible(page)
    picture(page, "letters")
    page.get_by_role("button", name="看十六进制").click()
    expect(bytes_).to_contain_text("000000  7b 22 6e 61 6d 65 22 3a 20 22 3c 69 6d 67 20 73")
    page.locator("#language").click()
    expect(page.get_by_role("heading", name="Dead letters")).to_be_visible()
    accessible(page)


def test_what_was_mended_is_sent_again_and_becomes_an_event(page: Page, demo: Demo) -> None:
    event = {"id": "letter-1", "ts": datetime.now(UTC).isoformat(), "kind": "door.opened", "data": {}}
    say(demo, "not-yet-there", json.dumps(event).encode())
    page.goto("/letters?reason=unknown_device")
    enter(page, demo, "commander")
    row = page.locator(".el-table__row", has_text="not-yet-there")
    expect(row).to_have_count(1)
    demo.change(
        "insert into device (station_id, id, kind, place_id, name) "
        "values ('chengguan', 'not-yet-there', 'door_contact', 'pharmacy', '后门')"
    )
    row.get_by_role("button").click()
    page.get_by_role("button", name="重新处理这一条").click()
    page.get_by_role("dialog").get_by_role("button", name="重新处理").click()
    expect(row).to_have_count(0)  # it stands here no more
    page.goto("/devices?device=not-yet-there")
    expect(page.locator(".device-events")).to_contain_text("门打开")


def test_an_operator_reads_letters_and_replays_none(console: Page, demo: Demo) -> None:
    say(demo, "pharmacy-screen", b"no json at all")
    console.goto("/letters?reason=not_json")
    console.locator(".el-table__row button").first.click()
    expect(console.locator(".bytes")).to_have_text("no json at all")
    expect(console.get_by_role("button", name="重新处理这一条")).to_have_count(0)
