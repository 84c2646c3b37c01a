"""The county's links over the API: states, the way to them, pages of alarms, who may ask, what the world is told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
import yaml

from gateway.clock import SystemClock
from gateway.county.path import down, walk
from gateway.health import Degraded
from gateway.registering.site import SiteUser
from gateway.store.pool import connect
from tests.integration.test_doctor import settings_of
from tests.station import Station, make_site
from tests.unit.gb28181.desk import OURS, SERVER

CODE = "34020000111345000001"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with nothing but the API, and an operator of one grid."""
    site = make_site(doors=2)
    site = msgspec.structs.replace(
        site, users=[*site.users, SiteUser("beat-operator", "片区值班员", "operator", areas=["grid-1"])]
    )
    running = Station(tmp_path_factory.mktemp("town"), site)
    try:
        yield running.start_stores().start_api()
    finally:
        running.close()


@pytest.fixture(autouse=True)
def nothing_left(town: Station) -> Iterator[None]:
    yield
    town.execute("delete from attempt")
    for table in ("notification", "alert", "county_code", "county_link"):
        town.execute(f"delete from {table}")  # noqa: S608  # ours


def link(town: Station, name: str = "county", state: str = "online", *, for_s: float = 600, heard_s: float = 0) -> None:
    town.execute(
        "insert into county_link (station_id, name, change_id, server, device_code, state, status, why, changed_at, "
        "seen_at, items, told_at) values (%s, %s, 0, '10.20.0.5:5060', %s, %s, 403, '403 Forbidden', "
        "now() - %s * interval '1 s', now() - %s * interval '1 s', 3, now())",
        town.id, name, OURS, state, for_s, heard_s,
    )  # fmt: skip


def alarm(
    town: Station, state: str = "queued", *, of: str = "county", alert: int | None = None, old_h: float = 0
) -> int:
    return int(
        town.one(
            "insert into notification (station_id, key, channel, recipient, priority, alert_id, body, purpose, state, "
            "created_at, due_at, expires_at) values (%s, gen_random_uuid()::text, 'county:' || %s, %s, 'P1', %s, "
            "jsonb_build_object('channel', %s::text, 'priority', 1, 'method', 2, 'type', null, 'at', now()), 'county', "
            "%s, now() - %s * interval '1 hour', now(), now() + interval '1 day') returning id",
            town.id, of, of, alert, CODE, state, old_h,
        )
    )  # fmt: skip


def links(town: Station, username: str = "operator") -> dict[str, Any]:
    with town.api(username) as client:
        answer = client.get("/county/links")
        answer.raise_for_status()
        return dict(answer.json())


def alarms(town: Station, **query: Any) -> dict[str, Any]:
    with town.api() as client:
        return dict(client.get("/county/alarms", params=query).json())


def test_without_a_link_there_is_nothing(town: Station) -> None:
    told = links(town)
    assert (told["items"], told["path"]) == ([], [])
    assert alarms(town) == {"items": [], "next": None}
    assert "degraded" not in httpx.get(f"{town.url}/readyz").json()


def test_it_is_for_those_of_the_whole_station_who_answer_the_countys_calls(town: Station) -> None:
    for username, status in (("operator", 200), ("commander", 200), ("officer", 403), ("beat-operator", 403)):
        with town.api(username) as client:
            for path in ("/county/links", "/county/alarms"):
                assert client.get(path).status_code == status, f"{path} as {username}"


def test_a_links_day_is_counted_by_what_became_of_its_alarms(town: Station) -> None:
    link(town)
    link(town, "viid", "pushing")
    for state in ("accepted", "accepted", "acknowledged", "refused", "expired", "queued"):
        alarm(town, state)
    alarm(town, "accepted", old_h=25)
    alarm(town, old_h=25)  # it waits: however old it is
    alarm(town, of="viid")
    wrong = alarm(town, "accepted")
    town.execute("insert into attempt (notification_id, started_at, ended_at, result, detail) "
                 "values (%s, now(), now(), 'answered', 'the platform answered ERROR')", wrong)  # fmt: skip
    told = links(town)
    county, viid = told["items"]
    counts = {name: county[name] for name in ("sent", "acknowledged", "refused", "expired", "waiting", "contradicted")}
    assert counts == {"sent": 2, "acknowledged": 1, "refused": 1, "expired": 1, "waiting": 2, "contradicted": 1}
    assert (viid["waiting"], viid["state"], viid["runs"]) == (1, "pushing", True)
    levels = {(step["link"], step["name"]): step["level"] for step in told["path"]}
    assert levels["county", "registered"] == "ok"
    assert levels["viid", "registered"] == "error"
    assert levels["county", "waiting"] == "error"
    figures = httpx.get(f"{town.url}/metrics").text
    assert 'anxin_county_up{link="county"} 1.0' in figures
    assert 'anxin_county_up{link="viid"} 0.0' in figures
    assert 'anxin_county_alarms{link="county",state="waiting"} 2.0' in figures
    assert 'anxin_county_alarms{link="county",state="sent"} 4.0' in figures
    waits = next(
        line for line in figures.splitlines() if line.startswith('anxin_county_oldest_waiting_seconds{link="c')
    )
    assert 90_000 <= float(waits.split()[-1]) < 90_060


def test_alarms_come_in_pages_newest_first_and_one_alerts_alone(town: Station) -> None:
    link(town)
    town.execute("insert into county_code values (%s, 'button-1', %s, now())", town.id, CODE)
    alert = int(
        town.one(
            "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, place_id, area_id, "
            "title, explanation, first_action, raised_at, last_event_at) "
            "values (%s, 'sos-button', 1, 'device:button-1', 'alert', 'P1', 'school-1', 'grid-1', "
            "'{\"zh\": \"求助\", \"en\": \"help\"}', '{}', "
            "'{\"zh\": \"去\", \"en\": \"go\"}', now(), now()) returning id",
            town.id,
        )
    )  # fmt: skip
    numbers = [alarm(town, "accepted"), alarm(town, "queued", alert=alert), alarm(town, "refused")]
    first = alarms(town, limit=2)
    assert [one["id"] for one in first["items"]] == [numbers[2], numbers[1]]
    rest = alarms(town, limit=2, before=first["next"])
    assert ([one["id"] for one in rest["items"]], rest["next"]) == ([numbers[0]], None)
    (mine,) = alarms(town, alert=alert)["items"]
    assert (mine["id"], mine["state"], mine["channel"]) == (numbers[1], "waiting", CODE)
    assert mine["device"] == town.one("select name from device where id = 'button-1'")
    assert alarms(town, link="another")["items"] == []
    assert {one["state"]: one["next_try"] is not None for one in alarms(town)["items"]} == {
        "refused": False, "waiting": True, "sent": False
    }  # fmt: skip


def test_the_world_is_told_of_a_link_that_is_down_for_two_minutes(town: Station) -> None:
    link(town, state="waiting", for_s=110)
    assert "degraded" not in httpx.get(f"{town.url}/readyz").json()
    link(town, "second", "waiting", for_s=130)
    link(town, "third", "online", for_s=9000, heard_s=130)
    told = httpx.get(f"{town.url}/readyz").json()["degraded"]
    assert [one.partition(" since ")[0] for one in told] == [
        f"{Degraded.COUNTY}: second", f"{Degraded.COUNTY}: third"
    ]  # fmt: skip


def test_what_the_file_names_is_missed_and_nothing_else(town: Station, tmp_path: Path) -> None:
    link(town, "gone", "off", for_s=9000, heard_s=9000)
    file = tmp_path / "county.yaml"
    one = {"server_id": SERVER, "server": "10.20.0.5:5060", "device_id": OURS, "password": "x"}
    file.write_text(yaml.safe_dump({"links": [one], "codes": {"centre": "34020000"}}))
    settings, now = settings_of(town, county_file=file), SystemClock().now()
    with connect(town.postgres.url, "test") as connection:
        seen = walk(connection, settings, now)
        assert seen.links == []
        assert [(step.link, step.name, step.level) for step in seen.steps if step.level == "error"] == [
            ("county", "process", "error"), ("", "codes", "error"),
        ]  # fmt: skip
        assert down(connection, settings, now) == []
        file.write_text("links: []")
        broken = walk(connection, settings, now)
        assert broken.steps[0].name == "file"
        assert [row["name"] for row in broken.links] == ["gone"]
        assert [one.link for one in down(connection, settings, now)] == ["gone"]
        assert down(connection, settings, now - timedelta(hours=3)) == []
