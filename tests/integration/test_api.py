"""The API as consoles, phones and integrators meet it: who gets in, who may do what, what lists say, how it refuses."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2 as httpx
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.embedded.ports import LOOPBACK
from gateway.model.registry import Area, Device, Place
from gateway.registering.site import SiteUser
from tests.answers import wrong_frames
from tests.station import PASSWORD, Station, ladders, make_site, now_text, wait_for

PROBLEM = "application/problem+json"
DOORS, STALLS, SPARE = 7, 3, 30


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with two grids, and an alert at each of its doors."""
    site = make_site(doors=DOORS + SPARE)
    site = msgspec.structs.replace(
        site,
        areas=[*site.areas, Area("grid-2", "grid", "夜市网格", "beat-1")],
        places=[*site.places, Place("market", "market", "grid-2", "夜市")],
        devices=[*site.devices, *(Device(f"stall-{n}", "door_contact", "market", f"摊{n}") for n in range(9))],
        users=[
            *site.users,
            SiteUser("forgetful", "记性差", "operator"),
            SiteUser("market-chief", "夜市长", "commander"),
        ],
    )
    running = Station(tmp_path_factory.mktemp("town"), site)
    running.policy = ladders()
    try:
        running.start_all()
        running.rows("update user_account set areas = '{grid-2}' where username = 'market-chief' returning 1")
        with running.publisher() as integrator:
            for device in (*(f"door-{n}" for n in range(DOORS)), *(f"stall-{n}" for n in range(STALLS))):
                integrator.event(device, "door.forced")
            for n in range(5):
                integrator.raw(f"anxin/v1/{running.id}/door-1/event", f"not json {n}".encode())
        wait_for(lambda: running.one("select count(*) from alert") == DOORS + STALLS, "the alerts")
        wait_for(lambda: running.one("select count(*) from dead_letter") == 5, "the dead letters")
        yield running
    finally:
        running.close()


_spare = iter(range(DOORS, DOORS + SPARE))


def forced(town: Station) -> tuple[int, int]:
    """A fresh alert and its incident."""
    device = f"door-{next(_spare)}"
    with town.publisher() as integrator:
        integrator.event(device, "door.forced")
    row = wait_for(
        lambda: town.rows(
            "select alert_id, incident_id from incident_alert join alert a on a.id = alert_id where a.device_id = %s",
            device,
        ),
        "the incident",
    )[0]
    return row["alert_id"], row["incident_id"]


def log_in(town: Station, username: str, password: str = PASSWORD) -> httpx.Response:
    return httpx.post(f"{town.url}/api/v1/auth/login", json={"username": username, "password": password})


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def refused(answer: httpx.Response, status: int) -> str:
    """The sentence of a refusal, which must be a problem of this status."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:anxin:problem:")
    assert problem["title"]
    return str(problem["detail"])


# ── who gets in ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_right_password_gets_in_and_says_who_it_is(town: Station) -> None:
    answer = log_in(town, "operator")
    assert answer.status_code == 200
    told = answer.json()
    assert told["user"] == {
        "username": "operator", "name": "值班员", "role": "operator", "station": town.id, "areas": None,
    }  # fmt: skip
    me = httpx.get(f"{town.url}/api/v1/me", headers={"Authorization": f"Bearer {told['token']}"})
    assert told["user"].items() <= me.json().items()


def test_a_wrong_password_and_an_unknown_name_are_refused_alike(town: Station) -> None:
    wrong = refused(log_in(town, "commander", "guess"), 401)
    unknown = refused(log_in(town, "nobody", "guess"), 401)
    assert wrong == unknown, "the answer does not say which names exist"


def test_five_wrong_passwords_lock_an_account_and_no_other(town: Station) -> None:
    for _ in range(5):
        refused(log_in(town, "forgetful", "wrong"), 401)
    assert "locked" in refused(log_in(town, "forgetful"), 403), "even the right password"
    assert log_in(town, "operator").status_code == 200
    with town.api("auditor") as auditor:
        acts = [line["act"] for line in auditor.get("/audit").json()["items"] if line["username"] == "forgetful"]
    assert acts.count("login.failed") >= 5
    town.rows("update user_account set locked_until = now() - interval '1 s' where username = 'forgetful' returning 1")
    assert log_in(town, "forgetful").status_code == 200, "the lock ends by itself"


def test_four_wrong_passwords_are_forgiven_by_a_right_one(town: Station) -> None:
    for _ in range(2):
        for _ in range(4):
            refused(log_in(town, "forgetful", "wrong"), 401)
        assert log_in(town, "forgetful").status_code == 200


def test_a_session_nobody_used_for_an_hour_is_over_for_good(town: Station) -> None:
    with town.api("officer") as api:
        age = "update user_session set used_at = used_at - interval '%s minutes' where username = 'officer' returning 1"
        town.rows(age.replace("%s", "59"))
        assert api.get("/me").status_code == 200
        town.rows(age.replace("%s", "61"))
        assert "idle" in refused(api.get("/me"), 401)
        refused(api.get("/me"), 401)


def test_logging_out_ends_this_session_and_no_other(town: Station) -> None:
    with town.api() as here, town.api() as there:
        assert here.post("/auth/logout").status_code == 204
        refused(here.get("/me"), 401)
        assert there.get("/me").status_code == 200


def test_another_sites_page_cannot_act_with_our_cookie(town: Station) -> None:
    ours = {"Origin": town.url}
    theirs = ({"Origin": "https://evil.example.com"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})
    with httpx.Client(base_url=f"{town.url}/api/v1", timeout=15) as browser:
        token = browser.post("/auth/login", json={"username": "officer", "password": PASSWORD}).json()["token"]
        for headers in theirs:
            answer = browser.post("/auth/logout", headers=headers)
            assert (answer.status_code, answer.json()["type"]) == (403, "urn:anxin:problem:cross_site")
            assert answer.headers["x-frame-options"] == "DENY"
            assert browser.get("/me", headers=headers).status_code == 200, "looking changes nothing"
        assert browser.post("/auth/logout", headers=ours).status_code == 204
        bearer = {"Authorization": f"Bearer {token}"}
        assert browser.get("/me", headers=bearer).status_code == 401


def test_the_cookie_is_as_good_as_the_bearer_and_out_of_scripts_reach(town: Station) -> None:
    with httpx.Client(base_url=f"{town.url}/api/v1") as browser:
        answer = browser.post("/auth/login", json={"username": "operator", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert browser.get("/alerts").status_code == 200
        assert browser.post("/auth/logout").status_code == 204
        refused(browser.get("/alerts"), 401)


@pytest.mark.parametrize(
    "path", ["me", "alerts", "incidents", "events", "devices", "places", "areas", "rules", "dead-letters", "audit"]
)
def test_nobody_sees_anything_without_a_session(town: Station, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer made-up"}, {"Authorization": "Basic eA=="}):
        refused(httpx.get(f"{town.url}/api/v1/{path}", headers=headers), 401)


# ── who may do what ─────────────────────────────────────────────────────────────────────────────────────


def test_the_auditor_sees_who_did_what_and_no_data(town: Station) -> None:
    with town.api("auditor") as auditor:
        items = auditor.get("/audit").json()["items"]
        assert items[0]["username"] == "auditor"
        for path in ("alerts", "incidents", "events", "devices", "places", "dead-letters", "work-items"):
            refused(auditor.get(f"/{path}"), 403)
        refused(auditor.get("/alerts/1"), 403)


def test_responders_know_each_other_by_name_and_role_and_nothing_else(town: Station) -> None:
    for username in ("operator", "officer", "commander"):
        with town.api(username) as api:
            told = {user["id"]: user for user in api.get("/users").json()["items"]}
            assert told["forgetful"] == {"id": "forgetful", "name": "记性差", "role": "operator"}
            assert {user["role"] for user in told.values()} == {"operator", "officer", "commander"}
    for username in ("auditor", "admin"):
        with town.api(username) as api:
            refused(api.get("/users"), 403)


def test_only_the_auditor_and_the_admin_read_the_trail(town: Station) -> None:
    for username, status in {"operator": 403, "officer": 403, "commander": 403, "admin": 200}.items():
        with town.api(username) as api:
            assert api.get("/audit").status_code == status, username


@pytest.mark.parametrize("username", ["officer", "deputy", "admin", "auditor"])
def test_only_the_command_room_acknowledges_and_resets(town: Station, username: str) -> None:
    alert = town.one("select min(id) from alert")
    incident = town.one("select min(incident_id) from incident_alert where alert_id = %s", alert)
    with town.api(username) as api:
        refused(api.post(f"/alerts/{alert}/ack"), 403)
        refused(api.post(f"/alerts/{alert}/reset"), 403)
        refused(api.post(f"/incidents/{incident}/ack"), 403)
    row = town.rows("select acknowledged_by, ended_at from alert where id = %s", alert)[0]
    assert row == {"acknowledged_by": None, "ended_at": None}


@pytest.mark.parametrize("username", ["admin", "auditor"])
def test_whoever_answers_no_calls_signs_none(town: Station, username: str) -> None:
    incident = town.one("select min(id) from incident")
    with town.api(username) as api:
        refused(api.post(f"/incidents/{incident}/sign"), 403)
        refused(api.post(f"/incidents/{incident}/close", json={"disposition": "drill"}), 403)
    assert town.one("select state from incident where id = %s", incident) == "new"


# ── two people at once ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("turn", range(3))
def test_of_two_who_sign_at_once_one_is_told_that_the_other_did(town: Station, turn: int) -> None:
    _, incident = forced(town)
    ready = threading.Barrier(2)

    def sign(username: str) -> httpx.Response:
        with town.api(username) as phone:
            ready.wait(10)
            return phone.post(f"/incidents/{incident}/sign")

    with ThreadPoolExecutor(2) as both:
        answers = dict(zip(("officer", "deputy"), both.map(sign, ("officer", "deputy")), strict=True))
    assert sorted(answer.status_code for answer in answers.values()) == [200, 409], turn
    first = next(name for name, answer in answers.items() if answer.status_code == 200)
    (second,) = set(answers) - {first}
    told = refused(answers[second], 409)
    assert first in told
    assert "sign" in told
    signs = "select actor from incident_step where incident_id = %s and act = 'sign'"
    assert [row["actor"] for row in town.rows(signs, incident)] == [first]


def test_a_version_that_is_no_longer_so_is_a_conflict_that_says_what_happened(town: Station) -> None:
    _, incident = forced(town)
    with town.api() as operator, town.api("officer") as officer:
        seen = officer.get(f"/incidents/{incident}").json()["version"]
        assert operator.post(f"/incidents/{incident}/ack", json={"version": seen}).json()["version"] == seen + 1
        told = refused(officer.post(f"/incidents/{incident}/sign", json={"version": seen}), 409)
        assert "operator" in told
        assert "ack" in told
        assert officer.post(f"/incidents/{incident}/sign", json={"version": seen + 1}).json()["state"] == "signed"


def test_whoever_comes_second_is_told_who_signed_though_it_sounded_again_since(town: Station) -> None:
    alert, incident = forced(town)
    with town.api() as operator, town.api("officer") as officer, town.api("deputy") as deputy:
        device = operator.get(f"/alerts/{alert}").json()["device"]
        assert officer.post(f"/incidents/{incident}/sign").status_code == 200
        assert operator.post(f"/alerts/{alert}/ack").status_code == 200
        with town.publisher() as integrator:
            integrator.event(device, "door.closed")
            integrator.event(device, "door.forced")
        wait_for(lambda: town.one("select sounded from alert where id = %s", alert) == 2, "the second sound")
        told = refused(deputy.post(f"/incidents/{incident}/sign"), 409)
        assert "officer" in told, told
        assert officer.post(f"/incidents/{incident}/sign").status_code == 200, "a lost answer may be asked again"


def test_closing_again_with_another_disposition_is_not_taken_for_the_same(town: Station) -> None:
    _, incident = forced(town)
    with town.api("officer") as officer:
        closed = officer.post(f"/incidents/{incident}/close", json={"disposition": "drill"})
        assert closed.json()["disposition"] == "drill"
        assert officer.post(f"/incidents/{incident}/close", json={"disposition": "drill"}).status_code == 200
        other = officer.post(f"/incidents/{incident}/close", json={"disposition": "real"})
        assert other.status_code == 409, f"told {other.status_code}, and it stays {other.json()['disposition']}"


def test_many_who_acknowledge_at_once_acknowledge_once(town: Station) -> None:
    alert, _ = forced(town)

    def acknowledge(username: str) -> httpx.Response:
        with town.api(username) as api:
            return api.post(f"/alerts/{alert}/ack")

    with ThreadPoolExecutor(6) as all_of_them:
        answers = list(all_of_them.map(acknowledge, ["operator", "commander"] * 3))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["acknowledged_by"] for answer in answers}) == 1
    trail = "select count(*) from audit where act = 'alert.ack' and object = %s"
    assert town.one(trail, f"alert/{alert}") == 1


# ── refusals ────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_there_is_a_problem_with_a_sentence(town: Station) -> None:
    with town.api() as api:
        assert "999999" in refused(api.get("/alerts/999999"), 404)
        assert "999999" in refused(api.get("/incidents/999999"), 404)
        refused(api.post("/alerts/999999/ack"), 404)
        refused(api.post("/incidents/999999/sign"), 404)
        refused(api.get("/nothing-of-ours"), 404)


def test_what_cannot_be_read_names_what_is_wrong(town: Station) -> None:
    with town.api() as api:
        assert "state" in refused(api.get("/alerts", params={"state": "sleepy"}), 422)
        assert "limit" in refused(api.get("/alerts", params={"limit": 0}), 422)
        assert "limit" in refused(api.get("/alerts", params={"limit": 10_000}), 422)
        assert "since" in refused(api.get("/events", params={"since": "yesterday"}), 422)
        assert "cursor" in refused(api.get("/events", params={"cursor": "made-up"}), 422)
        refused(api.post("/auth/login", content=b"{"), 422)


@pytest.mark.parametrize(
    "path",
    [
        "alerts/99999999999999999999",
        "incidents/99999999999999999999",
        "alerts?before=99999999999999999999",
        "incidents?before=-99999999999999999999",
        "dead-letters?before=99999999999999999999",
        "alerts?device=%00",
        "devices?kind=%00",
        "devices?after=%00",
        "events?device=%00",
        "events?since=0001-01-01T00:00:00%2B14:00",
        "events?until=9999-12-31T23:59:59-14:00",
        "audit?limit=0",
        "audit?limit=-1",
        "audit?before=99999999999999999999",
    ],
)
def test_no_question_is_a_defect_of_ours(town: Station, path: str) -> None:
    with town.api("admin") as api:
        answer = api.get(f"/{path}")
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("auth/login", {"username": "\0", "password": "x"}),
        ("auth/login", {"username": "operator", "password": "\ud800"}),
        ("incidents/{fresh}/sign", {"reason": "\0"}),
        ("incidents/{fresh}/sign", {"version": 10**30}),
        ("incidents/99999999999999999999/sign", {}),
        ("alerts/99999999999999999999/ack", {}),
        ("ingest", {"device": "\0", "kind": "door.opened"}),
        ("ingest", {"device": "\ud800", "kind": "door.opened"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value) or "empty",
)
def test_no_command_is_a_defect_of_ours(town: Station, path: str, body: dict[str, Any]) -> None:
    if "{fresh}" in path:
        path = path.format(fresh=forced(town)[1])
    with town.api() as api:
        answer = api.post(f"/{path}", content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code < 500, answer.text


@pytest.mark.parametrize("client_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_phone_whose_clock_is_wild_does_not_spoil_the_incident(town: Station, client_at: str) -> None:
    _, incident = forced(town)
    with town.api("officer") as officer:
        answer = officer.post(f"/incidents/{incident}/sign", json={"client_at": client_at})
        assert answer.status_code in {200, 422}, answer.text
        shown = officer.get(f"/incidents/{incident}")
        assert shown.status_code == 200, f"nobody can look at the incident any more: {shown.text}"
        closed = officer.post(f"/incidents/{incident}/close", json={"disposition": "drill"})
        assert closed.status_code == 200, f"nobody can close the incident any more: {closed.text}"


# ── lists ───────────────────────────────────────────────────────────────────────────────────────────────


def walk(api: httpx.Client, path: str, by: str, limit: int, **query: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list, following `next` as it was given."""
    pages: list[list[dict[str, Any]]] = []
    following: Any = None
    while following is not None or not pages:
        asked = {**query, "limit": limit, **({by: following} if following is not None else {})}
        answer = api.get(f"/{path}", params=asked)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json()["items"])
        following = answer.json()["next"]
        assert len(pages) < 500, "paging does not end"
    return pages


@pytest.mark.parametrize(
    ("path", "by", "username"),
    [
        ("alerts", "before", "operator"),
        ("incidents", "before", "operator"),
        ("devices", "after", "operator"),
        ("places", "after", "operator"),
        ("dead-letters", "before", "operator"),
        ("audit", "before", "auditor"),
        ("events", "cursor", "operator"),
    ],
)
def test_pages_are_the_whole_list_each_row_once(town: Station, path: str, by: str, username: str) -> None:
    def told(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [row for row in rows if row.get("act") != "audit.read"]  # reading the trail adds to it

    with town.api(username) as api:
        whole = api.get(f"/{path}", params={"limit": 500}).json()
        assert whole["next"] is None
        for limit in (1, 2, 3):
            pages = walk(api, path, by, limit)
            assert told([row for page in pages for row in page]) == told(whole["items"])
            assert all(len(page) == limit for page in pages[:-1])
        assert len(whole["items"]) >= 5


def test_a_page_of_the_trail_that_asks_for_too_much_still_says_where_to_go_on(town: Station) -> None:
    with town.api("auditor") as auditor:
        town.rows(
            "insert into audit (at, station_id, username, act) "
            "select now(), %s, 'somebody', 'test' from generate_series(1, 1001) returning 1",
            town.id,
        )
        answer = auditor.get("/audit", params={"limit": 5000})
        if answer.status_code != 422:
            told = answer.json()
            assert len(told["items"]) > 1000 or told["next"] is not None, "the rest of the trail cannot be reached"


def test_events_of_one_moment_are_paged_without_loss(town: Station) -> None:
    moment = now_text(-7200)  # nothing else is so old
    with town.publisher() as integrator:
        for n in range(4):
            integrator.event("contact-1", "door.opened", ts=moment, event_id=f"same-{n}")
            integrator.event("contact-2", "door.opened", ts=moment, event_id=f"same-{n}")
    count = "select count(*) from event where event_id like 'same-%%' and station_id = %s"
    wait_for(lambda: town.one(count, town.id) == 8, "the events")
    with town.api() as api:
        pages = walk(api, "events", "cursor", 3, since=moment, until=now_text(-7199))
        found = [(event["device"], event["id"]) for page in pages for event in page]
    assert sorted(found) == sorted((f"contact-{d}", f"same-{n}") for d in (1, 2) for n in range(4))


def test_alerts_are_filtered_by_state_device_area_and_priority(town: Station) -> None:
    with town.api() as api:

        def devices(**query: Any) -> list[str]:
            return [alert["device"] for alert in api.get("/alerts", params={"limit": 500, **query}).json()["items"]]

        assert devices(state="active", device="stall-1") == ["stall-1"]
        assert sorted(devices(area="grid-2")) == ["stall-0", "stall-1", "stall-2"]
        assert devices(device="stall-1", area="grid-1") == []
        assert devices(place="market", rule="door-forced", priority="P2") == devices(area="grid-2")
        assert devices(priority="P1") == []
        assert devices(state="ended", device="stall-1") == []
        newest_first = [alert["id"] for alert in api.get("/alerts").json()["items"]]
        assert newest_first == sorted(newest_first, reverse=True)


def test_devices_are_filtered_by_kind_and_area(town: Station) -> None:
    with town.api() as api:

        def ids(**query: Any) -> list[str]:
            return [device["id"] for device in api.get("/devices", params=query).json()["items"]]

        assert ids(kind="school_button", area="grid-1") == ["button-1"]
        assert ids(kind="school_button", area="grid-2") == []
        assert ids(area="grid-2") == [f"stall-{n}" for n in range(9)]
        assert ids(place="school-1") == ["button-1", "camera-1"]


def test_events_are_filtered_by_device_kind_and_time_with_the_end_left_out(town: Station) -> None:
    moments = [now_text(-600), now_text(-300), now_text(-200)]
    with town.publisher() as integrator:
        for n, moment in enumerate(moments):
            integrator.event("contact-3", "door.opened", ts=moment, event_id=f"at-{n}")
        integrator.event("contact-3", "door.closed", ts=moments[2], event_id="closed")
    wait_for(lambda: town.one("select count(*) from event where device_id = 'contact-3'") == 4, "the events")
    with town.api() as api:

        def ids(**query: Any) -> list[str]:
            return [
                event["id"] for event in api.get("/events", params={"device": "contact-3", **query}).json()["items"]
            ]

        assert ids(kind="door.opened") == ["at-2", "at-1", "at-0"]
        assert ids(kind="door.opened", since=moments[1]) == ["at-2", "at-1"]
        assert ids(kind="door.opened", since=moments[0], until=moments[2]) == ["at-1", "at-0"]
        assert ids(kind="door.opened", since=moments[1], until=moments[1]) == []
        assert ids(place="flat-3", kind="door.closed") == ["closed"]
        assert ids(place="flat-1") == []


def test_dead_letters_say_why_and_keep_what_came(town: Station) -> None:
    with town.api() as api:
        told = api.get("/dead-letters", params={"reason": "not_json"}).json()
    assert told["counts"]["not_json"] == len(told["items"]) >= 5
    letter = next(one for one in told["items"] if base64.b64decode(one["payload"]) == b"not json 3")
    assert letter["topic"] == f"anxin/v1/{town.id}/door-1/event"
    assert letter["detail"]


# ── jurisdiction ────────────────────────────────────────────────────────────────────────────────────────


def test_a_person_with_areas_sees_and_moves_only_these(town: Station) -> None:
    own, foreign = (
        town.rows(
            "select a.id, l.incident_id from alert a join incident_alert l on l.alert_id = a.id where device_id = %s", d
        )[0]
        for d in ("stall-0", "door-0")
    )
    state = "select state, version from incident where id = %s"
    before = town.rows(state, foreign["incident_id"])
    with town.api("market-chief") as chief:
        assert {alert["area"] for alert in chief.get("/alerts").json()["items"]} == {"grid-2"}
        assert {incident["area"] for incident in chief.get("/incidents").json()["items"]} == {"grid-2"}
        assert {device["id"][:5] for device in chief.get("/devices").json()["items"]} == {"stall"}
        assert {event["place"] for event in chief.get("/events").json()["items"]} == {"market"}
        assert [area["id"] for area in chief.get("/areas").json()["items"]] == ["grid-2"]
        assert [place["id"] for place in chief.get("/places").json()["items"]] == ["market"]
        assert chief.get("/alerts", params={"area": "grid-1"}).json()["items"] == []
        assert chief.get(f"/alerts/{own['id']}").status_code == 200
        for path in (f"alerts/{foreign['id']}", f"incidents/{foreign['incident_id']}"):
            refused(chief.get(f"/{path}"), 404)
        refused(chief.get(f"/incidents/{foreign['incident_id']}/timeline"), 404)
        refused(chief.post(f"/alerts/{foreign['id']}/ack"), 404)
        refused(chief.post(f"/alerts/{foreign['id']}/reset"), 404)
        refused(chief.post(f"/incidents/{foreign['incident_id']}/sign"), 404)
        refused(chief.post(f"/incidents/{foreign['incident_id']}/close", json={"disposition": "drill"}), 404)
    assert town.rows(state, foreign["incident_id"]) == before


def test_a_person_with_areas_is_streamed_only_these(town: Station) -> None:
    position = int(town.one("select max(id) from change"))
    with town.publisher() as integrator:
        for device in ("stall-5", "door-0", "stall-6", "door-1", "stall-7"):
            integrator.event(device, "door.forced")
    own = "select id from change where id > %s and area_id = 'grid-2' order by id"
    wait_for(lambda: len(town.rows(own, position)) == 6, "three alerts with their incidents")
    with town.api("market-chief") as chief:
        heard = _streamed(chief, position, 6)
    assert [number for number, _ in heard] == [row["id"] for row in town.rows(own, position)]
    assert {body["area"] for _, body in heard} == {"grid-2"}


def _streamed(api: httpx.Client, position: int, count: int) -> list[tuple[int, dict[str, Any]]]:
    heard: list[tuple[int, dict[str, Any]]] = []
    number = 0
    with api.stream("GET", "/stream", headers={"Last-Event-ID": str(position)}) as stream:
        for line in stream.iter_lines():
            name, _, told = line.partition(": ")
            if name == "id":
                number = int(told)
            elif name == "data":
                heard.append((number, json.loads(told)))
            if len(heard) == count:
                return heard
    return heard


# ── events over HTTP ────────────────────────────────────────────────────────────────────────────────────


def report(device: str | None, kind: str = "door.opened", **more: Any) -> dict[str, Any]:
    body = {"id": f"http-{time.time_ns()}", "ts": now_text(), "kind": kind, "data": {}, **more}
    return body if device is None else {**body, "device": device}


def hand_in(town: Station, body: object, headers: dict[str, str]) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{town.url}/api/v1/ingest", content=content, headers=headers, timeout=15)


def stored(town: Station, event_id: str) -> list[dict[str, Any]]:
    return town.rows("select device_id, kind from event where event_id = %s", event_id)


def test_a_device_hands_in_an_event_and_it_travels_the_road(town: Station) -> None:
    told = report("button-1", "alarm.pressed")
    answer = hand_in(town, told, basic("button-1", town.device_secrets["button-1"]))
    assert answer.status_code == 202
    assert answer.json()["ids"] == [answer.json()["id"]]
    alert = wait_for(lambda: town.rows("select id, priority, events from alert where device_id = 'button-1'"), "alert")
    assert (alert[0]["priority"], alert[0]["events"]) == ("P1", [f"button-1/{told['id']}"])
    wait_for(
        lambda: [m for m in town.phone_messages() if m["alert"] == alert[0]["id"]], "the phone, for a press over HTTP"
    )
    assert town.one("select count(*) from inbox") == 0


def test_a_device_need_not_name_itself(town: Station) -> None:
    told = report(None)
    assert hand_in(town, told, basic("door-0", town.device_secrets["door-0"])).status_code == 202
    assert wait_for(lambda: stored(town, told["id"]), "the event") == [{"device_id": "door-0", "kind": "door.opened"}]


def test_an_event_handed_in_twice_or_over_both_roads_is_stored_once(town: Station) -> None:
    told, marker = report(None, "camera.person"), report(None)
    headers = basic("camera-1", town.device_secrets["camera-1"])
    for _ in range(2):
        assert hand_in(town, told, headers).status_code == 202
    with town.publisher("camera-1") as camera:
        camera.raw(f"anxin/v1/{town.id}/camera-1/event", json.dumps(told).encode())
    assert hand_in(town, [told, marker, told], headers).status_code == 202
    wait_for(lambda: stored(town, marker["id"]), "what came after")
    assert len(stored(town, told["id"])) == 1
    assert town.one("select count(*) from dead_letter where topic like '%%camera-1%%'") == 0


def test_a_list_gets_one_inbox_id_each_in_order(town: Station) -> None:
    told = [report(None) for _ in range(5)]
    answer = hand_in(town, told, basic("door-1", town.device_secrets["door-1"])).json()
    assert len(answer["ids"]) == 5
    assert answer["ids"] == sorted(answer["ids"])
    assert answer["id"] == answer["ids"][0]
    wait_for(lambda: all(stored(town, one["id"]) for one in told), "all of them")


def test_a_device_speaks_for_itself_only_and_a_list_is_taken_whole_or_not(town: Station) -> None:
    own, other = report(None), report("door-3")
    headers = basic("door-2", town.device_secrets["door-2"])
    assert "door-3" in refused(hand_in(town, other, headers), 403)
    refused(hand_in(town, [own, other], headers), 403)
    marker = report(None)
    assert hand_in(town, marker, headers).status_code == 202
    wait_for(lambda: stored(town, marker["id"]), "what came after")
    assert stored(town, own["id"]) == stored(town, other["id"]) == []


def test_a_wrong_secret_hands_in_nothing(town: Station) -> None:
    for name, secret in {"door-2": "guess", "no-such-device": "x", "": "", "operator": PASSWORD}.items():
        refused(hand_in(town, report(None), basic(name, secret)), 401)
    refused(hand_in(town, report("door-2"), {"Authorization": "Basic ???"}), 401)
    refused(hand_in(town, report("door-2"), {}), 401)


def test_the_desk_hands_in_what_people_report_and_officers_do_not(town: Station) -> None:
    told = report("camera-1", "incident.reported")
    with town.api() as operator:
        assert operator.post("/ingest", json=told).status_code == 202
    wait_for(lambda: stored(town, told["id"]), "the report")
    for username in ("officer", "commander", "auditor"):
        with town.api(username) as api:
            refused(api.post("/ingest", json=report("camera-1")), 403)


@pytest.mark.parametrize("body", [b"", b"5", b"null", b'"x"', b"{", b"[{}, 5]", b"[" * 5000, b"\xff\xfe", b'{"a": 1}'])
def test_what_is_no_message_is_refused_at_the_door(town: Station, body: bytes) -> None:
    with town.api() as operator:
        answer = operator.post("/ingest", content=body)
        refused(answer, 422)


def test_what_is_json_but_no_event_becomes_a_dead_letter_with_its_reason(town: Station) -> None:
    with town.api() as operator:
        for device, kind in (("no-such-device", "door.opened"), ("door-1", "NOT A KIND"), ("a/b/../c", "door.opened")):
            assert operator.post("/ingest", json=report(device, kind)).status_code in {202, 422}, device
    buried = "select reason from dead_letter where source = 'inbox'"
    wait_for(lambda: len(town.rows(buried)) >= 2, "dead letters")
    letters = town.rows(buried)
    assert {"schema"} <= {letter["reason"] for letter in letters}
    assert wait_for(lambda: town.one("select count(*) from inbox") == 0, "the inbox to be empty"), "nothing blocks it"


def test_a_body_too_large_is_refused_before_it_is_read(town: Station) -> None:
    """Nobody has logged in here: what is read before it is refused is memory anybody may fill."""
    with socket.create_connection((LOOPBACK, town.api_port), timeout=5) as line:
        line.sendall(
            b"POST /api/v1/ingest HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
            b"Content-Length: 10000000000\r\n\r\n" + b" " * 65_536
        )
        try:
            answer = line.recv(4096)
        except TimeoutError:
            answer = b"nothing: it waits for all ten gigabytes"
    assert answer.split(b" ")[1] in {b"401", b"413", b"422"}, answer


# ── machines ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_openapi_document_is_whole_and_says_what_each_path_is_for(town: Station) -> None:
    document = httpx.get(f"{town.url}/openapi.json").json()
    assert document["openapi"].startswith("3.")
    assert document["info"]["title"] == "Anxin"
    operations = {
        f"{verb} {path}": operation for path, verbs in document["paths"].items() for verb, operation in verbs.items()
    }
    assert len(operations) > 20
    assert [name for name, told in operations.items() if not told.get("summary")] == []
    assert [name for name, told in operations.items() if not told.get("description")] == []
    assert [name for name, told in operations.items() if not told.get("responses")] == []
    ids = [told["operationId"] for told in operations.values()]
    assert len(set(ids)) == len(ids)
    for path, verbs in document["paths"].items():
        named = {part[1:-1] for part in path.split("/") if part.startswith("{")}
        for told in verbs.values():
            given = {one["name"] for one in told.get("parameters", []) if one["in"] == "path"}
            assert given == named, path
    for reference in _references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for below in node.values():
            yield from _references(below)
    elif isinstance(node, list):
        for below in node:
            yield from _references(below)


def test_metrics_are_what_prometheus_reads(town: Station) -> None:
    def figures() -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        families = text_string_to_metric_families(httpx.get(f"{town.url}/metrics").text)
        found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        for family in families:
            assert family.documentation, family.name
            for sample in family.samples:
                found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
        return found

    told = figures()
    assert told["anxin_database_up"] == {(): 1.0}
    assert told["anxin_gateway_age_seconds"][()] < 10
    by_reason = town.rows("select reason, count(*) as n from dead_letter group by reason")
    assert told["anxin_dead_letters_total"] == {(("reason", row["reason"]),): row["n"] for row in by_reason}
    stops = {dict(labels)["stop"] for labels in told["anxin_gateway_stop_seconds_total"]}
    assert {"admit", "store", "judge", "lifecycle", "suppress", "route"} <= stops
    accepted = (("channel", "phone"), ("result", "accepted"))
    assert told["anxin_gateway_deliveries_total"][accepted] >= DOORS + STALLS


def test_every_answer_keeps_a_browser_from_doing_what_nobody_asked(town: Station) -> None:
    for path in ("healthz", "api/v1/alerts", "api/v1/stream"):
        headers = httpx.get(f"{town.url}/{path}").headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_whoever_is_given_an_area_is_given_what_lies_below_it(town: Station) -> None:
    town.rows("update user_account set areas = '{beat-1}' where username = 'market-chief' returning 1")
    try:
        with town.api("market-chief") as chief:
            assert {area["id"] for area in chief.get("/areas").json()["items"]} == {"beat-1", "grid-1", "grid-2"}
        town.rows("update user_account set areas = '{}' where username = 'market-chief' returning 1")
        with town.api("market-chief") as chief:
            assert chief.get("/areas").json()["items"] == [], "no area is no area, not the whole station"
    finally:
        town.rows("update user_account set areas = '{grid-2}' where username = 'market-chief' returning 1")


def test_what_the_stream_said_of_it_is_as_documented(town: Station) -> None:
    changes = town.rows("select kind, body from change")
    assert {change["kind"] for change in changes} >= {"alert", "incident"}
    assert wrong_frames(changes) == []
