"""The watchdog: its probe travels the whole road and rings nobody; when it does not arrive, people are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from gateway.store import upkeep
from gateway.store.pool import connect
from tests.station import Station, make_site, wait_for


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A whole station whose probe travels every second."""
    running = Station(tmp_path_factory.mktemp("watched"), make_site(doors=2))
    running.settings |= {"ANXIN_WATCHDOG_EVERY_S": "1", "ANXIN_WATCHDOG_LATE_S": "4"}
    try:
        yield running.start_all()
    finally:
        running.close()


def facts(station: Station) -> dict[str, Any]:
    found: dict[str, Any] = station.gateway_facts().get("watchdog", {})
    return found


def metric(station: Station, name: str) -> float | None:
    lines = httpx.get(f"{station.url}/metrics", timeout=10).text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(f"{name} ")), None)


def ready(station: Station) -> httpx.Response:
    return httpx.get(f"{station.url}/readyz", timeout=10)


def test_a_probe_travels_the_whole_road_and_rings_nobody(watched: Station) -> None:
    arrived = "select count(*) from notification where channel = 'probe' and state = 'accepted'"
    wait_for(lambda: watched.one(arrived) >= 2, "two probes to arrive")
    over = "select count(*) from alert where stream = 'probe' and ended_at is not null"
    wait_for(lambda: watched.one(over) >= 2, "two probes to be over")
    assert watched.one("select count(*) from incident") == 0
    assert watched.one("select count(*) from notification where channel <> 'probe'") == 0
    assert watched.one("select count(*) from change") == 0
    assert watched.one("select count(*) from dead_letter") == 0
    with watched.api() as client:
        assert client.get("/alerts").json()["items"] == []
    wait_for(lambda: facts(watched).get("took_s"), "how long it took")
    assert facts(watched)["late"] is False
    assert metric(watched, "anxin_watchdog_late") == 0
    assert ready(watched).status_code == 200


def test_a_probe_that_does_not_arrive_is_told_and_its_return_too(watched: Station) -> None:
    watched.kill("broker")
    wait_for(lambda: facts(watched).get("late"), "the missed probe")
    wait_for(lambda: watched.rows("select from alert where rule_id = 'road-late' and active"), "the alert")
    wait_for(lambda: [m for m in watched.phone_messages() if "P2" in str(m)], "a phone to ring")
    answer = ready(watched)
    assert answer.status_code == 503
    assert "the gateway's own probe does not come through the road" in answer.json()["failing"]
    assert metric(watched, "anxin_watchdog_late") == 1
    watched.broker.start()
    wait_for(lambda: facts(watched).get("late") is False, "the probe's return")
    wait_for(lambda: not watched.rows("select from alert where rule_id = 'road-late' and active"), "the alert's end")
    wait_for(lambda: ready(watched).status_code == 200, "ready again")


def test_old_probes_are_forgotten_and_nothing_else(watched: Station) -> None:
    before = watched.one("select count(*) from alert where stream = 'alert'")
    with connect(watched.postgres.url, "test upkeep") as connection:
        assert upkeep.forget_probes(connection, watched.id, datetime.now(UTC) + timedelta(minutes=1)) >= 2
    assert watched.one("select count(*) from alert where stream = 'probe' and ended_at is not null") <= 2
    assert watched.one("select count(*) from alert where stream = 'alert'") == before > 0
