"""G1 to G5 and G19 of the reference's acceptance tests: being registered."""

from __future__ import annotations

import hashlib
import re

import pytest

from connectors.gb28181.news import StateChanged
from tests.unit.gb28181.desk import DOMAIN, OURS, PASSWORD, SERVER, Desk, header, query, start


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def response_of(authorization: str, method: str = "REGISTER") -> tuple[str, str]:
    """What was answered, and what should have been."""
    told = {
        name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', authorization)
    }
    secret, asked = md5(f"{told['username']}:{told['realm']}:{PASSWORD}"), md5(f"{method}:{told['uri']}")
    middle = told["nonce"]
    if "qop" in told:
        middle = f"{told['nonce']}:{told['nc']}:{told['cnonce']}:auth"
    return told["response"], md5(f"{secret}:{middle}:{asked}")


@pytest.mark.parametrize(
    "challenge",
    [
        'Digest realm="3402000000", nonce="5f3c9a7e21d04b66"',
        'Digest realm="3402000000",nonce="5f3c9a7e21d04b66",algorithm=MD5,qop="auth"',
        'digest nonce="5f3c9a7e21d04b66", realm="3402000000", qop="auth,auth-int", opaque="x7"',
        'Digest algorithm=md5, realm="county, east", nonce="n 1"',
    ],
)
def test_g1_a_challenge_with_and_without_qop_algorithm_and_opaque_is_answered(challenge: str) -> None:
    desk = Desk()
    desk.link.start(desk.now)
    (first,) = desk.collect()
    assert start(first) == f"REGISTER sip:{SERVER}@192.0.2.10:5060 SIP/2.0"
    assert header(first, "Expires") == "3600"
    assert ";tag=" not in header(first, "To")

    (second,) = desk.reply(first, 401, "Unauthorized", f"WWW-Authenticate: {challenge}")

    given = header(second, "Authorization")
    assert response_of(given)[0] == response_of(given)[1]
    assert ("opaque" in given) == ("opaque" in challenge)
    assert ("algorithm" in given) == ("algorithm" in challenge)
    assert ("nc=00000001" in given) == ("qop" in challenge)
    assert f'uri="{start(second).split()[1]}"' in given
    assert header(second, "Call-ID") == header(first, "Call-ID")
    assert header(second, "From") == header(first, "From")
    assert header(second, "CSeq") == "2 REGISTER"
    assert header(second, "Via") != header(first, "Via")
    assert desk.reply(second, 200, "OK", "Expires: 3600") == []
    assert desk.link.online


def test_g2_credentials_that_are_refused_are_told_once_and_tried_again_late() -> None:
    desk = Desk()
    desk.link.start(desk.now)
    (first,) = desk.collect()
    challenge = f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="1"'
    (second,) = desk.reply(first, 401, "Unauthorized", challenge)
    assert desk.reply(second, 401, "Unauthorized", challenge) == []

    told = [one for one in desk.of(StateChanged) if one.state == "waiting"]
    assert [one.status for one in told] == [401]
    assert "bad credentials" in told[0].why
    assert desk.wait(59.9) == []
    again = desk.wait(60.2)
    assert [start(one).split()[0] for one in again[:1]] == ["REGISTER"]


def test_g2_a_nonce_that_grew_stale_is_no_bad_password() -> None:
    desk = Desk()
    desk.link.start(desk.now)
    (first,) = desk.collect()
    (second,) = desk.reply(first, 401, "Unauthorized", f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="1"')
    stale = f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="2", stale=true'
    (third,) = desk.reply(second, 401, "Unauthorized", stale)
    assert 'nonce="2"' in header(third, "Authorization")
    desk.reply(third, 200, "OK", "Expires: 3600")
    assert desk.link.online


def test_an_algorithm_we_do_not_know_is_said() -> None:
    desk = Desk()
    desk.link.start(desk.now)
    (first,) = desk.collect()
    desk.reply(first, 401, "Unauthorized", 'WWW-Authenticate: Digest realm="x", nonce="1", algorithm=SM3')
    assert "SM3" in desk.of(StateChanged)[-1].why


def test_g3_of_several_contacts_ours_says_when_to_renew() -> None:
    desk = Desk(keepalive_s=3000)
    desk.link.start(desk.now)
    (first,) = desk.collect()
    desk.reply(
        first, 200, "OK", "Expires: 9999",
        f"Contact: <sip:{OURS}@192.0.2.99:5060>;expires=7200, <sip:{OURS}@192.0.2.20:5060>;expires=900",
    )  # fmt: skip
    assert desk.wait(599) == []
    renewed = desk.wait(2)
    assert start(renewed[0]).startswith("REGISTER")
    assert header(renewed[0], "Call-ID") == header(first, "Call-ID")
    assert header(renewed[0], "CSeq") == "2 REGISTER"
    assert desk.link.online  # while it is renewed


def test_g4_at_the_end_it_unregisters_and_answers_the_challenge() -> None:
    desk = Desk()
    desk.register()
    desk.link.leave(desk.now)
    (first,) = desk.collect()
    assert header(first, "Expires") == "0"
    (second,) = desk.reply(first, 401, "Unauthorized", f'WWW-Authenticate: Digest realm="{DOMAIN}", nonce="9"')
    assert header(second, "Expires") == "0"
    assert response_of(header(second, "Authorization"))[0] == response_of(header(second, "Authorization"))[1]
    desk.reply(second, 200)
    assert desk.link.state == "off"


def test_g5_three_keepalives_unanswered_end_the_registration_and_its_subscriptions() -> None:
    desk = Desk(keepalive_s=10)
    desk.register()
    taken = desk.hear(desk.message(query("Alarm"), method="SUBSCRIBE", headers="Event: presence\r\nExpires: 3600\r\n"))
    assert start(taken[0]) == "SIP/2.0 200 OK"
    (kept,) = [one for one in desk.wait(10.01) if b"Keepalive" in one]
    desk.reply(kept, 200)
    desk.wait(39.5)  # 20, 30, 40 s: none of them is answered
    assert desk.link.online
    assert desk.link.subscriptions.get("Alarm") is not None
    again = desk.wait(1)
    assert desk.of(StateChanged)[-1].state == "registering"
    assert any(start(one).startswith("REGISTER") for one in again)
    assert desk.link.subscriptions.get("Alarm") is None


def test_a_platform_that_forgot_us_is_asked_anew_at_once() -> None:
    desk = Desk(keepalive_s=10)
    desk.register()
    (kept,) = desk.wait(10.01)
    desk.reply(kept, 404, "Not Found")
    assert desk.link.state == "registering"
    assert [start(one).split()[0] for one in desk.wait(0.01)] == ["REGISTER"]


@pytest.mark.parametrize("status", [403, 404, 400, 500, 503])
def test_a_refused_registration_waits_a_minute_or_two(status: int) -> None:
    desk = Desk()
    desk.link.start(desk.now)
    (first,) = desk.collect()
    desk.reply(first, status, "No")
    assert desk.of(StateChanged)[-1] == StateChanged("waiting", status, f"{status} No")
    assert desk.wait(59.9) == []
    assert desk.wait(60.2)


def test_without_any_answer_it_is_sent_again_and_given_up_after_32_seconds() -> None:
    desk = Desk()
    desk.link.start(desk.now)
    desk.collect()
    # Timer E: 0.5, 1, 2, 4, 4, … seconds (RFC 3261 17.1.2.2): ten more in 32 seconds.
    assert len(desk.wait(31.9)) == 10
    desk.wait(0.2)
    assert desk.of(StateChanged)[-1].state == "waiting"


def test_an_hour_without_an_answer_is_some_thirty_tries_and_then_it_is_there_again() -> None:
    desk = Desk()
    desk.register()
    desk.sent.clear()
    desk.wait(3600)
    tries = {header(one, "Call-ID") + header(one, "CSeq") for one in desk.sent if start(one).startswith("REGISTER ")}
    # Half a minute until one is given up, then one or two of waiting.
    assert 3600 / (32 + 120) - 3 <= len(tries) <= 3600 / (32 + 60) + 1
    assert not desk.link.online
    # Answered at once: a second later it may have been given up.
    while not (asked := [one for one in desk.wait(0.1) if start(one).startswith("REGISTER ")]):
        pass
    desk.reply(asked[-1], 200, "OK", "Expires: 3600")
    assert desk.link.online


def test_g19_it_registers_where_it_is_sent_and_comes_back_when_that_fails() -> None:
    desk = Desk(edition="2022", keepalive_s=10)
    desk.link.start(desk.now)
    (first,) = desk.collect()
    assert header(first, "X-GB-Ver") == "3.0"
    other = "34020000002000000002"
    (second,) = desk.reply(first, 302, "Moved Temporarily", f"Contact: <sip:{other}@192.0.2.11:5070>", "Expires: 3600")
    assert start(second) == f"REGISTER sip:{other}@192.0.2.11:5070 SIP/2.0"
    desk.reply(second, 200, "OK", "Expires: 3600")
    assert desk.link.online
    assert desk.ask(query("DeviceInfo"), sender=other)  # its queries are answered
    for kept in desk.wait(60):
        if start(kept).startswith("REGISTER"):
            break
    else:
        raise AssertionError("it never came back")
    assert start(kept) == f"REGISTER sip:{SERVER}@192.0.2.10:5060 SIP/2.0"


def test_the_platforms_clock_is_compared_with_ours() -> None:
    desk = Desk()
    desk.register()
    assert desk.link.registration.clock_offset == 0.0
    desk.link.start(desk.now)
    (first,) = desk.collect()
    desk.reply(first, 200, "OK", "Expires: 60", "Date: Mon, 02 Mar 2026 07:42:09 GMT")
    assert desk.link.registration.clock_offset == 60.0


def test_a_registrar_that_wants_longer_gets_it() -> None:
    desk = Desk(expires_s=60)
    desk.link.start(desk.now)
    (first,) = desk.collect()
    (second,) = desk.reply(first, 423, "Interval Too Brief", "Min-Expires: 7200")
    assert header(second, "Expires") == "7200"
