"""What the console's map is drawn from: shapes of areas, plans of places, the base map of the customer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from gateway.doctor import machine
from gateway.registering.coordinates import to_wgs84
from gateway.registering.site import SiteUser
from gateway.settings import Settings
from tests.reach import PICTURE
from tests.station import Station, make_site

RING = [[109.10, 33.14], [109.12, 33.14], [109.12, 33.17], [109.10, 33.17], [109.10, 33.14]]
TILES = b"PMTiles\x03" + bytes(range(256)) * 8
SHAPE: dict[str, Any] = {"type": "Polygon", "coordinates": [RING]}


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=1)
    site = msgspec.structs.replace(site, users=[*site.users, SiteUser("elsewhere", "外", "operator", areas=["grid-9"])])
    site = msgspec.structs.replace(
        site, areas=[*site.areas, msgspec.structs.replace(site.areas[1], id="grid-9", name="别处网格")]
    )
    home = tmp_path_factory.mktemp("map")
    running = Station(home, site)
    (home / "county.pmtiles").write_bytes(TILES)
    running.settings |= {"ANXIN_MAP_TILES": str(home / "county.pmtiles"), "ANXIN_MAP_ATTRIBUTION": "© 某县"}
    try:
        running.start_stores().start_api()
        yield running
    finally:
        running.close()


def area_of(api: Any, area: str) -> dict[str, Any]:
    return next(one for one in api.get("/areas").json()["items"] if one["id"] == area)


def test_an_area_has_a_shape_and_lets_go_of_it(town: Station) -> None:
    with town.api("admin") as admin, town.api("officer") as officer:
        assert area_of(officer, "grid-1")["shape"] is None
        assert admin.patch("/areas/grid-1", json={"shape": SHAPE}).json()["shape"] == SHAPE
        assert area_of(officer, "grid-1")["shape"] == SHAPE
        assert admin.patch("/areas/grid-1", json={"name": "东街网格"}).json()["shape"] == SHAPE, "it stays"
        told = admin.patch("/areas/grid-1", json={"shape": SHAPE, "coordinates": "gcj02"}).json()["shape"]
        lat, lon = to_wgs84(33.14, 109.10, "gcj02")
        assert told["coordinates"][0][0] == [lon, lat]
        wrong = {"type": "Polygon", "coordinates": [RING[:4]]}
        answer = admin.patch("/areas/grid-1", json={"shape": wrong})
        assert answer.status_code == 422
        assert "not closed" in answer.json()["detail"]
        assert admin.patch("/areas/grid-1", json={"shape": None}).json()["shape"] is None


def test_a_plan_is_laid_seen_by_its_tag_and_taken_away(town: Station) -> None:
    two = "33.16,109.10;33.15,109.11"
    with town.api("admin") as admin, town.api("officer") as officer:
        assert officer.get("/places/mall/plan").status_code == 404
        assert admin.put("/places/nowhere/plan", params={"corners": two}, content=PICTURE).status_code == 404
        laid = admin.put("/places/mall/plan", params={"corners": two}, content=PICTURE).json()
        assert laid["corners"] == [[33.16, 109.10], [33.15, 109.11]]
        listed = {one["id"]: one["plan"] for one in officer.get("/places").json()["items"]}
        assert listed["mall"] == laid
        assert listed["school-1"] is None
        seen = officer.get("/places/mall/plan")
        assert seen.content == PICTURE
        assert seen.headers["Content-Type"] == "image/png"
        assert "sandbox" in seen.headers["Content-Security-Policy"]
        again = officer.get("/places/mall/plan", headers={"If-None-Match": seen.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        kept = town.one("select content from place_plan")
        assert PICTURE not in bytes(kept), "sealed"
        turned = f"{two};33.14,109.105"
        other = admin.put("/places/mall/plan", params={"corners": turned}, content=PICTURE + b"more").json()
        assert other["version"] != laid["version"]
        assert len(other["corners"]) == 3
        fresh = officer.get("/places/mall/plan", headers={"If-None-Match": seen.headers["ETag"]})
        assert fresh.content == PICTURE + b"more"
        assert officer.delete("/places/mall/plan").status_code == 403
        assert admin.delete("/places/mall/plan").status_code == 204
        assert officer.get("/places/mall/plan").status_code == 404
    acts = [row["act"] for row in town.rows("select act from audit where object = 'place/mall' order by id")]
    assert acts == ["place.plan", "place.plan", "place.plan.remove"]


@pytest.mark.parametrize(
    ("corners", "content", "why"),
    [
        ("33.16,109.10", PICTURE, "corners are lat,lon"),
        ("33.16,109.10;here", PICTURE, "corners are lat,lon"),
        ("109.10,33.16;109.11,33.15", PICTURE, "latitude stands first"),
        ("33.15,109.11;33.16,109.10", PICTURE, "north-west"),
        ("33.15,109.10;33.16,109.11;33.17,109.12", PICTURE, "one line"),
        ("33.16,109.10;nan,109.11", PICTURE, "no point on Earth"),
        ("33.16,109.10;33.15,109.11", b"<svg onload=alert(1)>", "no picture"),
        ("33.16,109.10;33.15,109.11", PICTURE + bytes(8 * 1024 * 1024), "8388608 bytes"),
    ],
)
def test_what_is_wrong_with_a_plan_is_said(town: Station, corners: str, content: bytes, why: str) -> None:
    with town.api("commander") as api:
        answer = api.put("/places/mall/plan", params={"corners": corners}, content=content)
        assert answer.status_code == 422
        assert why in answer.json()["detail"]


def test_plans_corners_of_other_systems_are_made_wgs84_and_go_with_their_place(town: Station) -> None:
    with town.api("admin") as api:
        api.post("/places", json={"id": "hall", "kind": "hall", "area": "grid-1", "name": "礼堂"}).raise_for_status()
        two = {"corners": "33.16,109.10;33.15,109.11", "coordinates": "gcj02"}
        told = api.put("/places/hall/plan", params=two, content=PICTURE).json()
        assert tuple(told["corners"][0]) == to_wgs84(33.16, 109.10, "gcj02")
        assert api.delete("/places/hall").status_code == 204
    assert town.rows("select from place_plan where place_id = 'hall'") == []


def tiles(town: Station, api: httpx.Client, method: str = "GET", **headers: str) -> httpx.Response:
    asked = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.request(method, f"{town.url}/map/base.pmtiles", headers=asked)


def test_the_base_map_is_told_of_with_what_lies_within_reach(town: Station) -> None:
    with town.api("admin") as admin, town.api("officer") as officer, town.api("elsewhere") as elsewhere:
        told = officer.get("/map").json()
        assert told["tiles"] == "/map/base.pmtiles"
        assert told["attribution"] == "© 某县"
        assert told["bounds"] == {"south": 33.15, "west": 109.1, "north": 33.16, "east": 109.11}, "of the places"
        assert told["centre"] == {"lat": pytest.approx(33.155), "lon": pytest.approx(109.105)}
        nowhere = elsewhere.get("/map").json()
        assert (nowhere["bounds"], nowhere["centre"]) == (None, None)
        admin.patch("/areas/grid-9", json={"shape": SHAPE}).raise_for_status()
        wider = {"south": 33.14, "west": 109.1, "north": 33.17, "east": 109.12}
        assert elsewhere.get("/map").json()["bounds"] == wider
        assert officer.get("/map").json()["bounds"] == wider, "shapes and places"


def test_the_base_map_is_read_in_ranges(town: Station) -> None:
    with town.api("officer") as api:
        whole = tiles(town, api)
        assert (whole.status_code, whole.content) == (200, TILES)
        assert whole.headers["Accept-Ranges"] == "bytes"
        tag = whole.headers["ETag"]
        part = tiles(town, api, Range="bytes=0-6")
        assert (part.status_code, part.content) == (206, b"PMTiles")
        assert part.headers["Content-Range"] == f"bytes 0-6/{len(TILES)}"
        assert tiles(town, api, Range="bytes=-4").content == TILES[-4:]
        assert tiles(town, api, Range="bytes=100-", If_Range=tag).content == TILES[100:]
        changed = tiles(town, api, Range="bytes=0-6", If_Range='"another file"')
        assert (changed.status_code, changed.content) == (200, TILES)
        beyond = tiles(town, api, Range=f"bytes={len(TILES)}-")
        assert beyond.status_code == 416
        assert beyond.headers["Content-Range"].endswith(f"*/{len(TILES)}")
        head = tiles(town, api, "HEAD")
        assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(TILES)))


def test_the_base_map_is_for_whoever_is_logged_in(town: Station) -> None:
    assert httpx.get(f"{town.url}/map/base.pmtiles", timeout=10).status_code == 401


def test_a_base_map_that_is_gone_is_not_told_of(town: Station) -> None:
    file = town.home / "county.pmtiles"
    file.rename(town.home / "away")
    try:
        with town.api("officer") as api:
            told = api.get("/map").json()
            assert (told["tiles"], told["attribution"]) == (None, None)
            answer = tiles(town, api)
            assert answer.status_code == 404
            assert "ANXIN_MAP_TILES" in answer.json()["detail"]
    finally:
        (town.home / "away").rename(file)


def test_the_doctor_looks_at_the_base_map(tmp_path: Path) -> None:
    def told(path: Path | None) -> list[str]:
        found = machine.look(Settings(home=tmp_path, map_tiles=path))
        return [f"{one.level} {one.detail}" for one in found if one.name == "base map"]

    file = tmp_path / "a.pmtiles"
    assert told(None) == []
    assert told(file)[0].startswith("BAD")
    file.write_bytes(b"PK zip")
    assert told(file)[0].startswith("BAD")
    file.write_bytes(TILES)
    assert told(file)[0].startswith("ok")


def test_whoever_sends_people_sees_where_those_on_duty_are(town: Station) -> None:
    def tread(username: str, ago: str, lat: float) -> None:
        town.execute(
            "insert into footprint (station_id, username, at, kind, lat, lon, client_id)"
            " values (%s, %s, now() - %s::interval, 'position', %s, 109.1, gen_random_uuid()::text)",
            town.id, username, ago, lat,
        )  # fmt: skip

    tread("officer", "20 minutes", 33.11)
    tread("officer", "5 minutes", 33.12)
    tread("deputy", "31 minutes", 33.13)
    tread("operator", "1 minute", 33.14)
    with town.api("operator") as api:
        items = api.get("/duty/positions").json()["items"]
        assert api.get("/duty/positions").status_code == 200
    told = {one["user"]: one for one in items}
    assert set(told) == {"officer", "deputy", "commander"}, "those on duty and nobody else"
    officer = told["officer"]
    assert (officer["lat"], officer["lon"], officer["where"]) == (33.12, 109.1, "footprint")
    assert 300 <= officer["age_s"] < 420
    assert {"area": "grid-1", "duty_as": "officer"} in officer["duties"]
    assert (told["deputy"]["lat"], told["deputy"]["where"], told["deputy"]["age_s"]) == (None, None, None), "too old"
    seen = town.rows("select username, detail from audit where act = 'positions.seen'")
    assert seen == [{"username": "operator", "detail": {"areas": None}}], "one line, not one for each look"
    town.execute("alter table audit disable trigger all")
    town.execute("update audit set at = at - interval '61 minutes' where act = 'positions.seen'")
    town.execute("alter table audit enable trigger all")
    with town.api("operator") as api, town.api("officer") as one, town.api("admin") as admin:
        api.get("/duty/positions").raise_for_status()
        assert one.get("/duty/positions").status_code == 403
        assert admin.get("/duty/positions").status_code == 403
    assert len(town.rows("select from audit where act = 'positions.seen'")) == 2


def test_a_guard_is_where_their_shift_is(town: Station) -> None:
    shift = {"id": "gate", "duty_as": "guard", "people": ["deputy"], "place": "school-1", "area": "grid-1"}
    with town.api("admin") as api:
        duty = [{"area": "beat-1", "officer": "officer", "commander": "commander"}]
        duty.append({"area": "grid-9", "officer": "officer"})
        api.put("/duty", json={"duty": duty, "shifts": [shift]}).raise_for_status()
    with town.api("commander") as api:
        told = {one["user"]: one for one in api.get("/duty/positions").json()["items"]}
    assert told["deputy"]["where"] == "shift"
    assert (told["deputy"]["lat"], told["deputy"]["lon"]) == (33.15, 109.1)
    assert told["deputy"]["duties"] == [{"area": "grid-1", "duty_as": "guard"}]
    with town.api("elsewhere") as api:
        told = {one["user"]: one["duties"] for one in api.get("/duty/positions").json()["items"]}
    assert told.keys() == {"officer", "commander"}, "the guard stands in another area"
    assert {duty["area"] for duties in told.values() for duty in duties} == {"grid-9"}
