"""The database away: nothing lost, nothing doubled, a press rings when it is back, and the API says so meanwhile."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.station import PASSWORD, PROBE_RULES, Station, make_site, wait_for

AWAY_S = float(os.environ.get("DATABASE_AWAY_S", "8"))


@pytest.mark.timeout(300)
def test_nothing_is_lost_and_a_press_rings_soon_after_its_return(tmp_path: Path) -> None:
    station = Station(tmp_path, make_site(20))
    station.settings["ANXIN_RULES_FOLDERS"] = json.dumps([str(PROBE_RULES)])
    ledger = tmp_path / "ledger.txt"
    try:
        station.start_all()
        load = station.start_load(300, AWAY_S + 6, "--ledger", str(ledger), doors=20)
        time.sleep(3)
        station.kill("postgres")
        with station.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        asked = time.monotonic()
        answer = httpx.post(
            f"{station.url}/api/v1/auth/login", json={"username": "operator", "password": PASSWORD}, timeout=20
        )
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert "database" in answer.json()["detail"]
        assert time.monotonic() - asked < 10, "it must say so, not hang"
        ready = httpx.get(f"{station.url}/readyz", timeout=20)
        assert ready.status_code == 503
        assert ready.json()["failing"] == ["the database does not answer"]
        assert httpx.get(f"{station.url}/healthz", timeout=5).status_code == 200
        time.sleep(max(0.0, AWAY_S - (time.monotonic() - asked)))
        station.postgres.start()
        back = time.monotonic()
        wait_for(lambda: [m for m in station.phone_messages() if m["rung"] == 0], "the phone", 30)
        print(f"rang {time.monotonic() - back:.1f} s after the database's return")
        assert load.wait(60) == 0
        acked = {tuple(line.split()[:2]) for line in ledger.read_text().splitlines()}
        wait_for(lambda: station.one("select count(*) from event where device_id like 'door-%%'") >= len(acked), "all")
        stored = station.rows("select device_id, event_id from event where device_id like 'door-%%'")
        assert len(stored) == len(acked)
        assert {(row["device_id"], row["event_id"]) for row in stored} == acked
        assert (
            station.one("select sum((state->>'count')::int) from rule_state where rule_id='probe-tally'")
            == len(acked) + 1
        )
        wait_for(lambda: httpx.get(f"{station.url}/readyz", timeout=5).status_code == 200, "readiness", 20)
    finally:
        station.close()


def test_a_database_in_trouble_is_no_reason_to_bury_a_press(tmp_path: Path) -> None:
    station = Station(tmp_path, make_site(1))
    try:
        station.start_all()
        station.execute("alter table alert rename to alert_gone")
        with station.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        time.sleep(3)  # long enough for several tries: nothing can be waited for that must not happen
        assert station.rows("select * from dead_letter") == []
        station.execute("alter table alert_gone rename to alert")
        wait_for(lambda: [m for m in station.phone_messages() if m["rung"] == 0], "the phone", 30)
        assert station.one("select count(*) from event where kind = 'alarm.pressed'") == 1
    finally:
        station.close()


def test_a_defect_of_ours_buries_one_press_and_somebody_hears_of_it(tmp_path: Path) -> None:
    station = Station(tmp_path, make_site(1))
    try:
        station.start_all()
        # What only this one message can bring out: a constraint nothing else meets.
        station.execute("alter table event add constraint test_defect check (event_id <> 'unlucky') not valid")
        station.execute("alter table event_seen add constraint test_defect check (event_id <> 'unlucky')")
        with station.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed", event_id="unlucky")
        (alert,) = wait_for(lambda: station.rows("select * from alert where rule_id = 'alarm-not-stored'"), "an alert")
        assert (alert["priority"], alert["latched"]) == ("P1", True)
        wait_for(lambda: [m for m in station.phone_messages() if m["alert"] == alert["id"]], "the phone", 30)
    finally:
        station.close()
