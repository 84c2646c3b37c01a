"""The screen on the wall: what gets it in, what it sees of whom, and what ends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
import pytest
from psycopg.types.json import Jsonb

from gateway.accounts.walls import LASTS, PREFIX, hashed
from tests.station import SAID, Station, make_site


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("town"), make_site(3))
    try:
        running.start_stores()
        running.start_api()
        yield running
    finally:
        running.close()


#: What a wall reads where a sentence might name somebody.
NOTHING = {"zh": "", "en": ""}


def made(town: Station, username: str = "commander", **body: Any) -> dict[str, Any]:
    with town.api(username) as api:
        answer = api.post("/walls", json={"label": "指挥室大屏", **body})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def entered(town: Station, token: str) -> httpx.Response:
    return httpx.post(f"{town.url}/api/v1/auth/wall", json={"token": token}, timeout=15)


@contextmanager
def looking(town: Station, wall: dict[str, Any]) -> Iterator[httpx.Client]:
    """A browser that has exchanged the token for its cookie."""
    with httpx.Client(base_url=f"{town.url}/api/v1", timeout=15) as client:
        answer = client.post("/auth/wall", json={"token": wall["token"]})
        assert answer.status_code == 200, answer.text
        assert "HttpOnly" in answer.headers["set-cookie"]
        assert f"Max-Age={int(LASTS.total_seconds())}" in answer.headers["set-cookie"]
        yield client


def alert(town: Station, subject: str) -> int:
    return int(town.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, area_id, person_id, title,"
        " explanation, first_action, events, raised_at, last_event_at) values (%s, 'own', 1, %s, 'alert', 'P2',"
        " 'grid-1', 'p-1', %s, %s, %s, %s, now(), now()) returning id",
        town.id, subject, SAID,
        Jsonb({"rule": "own", "version": 1, "summary": {"zh": "card:7f3a 连续刷卡", "en": "card:7f3a again and again"},
               "limit": "3", "limit_source": None, "prevented_by": {}, "facts": {"credential": "card:7f3a"}}),
        SAID, Jsonb(["door-1/e1"]),
    ))  # fmt: skip


def test_a_token_is_told_once_and_kept_as_a_hash(town: Station) -> None:
    wall = made(town, areas=["grid-1"])
    assert wall["token"].startswith(PREFIX)
    (row,) = town.rows("select * from wall where id = %s", wall["id"])
    assert (row["token_sha256"], row["made_by"]) == (hashed(wall["token"]), "commander")
    assert wall["token"] not in json.dumps(row, default=str)
    with looking(town, wall) as screen, town.api("admin") as api:
        me = screen.get("/me").json()
        assert (me["role"], me["name"], me["areas"]) == ("wall", "指挥室大屏", ["grid-1"])
        (told,) = [one for one in api.get("/walls").json()["items"] if one["id"] == wall["id"]]
        assert (told["label"], told["areas"], told["made_by"]) == ("指挥室大屏", ["grid-1"], "commander")
        assert told["used_at"] is not None
        assert "token" not in json.dumps(told)
    (line,) = town.rows("select * from audit where act = 'wall.make' and object = %s", f"wall/{wall['id']}")
    assert (line["username"], wall["token"] in json.dumps(line["detail"])) == ("commander", False)
    with town.api("admin") as api:
        assert api.post("/walls", json={"label": "x", "areas": ["nowhere"]}).status_code == 422
        assert api.post("/walls", json={"label": " "}).status_code == 422


def test_of_nobody_it_learns_anything(town: Station) -> None:
    card, door = alert(town, "credential:card:7f3a"), alert(town, "device:door-1")
    incident = town.one(
        "insert into incident (station_id, priority, area_id, person_id, category, opened_by, title, detail, opened_at,"
        " changed_at, ladder) values (%s, 'P2', 'grid-1', 'p-1', 'care', 'officer', %s, %s, now(), now(), '[]')"
        " returning id", town.id, SAID, Jsonb({"dispute": {"parties": 3}}),
    )  # fmt: skip
    with looking(town, made(town)) as screen:
        alerts = screen.get("/alerts").json()["items"]
        shown = {one["id"]: one for one in alerts}
        assert (shown[card]["subject"], shown[card]["explanation"]["summary"]) == ("credential", NOTHING)
        assert (shown[door]["subject"], shown[door]["explanation"]["summary"] != NOTHING) == ("device:door-1", True)
        for one in shown.values():
            assert (one["person"], one["events"], one["explanation"]["facts"]) == (None, [], {})
        (seen,) = [one for one in screen.get("/incidents").json()["items"] if one["id"] == incident]
        assert (seen["person"], seen["detail"], seen["opened_by"]) == (None, {}, None)
        assert "7f3a" not in json.dumps(shown[card])
        assert "p-1" not in json.dumps([alerts, seen])
        assert screen.get("/alerts", params={"person": "p-1"}).status_code == 403
        assert screen.get("/stats/clocks", params={"by": "officer"}).status_code == 403
        for path in (f"/incidents/{incident}", f"/alerts/{card}", "/events", "/persons", "/audit", "/users", "/duty"):
            assert screen.get(path).status_code == 403, path
        assert screen.post(f"/alerts/{door}/ack").status_code == 403
    with town.api("operator") as api:
        (whole,) = [one for one in api.get("/alerts").json()["items"] if one["id"] == card]
        assert (whole["person"], whole["explanation"]["facts"]) == ("p-1", {"credential": "card:7f3a"})


def test_the_stream_is_as_silent_about_people(town: Station) -> None:
    with town.api() as api, looking(town, made(town)) as screen, screen.stream("GET", "/stream") as stream:
        lines = stream.iter_lines()
        assert any(line == "event: hello" for line in lines)
        number = alert(town, "person:p-1")
        shelf = api.post(f"/alerts/{number}/shelve", json={"minutes": 5, "reason": "住院"})
        assert shelf.status_code < 300, shelf.text
        assert api.post(f"/alerts/{number}/ack").status_code == 200
        frames: list[str] = []
        for line in lines:
            frames.append(line)
            if line.startswith("data:") and json.loads(line[5:]).get("acknowledged"):
                break
    told = "\n".join(frames)
    assert "event: alert" in told
    assert "event: shelf" not in told
    assert "p-1" not in told
    assert "7f3a" not in told


def test_it_does_not_go_idle_and_ends_after_thirty_days(town: Station) -> None:
    wall = made(town)
    with looking(town, wall) as screen:
        aged = "update wall_session set created_at = now() - %s * interval '1 day', used_at = now() - interval '9 days'"
        town.execute(f"{aged} where wall_id = %s", LASTS.days - 1, wall["id"])
        assert screen.get("/alerts").status_code == 200
        town.execute(f"{aged} where wall_id = %s", LASTS.days + 1, wall["id"])
        answer = screen.get("/alerts")
        assert (answer.status_code, "30 days" in answer.json()["detail"]) == (401, True)
        assert town.one("select count(*) from wall_session where wall_id = %s", wall["id"]) == 0
    with looking(town, wall) as screen:
        assert screen.get("/alerts").status_code == 200, "the token opens the next one"
        assert screen.post("/auth/logout").status_code == 204
        assert screen.get("/alerts").status_code == 401


def test_it_ends_with_the_wall(town: Station) -> None:
    wall = made(town)
    with looking(town, wall) as screen, town.api("admin") as api:
        assert screen.get("/places").status_code == 200
        assert api.delete(f"/walls/{wall['id']}").status_code == 204
        assert api.delete(f"/walls/{wall['id']}").status_code == 404
        assert screen.get("/places").status_code == 401
    assert entered(town, wall["token"]).status_code == 401


def test_a_wrong_token_is_written_down_and_too_many_are_not(town: Station) -> None:
    wall, tried = (
        made(town),
        "select count(*) from audit where act = 'login.failed' and detail->>'wrong' = 'wall token'",
    )
    town.execute("delete from wall_try")
    before, limit = town.one(tried), 5
    for _ in range(limit):
        assert entered(town, "wall_made-up").status_code == 401
    for _ in range(3):
        assert entered(town, "wall_made-up").status_code == 403
    assert town.one(tried) == before + limit
    assert entered(town, wall["token"]).status_code == 200, "whoever hangs up a screen is not locked out by strangers"
    town.execute("update wall_try set locked_until = now() - interval '1 second'")
    assert entered(town, "wall_made-up").status_code == 401
    assert town.one("select failed from wall_try") == 1


def test_a_users_session_is_no_walls(town: Station) -> None:
    with town.api("officer") as api:
        assert api.get("/walls").status_code == 403
        assert api.post("/walls", json={"label": "x"}).status_code == 403
