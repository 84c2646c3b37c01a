"""The command room's desk over HTTP: who is there, who leaves, and a handover signed by two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.month import incident, start
from tests.station import SEALER, Station, wait_for


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    station = start(tmp_path_factory.mktemp("desk"))
    try:
        yield station
    finally:
        station.close()


@pytest.fixture(autouse=True)
def nobody(town: Station) -> None:
    town.execute("delete from desk_pause")
    town.execute("delete from desk")


def desks(town: Station) -> list[dict[str, Any]]:
    return town.rows("select * from desk order by id")


def test_an_hour_at_the_desk(town: Station) -> None:
    with town.api() as api:
        begun = api.post("/desk/begin").json()
        assert begun["username"] == "operator"
        assert api.post("/desk/begin").json() == begun, "who is there stays"
        paused = api.post("/desk/pause").json()
        assert paused["paused_at"] is not None
        assert api.post("/desk/pause").json()["paused_at"] == paused["paused_at"]
        assert api.get("/desk/handover").json()["at_desk"] == [
            {"username": "operator", "name": "值班员", "began_at": begun["began_at"], "paused": True}
        ]
        assert api.post("/desk/begin").json()["paused_at"] is None, "and comes back"
        api.post("/desk/pause")
        assert api.post("/desk/end").status_code == 204
        assert api.post("/desk/end").status_code == 409
        assert api.post("/desk/pause").status_code == 409
        assert api.get("/desk/handover").json()["at_desk"] == []
    (desk,) = desks(town)
    assert (desk["id"], desk["ended_why"]) == (begun["id"], "ended")
    pauses = town.rows("select * from desk_pause order by began_at")
    assert len(pauses) == 2
    assert all(pause["began_at"] <= pause["ended_at"] <= desk["ended_at"] for pause in pauses)


def test_whoever_logs_out_has_left(town: Station) -> None:
    with town.api() as api, town.api() as elsewhere:
        api.post("/desk/begin")
        api.post("/desk/pause")
        api.post("/auth/logout")
        assert desks(town)[0]["ended_at"] is None or town.one(
            "select count(*) from user_session where username = 'operator'"
        ), "logged in at another console still"
        town.execute("delete from user_session where username = 'operator'")
        assert elsewhere.get("/me").status_code == 401
    (desk,) = desks(town)
    assert desk["ended_why"] == "logged_out"
    assert desk["ended_at"] >= desk["began_at"]
    assert town.one("select ended_at from desk_pause") is not None


def test_an_idle_session_is_nobody_at_the_desk(town: Station) -> None:
    town.execute("delete from user_session where username = 'night'")
    with town.api("night") as night, town.api() as api:
        night.post("/desk/begin")
        assert [who["username"] for who in api.get("/desk/handover").json()["at_desk"]] == ["night"]
        town.execute("update user_session set used_at = used_at - interval '61 min' where username = 'night'")
        town.execute("update desk set began_at = began_at - interval '3 h'")
        assert api.get("/desk/handover").json()["at_desk"] == []
        now = datetime.now(UTC)
        told = api.get("/stats/alarms", params={"since": (now - timedelta(hours=4)).isoformat()}).json()
    (position,) = told["positions"]
    assert 10_700 < position["attended_s"] < 10_760, "three hours until a minute ago: then it was idle for an hour"


def test_who_has_no_place_at_the_desk(town: Station) -> None:
    for username in ("officer", "grid", "auditor", "admin"):
        with town.api(username) as api:
            for method, path in (
                ("POST", "/desk/begin"), ("POST", "/desk/pause"), ("POST", "/desk/end"), ("GET", "/desk/handover"),
                ("POST", "/desk/handover"), ("GET", "/desk/handovers"), ("GET", "/desk/handover/1"),
                ("POST", "/desk/handover/1/sign"),
            ):  # fmt: skip
                assert api.request(method, path).status_code == 403, (username, method, path)
    assert desks(town) == []


def test_what_the_next_has_to_know(town: Station) -> None:
    late = incident(town, "2026-11-01 09:00", "market", "grid-2", state="dispatched", priority="P1")
    town.execute("update incident set due_at = now() - interval '1 min' where id = %s", late)
    town.execute(
        "insert into shelf (station_id, rule_id, place_id, by_user, begins_at, ends_at)"
        " values (%s, 'door-held', 'mall', 'operator', now() - interval '3 h', now() - interval '2 h')",
        town.id,
    )  # fmt: skip
    with town.api() as api:
        hour = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        asked = {"rule": "door-held", "place": "mall", "until": hour, "reason": "修门"}
        assert api.post("/shelves", json=asked).status_code == 201
    town.execute(
        "insert into device_health (station_id, device_id, last_heard, online) values (%s, 'camera-1', now(), false),"
        " (%s, 'door-0', now(), true) on conflict (station_id, device_id) do update set online = excluded.online",
        town.id, town.id,
    )  # fmt: skip
    town.execute("update contact set state = 'retired' where username = 'deputy'")
    town.execute(
        "update contact set tested_at = now(), reached_at = now() - interval '1 d' where username = 'commander'"
    )
    with town.api() as api:
        page = api.get("/desk/handover").json()
    assert page["open"][0]["id"] == late, "the most urgent first"
    assert page["overdue"] == [late]
    assert {one["state"] for one in page["open"]} == {"dispatched", "handled", "new"}
    assert [(one["what"], one["reason"]) for one in page["shelved"]] == [("shelf", "修门")]
    assert [one["id"] for one in page["out_of_order"]] == ["camera-1"]
    assert [(one["username"], one["why"]) for one in page["unreachable"]] == [
        ("commander", "not_reached"), ("deputy", "no_contact"), ("officer", "never_tested"),
    ]  # fmt: skip
    assert page["counts"]["overdue"] == 1
    with town.api("market-chief") as chief:
        mine = chief.get("/desk/handover").json()
    assert {one["area"] for one in mine["open"]} == {"grid-2"}
    assert (mine["shelved"], mine["out_of_order"]) == ([], [])


def test_a_handover_is_signed_by_two(town: Station) -> None:
    with town.api() as leaving, town.api("night") as coming, town.api("commander") as third:
        made = leaving.post("/desk/handover", json={"note": "东街老人住院"})
        assert made.status_code == 201
        handover = made.json()
        assert (handover["given_by"], handover["taken_by"], handover["note"]) == ("operator", None, "东街老人住院")
        path = f"/desk/handover/{handover['id']}"
        assert leaving.post(f"{path}/sign").status_code == 409, "not by the one who gives"
        taken = coming.post(f"{path}/sign").json()
        assert taken["taken_by"] == "night"
        assert coming.post(f"{path}/sign").json() == taken, "a lost answer may be asked again"
        assert third.post(f"{path}/sign").status_code == 409, "only one takes over"
        read = third.get(path).json()
        assert (read["page"], read["note"]) == (handover["page"], "东街老人住院")
        assert third.get("/desk/handovers").json()["items"][0]["taken_by"] == "night"
        assert third.get("/desk/handover/999999").status_code == 404
    sealed = town.one("select note_sealed from desk_handover where id = %s", handover["id"])
    assert "老人".encode() not in bytes(sealed)
    assert SEALER.unseal(bytes(sealed), f"desk_handover.note/{town.id}/operator") == "东街老人住院"
    acts = {row["act"] for row in town.rows("select act from audit where object = %s", f"handover/{handover['id']}")}
    assert acts == {"desk.hand_over", "desk.take_over"}


def test_a_handover_of_the_station_is_not_for_one_grid(town: Station) -> None:
    with town.api() as leaving, town.api("market-chief") as chief:
        whole = leaving.post("/desk/handover").json()["id"]
        mine = chief.post("/desk/handover").json()["id"]
        assert chief.get(f"/desk/handover/{whole}").status_code == 404
        assert chief.post(f"/desk/handover/{whole}/sign").status_code == 404
        assert whole not in {one["id"] for one in chief.get("/desk/handovers").json()["items"]}
        assert leaving.get(f"/desk/handover/{mine}").status_code == 200
        assert leaving.post(f"/desk/handover/{mine}/sign").status_code == 200


def test_two_at_once_sit_down_once(town: Station) -> None:
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with town.api() as api, ThreadPoolExecutor(4) as at_once:
        answers = list(at_once.map(lambda _: api.post("/desk/begin").status_code, range(8)))
        assert set(answers) == {200}
        wait_for(lambda: len(desks(town)) == 1, "one place at the desk")
