"""Receipts from phones, people and providers; contacts, tests of phones, and a phone that is off: a whole station."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import httpx2 as httpx
import msgspec
import pytest

from gateway.health import Degraded
from gateway.telling.receipts import token_of
from tests.pages import ROOT
from tests.station import SEALER, STATION, Station, ladders, make_site

SECRET = "reports-secret"
TOKEN = "nobody-else-knows-this-part-of-it"
DOORS = 30
SUBSCRIPTION = {
    "endpoint": "https://push.example/s/0001", "expirationTime": None, "keys": {"p256dh": "BN_k", "auth": "s"},
}  # fmt: skip
_doors = count()


@pytest.fixture(scope="module")
def receiving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station whose phones say what they have, and whose patience with those that do not is short."""
    running = Station(tmp_path_factory.mktemp("receiving"), make_site(doors=DOORS))
    running.settings |= {"ANXIN_RECEIPTS_SECRET": SECRET, "ANXIN_ALIYUN_REPORTS_TOKEN": TOKEN}
    within = dict.fromkeys(("P1", "P2", "P3", "P4"), 4.0)
    ladder = ladders(dict.fromkeys(("P1", "P2", "P3"), 3600))
    running.policy = msgspec.structs.replace(ladder, receipt_within_s=within)
    try:
        running.start_stores()
        yield running.start_receivers(receipts=True).start_api().start_gateway()
    finally:
        running.close()


@pytest.fixture(autouse=True)
def phones_are_on(receiving: Station) -> Iterator[None]:
    yield
    httpx.delete(f"{receiving.receivers}/phones/faults").raise_for_status()


def order(station: Station, *faults: dict[str, Any]) -> None:
    httpx.put(f"{station.receivers}/phones/faults", json=list(faults)).raise_for_status()


def force_a_door(station: Station) -> int:
    """Let a door be forced; returns the incident."""
    device = f"door-{next(_doors)}"
    with station.publisher() as integrator:
        integrator.event(device, "door.forced")
    query = (
        "select l.incident_id as id from incident_alert l join alert a on a.id = l.alert_id "
        "where a.device_id = %s order by 1 desc"
    )
    rows: list[dict[str, Any]] = station.wait_for(lambda: station.rows(query, device), "the incident")
    return int(rows[0]["id"])


def message(station: Station, incident: int, user: str = "officer") -> dict[str, Any]:
    found = station.rows(
        "select * from notification where incident_id = %s and username = %s order by id", incident, user
    )
    return found[0] if found else {}


def come_to(station: Station, incident: int, state: str, user: str = "officer") -> dict[str, Any]:
    """The message to somebody about an incident, once it has come so far."""
    station.wait_for(lambda: message(station, incident, user).get("state") == state, f"a message that is {state}", 30)
    return message(station, incident, user)


def contact_of(station: Station, user: str, channel: str = "phone") -> int:
    query = "select id from contact where username = %s and channel = %s and state = 'active'"
    return int(station.one(query, user, channel))


def post_report(station: Station, body: list[dict[str, Any]], secret: str = SECRET, age_s: int = 0) -> httpx.Response:
    told, stamp = json.dumps(body).encode(), str(int(time.time()) - age_s)
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + told, hashlib.sha256).hexdigest()
    headers = {"X-Anxin-Timestamp": stamp, "X-Anxin-Signature": f"sha256={signature}"}
    return httpx.post(f"{station.url}/api/v1/receipts/provider/phone", content=told, headers=headers)


# ── receipts ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_phone_that_has_a_message_says_so(receiving: Station) -> None:
    incident = force_a_door(receiving)
    told = come_to(receiving, incident, "delivered")
    assert told["created_at"] <= told["accepted_at"]
    assert told["created_at"] <= told["delivered_at"]
    assert told["receipt_by"] is None
    reached = "select reached_at > now() - interval '1 minute' from contact where id = %s"
    assert receiving.one(reached, contact_of(receiving, "officer"))
    with receiving.api() as api:
        (receipt,) = [one for one in api.get(f"/incidents/{incident}").json()["receipts"] if one["user"] == "officer"]
    assert (receipt["state"], receipt["delivered_at"] is not None) == ("delivered", True)


def test_a_phone_that_is_off_is_noticed_and_the_next_rung_climbed(receiving: Station) -> None:
    order(receiving, {"mode": "dead", "to": "phone-officer"})
    incident = force_a_door(receiving)
    with receiving.api() as api:
        steps = receiving.wait_for(
            lambda: [
                step for step in api.get(f"/incidents/{incident}").json()["timeline"] if step["act"] == "unreachable"
            ],
            "the officer to be given up",
        )
    assert steps[0]["detail"]["next_rung_now"] is True, "an hour before its time"
    come_to(receiving, incident, "delivered", "deputy")
    assert message(receiving, incident)["state"] == "accepted"


def test_whatever_a_token_is_worth_the_answer_is_the_same(receiving: Station) -> None:
    order(receiving, {"mode": "dead"})
    number = come_to(receiving, force_a_door(receiving), "accepted")["id"]
    right = token_of(SEALER, STATION, number)
    nobodys, elsewhere = token_of(SEALER, STATION, 10**9), token_of(SEALER, "elsewhere", number)
    for token in (nobodys, elsewhere, "x", base64.urlsafe_b64encode(bytes(24)).decode(), right):
        answer = httpx.post(f"{receiving.url}/api/v1/receipts/{token}", json={"step": "seen"})
        assert (answer.status_code, answer.content) == (204, b"")
    assert receiving.one("select state from notification where id = %s", number) == "seen"
    assert httpx.post(f"{receiving.url}/api/v1/receipts/{right}", json={"step": "read"}).status_code == 422


def test_people_say_it_of_their_own_messages_only(receiving: Station) -> None:
    order(receiving, {"mode": "dead"})
    number = come_to(receiving, force_a_door(receiving), "accepted")["id"]
    with receiving.api("deputy") as deputy:
        assert deputy.post(f"/notifications/{number}/receipt", json={"step": "seen"}).status_code == 404
        assert deputy.get(f"/notifications/{number}").status_code == 404
    with receiving.api("officer") as officer:
        assert officer.post(f"/notifications/{number}/receipt", json={"step": "seen"}).status_code == 204
        mine = officer.get(f"/notifications/{number}").json()
    assert (mine["state"], mine["user"], mine["purpose"]) == ("seen", "officer", "incident")
    with receiving.api("commander") as commander:
        assert commander.get(f"/notifications/{number}").json() == mine
    with receiving.api("auditor") as auditor:
        assert auditor.get(f"/notifications/{number}").status_code == 404, "the auditor sees logs, not data"


def test_a_provider_reports_by_its_own_number(receiving: Station) -> None:
    order(receiving, {"mode": "dead"})
    told = come_to(receiving, force_a_door(receiving), "accepted")
    report = [{"provider_id": told["provider_id"], "step": "delivered"}, {"provider_id": "nobody's", "step": "seen"}]
    assert post_report(receiving, report, secret="another").status_code == 403
    assert post_report(receiving, report, age_s=600).status_code == 403
    assert receiving.one("select state from notification where id = %s", told["id"]) == "accepted"
    assert post_report(receiving, report).json() == {"reports": 2, "known": 1}
    assert receiving.one("select state from notification where id = %s", told["id"]) == "delivered"
    assert post_report(receiving, [{"step": "seen"}]).status_code == 422
    assert httpx.post(f"{receiving.url}/api/v1/receipts/provider/pigeon", content=b"[]").status_code == 404


def test_alibaba_cloud_reports_to_an_address_that_carries_our_token(receiving: Station) -> None:
    number = receiving.one(
        "insert into notification (station_id, key, channel, recipient, priority, body, purpose, username, created_at, "
        "due_at, expires_at, state, accepted_at, provider_id) values (%s, 'text', 'sms', '', 'P1', '{}', 'test', "
        "'officer', now(), now(), now(), 'accepted', now(), '900619746936498440^0') returning id",
        STATION,
    )
    report = (ROOT / "connectors" / "aliyun_sms" / "samples" / "report.json").read_bytes()
    state = "select state from notification where id = %s"
    forged = {"sms": 403, "sms/": 405, "sms/x": 403, f"sms/{TOKEN}x": 403, f"phone/{TOKEN}": 404}
    for address, status in forged.items():
        answer = httpx.post(f"{receiving.url}/api/v1/receipts/provider/{address}", content=report)
        assert (answer.status_code, TOKEN in answer.text) == (status, False), address
        assert receiving.one(state, number) == "accepted", address
    answer = httpx.post(f"{receiving.url}/api/v1/receipts/provider/sms/{TOKEN}", content=report)
    assert (answer.status_code, answer.json()) == (200, {"code": 0, "reports": 2, "known": 1})
    assert receiving.one(state, number) == "delivered"
    unreadable = httpx.post(f"{receiving.url}/api/v1/receipts/provider/sms/{TOKEN}", content=b"no JSON")
    assert (unreadable.status_code, TOKEN in unreadable.text) == (422, False)
    assert TOKEN not in httpx.get(f"{receiving.url}/metrics").text
    assert TOKEN not in (receiving.home / "api.log").read_text()


# ── contacts ────────────────────────────────────────────────────────────────────────────────────────────


def test_contacts_are_sealed_masked_and_their_owners(receiving: Station) -> None:
    with receiving.api("deputy") as deputy, receiving.api("officer") as officer, receiving.api("admin") as admin:
        new = {"channel": "sms", "address": "138 1234 5678", "label": "mine"}
        number = deputy.post("/users/deputy/contacts", json=new).json()["id"]
        assert deputy.post("/users/deputy/contacts", json=new).json()["id"] == number, "the same is the same"
        listed = {one["id"]: one for one in deputy.get("/users/deputy/contacts").json()["items"]}
        assert (listed[number]["address"], listed[number]["label"]) == ("…5678", "mine")
        assert "12345678" not in json.dumps(list(listed.values()))
        assert b"12345678" not in receiving.one("select address_sealed from contact where id = %s", number)
        assert officer.get("/users/deputy/contacts").status_code == 403
        assert officer.post("/users/deputy/contacts", json=new).status_code == 403
        assert officer.delete(f"/users/deputy/contacts/{number}").status_code == 403
        assert officer.post(f"/users/deputy/contacts/{number}/test").status_code == 403
        assert officer.delete(f"/users/officer/contacts/{number}").status_code == 404
        assert admin.get("/users/nobody/contacts").status_code == 404
        assert deputy.post("/users/deputy/contacts", json={**new, "address": "110"}).status_code == 422
        apprise = {"channel": "apprise", "address": "json://inside.example/"}
        assert deputy.post("/users/deputy/contacts", json=apprise).status_code == 403
        assert admin.delete(f"/users/deputy/contacts/{number}").status_code == 204
        assert deputy.delete(f"/users/deputy/contacts/{number}").status_code == 404
        (gone,) = [one for one in deputy.get("/users/deputy/contacts").json()["items"] if one["id"] == number]
        assert (gone["state"], gone["retired_why"]) == ("retired", "let go of by admin")
    acts = receiving.rows("select act from audit where object = %s order by id", f"contact/{number}")
    assert [row["act"] for row in acts] == ["contact.add", "contact.retire"]


def test_a_browser_subscribes_and_unsubscribes(receiving: Station) -> None:
    with receiving.api("commander") as mine, receiving.api("officer") as other:
        number = mine.post("/push/subscriptions", json=SUBSCRIPTION).json()["id"]
        contact = receiving.rows("select * from contact where id = %s", number)[0]
        assert (contact["username"], contact["channel"]) == ("commander", "web_push")
        assert other.request("DELETE", "/push/subscriptions", json=SUBSCRIPTION).status_code == 404
        assert mine.request("DELETE", "/push/subscriptions", json=SUBSCRIPTION).status_code == 204
        assert receiving.one("select state from contact where id = %s", number) == "retired"
        assert mine.post("/push/subscriptions", json={**SUBSCRIPTION, "endpoint": "http://x/"}).status_code == 422
        assert mine.get("/push/key").status_code == 404, "no key is set up here"
    assert httpx.post(f"{receiving.url}/api/v1/push/subscriptions", json=SUBSCRIPTION).status_code == 401


# ── can this phone be reached? ──────────────────────────────────────────────────────────────────────────


def test_a_phone_is_tried_on_request(receiving: Station) -> None:
    contact = contact_of(receiving, "commander")
    with receiving.api("commander") as commander:
        answer = commander.post(f"/users/commander/contacts/{contact}/test")
        assert answer.status_code == 202
        number = answer.json()["notification"]
        receiving.wait_for(lambda: commander.get(f"/notifications/{number}").json()["state"] == "delivered", "the test")
        assert commander.get(f"/notifications/{number}").json()["purpose"] == "test"
    assert receiving.one("select reached_at >= tested_at from contact where id = %s", contact)


def test_a_test_of_a_phone_that_is_off_stays_where_it_came_to(receiving: Station) -> None:
    order(receiving, {"mode": "dead"})
    contact = contact_of(receiving, "deputy")
    with receiving.api("admin") as admin:
        number = admin.post(f"/users/deputy/contacts/{contact}/test").json()["notification"]
        receiving.wait_for(lambda: admin.get(f"/notifications/{number}").json()["state"] == "accepted", "the test")
    told = receiving.rows("select * from notification where id = %s", number)[0]
    assert told["expires_at"] - told["created_at"] == timedelta(minutes=5)
    receiving.wait_for(
        lambda: receiving.one("select fell_back_at is not null from notification where id = %s", number),
        "the test to be given up",
    )
    assert receiving.rows("select 1 from notification where instead_of = %s", number) == []


def test_who_is_on_duty_is_shown_with_how_they_are_reached(receiving: Station) -> None:
    receiving.execute("update contact set reached_at = now() where username = 'officer'")
    receiving.execute("update contact set reached_at = now() - interval '2 days' where username = 'commander'")
    receiving.execute("update notification set accepted_at = null where username = 'commander'")
    with receiving.api() as api:
        shown = {one["user"]: one for one in api.get("/duty/reach").json()["items"]}
    assert {user: shown[user]["reach"] for user in ("officer", "commander")} == {
        "officer": "reached", "commander": "silent",
    }  # fmt: skip
    assert "phone-officer" not in json.dumps(shown), "no addresses"
    with receiving.api("officer") as officer:
        assert officer.get("/duty/reach").status_code == 403


def test_breakers_are_told_with_the_gateways_health(receiving: Station) -> None:
    facts = receiving.wait_for(receiving.gateway_facts, "the gateway's facts")
    assert facts["breakers"]["phone"]["state"] == "closed"
    assert 'anxin_channel_breaker{channel="phone"} 0.0' in httpx.get(f"{receiving.url}/metrics").text
    assert "degraded" not in httpx.get(f"{receiving.url}/readyz").json()


def test_a_provider_that_fails_is_seen_and_makes_nothing_unready(receiving: Station) -> None:
    order(receiving, {"mode": "http_500"})
    for _ in range(5):
        force_a_door(receiving)
    answer = receiving.wait_for(
        lambda: (said := httpx.get(f"{receiving.url}/readyz")).json().get("degraded") and said, "the breaker"
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["degraded"][0].startswith(f"{Degraded.PROVIDER}: phone is ")
    assert re.search(r'anxin_channel_breaker\{channel="phone"\} [12]\.0', httpx.get(f"{receiving.url}/metrics").text)
    command = [sys.executable, "-m", "gateway.cli", "health", "gateway"]
    told = subprocess.run(command, env=receiving.environment(), capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.startswith(f"gateway: well; but {Degraded.PROVIDER}: phone is ")
    order(receiving)
    receiving.wait_for(lambda: "degraded" not in httpx.get(f"{receiving.url}/readyz").json(), "it to be well", 90)
