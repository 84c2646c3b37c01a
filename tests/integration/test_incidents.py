"""The closed loop over HTTP: from the press to the closed case, told to the second one, and everything beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from gateway.model.incident import OPEN
from gateway.model.person import Person
from gateway.model.policy import Policy
from gateway.model.registry import Area, Device, Place
from gateway.registering.site import SiteUser
from tests.answers import wrong_frames
from tests.station import EXPLANATION, SAID, Station, make_site, now_text, wait_for

PROBLEM = "application/problem+json"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 100
#: Words nobody but whoever may see the incident must ever read.
SECRETS = ("王小明", "13800000000", "他喝多了", "调解成功", "在河边")


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """Two grids; buttons that are pressed once each; a person with a sensor behind a gateway and a card."""
    site = make_site(doors=12, elders=2)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "夜市网格", "beat-1")],
        places=[
            *site.places,
            *(Place(f"school-{n}", "school_gate", "grid-1", f"学校{n}") for n in range(2, 11)),
            Place("far", "shop", "grid-2", "夜市"),
            Place("home", "flat", "grid-1", "东街9号楼101"),
        ],
        devices=[
            *site.devices,
            *(Device(f"button-{n}", "school_button", f"school-{n}", f"按钮{n}") for n in range(2, 11)),
            Device("hub", "gateway", "home", "家庭网关"),
            Device("bed", "motion", "home", "床边", via="hub"),
            Device("far-door", "door_controller", "far", "夜市门"),
        ],
        persons=[*site.persons, Person("p-lost", "走失老人", "home", {"credentials": ["card:77"]})],
        users=[
            *site.users,
            SiteUser("operator-2", "值班员二", "operator"),
            SiteUser("worker", "网格员", "grid_worker", areas=["grid-1"]),
            SiteUser("far-worker", "夜市网格员", "grid_worker", areas=["grid-2"]),
            SiteUser("clerk", "文员", "admin"),
        ],
        # However slow the machine: nobody is urged here, that has tests of its own.
        policy=Policy(deadlines={priority: dict.fromkeys(OPEN, 36_000) for priority in ("P1", "P2", "P3", "P4")}),
    )
    running = Station(tmp_path_factory.mktemp("town"), site)
    try:
        yield running.start_all()
    finally:
        running.close()


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem of a refusal, which must be of this status."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    return dict(answer.json())


def pressed(town: Station, button: str) -> dict[str, Any]:
    """Press a button nobody has pressed yet and return the incident."""
    with town.publisher(button) as device:
        device.event(button, "alarm.pressed")
    query = "select l.incident_id from incident_alert l join alert a on a.id = l.alert_id where a.device_id = %s"
    number = wait_for(lambda: town.rows(query, button), f"the incident of {button}")[0]["incident_id"]
    return get(town, number)


def get(town: Station, number: int, username: str = "operator") -> dict[str, Any]:
    with town.api(username) as api:
        answer = api.get(f"/incidents/{number}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def act(town: Station, username: str, number: int, name: str, **body: Any) -> httpx.Response:
    with town.api(username) as api:
        return api.post(f"/incidents/{number}/{name}", json=body)


def did(town: Station, username: str, number: int, name: str, **body: Any) -> dict[str, Any]:
    answer = act(town, username, number, name, **body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def opened(town: Station, username: str = "operator", **body: Any) -> dict[str, Any]:
    with town.api(username) as api:
        answer = api.post("/incidents", json={"category": "order", "text": "有人吵闹", "place": "mall", **body})
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


def listed(town: Station, username: str = "operator", **query: Any) -> set[int]:
    with town.api(username) as api:
        answer = api.get("/incidents", params={"limit": 500, **query})
        assert answer.status_code == 200, answer.text
        return {incident["id"] for incident in answer.json()["items"]}


def acts_of(incident: dict[str, Any]) -> list[str]:
    """What people did; the ladder climbs beside it."""
    return [step["act"] for step in incident["timeline"] if step["act"] != "escalated"]


def audited(town: Station, name: str, number: int) -> list[dict[str, Any]]:
    return town.rows("select * from audit where act = %s and object = %s order by id", name, f"incident/{number}")


def told(town: Station, number: int, purpose: str) -> list[str]:
    query = "select username from notification where incident_id = %s and purpose = %s order by username"
    return [row["username"] for row in town.rows(query, number, purpose)]


# ── the loop ────────────────────────────────────────────────────────────────────────────────────────────


def test_one_who_is_sent_and_has_no_contact_is_said_at_once(town: Station) -> None:
    number = opened(town)["id"]
    town.execute("update contact set state = 'retired' where username = 'deputy'")
    try:
        did(town, "operator", number, "dispatch", assignees=["officer", "deputy"])
    finally:
        town.execute("update contact set state = 'active' where username = 'deputy'")
    assert told(town, number, "dispatch") == ["officer"]
    (line,) = [step for step in get(town, number)["timeline"] if step["act"] == "unreachable"]
    assert (line["detail"]["user"], line["detail"]["about"], line["detail"]["ways"]) == ("deputy", "dispatch", [])


def test_from_the_press_to_the_closed_case(town: Station) -> None:
    incident = pressed(town, "button-1")
    number = incident["id"]
    assert (incident["state"], incident["priority"]) == ("new", "P1")
    assert {"ack", "dispatch", "close", "note", "attach"} <= set(incident["may"])
    assert "cancel" not in incident["may"], "a real press is closed with a disposition"
    assert did(town, "operator", number, "ack")["due_at"] > incident["opened_at"]
    sent = did(town, "operator", number, "dispatch", assignees=["officer", "deputy", "officer"])
    assert (sent["state"], sent["assignees"]) == ("dispatched", ["officer", "deputy"])
    wait_for(
        lambda: (
            {"phone-officer", "phone-deputy"}
            <= {m["to"] for m in town.phone_messages() if "派警" in m["message"]["title"]["zh"]}
        ),
        "the phones of those who are sent",
    )
    signed = did(town, "officer", number, "sign", client_at=now_text())
    assert (signed["state"], signed["overdue"]) == ("signed", 0)
    assert town.one("select count(*) from rung where state = 'waiting' and incident_id = %s", number) == 0
    assert did(town, "officer", number, "depart")["state"] == "departed"
    assert did(town, "officer", number, "arrive")["state"] == "on_scene"
    assert refused(act(town, "officer", number, "handle", text="  "), 422)["type"].endswith("text")
    assert did(town, "officer", number, "handle", text="他喝多了，已送回")["state"] == "handled"
    closed = did(town, "operator", number, "close", disposition="real", reason="属实")
    assert (closed["state"], closed["disposition"], closed["due_at"]) == ("closed", "real", None)
    whole = get(town, number)
    assert acts_of(whole) == ["opened", "ack", "dispatch", "sign", "depart", "arrive", "handle", "close"]
    by_act = {step["act"]: step for step in whole["timeline"]}
    assert by_act["handle"]["feedback"] == "他喝多了，已送回"
    assert by_act["close"]["reason"] == "属实"
    assert whole["may"] == ["reopen", "note", "attach"]
    assert number in listed(town, "officer", assignee="me", state="closed")
    assert number not in listed(town, "operator", assignee="me")


def test_the_second_one_is_told_what_the_first_one_did(town: Station) -> None:
    number = opened(town)["id"]
    with town.api("operator-2") as second:
        seen = second.get(f"/incidents/{number}")
        assert seen.headers["etag"] == f'"{seen.json()["version"]}"'
        did(town, "operator", number, "ack")
        problem = refused(
            second.post(f"/incidents/{number}/close", json={"disposition": "real"},
                        headers={"If-Match": seen.headers["etag"]}), 409
        )  # fmt: skip
        assert (problem["by"], problem["act"], problem["state"]) == ("operator", "ack", "acknowledged")
        assert problem["version"] == seen.json()["version"] + 1
        assert datetime.fromisoformat(problem["at"])
        assert "operator did «ack»" in problem["detail"]
        refused(second.post(f"/incidents/{number}/ack"), 409)
        refused(second.post(f"/incidents/{number}/ack", headers={"If-Match": '"x"'}), 422)
    assert did(town, "operator", number, "ack")["version"] == problem["version"], "a lost answer asked again"


def alert_of(town: Station, number: int, username: str = "operator") -> dict[str, Any]:
    """The first alert of an incident, as the list shows it."""
    alert = get(town, number, username)["alerts"][0]
    with town.api(username) as api:
        return dict(api.get(f"/alerts/{alert}").json())


def figures(town: Station) -> tuple[int, dict[str, Any]]:
    """How many alarms there were, and every clock."""
    with town.api("commander") as api:
        alarms, clocks = api.get("/stats/alarms").json(), api.get("/stats/clocks", params={"by": "area"}).json()
    return alarms["alarms"], clocks["total"]


@pytest.mark.parametrize("by_alert", [True, False], ids=["alert", "incident"])
def test_an_acknowledgement_is_taken_back(town: Station, by_alert: bool) -> None:
    """Whichever of the two was acknowledged, and whichever is asked: the tone is heard again, the clock runs on."""
    number = pressed(town, "button-9" if by_alert else "button-10")["id"]
    before, counted = get(town, number), figures(town)
    alert = before["alerts"][0]
    position = town.one("select max(id) from change")
    with town.api("operator") as api, town.api("operator-2") as other:
        acknowledged, unack = (f"/alerts/{alert}/ack", f"/incidents/{number}/unack")
        if not by_alert:
            acknowledged, unack = (f"/incidents/{number}/ack", f"/alerts/{alert}/unack")
        assert api.post(acknowledged).status_code == 200
        seen = get(town, number)
        assert seen["state"] == "acknowledged"
        assert "unack" in seen["may"]
        assert "unack" not in get(town, number, "operator-2")["may"]
        told = alert_of(town, number)
        assert told["acknowledged_by"] == "operator"
        refused(other.post(unack), 403)
        did(town, "operator", number, "notes", text="看错了")
        assert api.post(unack).status_code == 200
        assert api.post(unack).status_code == 200, "a lost answer asked again"
    again = alert_of(town, number)
    assert (again["acknowledged"], again["acknowledged_at"], again["state"]) == (False, None, told["state"])
    assert again["version"] == told["version"] + 1
    now = get(town, number)
    assert (now["state"], now["due_at"], now["overdue"]) == ("new", before["due_at"], before["overdue"])
    assert acts_of(now) == ["opened", "ack", "note", "unack"]
    assert figures(town) == counted, "it is no answer, and no other alarm"
    stopped = "select count(*) from rung where incident_id = %s and state = 'stopped'"
    assert town.one(stopped, number) == 0, "the phones' ladder has not noticed"
    changes = town.rows("select kind, body from change where id > %s order by id", position)
    assert [c["body"]["acknowledged"] for c in changes if c["kind"] == "alert" and c["body"]["id"] == alert] == [
        True, False,
    ]  # fmt: skip
    assert len(audited(town, "incident.unack", number)) == 1
    did(town, "operator-2", number, "ack")
    did(town, "officer", number, "sign")
    problem = refused(act(town, "operator-2", number, "unack"), 409)
    assert (problem["by"], problem["act"], problem["state"]) == ("officer", "sign", "signed")
    with town.api("operator-2") as other:
        assert refused(other.post(f"/alerts/{alert}/unack"), 409)["act"] == "sign"


def test_an_alert_that_was_acknowledged_by_itself_comes_back_by_itself(town: Station) -> None:
    """It joined what somebody had taken already, and ended with its acknowledgement."""
    number = opened(town)["id"]
    did(town, "operator", number, "ack")
    alert = town.one(
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, area_id, title, explanation,"
        " first_action, raised_at, last_event_at, active, cleared_at) values (%s, 'own', 1, 'device:own', 'alert',"
        " 'P3', 'grid-1', %s, %s, %s, now(), now(), false, now()) returning id", town.id, SAID, EXPLANATION, SAID
    )  # fmt: skip
    town.execute("insert into incident_alert (incident_id, alert_id) values (%s, %s)", number, alert)
    with town.api("operator") as api, town.api("operator-2") as other:
        assert api.post(f"/alerts/{alert}/ack").json()["state"] == "ended"
        refused(other.post(f"/alerts/{alert}/unack"), 403)
        back = api.post(f"/alerts/{alert}/unack").json()
        assert (back["state"], back["acknowledged"]) == ("cleared", False)
        assert get(town, number)["state"] == "acknowledged", "that was another act"
        assert api.post(f"/alerts/{alert}/ack").status_code == 200
        did(town, "officer", number, "sign")
        assert refused(api.post(f"/alerts/{alert}/unack"), 409)["by"] == "officer"


def test_who_else_has_it_open(town: Station) -> None:
    number = opened(town)["id"]

    def looks(username: str, **body: Any) -> list[dict[str, Any]]:
        return list(did(town, username, number, "presence", **body)["present"])

    audit, version = town.one("select count(*) from audit where act <> 'login'"), get(town, number)["version"]
    assert looks("operator") == []
    (first,) = looks("commander")
    assert (first["username"], first["name"], first["role"]) == ("operator", "值班员", "operator")
    (second,) = looks("operator")
    assert second["username"] == "commander"
    assert looks("commander") == [first], "since the first time"
    assert looks("commander", leaving=True) == [first]
    assert looks("operator") == []
    looks("commander")
    town.execute("update presence set seen_at = seen_at - interval '29 s' where username = 'commander'")
    assert [one["username"] for one in looks("operator")] == ["commander"]
    town.execute("update presence set seen_at = seen_at - interval '2 s' where username = 'commander'")
    assert looks("operator") == [], "a browser that was closed says nothing"
    town.execute("update presence set seen_at = now() - interval '1 minute' where username = 'operator'")
    assert looks("commander") == []
    looks("operator")
    assert looks("commander")[0]["since"] > first["since"], "opened anew after a pause"
    refused(act(town, "far-worker", number, "presence"), 404)
    refused(act(town, "auditor", number, "presence"), 403)
    assert town.one("select count(*) from audit where act <> 'login'") == audit, "nobody writes it down"
    assert get(town, number)["version"] == version
    assert town.one("select relpersistence::text from pg_class where relname = 'presence'") == "u"


def test_of_many_at_once_one_is_first(town: Station) -> None:
    number = opened(town)["id"]
    people = ("operator", "operator-2", "commander", "officer", "deputy")
    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(lambda name: act(town, name, number, "sign"), people))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    first = people[[answer.status_code for answer in answers].index(200)]
    assert {answer.json()["by"] for answer in answers if answer.status_code == 409} == {first}
    assert acts_of(get(town, number)) == ["opened", "sign"]


def test_of_two_who_are_sent_both_say_that_they_come(town: Station) -> None:
    number = opened(town)["id"]
    sent = did(town, "operator", number, "dispatch", assignees=["officer", "deputy"])
    of_deputy = "select state from notification where incident_id = %s and username = 'deputy' and purpose = 'dispatch'"
    wait_for(lambda: town.one(of_deputy, number) in {"accepted", "delivered", "seen"}, "the deputy's phone")
    signed = did(town, "officer", number, "sign", version=sent["version"])
    assert {"assist", "depart"} <= set(get(town, number, "deputy")["may"])
    assert "assist" not in get(town, number, "officer")["may"], "the first one has said it"
    too = did(town, "deputy", number, "sign", version=sent["version"], client_at=now_text())
    assert (too["state"], too["due_at"], too["assignees"]) == ("signed", signed["due_at"], ["officer", "deputy"])
    assert town.one(of_deputy, number) == "acknowledged", "whoever comes has read it"
    assert did(town, "deputy", number, "assist")["version"] == too["version"], "said once"
    refused(act(town, "operator", number, "assist"), 403)
    # Whoever was not sent is told first that somebody is on it.
    assert refused(act(town, "commander", number, "sign"), 409)["by"] == "deputy"
    assert did(town, "commander", number, "assist")["assignees"] == ["officer", "deputy", "commander"]
    assert did(town, "officer", number, "depart", version=signed["version"])["state"] == "departed"
    lines = [step for step in get(town, number)["timeline"] if step["act"] == "assist"]
    assert [(step["actor"], step["from_state"], step["to_state"]) for step in lines] == [
        ("deputy", "signed", "signed"), ("commander", "signed", "signed"),
    ]  # fmt: skip
    assert datetime.fromisoformat(lines[0]["client_at"])
    assert len(audited(town, "incident.assist", number)) == 2


def test_a_phone_sends_what_was_done_without_a_network_with_the_version_it_had_seen(town: Station) -> None:
    number = opened(town)["id"]
    sent = did(town, "operator", number, "dispatch", assignees=["officer"])
    for name in ("sign", "depart", "arrive"):
        moved = did(town, "officer", number, name, version=sent["version"])
    assert moved["state"] == "on_scene"
    assert did(town, "operator", number, "handle", text="已处置")["state"] == "handled"
    late = act(town, "officer", number, "close", version=sent["version"], disposition="real")
    assert refused(late, 409)["by"] == "operator"


def test_acts_are_for_roles_and_scopes(town: Station) -> None:
    number = opened(town)["id"]
    refused(act(town, "officer", number, "ack"), 403)
    refused(act(town, "worker", number, "sign"), 403)
    refused(act(town, "clerk", number, "notes", text="x"), 403)
    refused(act(town, "auditor", number, "notes", text="x"), 403)
    refused(act(town, "far-worker", number, "notes", text="x"), 404)
    did(town, "worker", number, "notes", text="在门口")
    assert refused(act(town, "operator", number, "dispatch", assignees=["nobody"]), 422)["type"].endswith("assignees")
    refused(act(town, "operator", number, "dispatch", assignees=["clerk"]), 422)
    refused(act(town, "operator", number, "dispatch", assignees=[]), 422)
    refused(act(town, "operator", number, "reopen", reason="x"), 409)


def test_whoever_cannot_come_lets_the_next_be_called(town: Station) -> None:
    number = opened(town, priority="P1", category="distress")["id"]
    waiting = "select count(*) from rung where incident_id = %s and state = 'waiting' and due_at > now()"
    before = town.one(waiting, number)
    declined = did(town, "officer", number, "decline", reason="在河边，赶不到")
    assert declined["state"] == "new"
    assert town.one(waiting, number) == before - 1
    wait_for(lambda: "escalated" in [step["act"] for step in get(town, number)["timeline"]], "the next rung")
    step = next(step for step in get(town, number)["timeline"] if step["act"] == "decline")
    assert (step["reason"], step["detail"]["climbs"]) == ("在河边，赶不到", True)
    did(town, "officer", number, "decline")
    assert acts_of(get(town, number)).count("decline") == 1, "asked again"
    did(town, "commander", number, "sign")


# ── four eyes ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_p1_is_closed_as_false_by_two_people(town: Station) -> None:
    number = pressed(town, "button-2")["id"]
    first = did(town, "operator", number, "close", disposition="false_human", reason="王小明按着玩")
    assert (first["state"], first["proposed"]["by"]) == ("new", "operator")
    assert "reason" not in first["proposed"]
    again = did(town, "operator", number, "close", disposition="false_human")
    assert again["version"] == first["version"], "asked again by the same person it is no second person"
    refused(act(town, "officer", number, "close", disposition="false_human"), 403)
    closed = did(town, "operator-2", number, "close", disposition="false_human")
    assert (closed["state"], closed["disposition"], closed["proposed"]) == ("closed", "false_human", None)
    whole = get(town, number)
    assert acts_of(whole)[-2:] == ["proposed", "close"]
    assert whole["timeline"][-2]["reason"] == "王小明按着玩"
    assert whole["timeline"][-1]["detail"]["agreed_with"]["by"] == "operator"


def test_any_other_act_withdraws_what_was_proposed(town: Station) -> None:
    number = pressed(town, "button-3")["id"]
    did(town, "officer", number, "close", disposition="nuisance")
    signed = did(town, "deputy", number, "sign")
    assert (signed["state"], signed["proposed"], signed["assignees"]) == ("signed", None, ["deputy"])
    assert get(town, number)["timeline"][-1]["detail"]["withdrawn"] == {"disposition": "nuisance", "by": "officer"}
    assert did(town, "commander", number, "close", disposition="nuisance")["state"] == "signed", "a first person again"
    assert did(town, "operator", number, "close", disposition="real")["state"] == "closed", "real needs one"


def test_what_was_proposed_can_be_withdrawn(town: Station) -> None:
    number = opened(town, priority="P1")["id"]
    refused(act(town, "operator", number, "withdraw"), 409)
    proposed = did(town, "officer", number, "close", disposition="duplicate")
    assert (proposed["state"], proposed["proposed"]["by"]) == ("new", "officer"), "a duplicate is merged, or takes two"
    assert "withdraw" not in get(town, number, "deputy")["may"]
    refused(act(town, "deputy", number, "withdraw"), 403)
    assert refused(act(town, "operator", number, "withdraw", version=1), 409)["act"] == "proposed"
    gone = did(town, "officer", number, "withdraw", version=proposed["version"], reason="王小明确实报了警")
    assert (gone["state"], gone["proposed"]) == ("new", None)
    assert did(town, "officer", number, "withdraw")["version"] == gone["version"], "asked again"
    line = get(town, number)["timeline"][-1]
    assert (line["act"], line["reason"]) == ("withdraw", "王小明确实报了警")
    assert line["detail"] == {"withdrawn": {"disposition": "duplicate", "by": "officer"}}
    assert len(audited(town, "incident.withdraw", number)) == 1
    did(town, "deputy", number, "close", disposition="drill")
    assert did(town, "operator", number, "withdraw")["proposed"] is None, "the command room takes back anybody's"
    did(town, "operator", number, "close", disposition="real")


# ── merge, reopen, cancel ───────────────────────────────────────────────────────────────────────────────


def test_two_that_are_one(town: Station) -> None:
    press = pressed(town, "button-4")
    by_hand = opened(town, priority="P3", person="p-lost")
    did(town, "officer", press["id"], "sign")
    version = by_hand["version"]
    merged = did(town, "operator", press["id"], "merge", into=by_hand["id"])
    assert (merged["state"], merged["merged_into"], merged["alerts"]) == ("merged", by_hand["id"], [])
    assert did(town, "operator", press["id"], "merge", into=by_hand["id"])["version"] == merged["version"]
    kept = get(town, by_hand["id"])
    assert kept["alerts"] == press["alerts"]
    assert (kept["priority"], kept["assignees"], kept["version"]) == ("P1", ["officer"], version + 1)
    assert (kept["timeline"][-1]["act"], kept["timeline"][-1]["detail"]["incident"]) == ("took_over", press["id"])
    assert get(town, press["id"])["timeline"][-1]["detail"] == {"into": by_hand["id"], "alerts": press["alerts"]}
    assert town.one("select count(*) from rung where incident_id = %s and state = 'waiting'", by_hand["id"]) > 0, (
        "what has become a P1 climbs a P1's ladder"
    )
    problem = refused(act(town, "operator", by_hand["id"], "merge", into=press["id"]), 409)
    assert problem["merged_into"] == by_hand["id"], "no circle"
    refused(act(town, "operator", by_hand["id"], "merge", into=by_hand["id"]), 422)
    refused(act(town, "operator", by_hand["id"], "merge", into=999_999), 404)
    assert by_hand["id"] in listed(town, priority="P1", state="open")


def test_opened_again_it_calls_again(town: Station) -> None:
    number = opened(town)["id"]
    did(town, "officer", number, "close", disposition="unfounded")
    before = town.one("select count(*) from notification where incident_id = %s and purpose = 'incident'", number)
    refused(act(town, "operator", number, "reopen"), 422)
    again = did(town, "operator", number, "reopen", reason="又吵起来了")
    assert (again["state"], again["disposition"], again["closed_at"]) == ("reopened", None, None)
    after = town.one("select count(*) from notification where incident_id = %s and purpose = 'incident'", number)
    assert after > before
    assert number in listed(town, state="reopened")


def test_what_may_be_cancelled(town: Station) -> None:
    real = pressed(town, "button-5")["id"]
    refused(act(town, "operator", real, "cancel", reason="按错"), 422)
    mistake = opened(town)["id"]
    refused(act(town, "operator", mistake, "cancel"), 422)
    assert did(town, "operator", mistake, "cancel", reason="登记错了")["state"] == "cancelled"
    grave = opened(town, priority="P1")["id"]
    refused(act(town, "operator", grave, "cancel", reason="登记错了"), 403)
    assert did(town, "operator-2", grave, "cancel", reason="登记错了")["state"] == "cancelled"


def test_a_drill_is_cancelled_or_closed_as_false_by_one(town: Station) -> None:
    with town.api() as api:
        for button in ("button-6", "button-7"):
            assert api.post("/drills", json={"device": button, "minutes": 30, "note": "月检"}).status_code == 201
    town.wait_for_registry()
    first, second = pressed(town, "button-6"), pressed(town, "button-7")
    assert (first["drill"], second["drill"]) == (True, True)
    assert did(town, "operator", first["id"], "cancel", reason="演练结束")["state"] == "cancelled"
    assert did(town, "operator", second["id"], "close", disposition="nuisance")["state"] == "closed"
    real = opened(town)["id"]
    third = did(town, "operator", first["id"], "reopen", reason="再练一次")
    refused(act(town, "operator", third["id"], "merge", into=real), 422)


# ── by hand ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_dispute_by_hand_with_its_route_and_follow_up(town: Station) -> None:
    number = opened(
        town, "worker", category="dispute", title="邻里纠纷", text="王小明家漏水", reporter="王小明 13800000000",
        dispute={"route": "police", "places": ["mall", "flat-1"], "parties": 2, "outcome": "mediating"},
        video_url="https://video.example/cam/3",
    )["id"]  # fmt: skip
    whole = get(town, number, "worker")
    assert (whole["category"], whole["origin"], whole["opened_by"]) == ("dispute", "person", "worker")
    assert (whole["priority"], whole["area"]) == ("P3", "grid-1")
    assert whole["title"] == {"zh": "矛盾纠纷", "en": "Dispute"}
    assert whole["said"] == {"headline": "邻里纠纷", "text": "王小明家漏水", "reporter": "王小明 13800000000"}
    assert whole["detail"]["video_url"] == "https://video.example/cam/3"
    assert "dispute" in whole["may"]
    assert told(town, number, "incident"), "its ladder is called"
    today = datetime.now(UTC) + timedelta(hours=8)
    with town.api("worker") as api:
        changed = api.patch(
            f"/incidents/{number}/dispute",
            json={"route": "joint", "outcome": "agreed", "outcome_text": "调解成功，赔偿",
                  "follow_up_on": today.date().isoformat()},
        ).json()  # fmt: skip
        assert changed["detail"]["dispute"] == {
            "route": "joint", "places": ["mall", "flat-1"], "parties": 2, "outcome": "agreed",
        }  # fmt: skip
        did(town, "officer", number, "close", disposition="real")
        assert number in listed(town, follow_up="due")
        refused(api.patch(f"/incidents/{number}/dispute", json={"places": ["far"]}), 404)
        refused(api.patch(f"/incidents/{number}/dispute", json={"outcome": "won"}), 422)
        refused(api.patch(f"/incidents/{number}/dispute", json={"outcome": "referred", "version": 1}), 409)
        later = (today + timedelta(days=3)).date().isoformat()
        api.patch(f"/incidents/{number}/dispute", json={"follow_up_on": later})
        assert number not in listed(town, follow_up="due")
        assert api.patch(f"/incidents/{number}/dispute", json={"followed_up": True}).json()["follow_up_on"] is None
        other = opened(town)["id"]
        refused(api.patch(f"/incidents/{other}/dispute", json={"route": "joint"}), 422)
    assert get(town, number)["timeline"][1]["outcome"] == "调解成功，赔偿"
    assert listed(town, category="dispute") == {number}


def test_what_is_opened_must_be_whole_and_within_reach(town: Station) -> None:
    for username, body, status in (
        ("operator", {"category": "order", "place": "mall"}, 422),
        ("operator", {"category": "order", "text": "x"}, 422),
        ("operator", {"category": "system", "text": "x", "place": "mall"}, 422),
        ("operator", {"category": "order", "text": "x", "place": "nowhere"}, 404),
        ("operator", {"category": "order", "text": "x", "place": "mall", "area": "grid-2"}, 422),
        ("operator", {"category": "order", "text": "x", "place": "mall", "person": "nobody"}, 404),
        ("operator", {"category": "order", "text": "\ud800", "place": "mall"}, 422),
        ("operator", {"category": "order", "text": "x", "place": "mall", "dispute": {"route": "joint"}}, 422),
        ("operator", {"category": "order", "text": "x", "area": "grid-1", "video_url": "rtsp://u:p@cam/1"}, 422),
        ("operator", {"category": "order", "text": "x", "area": "grid-1", "video_url": "file:///etc/passwd"}, 422),
        ("worker", {"category": "order", "text": "x", "place": "far"}, 404),
        ("worker", {"category": "order", "text": "x", "area": "grid-2"}, 404),
        ("auditor", {"category": "order", "text": "x", "place": "mall"}, 403),
        ("clerk", {"category": "order", "text": "x", "place": "mall"}, 403),
    ):
        with town.api(username) as api:
            answer = api.post("/incidents", content=json.dumps(body), headers={"Content-Type": "application/json"})
            refused(answer, status)


def test_said_twice_by_an_offline_phone_it_is_there_once(town: Station) -> None:
    told_twice = {"category": "order", "text": "x", "place": "mall", "client_id": "phone-1"}
    with town.api("officer") as phone:
        first, second = (phone.post("/incidents", json=told_twice) for _ in range(2))
        assert (first.status_code, second.status_code) == (201, 200)
        number = first.json()["id"]
        assert second.json()["id"] == number
        for _ in range(2):
            assert phone.post(f"/incidents/{number}/notes", json={"text": "到了", "client_id": "n-1"}).is_success
        refused(phone.post(f"/incidents/{number}/notes", json={"text": "别的", "client_id": "phone-1"}), 422)
        refused(phone.post("/incidents", json={**told_twice, "client_id": "n-1"}), 422)
    assert acts_of(get(town, number)) == ["opened", "note"]
    assert get(town, number)["timeline"][1]["note"] == "到了"
    assert get(town, number)["version"] == first.json()["version"], "a note moves nothing"


def test_lists_are_filtered(town: Station) -> None:
    number = opened(town, area="grid-1", place="flat-2", category="traffic")["id"]
    began = get(town, number)["opened_at"]
    town.execute("update incident set overdue = 1 where id = %s", number)
    for query, there in (
        ({"state": "open"}, True),
        ({"state": "closed"}, False),
        ({"category": "traffic"}, True),
        ({"category": "fire"}, False),
        ({"priority": "P3"}, True),
        ({"priority": "P1"}, False),
        ({"area": "grid-1"}, True),
        ({"area": "grid-2"}, False),
        ({"place": "flat-2"}, True),
        ({"place": "mall"}, False),
        ({"overdue": True}, True),
        ({"overdue": False}, False),
        ({"follow_up": "due"}, False),
        ({"since": began}, True),
        ({"until": began}, False),
        ({"assignee": "me"}, False),
        ({"before": number}, False),
    ):
        assert (number in listed(town, **query)) == there, query
    assert number not in listed(town, "far-worker")
    with town.api() as api:
        refused(api.get("/incidents", params={"since": "2026-11-22T08:00:00"}), 422)


def test_whom_to_send(town: Station) -> None:
    number = opened(town)["id"]
    did(town, "officer", number, "sign")
    with town.api() as api:
        items = api.get(f"/incidents/{number}/candidates").json()["items"]
    assert items[0]["user"] == "officer"
    assert (items[0]["duty_as"], items[0]["assigned"], items[0]["reachable"]) == (["officer"], True, True)
    assert items[0]["busy"] >= 1
    assert {"deputy", "commander"} <= {one["user"] for one in items}
    assert "operator" not in {one["user"] for one in items}


# ── pictures, trail ─────────────────────────────────────────────────────────────────────────────────────


def test_a_picture_is_kept_once_sealed_and_shown_as_it_was(town: Station) -> None:
    number = opened(town)["id"]
    with town.api("worker") as api:

        def sent(content: bytes, kind: str) -> httpx.Response:
            return api.post(f"/incidents/{number}/attachments", content=content, headers={"Content-Type": kind})

        first, again = sent(PNG, "image/png"), sent(PNG, "image/png; name=x")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["sha256"] == hashlib.sha256(PNG).hexdigest()
        assert again.json()["id"] == first.json()["id"]
        refused(sent(PNG, "image/jpeg"), 422)
        refused(sent(b"<script>", "text/html"), 422)
        refused(sent(b"", "image/png"), 422)
        refused(sent(PNG + b"x" * (8 * 1024 * 1024), "image/png"), 422)
        assert sent(b"OggS" + b"voice", "audio/ogg").status_code == 201
        path = f"/incidents/{number}/attachments/{first.json()['id']}"
        shown = api.get(path)
        assert shown.content == PNG
        assert shown.headers["content-type"] == "image/png"
        assert shown.headers["cache-control"] == "private, no-store"
        assert "sandbox" in shown.headers["content-security-policy"]
    with town.api("far-worker") as stranger:
        refused(stranger.get(path), 404)
    with town.api() as api:
        refused(api.get(f"/incidents/{opened(town)['id']}/attachments/{first.json()['id']}"), 404)
    assert httpx.get(f"{town.url}/api/v1{path}").status_code == 401
    kept = bytes(town.one("select content from attachment where id = %s", first.json()["id"]))
    assert b"PNG" not in kept
    assert len(audited(town, "incident.attachment.seen", number)) == 1
    assert [one["content_type"] for one in get(town, number)["attachments"]] == ["image/png", "audio/ogg"]
    assert acts_of(get(town, number)) == ["opened", "attached", "attached"]


def test_the_trail_of_somebody_who_may_need_help(town: Station) -> None:
    with town.publisher() as integrator:
        integrator.event("bed", "motion.detected", event_id="in-bed")
        integrator.event("door-1", "door.granted", event_id="by-card", data={"credential": "card:77"})
        integrator.event("door-2", "door.granted", event_id="by-name", data={"person": "p-lost"})
        integrator.event("door-3", "door.granted", event_id="another", data={"credential": "card:78"})
        integrator.event("far-door", "door.granted", event_id="far-away", data={"credential": "card:77"})
        integrator.event("bed", "motion.detected", event_id="long-ago", ts=now_text(-3 * 3600))
    wait_for(lambda: town.one("select count(*) from event where event_id in ('far-away', 'long-ago')") == 2, "events")
    number = opened(town, category="distress", place="school-1", person="p-lost")["id"]
    assert "trail" in get(town, number)["may"]
    assert "trail" not in get(town, number, "worker")["may"]
    with town.api() as api:

        def asked(incident: int = number, **body: Any) -> httpx.Response:
            return api.post(f"/incidents/{incident}/trail", json={"reason": "走失，家属报警", "hours": 1, **body})

        shown = asked().json()
        assert {event["id"] for event in shown["items"]} == {"in-bed", "by-card", "by-name", "far-away"}
        assert [event["ts"] for event in shown["items"]] == sorted((e["ts"] for e in shown["items"]), reverse=True)
        assert (shown["persons"], shown["more"]) == (["p-lost"], False)
        assert {"hub", "bed"} == set(shown["devices"])
        assert "long-ago" in {event["id"] for event in asked(hours=4).json()["items"]}
        refused(asked(reason=" "), 422)
        refused(asked(hours=73), 422)
        refused(asked(opened(town)["id"]), 422)
        unknown = opened(town, category="distress", place="mall")["id"]
        refused(asked(unknown), 422)
        at_home = opened(town, category="care", place="home")["id"]
        assert asked(at_home).json()["persons"] == ["p-lost"], "whoever lives there"
        refused(act(town, "worker", number, "trail", reason="x"), 403)
        did(town, "operator", number, "close", disposition="real")
        refused(asked(), 409)
    lines = audited(town, "incident.trail", number)
    assert [(line["username"], "走失" in str(line["detail"])) for line in lines] == [("operator", False)] * 2
    with town.api("auditor") as api:
        read = api.get("/audit", params={"act": "incident.trail", "object": f"incident/{number}"}).json()["items"]
    assert [line["detail"]["reason"] for line in read] == ["走失，家属报警"] * 2, "the auditor judges it"
    step = next(step for step in get(town, number)["timeline"] if step["act"] == "trail")
    assert (step["reason"], step["detail"]["events"]) == ("走失，家属报警", 4)


# ── nothing personal leaves ─────────────────────────────────────────────────────────────────────────────


def test_what_people_wrote_is_nowhere_but_sealed(town: Station) -> None:
    """Runs last: whatever the others wrote must stand in no stream, message, timeline row, audit line or log."""
    number = opened(town, text="王小明 13800000000 在河边", reporter="王小明")["id"]
    did(town, "officer", number, "sign")
    did(town, "officer", number, "handle", text="他喝多了")
    did(town, "officer", number, "notes", text="调解成功")
    assert get(town, number)["said"]["text"] == "王小明 13800000000 在河边"
    everything = {
        "stream": town.rows("select body::text as told from change"),
        "messages": town.rows("select body::text as told from notification"),
        "steps": town.rows("select concat(reason, detail) as told from incident_step"),
        "incidents": town.rows("select concat(title, detail, proposed) as told from incident"),
        "audit": town.rows("select detail::text as told from audit"),
    }
    for where, rows in everything.items():
        text = "".join(row["told"] for row in rows)
        # JSON may have written the characters as escapes.
        text += text.encode().decode("unicode_escape", errors="ignore") if "\\u" in text else ""
        assert rows, where
        assert not [secret for secret in SECRETS if secret in text], where
    for log in ("gateway", "api"):
        text = (town.home / f"{log}.log").read_text(errors="replace")
        assert not [secret for secret in SECRETS if secret in text], log
    sealed = town.rows("select sealed from incident_text")
    assert sealed
    assert not [row for row in sealed if "王小明".encode() in bytes(row["sealed"])]


def test_what_the_stream_said_of_it_is_as_documented(town: Station) -> None:
    changes = town.rows("select kind, body from change")
    assert {change["kind"] for change in changes} >= {"alert", "incident"}
    assert wrong_frames(changes) == []
