"""From the press to the figures: dispatch, sign, depart, arrive, handle, close, and what the statistics say of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.station import Station, make_site, wait_for


def test_a_press_becomes_a_closed_case_with_figures(tmp_path: Path) -> None:
    station = Station(tmp_path, make_site(1))
    began = datetime.now(UTC)
    try:
        station.start_all()
        with station.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        (rung,) = wait_for(lambda: [m for m in station.phone_messages() if m["rung"] == 0], "the phone")
        number = rung["incident"]
        with station.api() as operator:
            assert operator.post(f"/incidents/{number}/ack").json()["state"] == "acknowledged"
            sent = operator.post(f"/incidents/{number}/dispatch", json={"assignees": ["officer"]})
            assert sent.json().get("state") == "dispatched", sent.text
        with station.api("officer") as phone:
            for act, state in (("sign", "signed"), ("depart", "departed"), ("arrive", "on_scene")):
                assert phone.post(f"/incidents/{number}/{act}").json()["state"] == state
            handled = phone.post(f"/incidents/{number}/handle", json={"text": "校门口有人闹事，已劝离"})
            assert handled.json()["state"] == "handled"
            closed = phone.post(f"/incidents/{number}/close", json={"disposition": "real"}).json()
            assert (closed["state"], closed["disposition"]) == ("closed", "real")
        with station.api("commander") as commander:
            span = {"since": began.isoformat(), "until": (datetime.now(UTC) + timedelta(minutes=1)).isoformat()}
            told: dict[str, Any] = commander.get("/stats/clocks", params={**span, "by": "officer"}).json()
            mix = commander.get("/stats/mix", params=span).json()
            receipts = commander.get(f"/incidents/{number}").json()["receipts"]
        (officer,) = [unit for unit in told["units"] if unit["unit"] == "officer"]
        for clock in ("sign", "depart", "feedback"):
            assert officer["clocks"][clock]["n"] == 1, clock
            assert 0 <= officer["clocks"][clock]["median_s"] < 60
        assert {one["key"]: one["incidents"] for one in mix["categories"]} == {"school": 1}
        assert {"acknowledged"} == {one["state"] for one in receipts if one["user"] == "officer"}
    finally:
        station.close()
