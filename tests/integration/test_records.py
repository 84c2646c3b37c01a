"""Footprints and months of officers and beats over HTTP, computed by hand from `tests/month.py`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.clock import VirtualClock
from gateway.model.scope import Scope
from gateway.schedule import Schedule
from gateway.settings import Settings
from gateway.store import footprints
from gateway.store.pool import connect
from tests.month import at, start
from tests.station import SEALER, Station

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    station = start(tmp_path_factory.mktemp("records"))
    october(station)
    try:
        yield station
    finally:
        station.close()


def october(station: Station) -> None:
    """Footprints of October: by (who, day, kind, area, place, person)."""
    for number, (username, day, kind, area, place, person) in enumerate((
        ("officer", "05", "visit", "grid-1", "flat-1", None),
        ("officer", "06", "visit", "grid-1", "flat-1", "p-1"),
        ("officer", "07", "visit", "grid-1", "school-1", None),
        ("officer", "08", "patrol", "grid-1", None, None),
        ("officer", "08", "look", "grid-1", "mall", None),
        ("officer", "08", "position", None, None, None),
        # A call on the one without care at flat-2 is none on the one under care there.
        ("deputy", "09", "visit", "grid-1", "flat-2", "p-4"),
        ("grid", "10", "visit", "grid-2", "cottage", "p-3"),
    )):  # fmt: skip
        station.execute(
            "insert into footprint (station_id, username, at, kind, area_id, place_id, person_id, lat, lon, client_id)"
            " values (%s, %s, %s, %s, %s, %s, %s, 33.1, 109.1, %s)",
            station.id, username, at(f"2026-10-{day} 12:00"), kind, area, place, person, f"october-{number}",
        )  # fmt: skip


def said(number: int, kind: str = "visit", **more: Any) -> dict[str, Any]:
    return {"client_id": f"c-{number}", "kind": kind, "at": NOW.isoformat(), **more}


def hand_in(town: Station, *items: dict[str, Any], username: str = "officer") -> list[dict[str, Any]]:
    with town.api(username) as api:
        answer = api.post("/footprints", json={"items": items})
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["items"]
    return told


def stored(town: Station, client_id: str, username: str = "officer") -> dict[str, Any]:
    (row,) = town.rows("select * from footprint where client_id = %s and username = %s", client_id, username)
    return row


# ── footprints ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_batch_is_taken_once_however_often_it_is_said(town: Station) -> None:
    batch = [
        said(1, place="mall", note="店主说一切正常", lat=33.16, lon=109.11),
        said(2, "position", lat=33.15, lon=109.1),
        said(3, person="p-1"),
        said(4, "patrol", incident=1),
    ]
    first = hand_in(town, *batch)
    assert [(one["client_id"], one["new"]) for one in first] == [
        ("c-1", True),
        ("c-2", True),
        ("c-3", True),
        ("c-4", True),
    ]
    again = hand_in(town, *reversed(batch))
    assert [one["id"] for one in again] == [one["id"] for one in reversed(first)]
    assert not any(one.get("new") for one in again)
    assert town.one("select count(*) from footprint where client_id like 'c-_'") == 4
    visit = stored(town, "c-1")
    assert (visit["area_id"], visit["place_id"]) == ("grid-1", "mall")
    assert (visit["at"], visit["client_at"]) == (NOW, NOW)
    assert "正常".encode() not in bytes(visit["note_sealed"])
    assert SEALER.unseal(bytes(visit["note_sealed"]), f"footprint.note/{town.id}/officer/c-1") == "店主说一切正常"
    assert (stored(town, "c-3")["place_id"], stored(town, "c-3")["area_id"]) == ("flat-1", "grid-1"), "where they live"
    assert stored(town, "c-4")["area_id"] == "grid-1", "where the incident is"


def test_two_phones_may_use_the_same_id(town: Station) -> None:
    hand_in(town, said(10, place="mall"))
    assert hand_in(town, said(10, place="market"), username="deputy")[0]["new"] is True


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"kind": "nap", "place": "mall"}, "kind"),
        ({"place": "nowhere"}, "no place nowhere"),
        ({"person": "nobody"}, "no person nobody"),
        ({"place": "mall", "incident": 999_999}, "no incident 999999"),
        ({}, "a place or a person"),
        ({"kind": "position"}, "lat and lon"),
        ({"kind": "patrol"}, "lat and lon"),
        ({"kind": "position", "lat": 33.0}, "come together"),
        ({"kind": "position", "lat": 109.1, "lon": 33.1}, "lat"),
        ({"place": "mall", "lat": 0, "lon": 181}, "lon"),
        ({"place": "mall", "at": "2026-11-01T08:00:00"}, "at"),
        ({"place": "mall", "note": "x" * 2001}, "note"),
        ({"place": "ma\x00ll"}, "place"),
        ({"place": "mall", "client_id": ""}, "client_id"),
        ({"place": "mall", "score": 5}, "score"),
        ({"place": "mall", "incident": 2**63}, "incident"),
    ],
)
def test_one_that_cannot_be_taken_keeps_no_other_waiting(town: Station, wrong: dict[str, Any], why: str) -> None:
    before, bad, after = hand_in(town, said(20, place="mall"), said(21) | wrong, said(22, place="mall"))
    assert before["id"]
    assert after["id"]
    assert why in bad["refused"]
    assert "id" not in bad


def test_more_than_two_hundred_are_too_many(town: Station) -> None:
    with town.api("officer") as api:
        assert api.post("/footprints", json={"items": [said(n, place="mall") for n in range(201)]}).status_code == 422
        assert api.post("/footprints", json={"items": []}).json() == {"items": []}


def test_a_phone_with_a_wild_clock_was_there_when_it_said_so(town: Station) -> None:
    hand_in(
        town,
        said(30, place="mall") | {"at": "2031-01-01T00:00:00Z"},
        said(31, place="mall") | {"at": (NOW - timedelta(days=6)).isoformat()},
        said(32, place="mall") | {"at": (NOW - timedelta(days=8)).isoformat()},
        said(33, place="mall") | {"at": "0001-01-01T00:00:00Z"},
    )
    assert abs(stored(town, "c-30")["at"] - datetime.now(UTC)) < timedelta(minutes=5)
    assert stored(town, "c-30")["client_at"].year == 2031, "what it said is kept"
    assert stored(town, "c-31")["at"] == NOW - timedelta(days=6), "offline for days"
    assert stored(town, "c-32")["at"] > NOW - timedelta(days=1)
    assert stored(town, "c-33")["client_at"] is None


def test_who_leaves_footprints_and_where(town: Station) -> None:
    for username, status in (("commander", 200), ("grid", 200), ("operator", 403), ("admin", 403), ("auditor", 403)):
        with town.api(username) as api:
            answer = api.post("/footprints", json={"items": [said(40, place="market")]})
        assert answer.status_code == status, username
    refused = hand_in(
        town, said(41, place="mall"), said(42, person="p-1"), said(43, "look", incident=1), username="grid"
    )
    assert all("within your reach" in one["refused"] for one in refused), "another grid's"


def test_footprints_are_seen_by_their_owner_and_audited_for_the_commander(town: Station) -> None:
    hand_in(town, said(50, place="mall", note="门锁已修"))
    month = {"since": (NOW - timedelta(days=1)).isoformat()}
    with town.api("officer") as api:
        mine = api.get("/footprints", params=month).json()["items"]
        assert (mine[0]["client_id"], mine[0]["note"]) == ("c-50", "门锁已修")
        assert api.get("/footprints", params={"username": "deputy"}).status_code == 403
        first, second = (api.get("/footprints", params={**month, "limit": 1}).json(), None)
        second = api.get("/footprints", params={**month, "limit": 1, "before": first["next"]}).json()
        assert second["items"][0]["id"] < first["items"][0]["id"]
    assert town.one("select count(*) from audit where act = 'footprints.read'") == 0, "one's own"
    with town.api("commander") as api:
        assert api.get("/footprints", params={"username": "officer", **month}).json()["items"] == mine
    (line,) = town.rows("select * from audit where act = 'footprints.read'")
    assert (line["username"], line["object"], line["detail"]["count"]) == ("commander", "user/officer", len(mine))
    for username in ("operator", "admin", "auditor", "deputy", "grid"):
        with town.api(username) as api:
            assert api.get("/footprints", params={"username": "officer"}).status_code == 403, username
    with town.api("operator") as api:
        assert api.get("/footprints").status_code == 403, "who leaves none has none"


def test_a_commander_of_one_grid_sees_that_grid_s(town: Station) -> None:
    period = {"since": "2026-10-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}
    with town.api("market-chief") as api:
        assert api.get("/footprints", params={"username": "officer", **period}).json()["items"] == []
        (seen,) = api.get("/footprints", params={"username": "grid", **period}).json()["items"]
    assert (seen["place"], seen["area"]) == ("cottage", "grid-2")


def test_where_everybody_was_last(town: Station) -> None:
    hand_in(town, said(60, "position", lat=1, lon=2) | {"at": (NOW - timedelta(minutes=9)).isoformat()})
    hand_in(town, said(61, "position", lat=3, lon=4), said(62, place="mall"))
    hand_in(town, said(63, place="market", lat=5, lon=6), username="deputy")
    with connect(town.postgres.url, "test") as connection:
        found = footprints.latest(connection, Scope(town.id), ["officer", "deputy", "night"], NOW - timedelta(hours=1))
        assert {name: (one.lat, one.lon) for name, one in found.items()} == {"officer": (3, 4), "deputy": (5, 6)}
        assert found["officer"].at == NOW
        elsewhere = footprints.latest(connection, Scope(town.id, ("grid-1",)), ["deputy"], NOW - timedelta(hours=1))
        assert elsewhere == {}, "what they did in a grid of which one sees nothing"
        assert footprints.latest(connection, Scope(town.id), ["officer"], NOW + timedelta(hours=1)) == {}
        assert footprints.latest(connection, Scope("another"), ["officer"], NOW - timedelta(hours=1)) == {}


def test_after_ninety_days_nobody_knows_where_somebody_was(town: Station) -> None:
    for days, kind in ((91, "position"), (89, "position"), (91, "visit")):
        town.execute(
            "insert into footprint (station_id, username, at, kind, place_id, lat, lon, client_id)"
            " values (%s, 'night', %s, %s, 'mall', 33, 109, %s)",
            town.id, NOW - timedelta(days=days), kind, f"{kind}-{days}",
        )  # fmt: skip
    settings = Settings(database_url=town.postgres.url, station=town.id)  # type: ignore[arg-type]
    with connect(town.postgres.url, "test") as connection:
        Schedule(settings, VirtualClock(NOW)).retire(connection)
    left = {row["client_id"]: row["lat"] for row in town.rows("select * from footprint where username = 'night'")}
    assert left == {"position-89": 33, "visit-91": None}, "visits stay, without where exactly"


# ── records ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def record(town: Station, username: str, as_user: str = "commander", **more: Any) -> Any:
    with town.api(as_user) as api:
        answer = api.get(f"/records/{username}", params={"month": "2026-10", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def values(told: Any) -> dict[str, float | None]:
    return {one["code"]: one["value"] for one in told["inputs"]}


def test_an_officer_s_october(town: Station) -> None:
    told = record(town, "officer")
    assert values(told) == {
        "signed": 5, "sign_median_s": 30, "arrive_median_s": 130, "handled": 2, "closed": 4, "real": 1, "urged": 2,
        "supervised": 1, "visits": 3, "patrols": 1, "looks": 1, "places_visited": 2, "care_visited": 1,
        "care_persons": 2,
    }  # fmt: skip
    assert told["dispositions"] == {"false_human": 1, "nuisance": 1, "real": 1, "unfounded": 1}
    assert (told["name"], told["role"], told["month"]) == ("民警", "officer", "2026-10")


def test_every_input_says_how_it_is_counted_and_what_the_station_has(town: Station) -> None:
    told = record(town, "deputy")
    by_code = {one["code"]: one for one in told["inputs"]}
    assert (by_code["signed"]["value"], by_code["signed"]["station_median"]) == (1, 3.0)
    assert (by_code["sign_median_s"]["value"], by_code["sign_median_s"]["station_median"]) == (200, 115.0)
    assert by_code["care_persons"]["value"] == 3, "deputy of one beat, officer of the other"
    assert by_code["care_visited"]["value"] == 0, "who else lives there is not who is under care"
    for one in told["inputs"]:
        assert one["name"].keys() == one["counted"].keys() == {"zh", "en"}
    assert not {"score", "stars", "rating", "weight"} & (told.keys() | by_code.keys()), "no hidden score"


def test_beats(town: Station) -> None:
    with town.api("officer") as api:
        told = api.get("/records", params={"by": "beat", "month": "2026-10"}).json()
    found = {one["unit"]: one["values"] for one in told["items"]}
    assert found.keys() == {"beat-1", "beat-2"}
    one, two = found["beat-1"], found["beat-2"]
    assert (one["signed"], one["sign_median_s"], one["handled"], one["closed"]) == (4, 25, 2, 4)
    assert (two["signed"], two["sign_median_s"], two["handled"], two["closed"]) == (1, 230, 1, 1), "two signed it"
    assert (one["visits"], one["care_visited"], one["care_persons"]) == (4, 1, 2)
    assert (two["visits"], two["care_visited"], two["care_persons"]) == (1, 1, 1)
    assert told["station_median"] is None


def test_officers_side_by_side_are_the_commander_s(town: Station) -> None:
    with town.api("commander") as api:
        told = api.get("/records", params={"by": "officer", "month": "2026-10"}).json()
    assert {"officer", "deputy", "commander", "grid"} <= {one["unit"] for one in told["items"]}
    assert told["station_median"]["signed"] == 3.0
    assert town.one("select count(*) from audit where act = 'record.read' and object = 'station'") == 1
    for username in ("officer", "operator", "admin", "grid", "auditor"):
        with town.api(username) as api:
            assert api.get("/records", params={"by": "officer"}).status_code == 403, username


def test_one_s_own_record_is_one_s_own(town: Station) -> None:
    town_wide = record(town, "officer", "officer")
    before = town.one("select count(*) from audit where act = 'record.read' and object = 'user/officer'")
    assert values(town_wide) == values(record(town, "officer", "commander"))
    after = town.one("select count(*) from audit where act = 'record.read' and object = 'user/officer'")
    assert after - before == 1, "the commander's look, not one's own"
    for username in ("deputy", "operator", "admin", "auditor", "grid"):
        with town.api(username) as api:
            assert api.get("/records/officer").status_code == 403, username
    with town.api("commander") as api:
        assert api.get("/records/stranger").status_code == 404
        assert api.get("/records/officer", params={"month": "2026-13"}).status_code == 422
        assert api.get("/records/officer", params={"month": "October"}).status_code == 422


def test_a_commander_of_one_grid_sees_what_was_done_there(town: Station) -> None:
    told = values(record(town, "officer", "market-chief"))
    assert (told["signed"], told["visits"], told["care_persons"]) == (1, 0, 0)
    with town.api("market-chief") as api:
        beats = api.get("/records", params={"by": "beat", "month": "2026-10"}).json()["items"]
    assert {one["unit"]: one["values"]["signed"] for one in beats} in ({"beat-2": 1}, {})


def test_records_are_tables_too(town: Station) -> None:
    with town.api("commander") as api:
        for path, head in (("/records", "单位"), ("/records/officer", "代码")):
            answer = api.get(path, params={"month": "2026-10", "format": "csv"})
            assert answer.content.startswith(b"\xef\xbb\xbf")
            rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
            assert rows[0][0] == head
            assert len(rows) > 2
        this_month = api.get("/records/officer").json()["month"]
    assert this_month == (NOW + timedelta(hours=8)).strftime("%Y-%m")
