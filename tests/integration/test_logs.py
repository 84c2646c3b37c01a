"""Structured logs: one press is followed from its alert to the phone by its ids, and a wrong message by its reason."""

from __future__ import annotations

import json
from typing import Any

from tests.station import Station, wait_for


def lines(station: Station) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (station.home / "gateway.log").read_text().splitlines()]


def test_a_press_is_followed_by_its_ids_through_all_stops(station: Station) -> None:
    with station.publisher() as publisher:
        event = publisher.event("button-1", "alarm.pressed")
    alert = wait_for(lambda: station.rows("select id from alert where rule_id = 'school-one-touch-alarm'"), "it")[0][
        "id"
    ]
    incident = station.one("select incident_id from incident_alert where alert_id = %s", alert)
    wait_for(lambda: [one for one in lines(station) if one.get("stop") == "escalate"], "the second rung", 60)

    def of(stop: str) -> dict[str, Any]:
        concerned = [one for one in lines(station) if one.get("stop") == stop and one.get("alert") == alert]
        found = [one for one in concerned if one.get("channel") != "command_room"]  # it hears of alerts, too
        assert found, f"nothing from {stop}"
        return found[0]

    assert of("lifecycle") | {"turn": "raised", "priority": "P1", "event_ref": f"button-1/{event}"} == of("lifecycle")
    assert of("route")["incident"] == incident
    assert of("route")["told"]
    assert of("deliver")["incident"] == incident
    assert of("deliver")["channel"] == "phone"
    assert of("escalate")["incident"] == incident
    assert {one["process"] for one in lines(station)} == {"gateway"}


def test_a_work_item_says_why_it_is_quiet(station: Station) -> None:
    with station.publisher() as publisher:
        publisher.event("door-1", "device.battery_low", data={"battery": 9})
    wait_for(lambda: [one for one in lines(station) if one.get("stop") == "suppress"], "the reason")
    assert [one["reason"] for one in lines(station) if one.get("stop") == "suppress"] == ["maintenance"]


def test_a_dead_letter_is_told_with_its_reason(station: Station) -> None:
    with station.publisher() as publisher:
        publisher.raw(f"anxin/v1/{station.id}/door-1/event", b"not json")
    wait_for(lambda: [one for one in lines(station) if one.get("reasons") == {"not_json": 1}], "the reason")
