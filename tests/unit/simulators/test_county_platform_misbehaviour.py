"""The county misbehaves as ordered, and only as ordered."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.unit.simulators.raw_sip import BUTTON, GATEWAY, PASSWORD, Lower, alarm, keepalive, xml

AT = "2026-03-02T07:41:09"


@pytest.fixture
def county() -> Iterator[CountyPlatform]:
    with CountyPlatform(CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=5)) as one:
        yield one


@pytest.fixture
def lower(county: CountyPlatform) -> Iterator[Lower]:
    with Lower(county.port) as one:
        one.register()
        yield one


def alive(lower: Lower) -> bytes:
    return lower.request("MESSAGE", xml("Notify", keepalive(next(lower.sns))))


def silent(lower: Lower) -> bool:
    lower.socket.settimeout(0.1)
    try:
        lower.read()
    except TimeoutError:
        return True
    finally:
        lower.socket.settimeout(5)
    return False


def test_requests_are_not_heard(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("drop-request", count=2, method="MESSAGE")
    data = alive(lower)
    for _ in range(2):
        lower.send(data)
    assert silent(lower)
    assert county.registered[GATEWAY].keepalives == 0
    lower.send(data)
    assert lower.response().status == 200
    assert (county.registered[GATEWAY].keepalives, county.violations) == (1, [])


def test_answers_are_lost(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("drop-response", method="MESSAGE")
    data = alive(lower)
    lower.send(data)
    assert silent(lower)
    assert county.registered[GATEWAY].keepalives == 1
    lower.send(data)
    assert lower.response().status == 200
    assert (county.registered[GATEWAY].keepalives, county.retransmissions) == (1, 1)


def test_answers_come_late_and_retransmissions_meanwhile_are_absorbed(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("late", seconds=0.5)
    data = alive(lower)
    lower.send(data)
    lower.send(data)
    assert silent(lower)
    assert lower.response().status == 200
    assert silent(lower)
    assert county.retransmissions == 1


def test_answers_come_twice(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("twice")
    lower.send(alive(lower))
    assert lower.response() == lower.response()


def test_answers_are_wrong_in_an_order(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("status", method="MESSAGE", codes=[500, 503])
    codes = []
    for _ in range(3):
        lower.send(lower.request("MESSAGE", xml("Notify", alarm(1, AT))))
        codes.append(lower.response().status)
    assert codes == [500, 503, 200]
    assert [one.times for one in county.alarms] == [1]
    with pytest.raises(ValueError, match="codes"):
        county.misbehave("status")
    with pytest.raises(ValueError, match="no fault"):
        county.misbehave("explode")


def test_answers_are_noise(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("garbage", method="MESSAGE")
    lower.send(alive(lower))
    assert b"SIP/9.9" in lower.socket.recv(4096)
    county.misbehave("garbage", method="MESSAGE", count=5)
    county.behave()
    lower.send(alive(lower))
    assert lower.response().status == 200


def test_requests_come_twice_and_must_be_answered_alike(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("repeat-request")
    county.order("set-guard", BUTTON)
    first, second = lower.asked(), lower.asked()
    assert first == second
    lower.answer(first)
    lower.answer(second)
    assert county.violations == []


def test_a_restart_forgets_who_was_there(county: CountyPlatform, lower: Lower) -> None:
    county.forget()
    lower.send(alive(lower))
    assert lower.response().status == 404
    assert lower.register().status == 200


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_it_goes_away_and_comes_back_to_the_same_port(county: CountyPlatform, transport: str) -> None:
    port = county.port
    with Lower(port, transport) as lower:
        lower.register()
        county.go_away()
        if transport == "TCP":
            with pytest.raises(OSError):
                lower.read()
        with pytest.raises(OSError), socket.create_connection(("127.0.0.1", port), 1):
            pass
    county.come_back()
    assert county.port == port
    with Lower(port, transport) as lower:
        assert lower.register().status == 200
    assert county.violations == []


def test_connections_are_cut(county: CountyPlatform) -> None:
    with Lower(county.port, "TCP") as lower:
        lower.register()
        county.close_connections()
        with pytest.raises(OSError):
            lower.read()
    with Lower(county.port, "TCP") as lower:
        assert lower.register().status == 200


def test_segments_are_split_and_merged(county: CountyPlatform) -> None:
    with Lower(county.port, "TCP") as lower:
        lower.register()
        county.segments(split=100)
        county.order("device-info")
        assert len(lower.socket.recv(65536)) == 100
    with Lower(county.port, "TCP") as lower:
        county.segments()
        lower.register()
        county.segments(merge=True)
        county.order("device-info")
        county.order("device-status")
        assert lower.socket.recv(65536).count(b"MESSAGE sip:") == 2


def test_a_stream_is_taken_apart_however_it_comes(county: CountyPlatform) -> None:
    with Lower(county.port, "TCP") as lower:
        lower.register()
        one, two, three = (alive(lower) for _ in range(3))
        lower.send(b"\r\n\r\n" + one + two + three[:50])
        assert [lower.response().status for _ in range(2)] == [200, 200]
        lower.send(three[50:-5])
        lower.send(three[-5:])
        assert lower.response().status == 200
        assert county.violations == []
        lower.send(three)
        assert lower.response().status == 200
        assert [one.rule for one in county.violations] == ["tcp-retransmission"]


def test_a_stream_that_is_no_sip_is_noted(county: CountyPlatform) -> None:
    with Lower(county.port, "TCP") as lower:
        lower.send(b"MESSAGE sip:x SIP/2.0\r\nTo: x\r\n\r\n")
        county.wait_for(lambda one: one.violations)
        assert "Content-Length" in county.violations[0].text
        assert lower.socket.recv(10) == b""


def test_headers_in_other_styles(county: CountyPlatform, lower: Lower) -> None:
    county.style(compact=True)
    county.order("device-info")
    assert re.search(rb"\r\nf: <sip:.*\r\nt: <sip:", lower.socket.recv(65536))
    county.style(bare_lf=True)
    county.order("device-info")
    head = lower.socket.recv(65536).partition(b"\n\n")[0]
    assert b"\r" not in head
    county.style(folded=True)
    county.order("device-info")
    assert b"CSeq: 1\r\n MESSAGE\r\n" in lower.socket.recv(65536)


def test_charsets_that_are_not_what_they_say(county: CountyPlatform, lower: Lower) -> None:
    county.charset("GB2312", "utf-8")
    county.order("unknown-query", BUTTON, fields={"Name": "东门"})
    asked = lower.asked()
    assert b'encoding="GB2312"' in asked.body
    assert "东门".encode() in asked.body
    county.charset("UTF-8", "gb2312")
    county.order("unknown-query", BUTTON, fields={"Name": "东门"})
    assert "东门".encode("gb2312") in lower.asked().body
