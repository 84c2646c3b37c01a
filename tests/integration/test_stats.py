"""Statistics over HTTP, of a month whose every row is known: each number is computed by hand in `tests/month.py`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import pytest

from gateway.store import soundings
from gateway.store.pool import connect
from tests.month import OCTOBER, alert, sounding, start
from tests.station import Station

AUGUST = {"since": "2026-08-10T00:00:00Z", "until": "2026-08-11T00:00:00Z"}
TEN = datetime(2026, 8, 10, 10, tzinfo=UTC)
STATS = ("clocks", "mix", "rules", "alarms")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    station = start(tmp_path_factory.mktemp("stats"))
    try:
        yield station
    finally:
        station.close()


def asked(town: Station, what: str, username: str = "commander", **more: Any) -> Any:
    with town.api(username) as api:
        answer = api.get(f"/stats/{what}", params={**OCTOBER, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def counts(clock: dict[str, Any]) -> list[int]:
    return [bucket["count"] for bucket in clock["buckets"]]


# ── clocks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_clocks_of_october(town: Station) -> None:
    told = asked(town, "clocks")
    clocks = told["total"]["clocks"]
    assert told["total"]["incidents"] == 7
    assert {name: (clock["n"], clock["median_s"], clock["p90_s"]) for name, clock in clocks.items()} == {
        "sign": (5, 30, 200),
        "depart": (3, 400, 1801),
        "arrive": (2, 130, 200),
        "feedback": (3, 2000, 20_000),
    }
    assert counts(clocks["sign"]) == [3, 1, 0, 0, 1]
    assert [bucket["share"] for bucket in clocks["sign"]["buckets"]] == [0.6, 0.2, 0, 0, 0.2]
    assert counts(clocks["depart"]) == [1, 1, 0, 0, 1]
    assert counts(clocks["feedback"]) == [1, 1, 0, 0, 1], "without an arrival it counts from the signature"


def test_by_beat_and_the_slowest_named(town: Station) -> None:
    told = asked(town, "clocks", at_least=1)
    assert [(unit["unit"], unit["name"], unit["incidents"]) for unit in told["units"]] == [
        ("beat-1", "一警务区", 4), ("beat-2", "二警务区", 3),
    ]  # fmt: skip
    assert told["units"][0]["clocks"]["sign"]["median_s"] == 25
    assert told["slowest"]["sign"] == {"unit": "beat-2", "name": "二警务区", "n": 1, "median_s": 200, "p90_s": 200}
    few = asked(town, "clocks", at_least=2)["slowest"]
    assert few["sign"]["unit"] == "beat-1", "one case is too few to be named for"
    assert asked(town, "clocks")["slowest"] == dict.fromkeys(("sign", "depart", "arrive", "feedback"))


def test_by_grid_and_by_officer(town: Station) -> None:
    assert [unit["unit"] for unit in asked(town, "clocks", by="area")["units"]] == ["grid-1", "grid-2"]
    told = asked(town, "clocks", by="officer")["units"]
    assert [(unit["unit"], unit["name"], unit["incidents"]) for unit in told] == [
        ("officer", "民警", 4), ("deputy", "副班", 1), (None, None, 2),
    ]  # fmt: skip


def test_what_is_not_closed_is_unfinished(town: Station) -> None:
    told = asked(town, "clocks")
    assert (told["finished"], told["finished_share"]) == (5, round(5 / 7, 4))
    assert told["open"] == {"handled": 1, "new": 1}
    assert told["open_from_before"] == 1
    assert [item["state"] for item in told["open_items"]] == ["dispatched", "handled", "new"], "the oldest first"
    assert "title" not in told["open_items"][0]
    assert told["left_out"] == {"drill": 1, "merged": 1, "cancelled": 1}


def test_a_station_s_own_buckets(town: Station) -> None:
    town.execute('update station set policy = \'{"buckets": {"sign": [15, 45]}}\'')
    try:
        clocks = asked(town, "clocks")["total"]["clocks"]
    finally:
        town.execute("update station set policy = '{}'")
    assert counts(clocks["sign"]) == [1, 2, 2]
    assert len(clocks["depart"]["buckets"]) == 5, "what it does not say is as it was"


# ── mix ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_mix_against_a_month_and_a_year_before(town: Station) -> None:
    told = asked(town, "mix")
    total = told["total"]
    assert (total["incidents"], total["before"], total["change"]) == (7, 2, 2.5)
    assert (total["year_before"], total["year_change"]) == (1, 6.0)
    assert datetime.fromisoformat(told["before"]["since"]) == datetime.fromisoformat("2026-09-01T00:00:00+08:00")
    categories = {one["key"]: one for one in told["categories"]}
    assert {key: one["incidents"] for key, one in categories.items()} == {
        "care": 3, "entry": 1, "order": 1, "school": 1, "other": 1,
    }  # fmt: skip
    assert (categories["care"]["share"], categories["care"]["change"]) == (round(3 / 7, 4), 2.0)
    assert (categories["school"]["before"], categories["school"]["change"], categories["school"]["year_change"]) == (
        0, None, 0.0,
    )  # fmt: skip
    assert {one["key"]: one["incidents"] for one in told["priorities"]} == {"P1": 1, "P2": 4, "P3": 1, "P4": 1}


def test_a_period_the_station_was_not_there_for_is_no_comparison(town: Station) -> None:
    told = asked(town, "mix", since="2025-10-01T00:00:00+08:00", until="2025-11-01T00:00:00+08:00")
    assert (told["total"]["incidents"], told["total"]["before"], told["before"]) == (1, None, None)


def test_the_heat_map_is_by_the_station_s_clock(town: Station) -> None:
    heat = {(row["area"], row["weekday"], row["hour"]): row["incidents"] for row in asked(town, "mix")["heat"]}
    assert heat["grid-1", 1, 8] == 1, "Monday, 5 October, eight o'clock in Shanghai, midnight in UTC"
    assert heat["grid-2", 3, 23] == 1
    assert sum(heat.values()) == 7


def test_repeat_places_never_name_a_home(town: Station) -> None:
    told = asked(town, "mix")
    places = {place["place"]: place for place in told["repeat_places"]}
    assert places.keys() == {"flat-1", "cottage"}
    assert (places["flat-1"]["incidents"], places["flat-1"]["name"]) == (2, "东街1号楼"), "the building, not the flat"
    assert (places["cottage"]["incidents"], places["cottage"]["name"]) == (2, None), "somebody lives there"
    assert places["cottage"]["categories"] == ["care", "other"]
    text = str(told)
    assert "101" not in text
    assert "老屋" not in text


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_precision_from_what_people_closed_incidents_as(town: Station) -> None:
    told = asked(town, "rules")
    found = {one["rule"]: one for one in told["rules"]}
    silent = found["elder-silent"]
    assert (silent["n"], silent["real"], silent["precision"]) == (3, 1, 0.3333)
    assert silent["interval"] == [0.0615, 0.7923]
    assert silent["false"] == {"nuisance": 1, "unfounded": 1}
    assert silent["apart"] == {"open": 1}
    school = found["school-one-touch-alarm"]
    assert (school["n"], school["real"], school["apart"]) == (1, 1, {"drill": 1}), "two alerts, one incident"
    assert (found["door-forced"]["precision"], found["door-forced"]["false"]) == (0.0, {"false_human": 1})
    assert told["rules"][0]["rule"] == "door-forced", "the least right first"


def test_shares_of_priorities_and_what_was_kept_quiet(town: Station) -> None:
    told = asked(town, "rules")
    assert (told["alerts"], told["by_priority"]) == (7, {"P1": 2, "P2": 3, "P3": 1, "P4": 1})
    assert [(one["code"], one["value"], one["ok"]) for one in told["shares"]] == [
        ("high", round(2 / 7, 4), False), ("medium", round(3 / 7, 4), False), ("low", round(2 / 7, 4), False),
    ]  # fmt: skip
    assert told["suppressed"] == {"flood": 1, "shelved": 1}
    assert told["suppressed_by_priority"] == {"flood": {"P3": 1}, "shelved": {"P2": 1}}


# ── alarms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def august(town: Station) -> Station:
    """One day: an operator from nine to eleven with a pause, twelve alerts in two minutes, two for nobody."""
    desk = town.one(
        "insert into desk (station_id, username, began_at, ended_at, ended_why)"
        " values (%s, 'operator', %s, %s, 'ended') returning id",
        town.id, TEN - timedelta(hours=1), TEN + timedelta(hours=1),
    )  # fmt: skip
    town.execute(
        "insert into desk_pause values (%s, %s, %s)", desk, TEN + timedelta(minutes=30), TEN + timedelta(minutes=45)
    )
    for n in range(12):
        subject = "device:chatters" if n < 3 else f"device:{n}"
        alert(town, TEN + timedelta(seconds=10 * n), "door-held", subject, lasts_s=5 if n == 11 else 11)
    alert(town, TEN + timedelta(minutes=35), "door-held", "device:20")
    alert(town, TEN + timedelta(hours=2), "door-held", "device:21")
    alert(town, TEN + timedelta(hours=2), "door-held", "device:22", drill=True)
    alert(town, TEN + timedelta(hours=2), "door-held", "device:23", sounded=0, suppressed_by="shelved")
    alert(town, TEN - timedelta(days=2), "door-held", "device:stale", lasts_s=None)
    return town


def test_alarm_health_of_a_day(august: Station) -> None:
    told = asked(august, "alarms", "operator", **AUGUST)
    assert (told["alarms"], told["assumed"], told["unattended"], told["enough"]) == (14, False, 2, False)
    values = {one["code"]: (one["value"], one["ok"]) for one in told["indicators"]}
    assert values == {
        "average": (1.143, True),
        "per_day": (164.6, True),
        "peak": (12, False),
        "flood_share": (round(570 / 6300, 4), False),
        "floods": (7.0, True),
        "top_ten": (round(12 / 14, 4), False),
        "chattering": (7.0, True),
        "fleeting": (1, False),
        "stale": (1, True),
        "unattended": (2, False),
    }
    (position,) = told["positions"]
    assert (position["username"], position["attended_s"], position["alarms"]) == ("operator", 6300, 12)
    assert told["chattering"] == [{"rule": "door-held", "subject": "device:chatters", "times": 1}]
    assert (told["top"][0]["subject"], told["top"][0]["alerts"]) == ("device:chatters", 3)


def test_an_alert_counts_when_and_as_often_as_it_was_heard(august: Station) -> None:
    """One was shelved before anybody came, and heard twice afterwards; one a flood folded was told by its digest."""
    six = datetime(2026, 6, 10, 6, tzinfo=UTC)
    day = {"since": "2026-06-10T00:00:00Z", "until": "2026-06-11T00:00:00Z"}
    august.execute(
        "insert into desk (station_id, username, began_at, ended_at, ended_why)"
        " values (%s, 'operator', %s, %s, 'ended')",
        august.id, six + timedelta(hours=1), six + timedelta(hours=3),
    )  # fmt: skip
    number = alert(august, six, "door-held", "device:shelved", sounded=0, suppressed_by="shelved", lasts_s=9000)
    for minutes in (90, 120):
        sounding(august, number, six + timedelta(minutes=minutes))
    august.execute("update alert set sounded = 2, suppressed_by = null where id = %s", number)
    alert(august, six + timedelta(hours=2), "door-held", "device:folded", sounded=1, suppressed_by="flood")
    told = asked(august, "alarms", **day)
    assert (told["alarms"], told["unattended"], told["positions"][0]["alarms"]) == (2, 0, 2)
    assert [(one["subject"], one["alerts"], one["share"]) for one in told["top"]] == [("device:shelved", 2, 1.0)]
    told = asked(august, "rules", **day)
    assert (told["alerts"], told["suppressed"]) == (1, {"flood": 1, "shelved": 1}), "quiet first, heard later: both"


def test_what_alerts_said_is_kept_and_what_work_items_would_have_said_is_not(town: Station) -> None:
    long_ago = datetime(2024, 6, 10, 6, tzinfo=UTC)
    kept = alert(town, long_ago, "door-held", "device:long-ago")
    item = alert(town, long_ago, "battery-low", "device:long-ago", stream="work_item", suppressed_by="maintenance")
    with connect(town.postgres.url, "test forget") as connection:
        assert soundings.forget(connection, town.id, long_ago) == 0
        assert soundings.forget(connection, town.id, long_ago + timedelta(days=1)) == 1
    there = [row["alert_id"] for row in town.rows("select alert_id from sounding where at < '2025-01-01'")]
    assert (kept in there, item in there) == (True, False)


def test_a_day_nobody_said_they_were_at_the_desk(august: Station) -> None:
    day = {"since": "2026-07-10T00:00:00Z", "until": "2026-07-11T00:00:00Z"}
    told = asked(august, "alarms", **day)
    assert (told["assumed"], told["unattended"], told["positions"][0]["attended_s"]) == (True, None, 86_400)


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def table(town: Station, what: str, headers: dict[str, str] | None = None, **more: Any) -> list[list[str]]:
    with town.api("commander") as api:
        answer = api.get(f"/stats/{what}", params={**OCTOBER, **more}, headers=headers or {})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf"), "Excel needs the mark"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_every_statistic_is_a_table_too(town: Station) -> None:
    head, whole, *_ = table(town, "clocks", format="csv")
    assert head[:5] == ["单位", "名称", "警情数", "环节", "计时数"]
    assert whole[1:6] == ["合计", "7", "签收", "5", "30"]
    assert table(town, "clocks", {"Accept": "text/csv"}, lang="en")[0][:2] == ["unit", "name"]
    assert len(table(town, "clocks", format="csv", table="open")) == 4
    assert table(town, "mix", format="csv")[1] == ["合计", "total", "total", "7", "1", "2", "2.5", "1", "6"]
    assert len(table(town, "mix", format="csv", table="heat")) == 7, "two Thursdays at nine are one cell"
    assert table(town, "mix", format="csv", table="places", lang="en")[0][0] == "place"
    assert table(town, "rules", format="csv", lang="en")[1][:4] == ["door-forced", "1", "1", "0"]
    assert {row[0] for row in table(town, "rules", format="csv", table="quiet")[1:]} == {"flood", "shelved"}
    assert table(town, "alarms", format="csv", lang="en")[0][:3] == ["code", "indicator", "value"]
    assert table(town, "alarms", format="csv", table="positions")[0][0] == "用户"
    assert table(town, "alarms", format="csv", table="top")[0][0] == "规则"


def test_a_name_that_is_a_formula_stays_a_name(town: Station) -> None:
    town.execute("update area set name = '=HYPERLINK(\"http://x\")' where id = 'beat-1'")
    try:
        names = {row[1] for row in table(town, "clocks", format="csv")}
    finally:
        town.execute("update area set name = '一警务区' where id = 'beat-1'")
    assert '\'=HYPERLINK("http://x")' in names


# ── who may see what ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("what", STATS)
@pytest.mark.parametrize(
    ("username", "sees"),
    [
        ("operator", STATS), ("commander", STATS), ("admin", STATS), ("officer", STATS[:3]), ("grid", STATS[:3]),
        ("auditor", ()), (None, ()),
    ],
)  # fmt: skip
def test_roles(town: Station, what: str, username: str | None, sees: tuple[str, ...]) -> None:
    if username is None:
        assert httpx.get(f"{town.url}/api/v1/stats/{what}").status_code == 401
        return
    with town.api(username) as api:
        assert api.get(f"/stats/{what}").status_code == (200 if what in sees else 403)


def test_single_officers_are_for_colleagues(town: Station) -> None:
    for username, status in (("officer", 200), ("operator", 200), ("grid", 403), ("admin", 403)):
        with town.api(username) as api:
            assert api.get("/stats/clocks", params={"by": "officer"}).status_code == status


@pytest.mark.parametrize("username", ["grid", "market-chief"])
def test_who_has_a_grid_sees_that_grid(town: Station, username: str) -> None:
    clocks = asked(town, "clocks", username)
    assert clocks["total"]["incidents"] == 3
    assert [unit["unit"] for unit in clocks["units"]] == ["beat-2"]
    assert {item["area"] for item in clocks["open_items"]} == {"grid-2"}
    assert (clocks["open_from_before"], clocks["left_out"]) == (0, {"cancelled": 1})
    mix = asked(town, "mix", username)
    assert {row["area"] for row in mix["heat"]} == {"grid-2"}
    assert [place["place"] for place in mix["repeat_places"]] == ["cottage"]
    assert mix["total"]["before"] == 0
    told = asked(town, "rules", username)
    assert {one["rule"] for one in told["rules"]} == {"elder-silent"}
    assert (told["alerts"], told["suppressed"]) == (2, {})


def test_alarm_health_is_within_ones_areas_too(august: Station) -> None:
    told = asked(august, "alarms", "market-chief", **AUGUST)
    assert (told["alarms"], told["top"], told["chattering"]) == (0, [], [])
    assert {one["code"]: one["value"] for one in told["indicators"]}["stale"] == 0


def test_a_grid_worker_without_a_grid_sees_nothing(town: Station) -> None:
    town.execute("update user_account set areas = null where username = 'grid'")
    try:
        assert asked(town, "clocks", "grid")["total"]["incidents"] == 0
        assert asked(town, "mix", "grid")["heat"] == []
    finally:
        town.execute("update user_account set areas = '{grid-2}' where username = 'grid'")


@pytest.mark.parametrize(
    "wrong",
    [
        {"since": OCTOBER["until"], "until": OCTOBER["since"]},
        {"since": "2024-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"until": "9999-12-31T23:59:59Z"},
        {"until": "0001-01-01T00:00:00Z"},
        {"since": "2026-10-01T00:00:00"},
        {"by": "person"},
        {"table": "secrets"},
        {"format": "xml"},
        {"at_least": "0"},
    ],
)
def test_questions_that_cannot_be_answered(town: Station, wrong: dict[str, str]) -> None:
    with town.api() as api:
        answer = api.get("/stats/clocks", params=wrong)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
