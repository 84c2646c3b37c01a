"""The roster over HTTP: refused with the gap named, swaps at once, who answers and is nearest, roles and reach."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2 as httpx
import msgspec
import pytest

from gateway.duty.acts import check_site_roster
from gateway.model.duty import Shift
from gateway.model.errors import Misconfigured
from gateway.model.registry import Area, Place
from gateway.registering.site import SiteUser
from gateway.registering.writing import import_site
from gateway.store.pool import connect
from tests.station import SEALER, STATION, Station, make_site

ZONE = ZoneInfo("Asia/Shanghai")
TODAY = datetime.now(ZONE).date()
#: The roster every test begins with: two standing officers, a duty room by turns.
DUTY = [
    {"area": "beat-1", "officer": "officer", "deputy": "deputy", "commander": "commander"},
    {"area": None, "officer": "night-officer", "leader": "commander"},
]
ROOM = {
    "id": "room", "duty_as": "deputy", "people": ["aux-1", "aux-2"], "area": "grid-1", "place": "school-1",
    "since": str(TODAY), "hours": {"from": "00:00", "to": "00:00"},
}  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    site = make_site(doors=1, elders=1)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("beat-2", "beat", "二警务区"), Area("grid-2", "grid", "夜市网格", "beat-2")],
        places=[*site.places, Place("market", "shop", "grid-2", "夜市", 33.2, 109.1)],
        users=[
            *site.users,
            SiteUser("night-officer", "夜班民警", "officer", "phone-night"),
            SiteUser("aux-1", "辅警甲", "officer", "phone-aux-1", auxiliary=True),
            SiteUser("aux-2", "辅警乙", "officer", "phone-aux-2", auxiliary=True),
            SiteUser("mute", "新民警", "officer"),
            SiteUser("worker", "网格员", "grid_worker", areas=["grid-1"]),
            SiteUser("beat-commander", "二区指挥", "commander", "phone-beat", areas=["beat-2"]),
        ],
    )
    running = Station(tmp_path_factory.mktemp("duty"), site)
    try:
        yield running.start_all()
    finally:
        running.close()


@pytest.fixture(autouse=True)
def roster(town: Station) -> None:
    answer = put(town, "admin", duty=DUTY, shifts=[ROOM])
    assert answer.status_code == 200, answer.text
    town.execute("delete from swap")
    town.execute("delete from footprint")


def put(town: Station, username: str, **body: Any) -> httpx.Response:
    with town.api(username) as api:
        return api.put("/duty", json=body)


def ask(town: Station, username: str, path: str, **query: Any) -> httpx.Response:
    with town.api(username) as api:
        return api.get(f"/duty{path}", params=query)


def answers(town: Station, username: str = "operator", **query: Any) -> list[tuple[str, str]]:
    told = ask(town, username, "/now", **query)
    assert told.status_code == 200, told.text
    return [(one["user"], one["duty_as"]) for one in told.json()["answers"]]


def swap(town: Station, username: str, **told: Any) -> httpx.Response:
    body = {"shift": "room", "day": str(TODAY), "instead_of": "aux-1", "by": "deputy", **told}
    with town.api(username) as api:
        return api.post("/duty/swaps", json=body)


def audited(town: Station, act: str) -> list[dict[str, Any]]:
    return town.rows("select username, object, detail from audit where act = %s order by id desc", act)


# ── saving ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_roster_that_leaves_nobody_is_refused_with_the_gap_named_and_nothing_is_changed(town: Station) -> None:
    office = {"days": "workdays", "from": "08:00", "to": "18:00"}
    day = {"id": "day", "duty_as": "officer", "people": ["night-officer"], "area": "beat-2", "hours": office}
    answer = put(town, "commander", duty=DUTY[:1], shifts=[day])
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:anxin:problem:roster_gap")
    assert "夜市网格: nobody from " in problem["detail"]
    assert problem["gaps_total"] == len(problem["gaps"]) > 40
    gap = problem["gaps"][1]
    assert (gap["area"], gap["why"]) == ("grid-2", {"code": "nobody", "people": []})
    assert datetime.fromisoformat(gap["from"]).astimezone(ZONE).strftime("%H:%M") == "18:00"
    assert "无人值班" in gap["said"]["zh"]
    assert [shift["id"] for shift in ask(town, "operator", "").json()["shifts"]] == ["room"]


def test_somebody_without_a_contact_is_nobody(town: Station) -> None:
    answer = put(town, "commander", area="beat-2", duty=[{"area": "beat-2", "officer": "mute"}])
    assert answer.status_code == 200, "the station's own officer is there"
    assert {"no_contact"} <= {doubt["code"] for doubt in answer.json()["doubts"]}
    answer = put(town, "commander", duty=[DUTY[0], {"area": "beat-2", "officer": "mute"}])
    assert answer.status_code == 422
    assert answer.json()["gaps"][0]["why"] == {"code": "unreachable", "people": ["mute"]}


def test_what_cannot_be_is_refused_with_a_sentence_for_each(town: Station) -> None:
    answer = put(
        town, "admin",
        duty=[*DUTY, {"area": "moon", "officer": "nobody"}, {"area": "beat-1", "officer": "officer"}],
        shifts=[ROOM, {**ROOM, "place": "cellar", "people": ["ghost"]}],
    )  # fmt: skip
    assert answer.status_code == 422
    for told in (
        "duty beat-1 stands twice", "shift room stands twice", "duty moon: there is no such area",
        "duty moon: officer 'nobody' is no user", "no place 'cellar'", "shift room: 'ghost' is no user",
    ):  # fmt: skip
        assert told in answer.json()["detail"]
    unread = put(town, "admin", duty=DUTY, shifts=[{**ROOM, "hours": {"from": "8 o'clock"}}])
    assert (unread.status_code, unread.json()["type"]) == (422, "urn:anxin:problem:validation")


def test_no_roster_at_all_tells_everybody(town: Station) -> None:
    answer = put(town, "admin")
    assert [doubt["code"] for doubt in answer.json()["doubts"]] == ["no_roster"]
    assert ("commander", "officer") in answers(town, area="grid-1")
    told = ask(town, "operator", "/now", area="grid-1").json()["answers"]
    assert {one["why"]["code"] for one in told} == {"last_resort"}


def test_an_areas_roster_changes_that_area_only(town: Station) -> None:
    night = {
        "id": "night",
        "duty_as": "officer",
        "people": ["aux-2"],
        "area": "grid-2",
        "hours": {"from": "19:00", "to": "02:00"},
    }
    assert put(town, "beat-commander", area="grid-2", shifts=[night]).status_code == 200
    told = ask(town, "commander", "").json()
    assert [shift["id"] for shift in told["shifts"]] == ["night", "room"]
    assert len(told["duty"]) == 2
    assert told["shifts"][0]["hours"] == {"from": "19:00", "to": "02:00"}, "as it was said"
    assert answers(town, area="grid-2", at=f"{TODAY}T21:00:00+08:00")[0] == ("aux-2", "officer")
    assert answers(town, area="grid-2", at=f"{TODAY}T12:00:00+08:00")[0] == ("night-officer", "officer")
    elsewhere = put(town, "commander", area="grid-2", shifts=[{**night, "area": "grid-1"}])
    assert (elsewhere.status_code, elsewhere.json()["detail"]) == (422, "shift night is of grid-1, not of grid-2")
    taken = put(town, "commander", area="grid-2", shifts=[{**night, "id": "room"}])
    assert "choose another id" in taken.json()["detail"]
    assert put(town, "beat-commander", area="grid-2").status_code == 200
    assert [shift["id"] for shift in ask(town, "commander", "").json()["shifts"]] == ["room"]


def test_the_first_areas_roster_may_not_leave_the_others_with_nobody(town: Station) -> None:
    assert put(town, "admin").status_code == 200, "no roster at all: everybody is told"
    first = put(town, "commander", area="grid-1", duty=[{"area": "grid-1", "officer": "officer"}])
    assert (first.status_code, {gap["area"] for gap in first.json()["gaps"]}) == (422, {"grid-2"})
    town.execute("insert into duty (station_id, area_id, officer) values (%s, 'beat-1', 'mute')", STATION)
    mended = put(town, "commander", area="grid-1", duty=[{"area": "grid-1", "officer": "officer"}])
    assert mended.status_code == 200, "grid-2 had nobody before: that is not this area's doing"


def test_who_saves_what_somebody_else_has_changed_meanwhile_is_told(town: Station) -> None:
    seen = ask(town, "commander", "").json()["version"]
    assert put(town, "admin", duty=DUTY, shifts=[]).status_code == 200
    late = put(town, "commander", duty=DUTY, shifts=[ROOM], version=seen)
    assert (late.status_code, late.json()["type"]) == (409, "urn:anxin:problem:roster_changed")
    assert late.json()["by"] == "admin"
    again = ask(town, "commander", "").json()["version"]
    assert put(town, "commander", duty=DUTY, shifts=[ROOM], version=again).json()["version"] == seen


def test_what_a_save_changed_is_in_the_audit_trail(town: Station) -> None:
    assert put(town, "commander", duty=DUTY, shifts=[{**ROOM, "people": ["aux-2"]}]).status_code == 200
    (line, *_) = audited(town, "duty.save")
    assert (line["username"], line["object"], line["detail"]["duty"]) == ("commander", "station", [])
    (changed,) = line["detail"]["shifts"]
    assert (changed["was"]["people"], changed["is"]["people"]) == (["aux-1", "aux-2"], ["aux-2"])


def test_the_roster_is_tried_before_it_is_saved(town: Station) -> None:
    with town.api("commander") as api:
        tried = api.post("/duty/check", json={"duty": DUTY[:1]}).json()
    assert tried["gaps"][0]["area"] == "grid-2"
    saved = ask(town, "operator", "/check").json()
    assert (saved["gaps"], saved["gaps_total"]) == ([], 0)
    assert ask(town, "commander", "/check", days=1).json()["days"] == 1


# ── swaps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_swap_shows_at_once_and_the_gateway_reads_its_registry_anew(town: Station) -> None:
    assert answers(town, area="grid-1")[:2] == [("aux-1", "deputy"), ("officer", "officer")]
    made = swap(town, "aux-1", by="aux-2", reason="家中有事")
    assert made.status_code == 201, made.text
    told = ask(town, "operator", "/now", area="grid-1").json()["answers"][0]
    assert (told["user"], told["why"]["code"], told["why"]["instead_of"]) == ("aux-2", "swap", "aux-1")
    assert told["why"]["zh"] == "东街网格副班（班次 room），替 aux-1"
    (listed,) = ask(town, "operator", "").json()["swaps"]
    assert (listed["by"], listed["made_by"], listed["reason"]) == ("aux-2", "aux-1", "家中有事")
    town.wait_for_registry()
    with town.api("aux-1") as api:
        assert api.delete(f"/duty/swaps/{made.json()['id']}").status_code == 204
    assert answers(town, area="grid-1")[0] == ("aux-1", "deputy")
    assert [line["detail"]["by"] for line in (*audited(town, "duty.swap")[:1], *audited(town, "duty.unswap")[:1])] == [
        "aux-2", "aux-2",
    ]  # fmt: skip


def test_a_swap_says_when_the_stand_in_serves_elsewhere_too(town: Station) -> None:
    other = {**ROOM, "id": "gate", "duty_as": "guard", "people": ["aux-2"]}
    assert put(town, "admin", duty=DUTY, shifts=[ROOM, other]).status_code == 200
    assert [doubt["code"] for doubt in swap(town, "commander", by="aux-2").json()["doubts"]] == ["swap_twice"]


def test_a_swap_that_leaves_nobody_is_refused(town: Station) -> None:
    alone = {**ROOM, "duty_as": "officer", "area": None}
    assert put(town, "admin", shifts=[alone]).status_code == 200
    assert swap(town, "commander", by="aux-2").status_code == 201
    # The stand-in's only contact goes; whoever takes the swap back gives the area somebody again.
    town.execute("update contact set state = 'retired' where username = 'aux-1'")
    try:
        (made,) = ask(town, "commander", "").json()["swaps"]
        with town.api("commander") as api:
            refused = api.delete(f"/duty/swaps/{made['id']}")
        assert (refused.status_code, refused.json()["type"]) == (422, "urn:anxin:problem:roster_gap")
        assert refused.json()["gaps"][0]["why"] == {"code": "unreachable", "people": ["aux-1"]}
        assert len(ask(town, "commander", "").json()["swaps"]) == 1, "nothing was changed"
    finally:
        town.execute("update contact set state = 'active' where username = 'aux-1'")


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"instead_of": "aux-2"}, "it is aux-1's turn"),
        ({"day": str(TODAY - timedelta(days=9))}, "the shift begins on"),
        ({"by": "nobody"}, "is no user"),
        ({"by": "aux-1"}, "cannot stand in for themselves"),
        ({"by": "worker"}, "may not sign incidents"),
        ({"by": "mute"}, "has no contact"),
    ],
)
def test_a_swap_that_means_nothing_is_refused(town: Station, told: dict[str, Any], says: str) -> None:
    answer = swap(town, "commander", **told)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]


def test_what_is_over_cannot_be_swapped_and_nobody_is_swapped_twice(town: Station) -> None:
    long = {**ROOM, "since": str(TODAY - timedelta(days=2))}
    assert put(town, "admin", duty=DUTY, shifts=[long]).status_code == 200
    assert "is over" in swap(town, "commander", day=str(TODAY - timedelta(days=2))).json()["detail"]
    assert swap(town, "commander").status_code == 201
    assert swap(town, "commander", by="officer").status_code == 409
    assert swap(town, "commander", shift="none").status_code == 404


# ── who answers, and who is nearest ──────────────────────────────────────────────────────────────────────────────────


def test_who_answers_here_now_and_who_is_nearest_is_one_question(town: Station) -> None:
    guard = {**ROOM, "id": "gate", "duty_as": "guard", "people": ["aux-2"], "area": "grid-1", "place": "school-1"}
    assert put(town, "admin", duty=DUTY, shifts=[guard]).status_code == 200
    town.execute(
        "insert into footprint (station_id, username, at, kind, area_id, lat, lon) values"
        " (%s, 'deputy', now() - interval '5 min', 'position', 'grid-1', 33.151, 109.1),"
        " (%s, 'deputy', now() - interval '9 min', 'position', 'grid-1', 40, 109.1),"
        " (%s, 'officer', now() - interval '40 min', 'position', 'grid-1', 33.15, 109.1)",
        STATION, STATION, STATION,
    )  # fmt: skip
    told = ask(town, "operator", "/now", place="school-1").json()
    assert [(one["user"], one["duty_as"]) for one in told["answers"]] == [
        ("aux-2", "guard"), ("officer", "officer"), ("deputy", "deputy"),
        ("commander", "commander"), ("commander", "leader"),
    ]  # fmt: skip
    assert told["answers"][0]["why"]["zh"] == "实验小学护学岗（班次 gate）"
    assert [(one["user"], one["distance_m"], one["where"]) for one in told["nearest"][:2]] == [
        ("aux-2", 0, "shift"), ("deputy", 111, "footprint"),
    ]  # fmt: skip
    assert {one["user"]: one["distance_m"] for one in told["nearest"][2:]} == {"commander": None, "officer": None}
    assert answers(town, place="mall")[0] == ("officer", "officer"), "the guard stands elsewhere"
    assert ask(town, "operator", "/now", place="nowhere").status_code == 404
    assert ask(town, "operator", "/now", at="2026-10-01T08:00").status_code == 422, "a time without an offset"


def test_the_calendar_says_who_is_on_when(town: Station) -> None:
    assert swap(town, "commander", by="officer").status_code == 201
    told = ask(town, "officer", "/calendar", area="grid-1", **{"from": str(TODAY), "days": 3}).json()
    turns = [(day["day"], [(turn["user"], turn["instead_of"]) for turn in day["turns"]]) for day in told["items"]]
    assert turns == [
        (str(TODAY), [("officer", "aux-1")]),
        (str(TODAY + timedelta(days=1)), [("aux-2", None)]),
        (str(TODAY + timedelta(days=2)), [("aux-1", None)]),
    ]
    assert [duty["area"] for duty in told["standing"]] == ["beat-1", None]
    begins = told["items"][0]["turns"][0]["hours"][0]["begins"]
    assert datetime.fromisoformat(begins).astimezone(ZONE) == datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=ZONE)
    golden = ask(town, "officer", "/calendar", **{"from": "2026-10-08", "days": 4}).json()["items"]
    assert [day["workday"] for day in golden] == [True, True, True, False], "a Saturday that is worked (调休)"


# ── roles and reach ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("username", ["operator", "officer", "worker", "auditor"])
def test_only_commander_and_admin_save(town: Station, username: str) -> None:
    assert put(town, username, duty=DUTY).status_code == 403
    with town.api(username) as api:
        assert api.post("/duty/check", json={"duty": DUTY}).status_code == 403


@pytest.mark.parametrize(
    ("username", "status"),
    [
        ("operator", 403),
        ("worker", 403),
        ("auditor", 403),
        ("aux-2", 403),
        ("aux-1", 201),
        ("commander", 201),
        ("admin", 201),
    ],
)
def test_who_may_swap(town: Station, username: str, status: int) -> None:
    made = swap(town, username)
    assert made.status_code == status, made.text
    if status == 201:
        with town.api("aux-2") as api:
            assert api.delete(f"/duty/swaps/{made.json()['id']}").status_code == 403
        with town.api(username) as api:
            assert api.delete(f"/duty/swaps/{made.json()['id']}").status_code == 204
            assert api.delete(f"/duty/swaps/{made.json()['id']}").status_code == 404


def test_a_grid_worker_sees_their_grid_only(town: Station) -> None:
    told = ask(town, "worker", "").json()
    assert [shift["id"] for shift in told["shifts"]] == ["room"]
    assert told["duty"] == []
    assert {one["user"] for one in told["people"]} == {"aux-1", "aux-2"}
    assert answers(town, "worker", area="grid-1")[0] == ("aux-1", "deputy")
    assert answers(town, "worker", place="school-1")[0] == ("aux-1", "deputy")
    for query in ({"area": "grid-2"}, {"place": "market"}, {"area": "beat-1"}):
        assert ask(town, "worker", "/now", **query).status_code == 404
    assert ask(town, "worker", "/now").status_code == 422
    assert ask(town, "worker", "/calendar", area="grid-2", **{"from": str(TODAY)}).status_code == 404
    assert ask(town, "worker", "/check").status_code == 403
    assert ask(town, "auditor", "").status_code == 403


def test_a_commander_of_a_beat_saves_its_areas_only(town: Station) -> None:
    assert put(town, "beat-commander", duty=DUTY).status_code == 403
    assert put(town, "beat-commander", area="grid-1").status_code == 404
    assert put(town, "beat-commander", area="beat-2", duty=[{"area": "beat-2", "officer": "aux-2"}]).status_code == 200
    assert swap(town, "beat-commander").status_code == 404
    assert [one["area"] for one in ask(town, "beat-commander", "").json()["duty"]] == ["beat-2"]


# ── from the command line, and at import ─────────────────────────────────────────────────────────────────────────────


def cli(town: Station, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gateway.cli", "duty", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=town.environment(), timeout=60, check=False)


def test_the_command_line_says_who_answers_and_what_is_missing(town: Station) -> None:
    told = cli(town, "now", "--area", "grid-1", "--at", f"{TODAY}T12:00")
    assert told.returncode == 0, told.stderr
    assert "deputy of 东街网格 (shift room)" in told.stdout
    found = json.loads(cli(town, "now", "--place", "market", "--json").stdout)
    assert found["answers"][0]["user"] == "night-officer"
    assert cli(town, "now", "--at", "noon").returncode == 2
    well = cli(town, "check")
    assert (well.returncode, "ok " in well.stdout) == (0, True), well.stdout
    town.execute("update contact set state = 'retired' where username = 'night-officer'")
    try:
        bad = cli(town, "check", "--days", "3")
        assert (bad.returncode, "GAP   夜市网格" in bad.stdout) == (1, True), bad.stdout
        assert json.loads(cli(town, "check", "--json").stdout)["gaps"][0]["why"]["people"] == ["night-officer"]
    finally:
        town.execute("update contact set state = 'active' where username = 'night-officer'")


def test_an_import_whose_roster_leaves_a_gap_is_refused_and_rolled_back(town: Station) -> None:
    now = datetime.now(ZONE)
    with connect(town.postgres.url, "test") as connection:
        assert check_site_roster(connection, STATION, now) == []
        connection.execute("delete from duty where area_id is null")
        with pytest.raises(Misconfigured, match="夜市网格: nobody from"):
            check_site_roster(connection, STATION, now)
        connection.rollback()
    more = [*town.site.areas, Area("grid-3", "grid", "新网格")]
    later = Shift("later", "officer", ["officer"], area="grid-3", since=date(TODAY.year + 1, 1, 1))
    site = msgspec.structs.replace(town.site, areas=more, shifts=[later])

    def import_checked() -> None:
        with connect(town.postgres.url, "test") as connection:
            import_site(connection, site, SEALER)
            connection.execute("delete from duty where area_id is null")
            check_site_roster(connection, STATION, now)

    with pytest.raises(Misconfigured, match="新网格"):
        import_checked()
    assert not town.rows("select from area where id = 'grid-3'")
