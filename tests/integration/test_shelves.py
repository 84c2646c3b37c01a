"""Shelves over the API: who may, what they hide, that they end, and that what still stands is heard then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.answers import wrong_frames
from tests.integration.test_quiet_ends import RULES
from tests.station import Station, make_site, wait_for


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("shelves"), make_site(doors=20))
    running.settings["ANXIN_RULES_FOLDERS"] = f'["{RULES}"]'
    try:
        yield running.start_all()
    finally:
        running.close()


def until(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def alert_about(town: Station, device: str) -> dict[str, Any]:
    found: dict[str, Any] = wait_for(
        lambda: town.rows("select * from alert where device_id = %s order by id desc", device), f"an alert of {device}"
    )[0]
    return found


def raised(town: Station, device: str, kind: str = "own.noise") -> dict[str, Any]:
    with town.publisher() as publisher:
        publisher.event(device, kind)
    return alert_about(town, device)


def calls_about(town: Station, alert: int) -> int:
    return sum(message["alert"] == alert for message in town.phone_messages())


def test_a_shelf_hides_what_it_says_and_ends_with_a_sound(town: Station) -> None:
    with town.api() as api:
        meant = {"rule": "own-noise", "subject": "device:door-1"}
        made = api.post("/shelves", json={**meant, "until": until(30), "reason": "装修"})
        assert made.status_code == 201
        shelf = made.json()
        assert (shelf["standing"], shelf["p1_waits_for_second"], shelf["by"]) == (True, False, "operator")
        alert = raised(town, "door-1")
        assert (alert["suppressed_by"], alert["sounded"]) == ("shelved", 0)
        assert alert["shelved_until"] == datetime.fromisoformat(shelf["ends_at"])
        listed = api.get("/alerts", params={"suppressed_by": "shelved"}).json()["items"]
        assert [one["id"] for one in listed] == [alert["id"]], "quiet is not gone"
        other = raised(town, "door-2")
        assert other["suppressed_by"] is None
        assert api.post(f"/shelves/{shelf['id']}/end").json()["standing"] is False
        assert api.post(f"/shelves/{shelf['id']}/end").status_code == 409
    wait_for(lambda: calls_about(town, alert["id"]) == 1, "the phone, as soon as the shelf is down")
    assert alert_about(town, "door-1")["suppressed_by"] is None


def test_a_preview_counts_and_a_shelf_shows_on_open_alerts(town: Station) -> None:
    alert = raised(town, "door-3", "own.rubbish")
    with town.api() as api:
        seen = api.post("/shelves/preview", json={"rule": "own-rubbish", "area": "beat-1"}).json()
        assert (seen["open"], seen["last_24h"], seen["p1"]) == (1, 1, {"open": 0, "last_24h": 0})
        assert api.post("/shelves/preview", json={"rule": "own-rubbish", "place": "school-1"}).json()["open"] == 0
        shelf = api.post(f"/alerts/{alert['id']}/shelve", json={"minutes": 20, "reason": "已知"}).json()
        shown = api.get(f"/alerts/{alert['id']}").json()
        assert shown["shelved_until"] is not None
        assert shown["sounded"] == 1
        api.post(f"/shelves/{shelf['id']}/end")
        assert api.get(f"/alerts/{alert['id']}").json()["shelved_until"] is None
        kinds = [row["kind"] for row in town.rows("select kind from change order by id desc limit 2")]
        assert sorted(kinds) == ["alert", "shelf"]


def test_a_p1_takes_two_people(town: Station) -> None:
    with town.api() as api, town.api("commander") as second:
        meant = {"place": "school-1", "until": until(30), "reason": "按钮检修"}
        shelf = api.post("/shelves", json=meant).json()
        assert shelf["p1_waits_for_second"]
        with town.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        alert = alert_about(town, "button-1")
        assert (alert["suppressed_by"], alert["shelved_until"]) == (None, None), "one person shelves no P1"
        wait_for(lambda: calls_about(town, alert["id"]), "the phone")
        assert api.post(f"/shelves/{shelf['id']}/agree").status_code == 403, "not oneself"
        assert second.post(f"/shelves/{shelf['id']}/agree").json()["agreed_by"] == "commander"
        assert second.post(f"/shelves/{shelf['id']}/agree").status_code == 200, "a lost answer may be asked again"
        assert api.get(f"/alerts/{alert['id']}").json()["shelved_until"] is not None
        needless = api.post("/shelves", json={"rule": "own-noise", "until": until(5), "reason": "x"}).json()
        assert second.post(f"/shelves/{needless['id']}/agree").status_code == 409
        for one in (shelf, needless):
            assert api.post(f"/shelves/{one['id']}/end").status_code == 200


@pytest.mark.parametrize(
    ("told", "status", "why"),
    [
        ({"rule": "own-noise", "until": 9 * 60}, 422, "longer than a shift"),
        ({"rule": "own-noise", "until": -1}, 422, "past"),
        ({"until": 5}, 422, "everything"),
        ({"area": "nowhere", "until": 5}, 404, "no such area"),
        ({"place": "nowhere", "until": 5}, 404, "no such place"),
        ({"rule": "own-noise", "until": 5, "reason": "  "}, 422, "no reason"),
        ({"rule": "own-noise", "until": 5, "until_clear": True}, 422, "whose condition?"),
        ({"rule": "own-noise", "subject": "device:none", "until": 5, "until_clear": True}, 409, "none stands"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_shelved(town: Station, told: dict[str, Any], status: int, why: str) -> None:
    asked = {"reason": "r", **told, "until": until(told["until"])}  # minutes from when it is asked
    with town.api() as api:
        assert api.post("/shelves", json=asked).status_code == status, why


@pytest.mark.parametrize("who", ["officer", "auditor", "admin"])
def test_other_roles_shelve_nothing(town: Station, who: str) -> None:
    with town.api(who) as api:
        for path, body in (
            ("/shelves", {"rule": "own-noise", "until": until(5), "reason": "r"}),
            ("/shelves/preview", {"rule": "own-noise"}),
            ("/shelves/1/agree", None),
            ("/shelves/1/end", None),
            ("/alerts/1/shelve", {"minutes": 5, "reason": "r"}),
        ):
            assert api.post(path, json=body).status_code == 403, path


def test_whoever_has_areas_shelves_within_them(town: Station) -> None:
    town.execute(
        "insert into user_account (username, station_id, name, role, areas, password_hash)"
        " select 'grid-op', station_id, 'g', 'operator', '{grid-1}', password_hash from user_account"
        " where username = 'operator'"
    )
    alert = raised(town, "door-9", "own.stall")
    with town.api("grid-op") as mine:
        far = {"until": until(5), "reason": "r"}
        assert mine.post("/shelves", json={**far, "area": "beat-1"}).status_code == 404, (
            "the beat is more than the grid"
        )
        assert mine.post("/shelves", json={**far, "rule": "own-noise"}).status_code == 422
        assert mine.post("/shelves", json={**far, "area": "grid-1", "rule": "own-noise"}).status_code == 201
        assert mine.post("/shelves", json={**far, "place": "mall", "rule": "own-noise"}).status_code == 201
        short = mine.post(f"/alerts/{alert['id']}/shelve", json={"minutes": 5, "reason": "r"}).json()
        assert short["area"] == "grid-1"
        with town.api() as whole:
            wide = whole.post("/shelves", json={**far, "rule": "own-parking"}).json()
        assert wide["id"] in [one["id"] for one in mine.get("/shelves").json()["items"]], "it hides theirs too"
        assert mine.post(f"/shelves/{wide['id']}/end").status_code == 404
        for one in mine.get("/shelves").json()["items"]:
            if one["standing"] and one["id"] != wide["id"]:
                assert mine.post(f"/shelves/{one['id']}/end").status_code == 200


def test_it_is_counted_and_audited(town: Station) -> None:
    with town.api() as api:
        shelf = api.post("/shelves", json={"rule": "own-noise", "until": until(5), "reason": "计数"}).json()
        since = datetime.now(UTC).isoformat()
        raised(town, "door-15")
        wait_for(lambda: town.rows("select 1 from sounding where reason = 'shelved'"), "the count")
        told = api.get("/suppressed", params={"since": since}).json()
        assert told["by_reason"] == {"shelved": 1}
        (item,) = told["items"]
        assert (item["reason"], item["rule"], item["place"], item["count"]) == ("shelved", "own-noise", "mall", 1)
        wait_for(
            lambda: 'anxin_suppressed_total{reason="shelved"}' in api.get(f"{town.url}/metrics").text, "the metric"
        )
        api.post(f"/shelves/{shelf['id']}/end")
    with town.api("auditor") as auditor:
        acts = [line["act"] for line in auditor.get("/audit").json()["items"]]
        assert {"shelf.made", "shelf.agreed", "shelf.ended"} <= set(acts)
        assert auditor.get("/suppressed").status_code == 403


def test_what_the_stream_said_of_it_is_as_documented(town: Station) -> None:
    changes = town.rows("select kind, body from change")
    assert {change["kind"] for change in changes} >= {"alert", "incident", "shelf"}
    assert wrong_frames(changes) == []
