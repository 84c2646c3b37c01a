"""Backtests over the API: who may ask, how one is followed, what becomes of one whose process dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from gateway.model.registry import Area
from gateway.registering.site import SiteUser
from tests.station import Station, ladders, make_site, wait_for

RULE = "door-forced"


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station where five doors have been forced, and a commander of one grid only."""
    site = make_site(doors=8)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "夜市网格", "beat-1")],
        users=[*site.users, SiteUser("chief", "夜市长", "commander", areas=["grid-2"])],
    )
    running = Station(tmp_path_factory.mktemp("town"), site)
    running.policy = ladders()
    try:
        running.start_all()
        with running.publisher() as integrator:
            for number in range(5):
                integrator.event(f"door-{number}", RULE.replace("-", "."))
        wait_for(lambda: running.one("select count(*) from alert") == 5, "the alerts")
        yield running
    finally:
        running.close()


def stretch(**more: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"since": (now - timedelta(hours=2)).isoformat(), "until": now.isoformat(), **more}


def followed(api: httpx.Client, number: int) -> dict[str, Any]:
    def over() -> dict[str, Any] | None:
        told: dict[str, Any] = api.get(f"/rules/{RULE}/backtests/{number}").json()
        assert 0 <= told["progress"] <= 1
        return told if told["state"] != "running" else None

    found: dict[str, Any] = wait_for(over, "the backtest", 60)
    return found


@pytest.mark.parametrize(
    ("username", "status"), [("operator", 403), ("officer", 403), ("auditor", 403), ("chief", 403)]
)
def test_who_decides_about_rules_for_the_whole_station_may_ask_nobody_else(
    town: Station, username: str, status: int
) -> None:
    with town.api(username) as api:
        assert api.post(f"/rules/{RULE}/backtest", json=stretch()).status_code == status
        assert api.get(f"/rules/{RULE}/backtests").status_code == status
        assert api.get(f"/rules/{RULE}/backtests/1").status_code == status


def test_a_backtest_runs_beside_everything_and_leaves_its_mark(town: Station) -> None:
    with town.api("commander") as api:
        answer = api.post(f"/rules/{RULE}/backtest", json=stretch(against="running"))
        assert answer.status_code == 202, answer.text
        number = answer.json()["id"]
        found = followed(api, number)
        assert found["state"] == "done", found["detail"]
        report = found["report"]
        assert report["tally"]["raised"] == report["compared"]["both"] == 5
        assert report["areas"] == {"grid-1": "东街网格"}
        assert {span["subject"] for span in report["spans"]} == {f"device:door-{n}" for n in range(5)}
        (listed,) = [one for one in api.get(f"/rules/{RULE}/backtests").json()["items"] if one["id"] == number]
        assert (listed["raised"], listed["asked_by"], listed["state"]) == (5, "commander", "done")
        assert "report" not in listed
    assert town.one("select count(*) from alert") == 5, "nothing live is touched"
    trail = town.rows("select username, object, detail from audit where act = 'rule.backtest' order by id desc")[0]
    assert (trail["username"], trail["object"], trail["detail"]["backtest"]) == ("commander", f"rule/{RULE}", number)


def test_a_definition_not_written_down_yet_can_be_tried(town: Station) -> None:
    words = town.rows("select definition from rule_version where rule_id = %s and active", RULE)[0]["definition"]
    one_door = {**words, "when": {**words["when"], "where": {"device": "door-1"}}}
    with town.api("admin") as api:
        found = followed(api, api.post(f"/rules/{RULE}/backtest", json=stretch(definition=one_door)).json()["id"])
        assert found["report"]["tally"]["raised"] == 1
        assert found["version"] == 2
        wrong = api.post(f"/rules/{RULE}/backtest", json=stretch(definition={**words, "priority": "P4"}))
        assert (wrong.status_code, "priority" in wrong.json()["detail"]) == (422, True)
        both = api.post(f"/rules/{RULE}/backtest", json=stretch(definition=words, version=1))
        assert both.status_code == 422


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("nobody-knows", {}, 404),
        (RULE, {"version": 77}, 404),
        (RULE, {"since": "2026-11-01T00:00:00Z", "until": "2026-10-01T00:00:00Z"}, 422),
        (RULE, {"until": "2999-01-01T00:00:00Z"}, 422),
        (RULE, {"since": "2026-11-01T00:00:00"}, 422),
        (RULE, {"against": "another"}, 422),
    ],
)
def test_what_cannot_be_is_refused(town: Station, path: str, more: dict[str, Any], status: int) -> None:
    with town.api("commander") as api:
        answer = api.post(f"/rules/{path}/backtest", json=stretch(**more))
        assert answer.status_code == status, answer.text
        assert answer.json()["detail"]


def test_a_backtest_of_another_rule_is_not_there(town: Station) -> None:
    with town.api("commander") as api:
        number = api.get(f"/rules/{RULE}/backtests").json()["items"][0]["id"]
        assert api.get(f"/rules/sos-button/backtests/{number}").status_code == 404


def job_of(api: int) -> int | None:
    """The process that runs a backtest for the API, once it does: between fork and exec it is still the API's own."""
    for told in Path(f"/proc/{api}/task").glob("*/children"):
        for child in told.read_text().split():
            with suppress(OSError):
                if b"backtest_job" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
    return None


def test_one_whose_process_dies_is_shown_as_failed(town: Station) -> None:
    with town.api("commander") as api:
        number = api.post(f"/rules/{RULE}/backtest", json=stretch()).json()["id"]
        os.kill(wait_for(lambda: job_of(town.children["api"].pid), "the backtest's process"), signal.SIGKILL)
        died = followed(api, number)
        assert (died["state"], died["detail"]) == ("failed", "its process ended with -9")
        assert followed(api, api.post(f"/rules/{RULE}/backtest", json=stretch()).json()["id"])["state"] == "done"


def test_a_rule_that_throws_is_a_failed_backtest_with_its_reason(town: Station) -> None:
    """Words that this Anxin cannot follow, as another one may have written them."""
    town.execute(
        "insert into rule_version select rule_id, 9, 'x', definition || '{\"kind\": \"nonsense\"}', false, now() "
        "from rule_version where rule_id = %s and active", RULE,
    )  # fmt: skip
    with town.api("commander") as api:
        found = followed(api, api.post(f"/rules/{RULE}/backtest", json=stretch(version=9)).json()["id"])
        assert found["state"] == "failed"
        assert "nonsense" in found["detail"]
        assert found["report"] is None
