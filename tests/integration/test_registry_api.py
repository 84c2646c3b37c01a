"""The registry over the API: who may change what, by which checks, with which trail; sheets and the policy."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import msgspec
import openpyxl
import pytest

from gateway.model.policy import Policy
from gateway.registering.site import SiteUser
from tests.station import Station, make_site, now_text

GRID = "grid-1"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=3)
    site = msgspec.structs.replace(site, users=[*site.users, SiteUser("local", "分管", "admin", areas=[GRID])])
    running = Station(tmp_path_factory.mktemp("registry"), site)
    running.policy = Policy()
    try:
        running.start_stores().start_api()
        yield running
    finally:
        running.close()


def version(town: Station) -> int:
    return int(town.one("select registry_version from station"))


def trail(town: Station, what: str) -> list[dict[str, Any]]:
    return town.rows("select username, act, detail from audit where object = %s order by id", what)


def test_an_area_a_place_and_a_device_come_change_and_go(town: Station) -> None:
    with town.api("admin") as api:
        before = version(town)
        area = {"id": "fair", "kind": "special_grid", "name": "庙会", "parent": GRID}
        assert api.post("/areas", json=area).status_code == 201
        gcj = {"id": "stage", "kind": "duty_room", "area": "fair", "name": "戏台", "lat": 39.908692, "lon": 116.397477}
        place = api.post("/places", json=gcj | {"coordinates": "gcj02"}).json()
        assert abs(place["lat"] - 39.908692) > 0.001, "made WGS-84"
        device = api.post(
            "/devices", json={"id": "stage-cam", "kind": "camera", "place": "stage", "name": "相机"}
        ).json()
        secret = device.pop("secret")
        assert len(secret) > 20
        assert version(town) == before + 3
        ingest = {"id": "e1", "ts": now_text(), "kind": "camera.person", "data": {}}
        told = httpx.post(
            f"{town.url}/api/v1/ingest", params={"lane": "event"}, json=ingest, auth=("stage-cam", secret), timeout=10
        )
        assert told.status_code in {202, 422}, told.text
        assert httpx.post(f"{town.url}/api/v1/ingest", json=ingest, auth=("stage-cam", "wrong")).status_code == 401

        refused = api.delete("/places/stage")
        assert refused.status_code == 409
        assert "device stage-cam" in refused.json()["detail"]
        assert api.delete("/areas/fair").status_code == 409

        changed = api.patch("/devices/stage-cam", json={"name": "新名"}).json()
        assert changed == device | {"name": "新名"}
        same = version(town)
        assert api.put("/devices/stage-cam", json=changed).json() == changed
        assert version(town) == same, "nothing differs, nothing is written"
        assert api.put("/places/stage", json={"kind": "street", "area": GRID, "name": "路"}).json()["lat"] is None
        assert [row["act"] for row in trail(town, "device/stage-cam")] == ["device.add", "device.change"]
        detail = trail(town, "device/stage-cam")[1]["detail"]
        assert (detail["before"]["name"], detail["after"]["name"]) == ("相机", "新名")
        assert secret not in str(town.rows("select * from audit")) + str(town.rows("select * from device"))

        for path in ("/devices/stage-cam", "/places/stage", "/areas/fair"):
            assert api.delete(path).status_code == 204
            assert api.delete(path).status_code == 404
        assert town.one("select count(*) from device where id = 'stage-cam'") == 0


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/devices", {"id": "d", "kind": "sonar", "place": "mall", "name": "x"}, "'sonar' is none of"),
        ("/devices", {"id": "d", "kind": "camera", "place": "moon", "name": "x"}, "no place here"),
        (
            "/devices",
            {"id": "d", "kind": "camera", "place": "mall", "name": "x", "via": "door-1"},
            "not of kind gateway",
        ),
        ("/devices", {"id": "a b", "kind": "camera", "place": "mall", "name": "x"}, "letters, digits"),
        ("/devices", {"id": "d", "kind": "camera"}, "missing required field"),
        ("/devices", {"id": "d", "kind": "camera", "place": "mall", "name": "x", "colour": 1}, "has no colour"),
        ("/places", {"id": "p", "kind": "flat", "area": GRID, "name": "x", "lat": 91, "lon": 0}, "no point on Earth"),
        ("/places", {"id": "p", "kind": "flat", "area": GRID, "name": "x", "lat": 9}, "together or not at all"),
        ("/places", {"id": "p", "kind": "flat", "area": GRID, "name": "\u0000"}, "a name is a text"),
        ("/areas", {"id": "a", "kind": "beat", "name": "x", "parent": GRID}, "a beat lies in no other area"),
        ("/areas", {"id": 7, "kind": "beat", "name": "x"}, "Expected `str`"),
    ],
)
def test_what_a_file_must_not_say_the_api_refuses(town: Station, path: str, body: dict[str, Any], told: str) -> None:
    before = version(town)
    with town.api("admin") as api:
        answer = api.post(path, json=body)
    assert answer.status_code == 422, answer.text
    assert told in answer.json()["detail"]
    assert version(town) == before


def test_a_circle_cannot_be_made_and_an_id_stays(town: Station) -> None:
    with town.api("admin") as api:
        assert "in a circle" in api.patch("/places/mall", json={"parent": "mall"}).json()["detail"]
        assert api.patch("/places/mall", json={"id": "other"}).status_code == 422
        assert api.post("/places", json={"id": "mall", "kind": "mall", "area": GRID, "name": "x"}).status_code == 409
        assert api.patch("/places/nowhere", json={"name": "x"}).status_code == 404


@pytest.mark.parametrize("user", ["operator", "officer", "auditor", "commander", "local"])
def test_who_may_change_what(town: Station, user: str) -> None:
    place = {"id": f"of-{user}", "kind": "street", "area": GRID, "name": "街"}
    with town.api(user) as api:
        may = api.post("/places", json=place).status_code
        assert may == (201 if user == "commander" else 403)
        for answer in (
            api.post("/areas", json={}), api.put("/areas/grid-1", json={}), api.delete("/areas/grid-1"),
            api.post("/devices", json={}), api.patch("/devices/door-1", json={}), api.delete("/devices/door-1"),
            api.post("/registry/sheets", params={"kind": "devices"}, content=b"x"),
        ):  # fmt: skip
            assert answer.status_code == 403, "an administrator of some areas does not change the station"
    assert town.one("select count(*) from area") == 2
    assert town.one("select count(*) from device") == len(town.site.devices)


def test_nobody_without_a_session(town: Station) -> None:
    assert httpx.delete(f"{town.url}/api/v1/devices/door-1").status_code == 401
    assert httpx.put(f"{town.url}/api/v1/policy", json={}).status_code == 401


# ── policy ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_policy_is_set_checked_and_noted(town: Station) -> None:
    with town.api("commander") as api:
        told = api.get("/policy").json()
        assert msgspec.convert(told, Policy) == Policy()
        answer = api.put("/policy", json=told | {"quiet_hours": "22:00-06:30"}).json()
        assert answer["changed"] == {"quiet_hours": ["", "22:00-06:30"]}
        assert api.get("/policy").json()["quiet_hours"] == "22:00-06:30"
        before = version(town)
        assert api.put("/policy", json={"quiet_hours": "22:00-06:30"}).json()["changed"] == {}
        assert version(town) == before
        wrong = api.put("/policy", json={"deadlines": {"P9": {}}, "buckets": {"sign": [3, 2]}, "supervised_after": 0})
        assert wrong.status_code == 422
        for part in ("'P9' is none of P1, P2, P3, P4", "each larger than the one before", "from 1 to 100"):
            assert part in wrong.json()["detail"]
    assert trail(town, "policy")[-1]["detail"] == {"changed": {"quiet_hours": ["", "22:00-06:30"]}}
    with town.api("operator") as api:
        assert api.get("/policy").status_code == 200
        assert api.put("/policy", json={}).status_code == 403
    with town.api("auditor") as api:
        assert api.get("/policy").status_code == 403


# ── sheets ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def book(*rows: list[Any]) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def test_a_sheet_of_residents_all_or_none(town: Station) -> None:
    header = ["编号", "姓名", "住址", "独居", "无活动时限(小时)"]
    good = ["p-50", "表中甲", "东街1号楼001", "是", 18]
    bad = ["p-51", "表中乙", "月球", "也许", None]
    with town.api("admin") as api:

        def send(content: bytes, **asked: Any) -> httpx.Response:
            return api.post("/registry/sheets", params={"kind": "persons", **asked}, content=content)

        refused = send(book(header, good, bad))
        assert refused.status_code == 422
        assert {(one["row"], one["column"]) for one in refused.json()["problems"]} == {
            (3, "住址/place"), (3, "独居/lives_alone")
        }  # fmt: skip
        assert all(set(one["wrong"]) == {"zh", "en"} for one in refused.json()["problems"])
        assert town.one("select count(*) from person where id in ('p-50', 'p-51')") == 0
        back = send(book(header, good, bad), report="xlsx")
        cells = list(openpyxl.load_workbook(io.BytesIO(back.content)).active.values)
        assert cells[0][-1] == "问题/problem"
        assert not cells[1][-1]
        assert "月球" in str(cells[2][-1])
        dry = send(book(header, good), dry_run=True).json()
        assert (dry["added"], dry["written"]) == (1, False)
        told = send(book(header, good, bad), good_rows=True).json()
        assert (told["added"], told["written"], len(told["problems"])) == (1, True, 2)
        form = api.post("/registry/sheets", params={"kind": "persons"}, files={"file": ("s.xlsx", book(header, good))})
        assert form.json()["changed"] == 0
        assert send(b"x" * 6_000_000).status_code == 422
        assert api.post("/registry/sheets", params={"kind": "dogs"}, content=b"x").status_code == 422
    assert town.rows("select place_id, care from person where id = 'p-50'") == [
        {"place_id": "flat-1", "care": {"lives_alone": True, "silence_limit_s": 64800}}
    ]
    [noted] = town.rows("select username, detail from audit where act = 'registry.sheet'")
    assert noted["username"] == "admin"
    assert noted["detail"] == {"kind": "persons", "rows": 2, "added": 1, "changed": 0, "left_out": 1}
    assert "表中" not in str(town.rows("select detail from audit"))
