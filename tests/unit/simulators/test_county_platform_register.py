"""The county's registrar: who gets in, who does not, and what is noted about it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from simulators.county_platform import digest
from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.unit.simulators.raw_sip import GATEWAY, PASSWORD, SERVER, Lower, credentials, keepalive

URI = f"sip:{SERVER}@192.0.2.10:5060"
NOW = datetime(2026, 3, 2, 7, 41, 9, 250000, tzinfo=timezone(timedelta(hours=8)))


def platform(**changes: Any) -> CountyPlatform:
    usual: dict[str, Any] = {"devices": {GATEWAY: PASSWORD}, "greets": False, "t1_s": 5}
    return CountyPlatform(CountySettings(**(usual | changes)))


def rules(county: CountyPlatform) -> list[str]:
    return [one.rule for one in county.violations]


def test_digest_is_that_of_the_test_vector() -> None:
    told = {"nonce": "5f3c9a7e21d04b66", "uri": URI}
    assert digest.response(GATEWAY, "3402000000", PASSWORD, "REGISTER", told) == "c745619dce3a1b75e8ea0459e2f2f679"
    told |= {"qop": "auth", "nc": "00000001", "cnonce": "0a4f113b"}
    assert digest.response(GATEWAY, "3402000000", PASSWORD, "REGISTER", told) == "5701c186a4616954e6f671c47d0daf58"
    challenge = 'Digest realm="3402000000", nonce="5f3c9a7e21d04b66", qop="auth"'
    assert digest.fields(credentials(challenge, URI))["response"] == "5701c186a4616954e6f671c47d0daf58"


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
@pytest.mark.parametrize(
    "challenge",
    [
        {},
        {"qop": None},
        {"qop": None, "algorithm": None},
        {"opaque": "5ccc"},
        {"realm": "another"},
    ],
)
def test_a_device_registers(challenge: dict[str, Any], transport: str) -> None:
    with platform(**challenge) as county, Lower(county.port, transport) as lower:
        asked = lower.registering()
        told = digest.fields(asked.headers["www-authenticate"])
        assert (asked.status, told.get("qop"), told.get("algorithm"), told.get("opaque")) == (
            401,
            challenge.get("qop", "auth"),
            challenge.get("algorithm", "MD5"),
            challenge.get("opaque"),
        )
        assert lower.register().status == 200
        assert county.registered[GATEWAY].source.port == lower.port
        assert county.violations == []


def test_the_200_says_until_when_and_what_time_it_is_in_beijing() -> None:
    with platform(grant_s=7200, now=lambda: NOW.astimezone(UTC), dialect="2022") as county:
        with Lower(county.port) as lower:
            answer = lower.register(Expires="86400", X_GB_Ver="3.0")
            assert answer.headers["date"] == "2026-03-02T07:41:09.250"
            assert answer.headers["expires"] == "7200"
            assert answer.headers["contact"].endswith(">;expires=7200")
            assert answer.headers["x-gb-ver"] == "3.0"
            assert "received=127.0.0.1" in answer.headers["via"]
            assert f"rport={lower.port}" in answer.headers["via"]
        assert county.violations == []


def test_the_date_can_be_that_of_the_internet() -> None:
    with platform(now=lambda: NOW, rfc1123_date=True) as county, Lower(county.port) as lower:
        assert lower.register().headers["date"] == "Sun, 01 Mar 2026 23:41:09 GMT"


def test_a_bad_password_an_unknown_id_and_no_expires_are_refused() -> None:
    with platform() as county, Lower(county.port) as lower, Lower(county.port, user="34020000012005000009") as other:
        assert lower.register("wrong").status == 403
        assert other.register().status == 403
        assert rules(county) == []
        assert lower.registering(Expires=None).status == 400
        assert rules(county) == ["expires"]
        assert county.registered == {}
    with platform(unknown_status=404) as county, Lower(county.port, user="34020000012005000009") as other:
        assert other.register().status == 404


def test_who_is_refused_twice_and_does_not_wait_is_noted() -> None:
    with platform() as county, Lower(county.port) as lower:
        assert [lower.register("wrong").status for _ in range(2)] == [403, 403]
        assert rules(county) == []
        lower.register("wrong")
        assert set(rules(county)) == {"register-too-soon"}
    with platform(backoff_s=0) as county, Lower(county.port) as lower:
        assert [lower.register("wrong").status for _ in range(3)] == [403, 403, 403]
        assert rules(county) == []


def test_a_nonce_of_before_is_stale() -> None:
    with platform() as county, Lower(county.port) as lower:
        asked = lower.registering().headers["www-authenticate"]
        county.change_nonce()
        again = lower.registering(Authorization=credentials(asked, lower.uri))
        assert again.status == 401
        assert "stale=true" in again.headers["www-authenticate"]
        assert lower.registering(Authorization=credentials(again.headers["www-authenticate"], lower.uri)).status == 200
        assert county.violations == []


@pytest.mark.parametrize(
    ("wrong", "better", "rule"),
    [
        ('uri="sip:3', 'uri="sip:4', "digest-uri"),
        ("nc=00000001", "nc=0000000a", "digest-nc"),
        ("nc=00000001", 'nc="00000001"', "digest-nc"),
        ("qop=auth, nc=00000001, cnonce", "cnonce", "digest-qop"),
        ('realm="3402000000"', 'realm="else"', "digest-realm"),
        ("algorithm=MD5", "algorithm=SM3", "digest-algorithm"),
        ("Digest", "Basic", "digest-scheme"),
    ],
)
def test_credentials_of_a_wrong_form_are_refused_and_noted(wrong: str, better: str, rule: str) -> None:
    with platform() as county, Lower(county.port) as lower:
        told = credentials(lower.registering().headers["www-authenticate"], lower.uri)
        assert wrong in told
        assert lower.registering(Authorization=told.replace(wrong, better)).status == 403
        assert rule in rules(county)


def test_credentials_twice_are_a_replay() -> None:
    with platform() as county, Lower(county.port) as lower:
        told = credentials(lower.registering().headers["www-authenticate"], lower.uri)
        assert lower.registering(Authorization=told).status == 200
        assert lower.registering(Authorization=told).status == 401
        assert rules(county) == ["digest-replay"]


def test_a_challenge_is_answered_in_its_own_call() -> None:
    with platform() as county, Lower(county.port) as lower:
        asked = lower.registering().headers["www-authenticate"]
        assert lower.registering(Authorization=credentials(asked, lower.uri), Call_ID="another").status == 200
        assert rules(county) == ["register-call-id"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"CSeq": "9 REGISTER"}, "cseq"),
        ({"CSeq": "1 REGISTER"}, "cseq"),
        ({"CSeq": "3 MESSAGE"}, "cseq"),
        ({"Contact": None}, "contact"),
        ({"Contact": "<sip:34020000011345000001@127.0.0.1:5060>"}, "contact"),
        ({"Expires": "60"}, "expires"),
        ({"X_GB_Ver": "3.0"}, "x-gb-ver"),
        ({"To": f"<sip:{SERVER}@3402000000>"}, "to-user"),
        ({"To": f"<sip:{GATEWAY}@3402000000>;tag=1"}, "to-tag"),
        ({"From": f"<sip:{GATEWAY}@3402000000>"}, "from-tag"),
        ({"Max_Forwards": None}, "max-forwards"),
        ({"Via": "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK77"}, "via-rport"),
        ({"Via": "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=77"}, "via-branch"),
        ({"Via": "SIP/2.0/TCP 127.0.0.1:5060;rport;branch=z9hG4bK78"}, "via-transport"),
        ({"uri": f"sip:{SERVER}@192.0.2.10:5060"}, "request-uri"),
        ({"Content_Length": "5"}, "content-length"),
    ],
)
def test_a_register_of_a_wrong_form_is_noted(changes: dict[str, Any], rule: str) -> None:
    with platform() as county, Lower(county.port) as lower:
        lower.register()
        assert county.violations == []
        lower.registering(**changes)
        assert rule in rules(county)
        assert "REGISTER sip:" in county.violations[0].message


def test_unregistering_is_challenged_too() -> None:
    with platform() as county, Lower(county.port) as lower:
        lower.register()
        assert lower.registering(Expires="0").status == 401
        assert GATEWAY in county.registered
        assert lower.register(Expires="0").status == 200
        assert county.registered == {}
        assert county.violations == []


def test_a_refresh_may_be_trusted() -> None:
    with platform(trusts_refresh=True) as county, Lower(county.port) as lower:
        lower.register()
        assert lower.registering().status == 200
        assert lower.registering(Call_ID="another").status == 401


def test_other_contacts_stand_before_the_devices_own() -> None:
    with platform(other_contact=("sip:old@192.0.2.1:5060", 7), grant_s=4000) as county, Lower(county.port) as lower:
        answer = lower.register(Expires="5000")
        assert re.fullmatch(r"<sip:old@\S+>;expires=7, <sip:\d{20}@\S+>;expires=4000", answer.headers["contact"])
        assert "expires" not in answer.headers


def test_a_device_is_sent_to_another_server() -> None:
    with platform(redirect=("34020000002000000002", "127.0.0.1", 5099)) as county, Lower(county.port) as lower:
        answer = lower.register()
        assert (answer.status, answer.headers["contact"]) == (302, "<sip:34020000002000000002@127.0.0.1:5099>")
        assert answer.headers["expires"] == "3600"
        assert county.registered == {}


def test_a_redirected_device_registers_at_the_other_and_later_again_here() -> None:
    other_id = "34020000002000000002"
    with platform() as county, platform(id=other_id) as other:
        county.redirect((other_id, "127.0.0.1", other.port))
        with Lower(county.port) as lower, Lower(other.port) as there:
            moved = re.fullmatch(r"<sip:(\d+)@127.0.0.1:(\d+)>", lower.register().headers["contact"])
            assert moved is not None
            assert moved.groups() == (other_id, str(other.port))
            there.uri = f"sip:{other_id}@127.0.0.1:{other.port}"
            assert there.register().status == 200
            county.redirect(None)
            assert lower.register().status == 200
        assert county.violations == other.violations == []


def test_a_registration_expires() -> None:
    with platform(grant_s=1) as county, Lower(county.port) as lower:
        lower.register()
        county.wait_for(lambda one: not one.registered, what="the end of the registration")
        assert "expired" in county.lines[-1]


def test_three_missed_keepalives_are_offline_and_the_next_brings_it_back() -> None:
    with platform(keepalive_s=0.1) as county, Lower(county.port) as lower:
        lower.register()
        county.wait_for(lambda one: not one.registered[GATEWAY].online, what="offline")
        assert lower.message("Notify", keepalive(1)).status == 200
        assert county.registered[GATEWAY].keepalives == 1
        assert any("心跳恢复" in line for line in county.lines)


def test_a_keepalive_tells_a_new_address() -> None:
    with platform() as county, Lower(county.port) as lower, Lower(county.port) as moved:
        lower.register()
        assert moved.message("Notify", keepalive(1)).status == 200
        assert county.registered[GATEWAY].source.port == moved.port
