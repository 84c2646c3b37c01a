"""Timers after downtime: what the broker still holds is read before a timer that it would have cleared fires."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.station import Station, make_site, wait_for

LIMIT_S = 12.0


def silent_alerts(station: Station) -> set[str]:
    rows = station.rows("select person_id from alert where rule_id = 'elder-silent'")
    return {row["person_id"] for row in rows}


@pytest.mark.parametrize("half_read", [False, True], ids=["waiting in the broker", "read but never committed"])
def test_a_sign_of_life_that_waits_in_the_broker_is_read_before_the_timer_fires(
    tmp_path: Path, half_read: bool
) -> None:
    station = Station(tmp_path, make_site(1, elders=2, silence_limit_s=LIMIT_S))
    try:
        station.start_stores().start_gateway()
        with station.publisher() as town:
            began = time.monotonic()
            town.event("contact-1", "door.opened")
            town.event("contact-2", "door.opened")
            wait_for(lambda: station.one("select count(*) from event where kind = 'door.opened'") == 2, "both events")
            station.kill("gateway")
            time.sleep(LIMIT_S - 3.5 - (time.monotonic() - began))
            if half_read:
                # Handed over, and the gateway dies before it is stored: the broker delivers it again, but only
                # after it has lost patience, which is later than it delivers anything new.
                # Armed once it listens: what it stores while it starts is of no interest here.
                armed = tmp_path / "armed"
                station.start_gateway(ANXIN_FAILPOINTS=f"before_store=1;armed_by={armed}")
                armed.touch()
            town.event("contact-1", "door.opened")
            if half_read:
                wait_for(lambda: station.children["gateway"].poll() == -9, "the failpoint", 10)
                station.children.pop("gateway")
            time.sleep(max(0.0, LIMIT_S + 0.5 - (time.monotonic() - began)))
            assert silent_alerts(station) == set()
            station.start_gateway()
            wait_for(lambda: "p-2" in silent_alerts(station), "the alert of the one who is silent", 30)
            assert silent_alerts(station) == {"p-2"}, "the other's sign of life waited in the broker"
            (alert,) = station.rows("select raised_at, explanation from alert")
            assert alert["explanation"]["limit_source"] == "person:p-2 silence_limit_s"
            town.event("contact-2", "door.opened")
            wait_for(lambda: not station.rows("select 1 from alert where active and person_id = 'p-2'"), "clearing")
    finally:
        station.close()


def test_without_a_broker_timers_fire_after_the_grace(tmp_path: Path) -> None:
    station = Station(tmp_path, make_site(1, elders=1, silence_limit_s=3))
    station.settings["ANXIN_TIMERS_GRACE_S"] = "4"
    try:
        station.start_stores().start_gateway()
        station.kill("broker")
        wait_for(lambda: silent_alerts(station) == {"p-1"}, "a late warning, better than none", 30)
    finally:
        station.close()


def test_a_silent_device_is_a_work_item_and_rings_nobody(tmp_path: Path) -> None:
    station = Station(tmp_path, make_site(1))
    try:
        station.start_stores().start_receivers().start_gateway()
        station.stop("gateway")
        with_old_start = "update rule_timer set due_at = now() - interval '1 s' where subject = 'device:camera-1'"
        aged = "update rule_state set state = '{\"since\": \"2026-01-01T00:00:00Z\"}' where subject = 'device:camera-1'"
        station.execute(with_old_start)
        station.execute(aged)
        station.start_gateway()
        (item,) = wait_for(lambda: station.rows("select * from alert where device_id = 'camera-1'"), "the item", 30)
        assert (item["stream"], item["priority"], item["suppressed_by"]) == ("work_item", "P4", "maintenance")
        assert station.rows("select * from incident") == []
        assert station.phone_messages() == []
    finally:
        station.close()
