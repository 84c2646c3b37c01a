"""The ladder, climbed for real: to its end, over crashes, when it stands still; and alerts that join what is known."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from gateway.model.policy import Ladder, Policy, Rung
from tests.station import Station, make_site, wait_for

QUICK = Policy(
    ladders=(
        Ladder(
            "P1",
            (
                Rung(0, ("officer",)),
                Rung(0.8, ("officer", "deputy")),
                Rung(1.6, ("commander",)),
                Rung(2.4, ("station",), ("push", "voice")),
            ),
            expires_after_s=3.2,
        ),
        Ladder("P2", (Rung(0, ("officer",)), Rung(600, ("deputy",))), expires_after_s=3600),
        Ladder("P3", (Rung(0, ("officer",)),)),
    )
)


@pytest.fixture(scope="module")
def calling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    running = Station(tmp_path_factory.mktemp("calling"), make_site(6, elders=1))
    running.policy = QUICK
    try:
        yield running.start_all()
    finally:
        running.close()


@pytest.fixture(autouse=True)
def nothing_left_open(calling: Station) -> Iterator[None]:
    yield
    with calling.api("commander") as api:
        for incident in api.get("/incidents", params={"state": "open"}).json()["items"]:
            api.post(f"/incidents/{incident['id']}/close", json={"disposition": "real"}).raise_for_status()


def set_policy(station: Station, **changed: Any) -> None:
    policy = msgspec.to_builtins(msgspec.structs.replace(QUICK, **changed))
    station.change_registry("update station set policy = %s", json.dumps(policy))


def press(station: Station, device: str = "button-1") -> dict[str, Any]:
    before = station.one("select coalesce(max(id), 0) from incident")
    with station.publisher() as town:
        town.event(device, "alarm.pressed")
    (found,) = wait_for(lambda: station.rows("select * from incident where id > %s", before), "the incident")
    return found


def called(station: Station, incident: int) -> dict[int, list[str]]:
    """By rung: which phones were called."""
    found: dict[int, list[str]] = {}
    for message in station.phone_messages():
        if message["incident"] == incident:
            found.setdefault(message["rung"], []).append(message["to"])
    return {rung: sorted(phones) for rung, phones in found.items()}


def expired(station: Station, incident: int) -> list[dict[str, Any]]:
    return station.rows(
        "select * from alert where rule_id = 'ladder-expired' and subject = %s and ended_at is null",
        f"incident:{incident}",
    )


def test_nobody_signs_and_the_ladder_is_climbed_to_its_end_and_says_so_loudly(calling: Station) -> None:
    incident = press(calling)["id"]
    wait_for(lambda: expired(calling, incident), "the work item for a ladder that ended", 20)
    assert called(calling, incident) == {
        0: ["phone-officer"],
        1: ["phone-deputy", "phone-officer"],
        2: ["phone-commander"],
        3: ["phone-commander", "phone-deputy", "phone-officer"],
    }
    with calling.api() as api:
        told = api.get(f"/incidents/{incident}").json()
        items = api.get("/work-items").json()["items"]
    assert [step["act"] for step in told["timeline"]] == ["opened", *["escalated"] * 3, "expired"]
    assert told["ladder"][0]["recipients"][0]["why"]["code"] == "standing", "why this officer is on record"
    assert ("ladder-expired", "P1") in {(item["rule"], item["priority"]) for item in items}
    with calling.api("officer") as phone:
        phone.post(f"/incidents/{incident}/sign").raise_for_status()
    wait_for(lambda: not expired(calling, incident), "the end of the work item once somebody has signed")


def test_a_gateway_killed_again_and_again_calls_every_rung_and_none_twice(calling: Station) -> None:
    incident = press(calling)["id"]
    for pause in (0.1, 0.5, 0.9):
        time.sleep(pause)
        calling.kill("gateway")
        calling.start_gateway()
    wait_for(lambda: expired(calling, incident), "the end of the ladder", 40)
    # One that was away for longer than the ladder climbs all of it at once; then the phones ring.
    wait_for(lambda: called(calling, incident).keys() == {0, 1, 2, 3}, "every rung to have been called")
    rungs = calling.rows("select number, state from rung where incident_id = %s order by number", incident)
    assert [(rung["number"], rung["state"]) for rung in rungs] == [(number, "climbed") for number in range(5)]
    per_rung = "select count(*) from notification where incident_id = %s and username is not null"
    assert calling.one(per_rung, incident) == 1 + 2 + 1 + 3, "one message per rung and person, however often it starts"
    # At least once towards the provider: the same message comes under the same key, never as another one.
    keys = [m["key"] for m in calling.phone_messages() if m["incident"] == incident]
    assert len(set(keys)) == 7


def test_a_ladder_that_stands_still_is_found_and_started_anew(calling: Station) -> None:
    incident = press(calling)["id"]
    calling.execute("delete from rung where incident_id = %s and number > 0", incident)
    calling.execute("update incident set changed_at = changed_at - interval '10 min' where id = %s", incident)
    wait_for(lambda: expired(calling, incident), "the new ladder's end", 30)
    assert {1, 2, 3} <= called(calling, incident).keys()
    with calling.api() as api:
        acts = [step["act"] for step in api.get(f"/incidents/{incident}").json()["timeline"]]
        rules = {item["rule"] for item in api.get("/work-items").json()["items"]}
    assert "ladder_restarted" in acts
    assert "ladder-stalled" in rules


def test_whoever_is_sent_instead_is_called_for_until_somebody_signs(calling: Station) -> None:
    """By design, within the act: nothing stood still, and no watch has to find it."""
    incident = press(calling)["id"]
    wait_for(lambda: called(calling, incident), "the first call")
    with calling.api("officer") as phone:
        phone.post(f"/incidents/{incident}/sign").raise_for_status()
    with calling.api() as api:
        api.post(f"/incidents/{incident}/dispatch", json={"assignees": ["deputy"]}).raise_for_status()
        waiting = calling.rows("select number from rung where incident_id = %s and sounding = 2", incident)
        assert {rung["number"] for rung in waiting} == {0, 1, 2, 3, 4}, "with the act, all of it"
        wait_for(lambda: expired(calling, incident), "the new ladder's end", 20)
        told = api.get(f"/incidents/{incident}").json()
    assert called(calling, incident).keys() == {0, 1, 2, 3}
    assert "ladder_restarted" not in [step["act"] for step in told["timeline"]]
    assert next(step for step in told["timeline"] if step["act"] == "dispatch")["detail"]["climbs"] is True
    stalled = "select 1 from alert where rule_id = 'ladder-stalled' and subject = %s"
    assert calling.rows(stalled, f"incident:{incident}") == []


def test_an_alert_that_joins_overtakes_what_was_proposed(calling: Station) -> None:
    set_policy(calling, ladders=())
    before = calling.one("select coalesce(max(id), 0) from incident")
    with calling.publisher() as town:
        town.event("door-5", "alarm.duress", data={"credential": "card:7f3a"})
        (first,) = wait_for(lambda: calling.rows("select * from incident where id > %s", before), "the press")
        false = {"disposition": "false_human"}
        with calling.api() as api, calling.api("commander") as chief:

            def how() -> dict[str, Any]:
                return dict(api.get(f"/incidents/{first['id']}").json())

            assert api.post(f"/incidents/{first['id']}/close", json=false).json()["proposed"]["by"] == "operator"
            seen = chief.get(f"/incidents/{first['id']}").json()["version"]
            town.event("door-0", "alarm.duress", data={"credential": "card:7f3a"})
            wait_for(lambda: len(how()["alerts"]) == 2, "the second press")
            line = how()["timeline"][-1]
            assert (line["act"], line["detail"]["withdrawn"]) == (
                "joined", {"disposition": "false_human", "by": "operator"},
            )  # fmt: skip
            refusal = chief.post(f"/incidents/{first['id']}/close", json={**false, "version": seen})
            assert (refusal.status_code, refusal.json()["act"]) == (409, "joined"), refusal.text
            # More of an alert that is known is news as well.
            for alert in how()["alerts"]:
                api.post(f"/alerts/{alert}/ack").raise_for_status()
            assert api.post(f"/incidents/{first['id']}/close", json=false).json()["proposed"]["by"] == "operator"
            town.event("door-0", "alarm.duress", data={"credential": "card:7f3a"})
            wait_for(lambda: how()["proposed"] is None, "the third press")
            assert [step["act"] for step in how()["timeline"] if "withdrawn" in step["detail"]] == [
                "joined", "sounded_again",
            ]  # fmt: skip
    set_policy(calling)


def test_where_nobody_is_on_duty_everybody_is_called_and_it_is_said_why(calling: Station) -> None:
    calling.execute("delete from duty")
    set_policy(calling)
    incident = press(calling)
    first = incident["ladder"][0]["recipients"]
    assert {one["user"] for one in first} == {"officer", "deputy", "commander"}
    assert {one["why"]["code"] for one in first} == {"last_resort"}
    wait_for(lambda: len(called(calling, incident["id"]).get(0, [])) == 3, "all phones")
    calling.execute(
        "insert into duty (station_id, area_id, officer, deputy, commander) "
        "values ('teststation', 'beat-1', 'officer', 'deputy', 'commander')"
    )
    set_policy(calling)


def test_what_is_of_one_sort_at_one_place_is_one_incident(calling: Station) -> None:
    before = calling.one("select max(id) from incident")
    with calling.publisher() as town:
        town.event("door-1", "camera.tailgating", data={"people": 2, "granted": 1})
        town.event("door-1", "camera.tailgating", data={"people": 2, "granted": 1})
        (first,) = wait_for(lambda: calling.rows("select * from incident where id > %s", before), "a P3", 30)
        assert (first["priority"], first["category"]) == ("P3", "entry")
        town.event("door-2", "door.forced")
        raised = wait_for(
            lambda: calling.rows("select * from incident where id = %s and priority = 'P2'", first["id"]), "the P2"
        )[0]
        town.event("door-3", "door.forced")
        wait_for(
            lambda: calling.one("select count(*) from incident_alert where incident_id = %s", first["id"]) == 3,
            "three alerts in one incident",
        )
        # Something else at the same place is another matter.
        town.event("door-4", "alarm.duress", data={"credential": "card:7f3a"})
        wait_for(lambda: calling.rows("select 1 from incident where id > %s", first["id"]), "the press")
    assert raised["title"]["zh"] == "门被强行打开", "it goes by the name of what is most urgent"
    assert len(raised["ladder"]) == 3, "and climbs that priority's ladder"
    with calling.api() as api:
        steps = api.get(f"/incidents/{first['id']}/timeline").json()["items"]
    assert [step["act"] for step in steps if step["act"] in {"opened", "joined"}] == ["opened", "joined", "joined"]
    told = [m for m in calling.phone_messages() if m["incident"] == first["id"]]
    assert len(told) == 2, "once for the P3, once for the P2; the second door of the same P2 rings nobody anew"
