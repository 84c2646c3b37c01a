"""Online patrol: a route is walked, what is found becomes a work item that people end, what is not walked is missed."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import cv2
import httpx2 as httpx
import msgspec
import numpy as np
import pytest

from gateway.registering.exporting import exported, site_text
from gateway.registering.present import present
from gateway.registering.reading import parse_site
from gateway.registering.site import SiteUser
from gateway.store.pool import connect
from tests.station import EXPLANATION, SAID, SEALER, STATION, Station, make_site

POINTS = [
    {"place": "school-1", "device": "camera-1", "look_for": {"zh": "消防通道是否畅通"}},
    {"place": "mall"},
]
JPEG = cv2.imencode(".jpg", np.full((36, 64, 3), 90, np.uint8))[1].tobytes()
NOTE = "门口堆放纸箱 13900001111"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=1)
    users = [*site.users, SiteUser("worker", "网格员", "grid_worker", areas=["grid-1"])]
    running = Station(tmp_path_factory.mktemp("patrol"), msgspec.structs.replace(site, users=users))
    try:
        running.start_stores().start_api()
        yield running
    finally:
        running.close()


@pytest.fixture(autouse=True)
def clean(town: Station) -> None:
    for table in ("patrol_round", "patrol_route", "work_item_done", "alert"):
        town.execute(f"delete from {table}")  # noqa: S608  # ours


def add(town: Station, **told: Any) -> dict[str, Any]:
    body = {"id": "evening", "area": "grid-1", "name": "晚间巡查", "points": POINTS, **told}
    with town.api("commander") as api:
        answer = api.post("/patrols", json=body)
        assert answer.status_code == 201, answer.text
        added: dict[str, Any] = answer.json()
        return added


def route(api: httpx.Client, name: str = "evening") -> dict[str, Any]:
    return next(one for one in api.get("/patrols").json()["items"] if one["id"] == name)


def begin(api: httpx.Client, name: str = "evening") -> int:
    answer = api.post(f"/patrols/{name}/rounds")
    assert answer.status_code in {200, 201}, answer.text
    return int(answer.json()["id"])


def look(api: httpx.Client, number: int, **told: Any) -> httpx.Response:
    return api.post(f"/patrols/rounds/{number}/looks", json={"point": 1, "seen": "ok", **told})


def test_a_route_is_made_changed_and_refused(town: Station) -> None:
    told = add(town, at=["08:30"], within_min=30)
    assert told == {
        "id": "evening", "area": "grid-1", "name": "晚间巡查", "at": ["08:30"], "within_min": 30, "shift": None,
        "points": [
            {"place": "school-1", "device": "camera-1", "look_for": {"zh": "消防通道是否畅通"}},
            {"place": "mall", "device": None, "look_for": {}},
        ],
    }  # fmt: skip
    with town.api("commander") as api, town.api("admin") as admin:
        assert api.patch("/patrols/evening", json={"name": "夜巡"}).json() == {**told, "name": "夜巡"}
        wrong = api.patch("/patrols/evening", json={"at": ["25:00"]})
        assert wrong.status_code == 422
        assert "no time of day" in wrong.json()["detail"]
        assert api.post("/patrols", json=told).status_code == 409
        held = admin.delete("/places/mall")
        assert held.status_code == 409
        assert "patrol evening" in held.json()["detail"]
        assert api.delete("/patrols/evening").status_code == 204
        assert api.get("/patrols").json()["items"] == []
    acts = [row["act"] for row in town.rows("select act from audit where object = 'patrol/evening' order by id")]
    assert acts[-3:] == ["patrol.add", "patrol.change", "patrol.remove"]


def test_a_route_is_in_the_file_and_comes_back(town: Station) -> None:
    add(town, at=["08:30"], shift=None)
    with connect(town.postgres.url, "test") as connection:
        there = present(connection, STATION, SEALER)
        assert there is not None
        text = site_text(msgspec.structs.replace(exported(there, personal=True), policy=None))
    assert parse_site(text, "back").patrols == there.patrols
    assert [one.id for one in there.patrols] == ["evening"]


def test_a_round_is_walked_to_its_end(town: Station) -> None:
    add(town)
    with town.api("operator") as api:
        first = api.post("/patrols/evening/rounds")
        assert first.status_code == 201
        number = first.json()["id"]
        again = api.post("/patrols/evening/rounds")
        assert (again.status_code, again.json()["id"]) == (200, number)
        assert look(api, number, client_id="l1", note="正常").status_code == 200
        assert len(look(api, number, client_id="l1").json()["looks"]) == 1, "said again it is the same"
        assert route(api)["last"]["state"] == "under_way"
        with town.api("officer") as other:
            told = look(other, number, point=2, seen="not_visible").json()
        assert [(one["point"], one["username"], one["note"]) for one in told["looks"]] == [
            (1, "operator", "正常"), (2, "officer", ""),
        ]  # fmt: skip
        ended = api.post(f"/patrols/rounds/{number}/end").json()
        assert (ended["state"], ended["looked"], ended["ended_by"]) == ("done", 2, "operator")
        assert api.post(f"/patrols/rounds/{number}/end").json() == ended
        over = look(api, number)
        assert over.status_code == 409
        assert "is over" in over.json()["detail"]
        assert begin(api) != number
        assert [one["id"] for one in api.get("/patrols/evening/rounds").json()["items"]][-1] == number


def test_a_round_that_skips_a_point_is_partial_and_one_that_nobody_ends_is_over(town: Station) -> None:
    add(town)
    with town.api("operator") as api:
        number = begin(api)
        look(api, number)
        assert api.post(f"/patrols/rounds/{number}/end").json()["state"] == "partial"
        left = begin(api)
        town.execute(
            "update patrol_round set began_at = began_at - interval '3 h', ends_by = ends_by - interval '3 h'"
            " where id = %s",
            left,
        )
        assert api.get(f"/patrols/rounds/{left}").json()["state"] == "expired"
        assert look(api, left).status_code == 409
        assert api.post(f"/patrols/rounds/{left}/end").status_code == 409
        assert begin(api) != left


def test_a_round_keeps_its_points_when_the_route_changes_or_goes(town: Station) -> None:
    add(town)
    with town.api("commander") as api:
        number = begin(api)
        api.patch("/patrols/evening", json={"points": POINTS[:1]}).raise_for_status()
        assert look(api, number, point=2).status_code == 200
        api.delete("/patrols/evening").raise_for_status()
        assert look(api, number, point=1).json()["looked"] == 2
        assert api.get("/patrols/evening/rounds").json()["items"][0]["id"] == number
        assert api.get("/patrols/nowhere/rounds").status_code == 404


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"point": 3}, "points 1 to 2"),
        ({"seen": "finding"}, "says what it is"),
        ({"code": "hazard"}, "says what it is"),
        ({"seen": "finding", "code": "ufo"}, "code"),
    ],
)
def test_what_is_wrong_with_a_look_is_said(town: Station, told: dict[str, Any], why: str) -> None:
    add(town)
    with town.api("operator") as api:
        answer = look(api, begin(api), **told)
        assert answer.status_code == 422
        assert why in answer.text


def test_a_finding_becomes_a_work_item_that_ends_with_a_sentence(town: Station) -> None:
    add(town)
    with town.api("operator") as api, town.api("worker") as worker:
        number = begin(api)
        seen = look(api, number, seen="finding", code="fire_exit_blocked", note=NOTE).json()["looks"][0]
        [item] = api.get("/work-items").json()["items"]
        assert item["id"] == seen["work_item"]
        assert (item["priority"], item["place"], item["area"]) == ("P3", "school-1", "grid-1")
        assert item["suppressed_by"] == "maintenance", "it never sounds"
        assert item["sounded"] == 0
        assert item["explanation"]["facts"]["round"] == number
        assert "消防通道堵塞" in item["title"]["zh"]
        assert api.get("/alerts").json()["items"] == []
        assert town.rows("select from incident") == []
        change = town.rows("select kind, body from change order by id desc limit 1")[0]
        assert (change["kind"], change["body"]["id"]) == ("work_item", item["id"])

        next_round = begin(worker) if worker.post("/patrols/evening/rounds").status_code != 403 else None
        assert next_round is None, "a grid worker walks no rounds"
        look(api, number, seen="finding", code="fire_exit_blocked").raise_for_status()
        look(api, number, point=2, seen="finding", code="hazard").raise_for_status()
        there = {one["rule"]: one for one in api.get("/work-items").json()["items"]}
        assert there["patrol-fire-exit"]["id"] == item["id"], "found again it is the same one"
        assert there["patrol-fire-exit"]["seen"] == 2
        assert there["patrol-hazard"]["place"] == "mall"

        assert worker.post(f"/work-items/{item['id']}/done", json={"text": " "}).status_code == 422
        done = worker.post(f"/work-items/{item['id']}/done", json={"text": "已清通，电话 13900001111"}).json()
        assert (done["state"], done["done"]["username"]) == ("ended", "worker")
        assert done["done"]["text"] == "已清通，电话 13900001111"
        again = api.post(f"/work-items/{item['id']}/done", json={"text": "也看过"}).json()
        assert again["done"] == done["done"], "one that somebody has ended stays as it is"
        assert api.get(f"/work-items/{item['id']}").json() == again
        assert [one["rule"] for one in api.get("/work-items").json()["items"]] == ["patrol-hazard"]

        look(api, number, seen="finding", code="fire_exit_blocked").raise_for_status()
        [fresh] = [one for one in api.get("/work-items").json()["items"] if one["rule"] == "patrol-fire-exit"]
        assert fresh["id"] != item["id"]
        assert fresh["previous"] == item["id"]
    for query in (
        "select note_sealed from patrol_look where note_sealed is not null",
        "select text_sealed from work_item_done",
    ):
        assert b"139" not in bytes(town.one(query)), "sealed"
    assert town.one("select count(*) from audit where act = 'work_item.done'") == 1


def test_a_finding_keeps_the_picture_it_was_made_on(town: Station) -> None:
    add(town)
    taken = datetime.now(UTC) - timedelta(seconds=3)
    picture = {"taken_at": taken.isoformat(), "content": base64.b64encode(JPEG).decode()}
    found = {"seen": "finding", "code": "hazard", "picture": picture}
    with town.api("operator") as api:
        number = begin(api)
        for told, status in (
            ({**found, "seen": "ok", "code": None}, 422),
            ({**found, "point": 2}, 422),
            ({**found, "picture": {**picture, "content": "no base64!"}}, 422),
            ({**found, "picture": {**picture, "content": base64.b64encode(b"GIF89a").decode()}}, 422),
            ({**found, "picture": {**picture, "taken_at": "2026-11-22T08:00:00"}}, 422),
            ({**found, "picture": {"content": picture["content"]}}, 422),
        ):
            assert look(api, number, **told).status_code == status, told
        assert town.one("select count(*) from patrol_look") == 0, "all of it or nothing"
        assert look(api, number).json()["looks"][0]["picture_at"] is None
        answer = look(api, number, **found, client_id="l1")
        assert answer.status_code == 200, answer.text
        told = answer.json()["looks"][1]
        assert datetime.fromisoformat(told["picture_at"]) == taken
        assert len(look(api, number, **found, client_id="l1").json()["looks"]) == 2, "said again it is the same"
        path = f"/patrols/rounds/{number}/looks/{told['id']}/picture"
        seen = api.get(path)
        assert (seen.content, seen.headers["content-type"], seen.headers["cache-control"]) == (
            JPEG, "image/jpeg", "private, no-store",
        )  # fmt: skip
        assert api.get(f"/patrols/rounds/{number}/looks/{told['id'] - 1}/picture").status_code == 404
        other = begin(api, "evening") if api.post(f"/patrols/rounds/{number}/end").is_success else 0
        assert api.get(f"/patrols/rounds/{other}/looks/{told['id']}/picture").status_code == 404, "of another round"
    for user, status in (("officer", 200), ("worker", 403), ("admin", 403), ("auditor", 403)):
        with town.api(user) as api:
            assert api.get(path).status_code == status, user
    audited = "select username from audit where act = 'patrol.picture.seen' and object = %s order by id"
    assert [row["username"] for row in town.rows(audited, f"patrol/round/{number}")] == ["operator", "officer"]
    kept = town.rows("select device_id, content from patrol_picture")
    assert [one["device_id"] for one in kept] == ["camera-1"]
    assert b"JFIF" not in bytes(kept[0]["content"]), "sealed at rest"
    assert base64.b64encode(JPEG) not in bytes(kept[0]["content"])
    town.execute("delete from patrol_round")
    assert town.one("select count(*) from patrol_picture") == 0, "it goes with its round"


def test_a_camera_that_sees_nothing_is_the_cameras_item(town: Station) -> None:
    add(town)
    with town.api("operator") as api:
        look(api, begin(api), seen="finding", code="camera_blind").raise_for_status()
        [item] = api.get("/work-items").json()["items"]
    assert (item["subject"], item["device"], item["priority"]) == ("device:camera-1", "camera-1", "P4")


def test_two_who_find_the_same_at_once_make_one_item(town: Station) -> None:
    add(town)

    def find(username: str) -> int:
        with town.api(username) as api:
            return look(api, begin(api), seen="finding", code="hazard").status_code

    with ThreadPoolExecutor() as at_once:
        assert list(at_once.map(find, ["operator", "officer", "deputy", "commander"])) == [200] * 4
    assert town.one("select count(*) from alert where stream = 'work_item'") == 1
    assert town.one("select seen from alert") == 4


def test_other_work_items_end_by_themselves(town: Station) -> None:
    item = town.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, title, explanation,"
        " first_action, raised_at, last_event_at) values (%s, 'device-silent', 1, 'device:x', 'work_item', 'P4', %s,"
        " %s, %s, now(), now()) returning id",
        STATION, SAID, EXPLANATION, SAID,
    )  # fmt: skip
    with town.api("operator") as api:
        answer = api.post(f"/work-items/{item}/done", json={"text": "已换电池"})
        assert answer.status_code == 409
        assert "ends by itself" in answer.json()["detail"]
        assert api.get(f"/work-items/{item}").json()["by_hand"] is False


def test_what_is_due_is_told_until_it_is_walked_and_then_missed(town: Station) -> None:
    now = datetime.now(UTC) + timedelta(hours=8)  # the station's wall clock
    passed = (now - timedelta(hours=3)).strftime("%H:%M")
    present_ = (now - timedelta(minutes=1)).strftime("%H:%M")
    add(town, at=[passed, present_], within_min=30)
    with town.api("operator") as api:
        told = route(api)
        assert told["due"] is not None
        assert told["missed"] == [], "it was not there then"
        town.execute("update patrol_route set made_at = now() - interval '4 hours'")
        assert len(route(api)["missed"]) == 1
        number = begin(api)
        look(api, number)
        assert route(api)["due"] is not None
        look(api, number, point=2)
        api.post(f"/patrols/rounds/{number}/end").raise_for_status()
        told = route(api)
        assert told["due"] is None
        assert told["last"]["state"] == "done"
        assert datetime.fromisoformat(told["next"]) > datetime.now(UTC)


def test_looks_count_in_the_month_each_point_once(town: Station) -> None:
    add(town)

    def looks() -> float:
        with town.api("officer") as api:
            told = api.get("/records/officer").json()["inputs"]
            return float(next(one["value"] for one in told if one["code"] == "looks"))

    before = looks()
    with town.api("officer") as api:
        number = begin(api)
        look(api, number)
        look(api, number)
        look(api, number, point=2)
    assert looks() == before + 2
