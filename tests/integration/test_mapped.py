"""Other vendors' messages over a real broker: events, an alert, repetitions, crashes that change nothing.

Read with tests/unit/test_mapping.py: there is what one message becomes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.mapping.definition import CONNECTORS
from gateway.model.event import Memory
from gateway.model.ports import Delivery
from gateway.repeats import Repeats
from gateway.store.pool import connect
from tests.station import Station, wait_for

pytestmark = pytest.mark.slow

FRIGATE = """
name: frigate-gate
extends: frigate
publisher: camera-1
devices: {gate-north: camera-1, frigate: null}
"""
ZIGBEE = """
name: zigbee
extends: zigbee2mqtt
devices: {contact-301: contact-1, contact-302: contact-2, contact-303: contact-3, nowhere: left-long-ago}
"""
PARKED = CONNECTORS / "frigate" / "samples" / "car-parked-in-fire-lane.json"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    folder = tmp_path_factory.mktemp("mapped")
    files = []
    for name, text in (("frigate", FRIGATE), ("zigbee", ZIGBEE)):
        files.append(folder / f"{name}.yaml")
        files[-1].write_text(text)
    station = Station(folder / "home", mappings=files)
    station.settings["ANXIN_TIMERS_SETTLE_S"] = "2.6"
    try:
        yield station.start_stores().start_gateway()
    finally:
        station.close()


@pytest.fixture
def mapped(running: Station) -> Station:
    """A station that has heard nothing yet; what the gateway holds in memory goes with it."""
    heard_all(running)
    running.stop("gateway")
    for table in ("event", "event_seen", "dead_letter", "mapped_state", "process_health"):
        running.execute("delete from " + table)  # noqa: S608  # its names stand a line above
    return running.start_gateway()


def say(station: Station, topic: str, told: Any, username: str | None = None, *, retain: bool = False) -> None:
    with station.publisher(username) if username else station.publisher() as publisher:
        publisher.raw(topic, json.dumps(told).encode(), retain=retain)


def kinds(station: Station, device: str) -> list[str]:
    rows = station.rows("select kind from event where device_id = %s order by received_at, ts, event_id", device)
    return [row["kind"] for row in rows]


def heard_all(station: Station) -> None:
    """A native event behind everything else has been stored; what mappings read is held until the session settles."""
    say(station, "zigbee2mqtt/contact-303", {"contact": False, "linkquality": 1})
    wait_for(lambda: "door.opened" in kinds(station, "contact-3"), "the last sensor")
    station.execute("delete from event where device_id = 'contact-3'")
    station.execute("delete from mapped_state where device_id = 'contact-3'")


def restart(station: Station, **environment: str) -> None:
    station.kill("gateway")
    station.execute("delete from process_health")
    station.start_gateway(**environment)


def now_parked(station: Station, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(PARKED.read_text())["payload"]
    at = float(station.one("select extract(epoch from now())"))
    for part in ("before", "after"):
        told[part] |= {"frame_time": at, "start_time": at - 190, **more}
    return told


def test_a_car_in_the_fire_lane_is_an_alert_and_its_repetitions_are_not(mapped: Station) -> None:
    for score in (0.91, 0.95, 0.97):
        say(mapped, "frigate/events", now_parked(mapped, top_score=score), "camera-1")
    wait_for(lambda: mapped.rows("select from alert where rule_id = 'fire-lane-parked'"), "the alert")
    heard_all(mapped)
    assert sorted(kinds(mapped, "camera-1")) == ["camera.parked", "camera.vehicle"]
    assert mapped.one("select count(*) from dead_letter") == 0
    (event,) = mapped.rows("select data from event where kind = 'camera.parked'")
    assert event["data"] == {"zone": "fire_lane", "state": "parked", "parked_s": 186, "track": "1795313500.1-carpk1"}


def test_a_contact_that_repeats_itself_opens_once_also_across_crashes(mapped: Station) -> None:
    for quality in (80, 81, 80):
        say(mapped, "zigbee2mqtt/contact-301", {"battery": 40, "contact": False, "linkquality": quality})
    wait_for(lambda: kinds(mapped, "contact-1") == ["door.opened"], "the opening")
    restart(mapped)
    say(mapped, "zigbee2mqtt/contact-301", {"battery": 40, "contact": False, "linkquality": 79})
    heard_all(mapped)
    assert kinds(mapped, "contact-1") == ["door.opened"]
    say(mapped, "zigbee2mqtt/contact-301", {"battery": 40, "contact": True, "linkquality": 79})
    say(mapped, "zigbee2mqtt/contact-301", {"battery": 40, "contact": False, "linkquality": 79})
    heard_all(mapped)
    assert kinds(mapped, "contact-1") == ["door.opened", "door.closed", "door.opened"]
    wait_for(lambda: mapped.gateway_facts().get("counts", {}).get("duplicates"), "the repetitions to be counted", 10)
    assert mapped.one("select last_heard from device_health where device_id = 'contact-1'") is not None


def begun_closed(station: Station) -> None:
    """The very same bytes each time, without a time of their own: all there is to go by is what the broker says."""
    say(station, "zigbee2mqtt/contact-301", {"contact": True})
    wait_for(lambda: kinds(station, "contact-1") == ["door.closed"], "the first state")
    heard_all(station)
    station.stop("gateway")
    station.execute("delete from process_health")


def test_what_was_on_its_way_at_a_crash_comes_before_what_is_new(mapped: Station) -> None:
    begun_closed(mapped)
    say(mapped, "zigbee2mqtt/contact-301", {"contact": False})
    mapped.start_gateway(ANXIN_TIMERS_SETTLE_S="60")
    wait_for(lambda: mapped.gateway_facts()["sources"]["mqtt-event"]["received"], "the opening to be handed over")
    mapped.kill("gateway")
    say(mapped, "zigbee2mqtt/contact-301", {"contact": True})  # new: the embedded broker hands it over first
    mapped.execute("delete from process_health")
    mapped.start_gateway()
    heard_all(mapped)
    assert kinds(mapped, "contact-1") == ["door.closed", "door.opened", "door.closed"]


def told(contact: bool, seconds: float, **more: Any) -> tuple[Memory, Delivery]:
    at = datetime(2026, 11, 22, 8, tzinfo=UTC) + timedelta(seconds=seconds)
    delivery = Delivery("t", "z/c", json.dumps({"contact": contact}).encode(), at, **more)
    return Memory("contact", str(contact), int(contact), timed=False, baseline=delivery.retained), delivery


def test_what_was_committed_and_not_acknowledged_is_not_doubled(running: Station) -> None:
    """The broker hands over again what is stored already. Each step is a transaction and a start of its own."""

    def is_news(*step: Any, **more: Any) -> bool:
        memory, delivery = told(*step, **more)
        with connect(running.postgres.url, "test") as connection:
            repeats = Repeats(connection, running.id, [("contact-9", memory.name)])
            found = repeats.is_news("contact-9", memory, delivery)
            repeats.keep()
        return found

    assert not is_news(True, 0, retained=True), "where it begins"
    assert is_news(False, 10)
    assert is_news(True, 20)
    assert not is_news(True, 21), "told again"
    assert is_news(False, 30)
    assert not is_news(True, 40, again=True), "it was stored at 20 or 21"
    assert not is_news(False, 40, again=True), "it was stored at 30"
    assert is_news(True, 50)
    assert not is_news(True, 51, retained=True), "the broker's copy of what is known"
    assert not is_news(True, 200), "told again, minutes later: what came before was acknowledged long ago"
    assert is_news(False, 300, again=True), "the same bytes as at 30, handed over twice and stored never"
    assert is_news(True, 400, retained=True), "the broker's copy of what we never heard"


def test_a_transaction_that_fails_forgets_what_it_heard(running: Station) -> None:
    for _ in range(2):
        memory, delivery = told(False, 0)
        with connect(running.postgres.url, "test") as connection:
            repeats = Repeats(connection, running.id, [("contact-8", memory.name)])
            assert repeats.is_news("contact-8", memory, delivery)
            repeats.keep()
            connection.rollback()


def test_retained_messages_are_states_and_come_again_without_harm(mapped: Station) -> None:
    say(mapped, "zigbee2mqtt/contact-302", {"contact": False}, retain=True)
    say(mapped, "zigbee2mqtt/contact-302/availability", {"state": "offline"}, retain=True)
    wait_for(lambda: len(kinds(mapped, "contact-2")) == 2, "the opening and the farewell")
    restart(mapped)
    heard_all(mapped)
    assert sorted(kinds(mapped, "contact-2")) == ["device.offline", "door.opened"], "the broker's copies came again"
    # For a mapping that was not there before, the broker's copy is where it begins.
    mapped.stop("gateway")
    mapped.execute("delete from mapped_state")
    mapped.execute("delete from event where device_id = 'contact-2'")
    mapped.execute("delete from process_health")
    mapped.start_gateway()
    heard_all(mapped)
    assert kinds(mapped, "contact-2") == []
    say(mapped, "zigbee2mqtt/contact-302", {"contact": True}, retain=True)
    wait_for(lambda: kinds(mapped, "contact-2") == ["door.closed"], "the news")


def test_what_a_mapping_has_no_word_for_says_so(mapped: Station) -> None:
    say(mapped, "zigbee2mqtt/contact-999", {"contact": False})
    say(mapped, "zigbee2mqtt/nowhere", {"contact": False})
    say(mapped, "zigbee2mqtt/contact-301", {"contact": [1]})
    wait_for(lambda: mapped.one("select count(*) from dead_letter") == 3, "the dead letters")
    reasons = mapped.rows("select reason from dead_letter order by reason")
    assert [row["reason"] for row in reasons] == ["mapping_failed", "unknown_device", "unmapped"]


def test_a_mapping_that_was_taken_out_is_read_no_longer(mapped: Station) -> None:
    heard_all(mapped)
    restart(mapped, ANXIN_MAPPINGS=json.dumps([json.loads(mapped.settings["ANXIN_MAPPINGS"])[1]]))
    wait_for(lambda: mapped.gateway_facts().get("mappings", {}).keys() == {"zigbee"}, "what is read now", 10)
    say(mapped, "frigate/events", now_parked(mapped))
    heard_all(mapped)
    assert kinds(mapped, "camera-1") == []
    assert mapped.one("select count(*) from dead_letter") == 0
    restart(mapped)
    say(mapped, "frigate/events", now_parked(mapped))
    wait_for(lambda: "camera.parked" in kinds(mapped, "camera-1"), "the mapping that is back")


def test_who_is_no_publisher_may_not_speak_for_a_vendor(mapped: Station) -> None:
    say(mapped, "frigate/events", now_parked(mapped), "contact-1")
    say(mapped, "zigbee2mqtt/contact-301", {"contact": False}, "camera-1")
    heard_all(mapped)
    assert kinds(mapped, "camera-1") == []
    assert kinds(mapped, "contact-1") == []
