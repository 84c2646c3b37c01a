"""What people register ahead: drills marked from the press to the phone, absences that end a standing alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from gateway.model.person import Person
from gateway.model.registry import Area, Device, Place
from gateway.registering.site import SiteUser
from gateway.registering.writing import import_site
from gateway.store.pool import connect
from tests.station import SEALER, Station, ladders, make_site, wait_for

PROBLEM = "application/problem+json"
#: Long enough for the tests to come by, short enough to wait for.
SILENCE_S = 2.0


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Two grids, each with buttons, an elder who lives alone, and a grid worker."""
    site = make_site(doors=2, elders=2, silence_limit_s=SILENCE_S)
    elder = Person("p-night", "夜市老人", "night-flat", {"lives_alone": True, "silence_limit_s": SILENCE_S})
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "夜市网格", "beat-1")],
        places=[
            *site.places,
            Place("school-2", "school_gate", "grid-2", "夜市小学"),
            Place("night-flat", "flat", "grid-2", "夜市1号楼101室"),
        ],
        devices=[
            *site.devices,
            Device("button-2", "school_button", "school-1", "教务处按钮"),
            Device("button-3", "school_button", "school-1", "操场按钮"),
            Device("button-9", "school_button", "school-2", "夜市小学按钮"),
        ],
        persons=[*site.persons, elder],
        users=[
            *site.users,
            SiteUser("worker", "网格员", "grid_worker", areas=["grid-1"]),
            SiteUser("night-worker", "夜市网格员", "grid_worker", areas=["grid-2"]),
            SiteUser("unplaced-worker", "新网格员", "grid_worker"),
            SiteUser("night-operator", "夜市值班员", "operator", areas=["grid-2"]),
        ],
    )
    running = Station(tmp_path_factory.mktemp("town"), site)
    running.policy = ladders()
    try:
        yield running.start_all()
    finally:
        running.close()


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal, which must be a problem of this status."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    return str(answer.json()["detail"])


def announce(town: Station, device: str, minutes: float = 15, username: str = "operator") -> httpx.Response:
    with town.api(username) as api:
        return api.post("/drills", json={"device": device, "minutes": minutes, "note": "消防月演练"})


def announced(town: Station, device: str) -> dict[str, Any]:
    """Announce a drill and wait until the road knows of it."""
    answer = announce(town, device)
    assert answer.status_code == 201, answer.text
    town.wait_for_registry()
    return dict(answer.json())


def alert_of(town: Station, **query: Any) -> dict[str, Any] | None:
    with town.api() as api:
        items = api.get("/alerts", params={"state": "open", **query}).json()["items"]
    return dict(items[0]) if items else None


def incident_of(town: Station, alert: int) -> dict[str, Any]:
    with town.api() as api:
        (incident,) = api.get(f"/alerts/{alert}").json()["incidents"]
        return dict(api.get(f"/incidents/{incident}").json())


def told_command_room(town: Station, kind: str, number: int) -> list[dict[str, Any]]:
    items = httpx.get(f"{town.receivers}/command-room/events", timeout=10).json()["items"]
    return [item["event"]["data"] for item in items if item["event"]["subject"] == f"{kind}/{number}"]


def messages(town: Station, alert: int) -> list[dict[str, Any]]:
    return [m for m in town.phone_messages() if m["alert"] == alert]


def audited(town: Station, act: str) -> list[dict[str, Any]]:
    with town.api("auditor") as auditor:
        return [line for line in auditor.get("/audit").json()["items"] if line["act"] == act]


def away(town: Station, person: str, until: str | None, username: str, **more: Any) -> httpx.Response:
    with town.api(username) as api:
        return api.post(f"/persons/{person}/away", json={"until": until, **more})


def care_of(town: Station, person: str) -> dict[str, Any]:
    return dict(town.one("select care from person where id = %s", person))


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


# ── drills ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_press_during_a_drill_is_marked_from_the_alert_to_the_phone(town: Station) -> None:
    drill = announced(town, "button-1")
    assert (drill["device"], drill["note"], drill["announced_by"]) == ("button-1", "消防月演练", "operator")
    with town.publisher("button-1") as button:
        button.event("button-1", "alarm.pressed")
    alert = wait_for(lambda: alert_of(town, device="button-1"), "the alert")
    assert (alert["drill"], alert["priority"], alert["suppressed_by"]) == (True, "P1", None), "it rings as always"
    incident = incident_of(town, alert["id"])
    assert incident["drill"] is True
    (message,) = wait_for(lambda: messages(town, alert["id"]), "the phone")
    assert message["message"]["drill"] is True
    assert message["message"]["title"]["zh"].startswith("【演练】")
    assert message["message"]["title"]["en"].startswith("[Drill]")
    for kind, number in (("alert", alert["id"]), ("incident", incident["id"])):
        told = wait_for(lambda k=kind, n=number: told_command_room(town, k, n), f"the command room on the {kind}")
        assert [data["drill"] for data in told] == [True]
    line = audited(town, "drill.announce")[0]
    assert (line["username"], line["object"], line["detail"]["note"]) == ("operator", "device/button-1", "消防月演练")


def test_a_real_press_after_the_drill_on_the_same_alert_is_heard_and_real(town: Station) -> None:
    announced(town, "button-2")
    with town.publisher("button-2") as button:
        button.event("button-2", "alarm.pressed")
        alert = wait_for(lambda: alert_of(town, device="button-2"), "the alert")
        assert alert["drill"] is True
        with town.api() as api:
            api.post(f"/alerts/{alert['id']}/ack").raise_for_status()
        # The drill ends: what was to last a quarter of an hour is over by now.
        town.change_registry("update drill set ends_at = now() where device_id = 'button-2'")
        button.event("button-2", "alarm.pressed")
    real = wait_for(lambda: (a := alert_of(town, device="button-2")) and a["seen"] == 2 and a, "the second press")
    assert (real["id"], real["drill"], real["sounded"], real["acknowledged"]) == (alert["id"], False, 2, False)
    assert incident_of(town, real["id"])["drill"] is False
    second = wait_for(lambda: (m := messages(town, real["id"])) and len(m) == 2 and m[-1], "the second message")
    assert second["message"]["drill"] is False
    assert "演练" not in second["message"]["title"]["zh"]


def test_another_device_is_not_part_of_the_drill(town: Station) -> None:
    announced(town, "button-1")
    with town.publisher("button-3") as button:
        button.event("button-3", "alarm.pressed")
    alert = wait_for(lambda: alert_of(town, device="button-3"), "the alert")
    assert alert["drill"] is False


def test_drills_under_way_are_listed_before_those_that_are_over(town: Station) -> None:
    assert announce(town, "door-0").status_code == 201
    town.rows("update drill set ends_at = now() - interval '1 s', starts_at = now() - interval '1 h' "
              "where device_id = 'door-0' returning 1")  # fmt: skip
    assert announce(town, "door-1").status_code == 201
    with town.api() as api:
        items = api.get("/drills").json()["items"]
        (first,) = api.get("/drills", params={"limit": 1}).json()["items"]
    over = [datetime.fromisoformat(item["ends_at"]) <= datetime.now(UTC) for item in items]
    assert over == sorted(over)
    assert {item["device"] for item in items} >= {"door-0", "door-1"}
    assert first == items[0]
    (told,) = [item for item in items if item["device"] == "door-1"]
    assert (told["area"], told["device_name"], told["announced_by"]) == ("grid-1", "门1", "operator")


@pytest.mark.parametrize("username", ["officer", "worker", "auditor"])
def test_only_the_command_room_and_the_admin_announce_drills(town: Station, username: str) -> None:
    before = town.one("select count(*) from drill")
    refused(announce(town, "button-1", username=username), 403)
    assert town.one("select count(*) from drill") == before
    assert announce(town, "door-1", username="commander").status_code == 201
    assert announce(town, "door-1", username="admin").status_code == 201


def test_a_drill_is_announced_and_seen_within_ones_own_areas_only(town: Station) -> None:
    before = town.one("select registry_version from station")
    assert "within your reach" in refused(announce(town, "button-1", username="night-operator"), 404)
    assert "within your reach" in refused(announce(town, "button-404"), 404)
    assert town.one("select registry_version from station") == before, "nothing has changed"
    assert announce(town, "button-9", username="night-operator").status_code == 201
    with town.api("night-worker") as api:
        assert {item["area"] for item in api.get("/drills").json()["items"]} == {"grid-2"}
    with town.api("auditor") as api:
        refused(api.get("/drills"), 403)


@pytest.mark.parametrize("minutes", [0, -5, 480.5, 1e12, "soon"])
def test_a_drill_lasts_from_a_minute_to_a_shift(town: Station, minutes: Any) -> None:
    refused(announce(town, "button-1", minutes), 422)


# ── away ────────────────────────────────────────────────────────────────────────────────────────────────


def test_being_away_ends_a_standing_alarm_and_coming_back_starts_it_anew(town: Station) -> None:
    alert = wait_for(lambda: alert_of(town, person="p-1", rule="elder-silent"), "the silence alert", 40)
    assert alert["state"] == "active"
    until = in_days(3)
    answer = away(town, "p-1", until, "worker", reason="去女儿家")
    assert (answer.status_code, answer.json()["person"]) == (200, "p-1")
    cleared = wait_for(
        lambda: (a := alert_of(town, person="p-1", rule="elder-silent")) and a["state"] == "cleared" and a,
        "it to clear",
    )
    assert cleared["id"] == alert["id"]
    with town.api("worker") as api:
        told = api.get(f"/alerts/{alert['id']}").json()["away_until"]
    assert datetime.fromisoformat(told) == datetime.fromisoformat(until)
    line = audited(town, "person.away")[0]
    assert (line["username"], line["object"], line["detail"]["reason"]) == ("worker", "person/p-1", "去女儿家")
    assert "reason" not in str(care_of(town, "p-1")), "why somebody is away is in the audit trail, not in the profile"

    assert away(town, "p-1", None, "operator").status_code == 200
    assert datetime.fromisoformat(care_of(town, "p-1")["away_until"]) <= datetime.now(UTC)
    again = wait_for(
        lambda: (a := alert_of(town, person="p-1", rule="elder-silent")) and a["state"] == "active" and a,
        "the silence to count again", 40,
    )  # fmt: skip
    assert again["acknowledged"] is False
    assert audited(town, "person.back")[0]["username"] == "operator"


def test_an_absence_told_late_overrides_nothing_that_was_said_since(town: Station) -> None:
    early, until = datetime.now(UTC) - timedelta(minutes=20), in_days(2)
    said = {"client_at": early.isoformat()}
    assert away(town, "p-2", until, "worker", **said).status_code == 200
    registered, lines = care_of(town, "p-2"), len(audited(town, "person.away"))
    # Its answer got lost: the phone asks again, and nothing happens twice.
    assert away(town, "p-2", until, "worker", **said).status_code == 200
    assert (care_of(town, "p-2"), len(audited(town, "person.away"))) == (registered, lines)
    # Somebody else has met her at home since: what waited in another phone is not believed any more, nor asked again.
    back = early + timedelta(minutes=10)
    assert away(town, "p-2", None, "officer", client_at=back.isoformat()).status_code == 200
    home = care_of(town, "p-2")
    for late in (early, early + timedelta(minutes=5)):
        sentence = refused(away(town, "p-2", until, "worker", client_at=late.isoformat()), 409)
        assert sentence.startswith(f"officer said at {back.isoformat()}, after you, that they are back")
    assert care_of(town, "p-2") == home
    # Said later it counts, though told before that by the server's clock; and who has no clock is believed as ever.
    assert away(town, "p-2", until, "worker", client_at=(back + timedelta(minutes=1)).isoformat()).status_code == 200
    assert away(town, "p-2", None, "operator").status_code == 200
    assert "away until" not in refused(away(town, "p-2", until, "worker", client_at=back.isoformat()), 409)


def test_importing_the_site_again_leaves_people_away(town: Station) -> None:
    assert away(town, "p-2", in_days(10), "officer").status_code == 200
    registered = care_of(town, "p-2")["away_until"]
    with connect(town.postgres.url, "test import") as connection:
        import_site(connection, town.site, SEALER)
    assert care_of(town, "p-2") == {"lives_alone": True, "silence_limit_s": SILENCE_S, "away_until": registered}


def test_a_grid_worker_reaches_their_own_grid_only(town: Station) -> None:
    before = care_of(town, "p-1")
    assert "within your reach" in refused(away(town, "p-1", in_days(1), "night-worker"), 404)
    refused(away(town, "p-404", in_days(1), "night-worker"), 404)
    assert care_of(town, "p-1") == before
    assert away(town, "p-night", in_days(1), "night-worker").status_code == 200
    with town.api("night-worker") as api:
        may = [
            "data.read", "data.watch", "footprints.write", "incidents.attach", "incidents.dispute", "incidents.note",
            "incidents.open", "persons.away", "persons.reveal", "persons.see", "persons.write", "users.read",
            "workitems.done",
        ]  # fmt: skip
        assert api.get("/me").json()["may"] == may
        assert {place["area"] for place in api.get("/places").json()["items"]} == {"grid-2"}
        assert {item["area"] for item in api.get("/alerts").json()["items"]} <= {"grid-2"}
        refused(api.get("/dead-letters"), 403)
        refused(api.post("/ingest", json={"device": "button-9", "kind": "alarm.pressed"}), 403)


def test_a_grid_worker_without_a_grid_sees_nothing_instead_of_everything(town: Station) -> None:
    with town.api("unplaced-worker") as api:
        for path in ("alerts", "incidents", "events", "devices", "places", "areas", "drills"):
            assert api.get(f"/{path}").json()["items"] == [], path
    refused(away(town, "p-1", in_days(1), "unplaced-worker"), 404)


@pytest.mark.parametrize("username", ["auditor", "admin"])
def test_who_looks_after_accounts_or_the_trail_registers_nobody(town: Station, username: str) -> None:
    refused(away(town, "p-1", in_days(1), username), 403)


@pytest.mark.parametrize(
    "until",
    [
        in_days(-0.01),
        "0001-01-01T00:00:00+23:59",
        in_days(181),
        "9999-12-31T23:59:59-23:59",
        "2099-01-01T00:00:00",
        "x",
    ],
    ids=["past", "the first year", "too far", "the last year", "no offset", "no time"],
)
def test_an_absence_ends_in_the_future_within_half_a_year(town: Station, until: str) -> None:
    before = care_of(town, "p-1")
    refused(away(town, "p-1", until, "operator"), 422)
    assert care_of(town, "p-1") == before


def test_until_when_must_be_said(town: Station) -> None:
    with town.api() as api:
        refused(api.post("/persons/p-1/away", json={}), 422)
    refused(httpx.post(f"{town.url}/api/v1/persons/p-1/away", json={"until": None}), 401)


def test_a_reason_that_no_database_can_keep_is_refused(town: Station) -> None:
    refused(away(town, "p-1", in_days(1), "operator", reason="a\x00b"), 422)


def test_the_page_is_told_of_a_demo_only_in_a_demo(town: Station) -> None:
    with town.api() as api:
        told = api.get("/me").json()
    assert told["demo"] is None
    assert {"drills.announce", "persons.away"} <= set(told["may"])
