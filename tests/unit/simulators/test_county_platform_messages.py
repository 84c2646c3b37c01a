"""What a lower platform says, and what the county makes of it: keepalives, catalogues, alarms, faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simulators.county_platform.platform import CountyPlatform
from simulators.county_platform.settings import CountySettings
from tests.unit.simulators.raw_sip import (
    BUTTON,
    DOOR,
    GATEWAY,
    PASSWORD,
    SERVER,
    Got,
    Lower,
    alarm,
    catalogue,
    item,
    keepalive,
    xml,
)

NOW = datetime(2026, 3, 2, 7, 41, 11, 500000, tzinfo=timezone(timedelta(hours=8)))
AT = "2026-03-02T07:41:09"


def platform(**changes: Any) -> CountyPlatform:
    usual: dict[str, Any] = {"devices": {GATEWAY: PASSWORD}, "greets": False, "t1_s": 5, "now": lambda: NOW}
    return CountyPlatform(CountySettings(**(usual | changes)))


def rules(county: CountyPlatform) -> list[str]:
    return [one.rule for one in county.violations]


def listed(county: CountyPlatform, lower: Lower, *items: str) -> None:
    """Give the county its catalogue, asked for."""
    county.order("catalog")
    asked = lower.asked()
    lower.answer(asked)
    lower.message("Response", catalogue(asked.field("SN"), len(items), *items))


@pytest.fixture
def county() -> Iterator[CountyPlatform]:
    with platform() as one:
        yield one


@pytest.fixture
def lower(county: CountyPlatform) -> Iterator[Lower]:
    with Lower(county.port) as one:
        one.register()
        listed(county, one, item(BUTTON), item(DOOR, "三号楼单元门"))
        assert county.violations == []
        yield one


def told(lower: Lower, body: bytes, **changes: Any) -> Got:
    lower.send(lower.request("MESSAGE", body, **changes))
    return lower.response()


def test_it_asks_what_wvp_asks() -> None:
    settings = {"greets": True, "subscribes_catalog": True, "subscribes_alarm": "presence"}
    with platform(**settings) as county, Lower(county.port) as lower:
        lower.register()
        asked = [lower.asked() for _ in range(5)]
        assert [one.field("CmdType") for one in asked] == [
            "DeviceInfo", "ConfigDownload", "Catalog", "Catalog", "Alarm",
        ]  # fmt: skip
        assert [one.first.split()[0] for one in asked] == ["MESSAGE"] * 3 + ["SUBSCRIBE"] * 2
        assert asked[1].field("ConfigType") == "BasicParam"
        assert asked[0].headers["content-type"] == "Application/MANSCDP+xml"
        assert asked[0].first.split()[1] == f"sip:{GATEWAY}@127.0.0.1:{lower.port}"
        assert [one.headers.get("event") for one in asked[3:]] == ["Catalog;id=1", "presence"]
        assert county.violations == []


def test_an_alarm_is_there_once_with_its_delay(county: CountyPlatform, lower: Lower) -> None:
    assert lower.message("Notify", alarm(7, AT)).first == "SIP/2.0 200 OK"
    [one] = county.alarms
    assert (one.channel, one.name, one.priority, one.method, one.type) == (BUTTON, "实验小学东门一键报警", "1", "2", "")
    assert (one.description, one.at, one.delay_s) == ("实验小学东门 一键报警", AT, 2.5)
    assert (one.stored, one.times, one.carried) == (True, 1, ["MESSAGE"])
    assert "报警 1 级 方式 2 实验小学东门一键报警" in county.lines[-1]
    assert county.violations == []


def test_a_retransmission_is_answered_alike_and_counted_apart(county: CountyPlatform, lower: Lower) -> None:
    data = lower.request("MESSAGE", xml("Notify", alarm(7, AT)))
    lower.send(data)
    first = lower.response()
    lower.send(data)
    assert lower.response() == first
    assert (county.alarms[0].times, county.retransmissions, county.violations) == (1, 1, [])
    lower.send(data.replace(b"Max-Forwards: 70", b"Max-Forwards: 69"))
    lower.response()
    assert (county.alarms[0].times, rules(county)) == (1, ["branch-reuse"])


def test_an_alarm_that_was_answered_and_comes_again_is_noted(county: CountyPlatform, lower: Lower) -> None:
    lower.message("Notify", alarm(7, AT))
    lower.message("Notify", alarm(7, AT))
    assert ([one.times for one in county.alarms], rules(county)) == ([2], ["alarm-twice"])


def test_an_alarm_whose_answer_was_lost_may_come_again(county: CountyPlatform, lower: Lower) -> None:
    county.misbehave("drop-response", method="MESSAGE")
    lower.send(lower.request("MESSAGE", xml("Notify", alarm(7, AT))))
    county.wait_for(lambda one: one.alarms)
    assert lower.message("Notify", alarm(7, AT)).status == 200
    assert ([one.times for one in county.alarms], rules(county)) == ([2], [])


def test_an_alarm_is_acknowledged_where_that_is_wanted() -> None:
    with platform(alarm_result="OK") as county, Lower(county.port) as lower:
        lower.register()
        listed(county, lower, item())
        lower.message("Notify", alarm(4711, AT))
        answer = lower.asked()
        assert "<Response>" in answer.text
        fields = [answer.field(name) for name in ("CmdType", "SN", "DeviceID", "Result")]
        assert fields == ["Alarm", "4711", BUTTON, "OK"]


def test_a_channel_waits_for_its_reset_where_that_is_wanted() -> None:
    with platform(wants_reset=True) as county, Lower(county.port) as lower:
        lower.register()
        listed(county, lower, item(BUTTON), item(DOOR))
        lower.message("Notify", alarm(1, AT))
        lower.message("Notify", alarm(2, AT, DOOR))
        county.order("reset-alarm", BUTTON)
        lower.answer(lower.asked())
        lower.message("Notify", alarm(3, AT))
        assert county.violations == []
        lower.message("Notify", alarm(4, AT, DOOR))
        assert rules(county) == ["alarm-before-reset"]


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (alarm(1, AT, AlarmMethod="7"), "method-7"),
        (alarm(1, AT, AlarmMethod="8"), "value"),
        (alarm(1, AT, AlarmPriority="5"), "value"),
        (alarm(1, AT, AlarmMethod=""), "missing-field"),
        (alarm(1, AT, "34020000111345000009"), "alarm-channel"),
        (alarm(1, AT + ".250"), "moment"),
        (alarm(1, AT + "Z"), "moment"),
        (alarm(1, AT + "+08:00"), "moment"),
        (alarm(1, AT.replace("T", " ")), "moment"),
        (alarm(1, "2026-02-30T07:41:09"), "moment"),
        (alarm(1, "2026-03-02T15:41:09"), "clock"),
        (alarm(0, AT), "sn"),
        (alarm(1, AT, SN="01"), "sn"),
        (alarm(1, AT, SN="²"), "sn"),
        (alarm(1, AT, Longitude="0", Latitude="0"), "position"),
        (alarm(1, AT, Longitude=""), "position"),
        (alarm(1, AT, AlarmDescription="null"), "null"),
        (alarm(1, AT, AlarmDescription="&#38;"), "char-reference"),
        (alarm(1, AT, AlarmDescription="a&b;c"), "entity"),
        (alarm(1, AT, AlarmDescription="\x07"), "control-character"),
        (alarm(1, AT, Info="<AlarmType>6</AlarmType>"), "alarm-type"),
        (alarm(1, AT, AlarmMethod="5"), "alarm-type"),
        (alarm(1, AT, AlarmMethod="5", Info="<AlarmType>13</AlarmType>"), "alarm-type"),
        (
            alarm(1, AT, AlarmMethod="5", Info="<AlarmType>6</AlarmType><AlarmTypeParam></AlarmTypeParam>"),
            "alarm-type-param",
        ),
        (alarm(1, AT, ExtraInfo="x"), "unknown-field"),
        (alarm(1, AT, info="x"), "unknown-field"),
        (alarm(1, AT, AlarmPriority="") + "<AlarmPriority>1</AlarmPriority>", "field-order"),
        (alarm(1, AT, Latitude="31.3</Latitude><Latitude>31.3"), "repeated-field"),
        (keepalive(1).replace("OK", "ERROR"), "keepalive-status"),
        (keepalive(1).replace(GATEWAY, DOOR), "device-id"),
        (keepalive(1) + "<Info><Camera>1</Camera></Info>", "unknown-field"),
        ("<SN>1</SN><DeviceID>" + GATEWAY + "</DeviceID>", "cmd-type"),
        (catalogue("5", 0), "notify-dialog"),
    ],
)
def test_a_notify_that_breaks_a_rule_is_noted(county: CountyPlatform, lower: Lower, body: str, rule: str) -> None:
    assert lower.message("Notify", body).status == 200
    assert rules(county) == [rule]
    assert "<Notify>" in county.violations[0].message


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"  ", 400),
        (b"<Notify><SN>1</Notify>", 400),
        (b"<Alarm><SN>1</SN></Alarm>", 415),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Notify><SN>&a;</SN></Notify>', 400),
        (b"<Notify>" + b" " * 1_100_000 + b"</Notify>", 413),
    ],
)
def test_what_can_t_be_read_is_refused(body: bytes, status: int) -> None:
    with platform() as county, Lower(county.port, "TCP") as lower:
        lower.register()
        assert told(lower, body).status == status
        assert rules(county) == ["body"]


@pytest.mark.parametrize(
    ("declared", "codec", "expected"),
    [
        ("GB2312", "gb18030", []),
        ("gb2312", "gbk", []),
        ("GB2312", "utf-8", ["charset"]),
        ("UTF-8", "utf-8", ["xml-declaration"]),
        ("UTF-8", "gb18030", ["xml-declaration", "charset"]),
        ("GB18030", "gb18030", ["xml-declaration"]),
    ],
)
def test_charsets(county: CountyPlatform, lower: Lower, declared: str, codec: str, expected: list[str]) -> None:
    told(lower, xml("Notify", alarm(1, AT, AlarmDescription="朱镕基路 一键报警"), declared, codec))
    assert rules(county) == expected
    assert county.alarms[0].description == "朱镕基路 一键报警"


def test_the_2022_edition() -> None:
    with platform(dialect="2022") as county, Lower(county.port) as lower:
        assert lower.register().status == 200
        assert set(rules(county)) == {"x-gb-ver"}
    with platform(dialect="2022") as county, Lower(county.port) as lower:
        lower.register(X_GB_Ver="3.0")
        county.order("catalog")
        asked = lower.asked()
        assert b'encoding="GB18030"' in asked.body
        lower.answer(asked)
        modern = item(Owner="", SafetyWay="")
        told(lower, xml("Response", catalogue(asked.field("SN"), 1, modern), "GB18030"))
        told(lower, xml("Notify", alarm(1, AT, AlarmDescription="𠮷庆街", ExtraInfo="x"), "GB18030"))
        assert county.violations == []
        assert (county.alarms[0].description, county.alarms[0].extra) == ("𠮷庆街", ["x"])


def test_what_is_wrong_around_a_message(county: CountyPlatform, lower: Lower) -> None:
    def noted(**changes: Any) -> tuple[int, list[str]]:
        before = len(county.violations)
        status = told(lower, xml("Notify", keepalive(next(lower.sns))), **changes).status
        return status, rules(county)[before:]

    assert noted() == (200, [])
    assert noted(From=f"<sip:{BUTTON}@3402000000>;tag=1") == (404, ["from-user"])
    assert noted(To=f"<sip:{BUTTON}@3402000000>") == (200, ["to-user"])
    assert noted(Content_Type="application/xml") == (200, ["content-type"])
    assert noted(Content_Type=None) == (200, ["content-type"])
    assert noted(Content_Type="application/manscdp+XML; charset=GB2312") == (200, [])
    assert noted(uri=f"sip:{BUTTON}@127.0.0.1:{county.port}") == (200, ["request-uri"])
    assert noted(uri=f"sip:{SERVER}@3402000000") == (200, [])
    assert noted(User_Agent="x" * 1300) == (200, ["udp-size"])


def test_who_is_not_registered_is_told_404(county: CountyPlatform, lower: Lower) -> None:
    county.forget()
    assert lower.message("Notify", keepalive(1)).status == 404
    assert county.violations == []


def test_the_same_sn_for_something_else_is_noted(county: CountyPlatform, lower: Lower) -> None:
    lower.message("Notify", alarm(1, AT))
    lower.message("Notify", alarm(1, AT, DOOR))
    lower.message("Notify", keepalive(1))
    lower.message("Notify", keepalive(1))
    assert rules(county) == ["sn-reuse", "sn-reuse"]


def test_what_is_no_sip_is_noted(county: CountyPlatform, lower: Lower) -> None:
    lower.send(b"hello\r\n\r\n")
    county.wait_for(lambda one: one.violations)
    assert rules(county) == ["not-sip"]
    lower.send(b"\r\n\r\n")
    assert lower.message("Notify", keepalive(1)).status == 200
    assert rules(county) == ["not-sip"]


def test_bare_line_feeds_compact_and_folded_headers_are_read(county: CountyPlatform, lower: Lower) -> None:
    data = lower.request("MESSAGE", xml("Notify", keepalive(1)))
    compact = data.replace(b"From: ", b"f: ").replace(b"Via: ", b"v:").replace(b"Call-ID: ", b"I : ")
    lower.send(compact.replace(b"To: ", b"t:\r\n  "))
    assert lower.response().status == 200
    assert county.violations == []
    head, _, body = lower.request("MESSAGE", xml("Notify", keepalive(2))).partition(b"\r\n\r\n")
    lower.send(head.replace(b"\r\n", b"\n") + b"\n\n" + body)
    assert lower.response().status == 200
    assert rules(county) == ["bare-lf"]
