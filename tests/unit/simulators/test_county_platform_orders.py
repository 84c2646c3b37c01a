"""What the county asks: queries, controls, calls; and what it thinks of the answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from simulators.county_platform.asking import NobodyThere
from simulators.county_platform.orders import ORDERS
from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from simulators.county_platform.wire import Source
from tests.unit.simulators.raw_sip import (
    BUTTON,
    DOMAIN,
    DOOR,
    GATEWAY,
    PASSWORD,
    SERVER,
    Got,
    Lower,
    catalogue,
    item,
)

AT = "2026-03-02T07:41:09"


def rules(county: CountyPlatform) -> list[str]:
    return [one.rule for one in county.violations]


@pytest.fixture(params=["UDP", "TCP"])
def lower(request: pytest.FixtureRequest, county: CountyPlatform) -> Iterator[Lower]:
    with Lower(county.port, request.param) as one:
        one.register()
        county.order("catalog")
        asked = one.asked()
        one.answer(asked)
        for each in (item(BUTTON), item(DOOR)):
            one.message("Response", catalogue(asked.field("SN"), 2, each))
        assert county.violations == []
        yield one


@pytest.fixture
def county() -> Iterator[CountyPlatform]:
    with CountyPlatform(CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=5)) as one:
        yield one


def response(request: Got, fields: str) -> str:
    kind, sn, device = (request.field(name) for name in ("CmdType", "SN", "DeviceID"))
    return f"<CmdType>{kind}</CmdType><SN>{sn}</SN><DeviceID>{device}</DeviceID>{fields}"


BASIC = (
    "<Name>网关</Name><Expiration>3600</Expiration>"
    "<HeartBeatInterval>60</HeartBeatInterval><HeartBeatCount>3</HeartBeatCount>"
)
STATUS = "<Result>OK</Result><Online>ONLINE</Online><Status>OK</Status>"


@pytest.mark.parametrize(
    ("order", "target", "answer", "broken"),
    [
        ("set-guard", BUTTON, "<Result>OK</Result>", []),
        ("reset-guard", BUTTON, "<Result>Ok</Result>", ["value"]),
        ("reset-alarm", BUTTON, "", ["missing-field"]),
        ("record", DOOR, "<Result>ERROR</Result>", []),
        ("home-position", DOOR, "<Result>ERROR</Result>", []),
        ("device-config", "", "<Result>OK</Result>", []),
        ("device-info", "", "<DeviceName>网关</DeviceName><Result>OK</Result><Manufacturer>A</Manufacturer>", []),
        ("device-info", "", "<Result>OK</Result><DeviceName>网关</DeviceName>", ["field-order"]),
        ("device-status", "", STATUS, []),
        (
            "device-status",
            "",
            STATUS + f'<Alarmstatus Num="1"><Item><DeviceID>{BUTTON}</DeviceID><DutyStatus>ALARM</DutyStatus></Item>'
            "</Alarmstatus>",
            [],
        ),
        ("device-status", "", STATUS + '<Alarmstatus Num="2"></Alarmstatus>', ["num"]),
        ("device-status", "", STATUS + "<DeviceTime>2020-01-01T00:00:00</DeviceTime>", ["clock"]),
        ("config-download", "", f"<Result>OK</Result><BasicParam>{BASIC}</BasicParam>", []),
        ("config-download", "", "<Result>ERROR</Result>", []),
        ("config-download", "", "<Result>OK</Result>", ["missing-field"]),
        ("record-info", DOOR, "<Name>门</Name><SumNum>0</SumNum>", []),
        ("record-info", DOOR, '<Name>门</Name><SumNum>0</SumNum><RecordList Num="0"/>', ["sum-num"]),
        ("ptz", DOOR, "<Result>OK</Result>", ["reply-not-wanted"]),
        ("tele-boot", "", "<Result>OK</Result>", ["reply-not-wanted"]),
        ("preset-query", DOOR, "<Result>ERROR</Result>", []),
    ],
)
def test_an_order_and_its_answer(
    county: CountyPlatform, lower: Lower, order: str, target: str, answer: str, broken: list[str]
) -> None:
    exchange = county.order(order, target)
    asked = lower.asked()
    assert asked.first.startswith(f"MESSAGE sip:{GATEWAY}@127.0.0.1:{lower.port} ")
    assert asked.headers["from"].startswith(f"<sip:{SERVER}@{DOMAIN}>;tag=")
    assert (asked.field("CmdType"), asked.field("DeviceID")) == (ORDERS[order].cmd_type, target or GATEWAY)
    lower.answer(asked)
    assert exchange.wait_status() == 200
    lower.message("Response", response(asked, answer))
    assert exchange.wait_answer().text.count("<Response>") == 1
    assert rules(county) == broken


def test_what_an_order_says_can_be_given(county: CountyPlatform, lower: Lower) -> None:
    county.order("reset-alarm", BUTTON, fields={"AlarmMethod": "2", "SN": "77"})
    asked = lower.asked()
    assert (asked.field("SN"), asked.field("AlarmCmd"), asked.field("AlarmMethod")) == ("77", "ResetAlarm", "2")
    county.order("record-info", DOOR, fields={"StartTime": "2026-03-02T00:00:00"})
    assert (asked := lower.asked()).field("StartTime") == "2026-03-02T00:00:00"
    assert asked.field("Type") == "all"
    with pytest.raises(NobodyThere):
        county.order("catalog", device=BUTTON)
    with pytest.raises(KeyError):
        county.order("dance")


def test_answers_that_nobody_waits_for_are_noted(county: CountyPlatform, lower: Lower) -> None:
    exchange = county.order("set-guard", BUTTON)
    asked = lower.asked()
    lower.answer(asked)
    lower.message("Response", response(asked, "<Result>OK</Result>").replace(BUTTON, DOOR))
    lower.message("Response", response(asked, "<Result>OK</Result>"))
    lower.message("Response", response(asked, "<Result>OK</Result>").replace("<SN>", "<SN>9"))
    assert rules(county) == ["device-id", "response-twice", "unsolicited-response"]
    assert len(exchange.answers) == 2


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b";tag=lower", b"", "response-to-tag"),
        (b"CSeq: 1", b"CSeq: 2", "response-header"),
        (b"Content-Length: 0\r\n\r\n", b"Content-Length: 2\r\n\r\nOK", "response-body"),
        (b"branch=z9", b"branch=z8", "stray-response"),
    ],
)
def test_a_response_of_a_wrong_form_is_noted(
    county: CountyPlatform, lower: Lower, old: bytes, new: bytes, rule: str
) -> None:
    county.order("device-info")
    right = lower.answered(lower.asked())
    assert old in right
    lower.send(right.replace(old, new))
    county.wait_for(lambda one: one.violations)
    assert rules(county) == [rule]


def test_a_request_goes_out_again_until_it_is_answered() -> None:
    settings = CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=0.1)
    with CountyPlatform(settings) as county, Lower(county.port) as lower:
        lower.register()
        exchange = county.order("device-info")
        asked = [lower.asked() for _ in range(3)]
        assert asked[0] == asked[1] == asked[2]
        lower.answer(asked[0])
        assert exchange.wait_status() == 200
        assert exchange.retransmissions >= 2
        lower.send(lower.answered(asked[0], "404 Not Found"))
        county.wait_for(lambda one: one.violations)
        assert rules(county) == ["response-differs"]


def test_a_request_that_is_never_answered_has_timed_out() -> None:
    with CountyPlatform(CountySettings({GATEWAY: PASSWORD}, greets=False, t1_s=0.01)) as county:
        with Lower(county.port) as udp:
            udp.register()
            exchange = county.order("device-info")
            assert exchange.wait_status() == 408
            assert exchange.retransmissions >= 5
        with Lower(county.port, "TCP") as tcp:
            tcp.register()
            exchange = county.order("device-info")
            assert exchange.wait_status() == 408
            assert exchange.retransmissions == 0
        county.wait_for(lambda one: "连接断开" in one.lines[-1])
        assert county.order("device-info").status == 503
        with pytest.raises(RuntimeError):
            county.wait_for(lambda one: one.order("device-info"))


def test_a_call_is_refused_and_the_refusal_acknowledged(county: CountyPlatform, lower: Lower) -> None:
    exchange = county.call("INVITE", BUTTON)
    asked = lower.asked()
    assert asked.first.startswith(f"INVITE sip:{BUTTON}@")
    assert re.fullmatch(rf"{BUTTON}:0\d{{9}},{SERVER}:0", asked.headers["subject"])
    assert "y=0" in asked.text
    assert "m=video" in asked.text
    lower.answer(asked, "100 Trying")
    lower.answer(asked, "488 Not Acceptable Here")
    assert exchange.wait_status() == 488
    acknowledged = lower.asked()
    assert acknowledged.first.startswith("ACK ")
    assert acknowledged.headers["via"] == asked.headers["via"]
    assert county.violations == []


def test_a_call_that_is_taken_can_be_ended(county: CountyPlatform, lower: Lower) -> None:
    exchange = county.call("INVITE", BUTTON)
    asked = lower.asked()
    lower.answer(asked, Contact=f"<sip:{BUTTON}@127.0.0.1:{lower.port}>")
    assert exchange.wait_status() == 200
    assert lower.asked().headers["cseq"] == "1 ACK"
    ended = county.call("BYE", BUTTON)
    bye = lower.asked()
    assert (bye.headers["cseq"], bye.headers["call-id"]) == ("2 BYE", asked.headers["call-id"])
    lower.answer(bye)
    assert ended.wait_status() == 200


def test_calls_without_a_dialog(county: CountyPlatform, lower: Lower) -> None:
    for method in ("BYE", "CANCEL", "OPTIONS"):
        exchange = county.call(method, DOOR)
        asked = lower.asked()
        assert asked.headers["cseq"] == f"1 {method}"
        lower.answer(asked, "481 Call/Transaction Does Not Exist")
        assert exchange.wait_status() == 481


def test_a_stranger_can_be_played(county: CountyPlatform) -> None:
    with Lower(county.port) as lower:
        exchange = county.order("tele-boot", device=GATEWAY, to=Source("UDP", "127.0.0.1", lower.port))
        lower.answer(lower.asked(), "403 Forbidden")
        assert exchange.wait_status() == 403


def test_any_bytes_can_be_sent(county: CountyPlatform, lower: Lower) -> None:
    exchange = county.send_raw(b"<!DOCTYPE a>", "text/plain")
    asked = lower.asked()
    assert (asked.body, asked.headers["content-type"]) == (b"<!DOCTYPE a>", "text/plain")
    lower.answer(asked, "400 Bad Request")
    assert exchange.wait_status() == 400
