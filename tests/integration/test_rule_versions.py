"""Rules changed and asked by people, on a running station: tried or reasoned, learnt, switched, explained."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import yaml

from rules.load import CATALOG
from tests.station import PASSWORD, Station, make_site, wait_for

RULE = "repeated-denied-entry"


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("rules"), make_site(doors=6))
    try:
        running.start_all()
        yield running
    finally:
        running.close()


def as_(station: Station, username: str) -> httpx.Client:
    base = f"{station.url}/api/v1"
    login = httpx.post(f"{base}/auth/login", json={"username": username, "password": PASSWORD})
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {login.json()['token']}"})


def catalogue(rule: str, **params: Any) -> dict[str, str]:
    """A definition with other parameters, and tests that hold for it."""
    definition = yaml.safe_load((CATALOG / f"{rule}.yaml").read_text(encoding="utf-8"))
    definition["params"] |= params
    limit = definition["params"]["limit"]
    events = [{"at": n, "device": "door-1", "kind": "door.denied"} for n in range(limit)]
    tests = {
        "devices": [{"id": "door-1", "kind": "door_controller"}],
        "cases": [
            {
                "name": "as many as it takes",
                "events": events,
                "expect": [{"at": limit - 1, "action": "raise", "subject": "device:door-1"}],
            }
        ],
    }
    return {"definition": yaml.safe_dump(definition, allow_unicode=True), "tests": yaml.safe_dump(tests)}


def denied(station: Station, device: str, times: int) -> None:
    with station.publisher() as integrator:
        for _ in range(times):
            integrator.event(device, "door.denied")


def stored(station: Station, device: str, times: int) -> None:
    wait_for(
        lambda: len(station.rows("select from event where device_id = %s and kind = 'door.denied'", device)) == times,
        "the events",
    )


def test_a_version_is_written_activated_for_a_reason_and_knows_the_past(station: Station) -> None:
    denied(station, "door-1", 2)
    stored(station, "door-1", 2)
    with as_(station, "commander") as commander:
        written = commander.post(f"/rules/{RULE}/versions", json=catalogue(RULE, limit=3))
        assert written.status_code == 201, written.text
        version = written.json()["version"]
        assert version == 2
        again = commander.post(f"/rules/{RULE}/versions", json=catalogue(RULE, limit=3)).json()
        assert again["version"] == 2, "the same words are the same version"
        newest, first = commander.get(f"/rules/{RULE}").json()["versions"]
        assert newest["tests"] == catalogue(RULE, limit=3)["tests"], "kept as they were written"
        assert "cases:" in first["tests"], "those that stand beside its file"

        untried = commander.post(f"/rules/{RULE}/activate", json={"version": version})
        assert untried.is_client_error, untried.text
        assert "backtest" in untried.text
        asked = commander.post(
            f"/rules/{RULE}/activate", json={"version": version, "reason": "three are enough at this estate"}
        )
        assert asked.status_code == 202, asked.text
        wait_for(lambda: commander.get(f"/rules/{RULE}").json()["runs"] == version, "the new version", 60)
        denied(station, "door-1", 1)
        wait_for(lambda: len(station.rows("select from alert where rule_id = %s", RULE)) == 1, "the alert")
        told = commander.get(f"/rules/{RULE}").json()
        assert [(row["state"], row["asked_by"]) for row in told["activations"]] == [("done", "commander")]
        assert commander.post(f"/rules/{RULE}/activate", json={"version": version, "reason": "again, please"}).is_error
    audited = station.rows("select username, act, object from audit where act like 'rule.%%' order by id")
    assert {"username": "commander", "act": "rule.activate", "object": f"rule/{RULE}"} in audited


def test_who_may_not_and_what_does_not_hold_is_refused(station: Station) -> None:
    body = catalogue(RULE, limit=4)
    for username in ("operator", "officer"):
        with as_(station, username) as client:
            assert client.post(f"/rules/{RULE}/versions", json=body).status_code == 403
            asked = client.post(f"/rules/{RULE}/activate", json={"version": 1, "reason": "because I say so"})
            assert asked.status_code == 403
    with as_(station, "admin") as admin:
        wrong = {**body, "tests": body["tests"].replace("action: raise", "action: clear")}
        refused = admin.post(f"/rules/{RULE}/versions", json=wrong)
        assert refused.is_client_error
        assert "as many as it takes" in refused.text
        unreasoned = {**body, "definition": body["definition"].replace("rationalisation:", "rationalization:")}
        assert "rationalisation" in admin.post(f"/rules/{RULE}/versions", json=unreasoned).text
        bomb = {**body, "tests": "a: &a [x]\nb: *a"}
        assert "aliases" in admin.post(f"/rules/{RULE}/versions", json=bomb).text
        assert (
            admin.post(f"/rules/{RULE}/activate", json={"version": 99, "reason": "no such version"}).status_code == 404
        )
        assert admin.get("/rules/no-such-rule").status_code == 404


def test_an_operator_learns_why_it_did_not_ring(station: Station) -> None:
    denied(station, "door-3", 1)
    stored(station, "door-3", 1)
    with station.publisher() as integrator:
        integrator.event("door-3", "door.granted")
    wait_for(lambda: station.one("select count(*) from event where device_id = 'door-3'") >= 2, "the events")
    with as_(station, "operator") as operator:
        told = operator.get(f"/rules/{RULE}/trace", params={"subject": "device:door-3"}).json()
        assert told["stands"] is False
        assert any("counted 1" in line["en"] and "计数 1" in line["zh"] for line in told["lines"])
        refused = {event["kind"]: event["refused_by"] for event in told["events"]}
        assert refused == {"door.denied": [], "door.granted": ["kind: door.granted"]}
        elder = operator.get("/rules/elder-silent/trace", params={"subject": "person:p-1"}).json()
        assert elder["lines"]
        assert elder["timers"]
        never = operator.get(f"/rules/{RULE}/trace", params={"subject": "device:door-5"}).json()
        assert "nothing of this subject" in never["lines"][0]["en"]
    assert station.one("select count(*) from audit where act = 'rule.why'") == 1, "looking up a person leaves its mark"


def test_a_retired_rule_is_silent(station: Station) -> None:
    with as_(station, "commander") as commander:
        assert commander.post("/rules/door-forced/retire", json={"reason": "x"}).is_client_error
        asked = commander.post("/rules/door-forced/retire", json={"reason": "the contacts are being replaced"})
        assert asked.status_code == 202
        wait_for(lambda: commander.get("/rules/door-forced").json()["runs"] is None, "the end of it", 60)
        resting = {one["id"]: one["version"] for one in commander.get("/rules?resting=true").json()["items"]}
        assert resting["door-forced"] == 1
        assert not resting.keys() & {one["id"] for one in commander.get("/rules").json()["items"]}
    with station.publisher() as integrator:
        integrator.event("door-4", "door.forced")
    wait_for(lambda: station.one("select count(*) from event where kind = 'door.forced'") == 1, "the event")
    assert station.one("select count(*) from alert where rule_id = 'door-forced'") == 0


def test_a_version_survives_a_restart(station: Station) -> None:
    station.kill("gateway")
    station.start_gateway()
    wait_for(lambda: "door-forced" not in station.gateway_facts().get("rules", ["door-forced"]), "the new facts")
    assert station.rows("select from rule_activation where rule_id = 'door-forced' and version is not null") == []
    running = station.rows("select version from rule_version where active and rule_id = %s", RULE)
    assert running == [{"version": 2}]
    assert station.gateway_facts()["rules"][RULE] == 2


def test_files_are_published_without_a_restart_all_or_none(station: Station, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    told = catalogue("repeated-denied-entry", limit=2)
    for name in ("first", "second"):
        text = told["definition"].replace("id: repeated-denied-entry", f"id: own-{name}")
        (folder / f"own-{name}.yaml").write_text(text, encoding="utf-8")
        (folder / f"own-{name}.test.yaml").write_text(told["tests"], encoding="utf-8")

    def publish() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "gateway.cli", "rules", "publish", "--activate", "--reason", "for the test of it"],
            env={**station.environment(), "ANXIN_RULES_FOLDERS": json.dumps([str(folder)])},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    broken = folder / "own-second.test.yaml"
    broken.write_text(told["tests"].replace("raise", "clear"), encoding="utf-8")
    refused = publish()
    assert refused.returncode != 0
    assert "own-second" in refused.stderr
    assert station.rows("select from rule_version where rule_id like 'own-%%'") == []
    broken.write_text(told["tests"], encoding="utf-8")
    done = publish()
    assert done.returncode == 0, done.stderr
    wait_for(lambda: "own-second" in station.gateway_facts().get("rules", ()), "the rules of the folder", 60)
    denied(station, "door-2", 2)
    wait_for(lambda: len(station.rows("select from alert where rule_id like 'own-%%'")) == 2, "both alerts")


def test_a_gateway_that_is_killed_while_a_version_learns_takes_it_up_again(station: Station) -> None:
    with as_(station, "commander") as commander:
        version = commander.post(f"/rules/{RULE}/versions", json=catalogue(RULE, limit=6)).json()["version"]
        asked = commander.post(f"/rules/{RULE}/activate", json={"version": version, "reason": "killed in the middle"})
        assert asked.status_code == 202, asked.text
        station.kill("gateway")
        state = station.rows("select state from rule_activation order by id desc limit 1")[0]["state"]
        assert state in {"asked", "learning"}, "it was killed before it came about"
        station.start_gateway()
        wait_for(lambda: commander.get(f"/rules/{RULE}").json()["runs"] == version, "the version", 60)
    assert station.rows("select count(*) as n from rule_version where active and rule_id = %s", RULE) == [{"n": 1}]
