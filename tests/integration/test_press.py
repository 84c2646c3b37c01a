"""A press on a school's button: the phone rings, the command room hears, an operator acknowledges, a case closes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.station import Station, ladders, wait_for


def alerts(station: Station, **query: Any) -> list[dict[str, Any]]:
    with station.api() as api:
        items: list[dict[str, Any]] = api.get("/alerts", params={"state": "active", **query}).json()["items"]
        return items


def test_the_whole_loop(station: Station) -> None:
    with station.publisher("button-1") as button:
        event_id = button.event("button-1", "alarm.pressed", data={"point": "gatehouse"})
    (alert,) = wait_for(lambda: alerts(station, device="button-1"), "the alert")
    assert (alert["priority"], alert["state"], alert["acknowledged"]) == ("P1", "active", False)
    assert "实验小学" in alert["explanation"]["summary"]["zh"]

    (message,) = wait_for(
        lambda: [m for m in station.phone_messages() if m["alert"] == alert["id"] and m["rung"] == 0], "the phone"
    )
    assert (message["to"], message["priority"]) == ("phone-officer", "P1")
    shown = str(message["message"]["title"]) + str(message["message"]["body"])
    assert "门卫室" not in shown
    assert "实验小学" not in shown, "a push names the area, not the address"

    with station.api() as api:
        told = api.get(f"/alerts/{alert['id']}").json()
        assert [e["id"] for e in told["evidence"]] == [event_id]
        (incident,) = told["incidents"]
        assert api.post(f"/alerts/{alert['id']}/reset").status_code == 409, "not before it is acknowledged"
        assert api.post(f"/alerts/{alert['id']}/ack").json()["acknowledged_by"] == "operator"
        assert api.post(f"/alerts/{alert['id']}/ack").status_code == 200, "a lost answer may be asked again"
        assert api.get(f"/incidents/{incident}").json()["state"] == "acknowledged"
    with station.api("officer") as phone:
        signed = phone.post(f"/incidents/{incident}/sign", json={"client_at": "2026-11-22T08:00:00+08:00"}).json()
        assert signed["state"] == "signed"
        assert phone.post(f"/incidents/{incident}/close", json={"disposition": "no idea"}).status_code == 422
        closed = phone.post(f"/incidents/{incident}/close", json={"disposition": "real"}).json()
        assert (closed["state"], closed["disposition"]) == ("closed", "real")
    with station.api() as api:
        assert api.post(f"/incidents/{incident}/sign").status_code == 409
        reset = api.post(f"/alerts/{alert['id']}/reset").json()
        assert (reset["state"], reset["reset_by"]) == ("ended", "operator")
        acts = [step["act"] for step in api.get(f"/incidents/{incident}").json()["timeline"]]
        assert acts == ["opened", "ack", "sign", "close"]


def test_more_presses_are_one_alert_until_acknowledged_then_it_sounds_again(station: Station) -> None:
    with station.publisher("button-1") as button:
        for _ in range(3):
            button.event("button-1", "alarm.pressed")
        (alert,) = wait_for(
            lambda: [a for a in alerts(station, device="button-1") if a["seen"] == 3], "three presses in one alert"
        )
        assert alert["sounded"] == 1
        with station.api() as api:
            api.post(f"/alerts/{alert['id']}/ack")
        button.event("button-1", "alarm.pressed")
        (again,) = wait_for(
            lambda: [a for a in alerts(station, device="button-1") if a["sounded"] == 2], "the second sound"
        )
    assert (again["id"], again["acknowledged"]) == (alert["id"], False)
    wait_for(
        lambda: len([m for m in station.phone_messages() if m["alert"] == alert["id"] and m["rung"] == 0]) == 2,
        "the second message",
    )


def test_the_command_room_hears_each_change_signed(station: Station) -> None:
    import httpx2 as httpx  # noqa: PLC0415

    with station.publisher("door-1") as door:
        door.event("door-1", "door.forced")
    (alert,) = wait_for(lambda: alerts(station, device="door-1"), "the alert")
    heard = wait_for(
        lambda: httpx.get(
            f"{station.receivers}/command-room/events", params={"subject": f"alert/{alert['id']}"}
        ).json()["items"],
        "the command room",
    )
    assert heard[0]["event"]["specversion"] == "1.0"
    assert heard[0]["event"]["data"]["rule"] == "door-forced"


def test_nobody_signs_so_the_deputy_is_told_too(tmp_path_factory: pytest.TempPathFactory) -> None:
    patient = Station(tmp_path_factory.mktemp("impatient"))
    patient.policy = ladders({"P1": 1.0})
    try:
        patient.start_all()
        with patient.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        wait_for(
            lambda: {"phone-officer", "phone-deputy"} == {m["to"] for m in patient.phone_messages() if m["rung"] == 1},
            "the second rung",
        )
        (incident,) = patient.rows("select id, state from incident")
        assert incident["state"] == "new"
        with patient.publisher("door-1") as door:
            door.event("door-1", "door.forced")
        second = wait_for(
            lambda: patient.rows("select max(id) as id from incident where priority = 'P2'")[0]["id"], "P2"
        )
        waiting = patient.rows("select * from rung where incident_id = %s and state = 'waiting'", second)
        assert waiting == [], "P2 has no second rung here"
    finally:
        patient.close()


def test_a_signature_stops_the_ladder(tmp_path_factory: pytest.TempPathFactory) -> None:
    quick = Station(tmp_path_factory.mktemp("signed"))
    quick.policy = ladders({"P1": 3.0})
    try:
        quick.start_all()
        with quick.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        incident = wait_for(lambda: quick.rows("select id from incident"), "the incident")[0]["id"]
        with quick.api() as api:
            api.post(f"/incidents/{incident}/ack")
        assert quick.one("select state from rung where number = 1") == "waiting", (
            "an acknowledgement does not stop the phones"
        )
        with quick.api("officer") as phone:
            phone.post(f"/incidents/{incident}/sign")
        assert quick.one("select state from rung where number = 1") == "stopped"
    finally:
        quick.close()


def test_a_button_whose_clock_was_reset_rings_all_the_same(station: Station) -> None:
    with station.publisher("camera-1") as device:
        event_id = device.event("camera-1", "alarm.pressed", ts="1970-01-01T00:00:09Z")
        device.event("camera-1", "camera.person", ts="1970-01-01T00:00:10Z")
    (stored,) = wait_for(
        lambda: station.rows("select ts, device_ts, received_at, skewed from event where event_id = %s", event_id),
        "the alarm",
    )
    assert stored["skewed"]
    assert stored["ts"] == stored["received_at"]
    assert stored["device_ts"].year == 1970
    (letter,) = wait_for(lambda: station.rows("select reason from dead_letter"), "the other's dead letter")
    assert letter["reason"] == "too_late"
