"""G6 to G10, G14 to G16 and G18 of the reference's acceptance tests: what the platform asks and orders."""

from __future__ import annotations

import re

import pytest

from connectors.gb28181 import manscdp
from connectors.gb28181.news import CatalogueTold, Ordered, TurnedAway
from tests.unit.gb28181.desk import (
    BUTTON,
    DOOR,
    OURS,
    PEER,
    SERVER,
    Desk,
    alarm,
    answer,
    body,
    element,
    header,
    item,
    query,
    start,
)  # fmt: skip


def codes(data: bytes) -> list[str]:
    return re.findall(r"<Item>\s*<DeviceID>(\d+)</DeviceID>", body(data))


def take_all(desk: Desk, sent: list[bytes]) -> list[bytes]:
    """Answer each message of a list with 200 until no more come; returns them."""
    found = []
    while sent:
        messages = [one for one in sent if start(one).startswith("MESSAGE")]
        assert len(messages) <= 1  # strictly one after the other
        found += messages
        sent = [one for message in messages for one in desk.reply(message, 200)]
    return found


def test_g6_the_same_message_again_is_done_once_and_answered_the_same() -> None:
    desk = Desk()
    desk.register()
    asked = desk.message(query("DeviceInfo"), branch="z9hG4bKsame")
    first = desk.hear(asked)
    again = desk.hear(asked)
    assert [start(one).split()[0] for one in first] == ["SIP/2.0", "MESSAGE"]
    assert again == first[:1]
    assert element(first[1], "Channel") == "2"
    assert body(first[0]) == ""


def test_g7_a_catalogue_of_250_goes_out_one_after_the_other_and_adds_up() -> None:
    names = [
        item(f"34020000011345{n:06d}", f"滨河花园{n}栋一单元门禁（北侧）", address="滨河路 100 号") for n in range(250)
    ]
    desk = Desk(items=tuple(names))
    desk.register()
    sent = desk.ask(query("Catalog", sn=91))
    assert start(sent[0]) == "SIP/2.0 200 OK"
    messages = take_all(desk, sent[1:])

    assert {element(one, "SumNum") for one in messages} == {"250"}
    assert {element(one, "SN") for one in messages} == {"91"}
    assert [code for one in messages for code in codes(one)] == [one.code for one in names]
    assert max(len(one) for one in messages) <= 1300
    assert desk.of(CatalogueTold) == [CatalogueTold(91, 250, 250, whole=True)]


def test_packed_items_still_fit_a_datagram() -> None:
    names = tuple(item(f"34020000011345{n:06d}", "名" * 60, address="址" * 60) for n in range(40))
    desk = Desk(items=names, catalog_items=100)
    desk.register()
    messages = take_all(desk, desk.ask(query("Catalog"))[1:])
    assert max(len(one) for one in messages) <= 1300
    assert sum(len(codes(one)) for one in messages) == 40


def test_an_item_that_is_not_taken_is_sent_once_more_and_then_the_rest_is_not() -> None:
    desk = Desk()
    desk.register()
    desk.ask(query("Catalog"))
    desk.wait(70)
    assert desk.of(CatalogueTold) == [CatalogueTold(7, 2, 0, whole=False)]


def test_g8_a_catalogue_that_changes_while_it_is_told_is_told_as_it_was() -> None:
    desk = Desk()
    desk.register()
    first = desk.ask(query("Catalog", sn=1))[1]
    desk.link.show([item("34020000011345000077", "新门")], desk.now)
    second = take_all(desk, desk.reply(first, 200))
    assert [code for one in [first, *second] for code in codes(one)] == [BUTTON, DOOR]
    assert [codes(one) for one in take_all(desk, desk.ask(query("Catalog", sn=2))[1:])] == [["34020000011345000077"]]


def test_an_empty_catalogue_says_so_and_a_part_is_a_part() -> None:
    desk = Desk(items=())
    desk.register()
    (told,) = take_all(desk, desk.ask(query("Catalog"))[1:])
    assert element(told, "SumNum") == "0"
    assert "DeviceList" not in body(told)
    desk = Desk()
    desk.register()
    assert [codes(one) for one in take_all(desk, desk.ask(query("Catalog", device=DOOR))[1:])] == [[DOOR]]
    (told,) = take_all(desk, desk.ask(query("Catalog", device="34020000011345009999"))[1:])
    assert element(told, "SumNum") == "0"


@pytest.mark.parametrize("edition", ["2016", "2022"])
def test_g9_every_character_arrives_and_none_as_a_number(edition: str) -> None:
    name = "朱镕基㙍𠮷路 <东&门> \"A\" 'B'\x07 ·2#"
    desk = Desk(items=(item(BUTTON, name),), edition=edition)
    desk.register()
    (told,) = take_all(desk, desk.ask(query("Catalog"))[1:])
    xml = told.split(b"\r\n\r\n", 1)[1]
    assert xml.startswith(b'<?xml version="1.0" encoding="' + {"2016": b"GB2312", "2022": b"GB18030"}[edition])
    assert b"&#" not in xml
    assert manscdp.read(xml).text("DeviceList", "Item", "Name") == name.replace("\x07", "")


@pytest.mark.parametrize(
    ("declared", "spoken"),
    [
        ("GB2312", "utf-8"),
        ("UTF-8", "gb18030"),
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-8", "utf-8-sig"),
        ("x", "utf-8"),
    ],
)
def test_g10_what_declares_one_and_speaks_the_other_is_read(declared: str, spoken: str) -> None:
    text = "联通大厦一单元·北门"
    xml = f'<?xml version="1.0" encoding="{declared}"?>\n<Query><CmdType>Catalog</CmdType><Name>{text}</Name></Query>'
    assert manscdp.read(xml.encode(spoken)).text("Name") == text


def test_device_info_status_config_and_records_are_answered() -> None:
    desk = Desk(items=(item(BUTTON), item(DOOR, online=False)))
    desk.register()
    info = desk.ask(query("DeviceInfo"))[1]
    assert (element(info, "Result"), element(info, "DeviceName"), element(info, "SN")) == ("OK", "城关派出所", "7")
    assert element(desk.ask(query("DeviceStatus", device=DOOR))[1], "Online") == "OFFLINE"
    assert element(desk.ask(query("DeviceStatus", device=BUTTON))[1], "Online") == "ONLINE"
    config = desk.ask(query("ConfigDownload", more="<ConfigType>BasicParam</ConfigType>"))[1]
    assert (element(config, "HeartBeatInterval"), element(config, "HeartBeatCount")) == ("60", "3")
    assert (
        element(desk.ask(query("ConfigDownload", more="<ConfigType>VideoParamOpt</ConfigType>"))[1], "Result")
        == "ERROR"
    )
    assert element(desk.ask(query("RecordInfo", device=BUTTON))[1], "SumNum") == "0"
    assert element(desk.ask(query("PresetQuery", device=BUTTON))[1], "Result") == "ERROR"
    assert [start(one) for one in desk.ask(query("NobodyKnows"))] == ["SIP/2.0 200 OK"]
    options = desk.hear(desk.message(b"", method="OPTIONS"))
    assert "MESSAGE" in header(options[0], "Allow")


def test_g14_guarding_and_resetting_are_followed_and_shown() -> None:
    desk = Desk()
    desk.register()

    def order(inner: str) -> bytes:
        found: bytes = desk.ask(query("DeviceControl", device=BUTTON, more=inner, root="Control"))[1]
        return found

    def duty() -> str:
        return element(desk.ask(query("DeviceStatus", device=BUTTON))[1], "DutyStatus")

    assert duty() == "ONDUTY"
    done = order("<GuardCmd>ResetGuard</GuardCmd>")
    assert [element(done, name) for name in ("CmdType", "Result", "DeviceID")] == ["DeviceControl", "OK", BUTTON]
    assert duty() == "OFFDUTY"
    order("<GuardCmd>SetGuard</GuardCmd>")
    assert duty() == "ONDUTY"
    desk.link.alarm(alarm(), desk.now)
    desk.reply(desk.collect()[0], 200)
    assert duty() == "ALARM"
    order("<AlarmCmd>ResetAlarm</AlarmCmd>")
    assert duty() == "ONDUTY"
    assert [one.command for one in desk.of(Ordered)] == [
        "GuardCmd/ResetGuard", "GuardCmd/SetGuard", "AlarmCmd/ResetAlarm"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "inner", ["<PTZCmd>A50F010000000000</PTZCmd>", "<TeleBoot>Boot</TeleBoot>", "<IFrameCmd>Send</IFrameCmd>"]
)
def test_orders_without_an_answer_get_none_and_are_not_followed(inner: str) -> None:
    desk = Desk()
    desk.register()
    sent = desk.ask(query("DeviceControl", device=BUTTON, more=inner, root="Control"))
    assert [start(one) for one in sent] == ["SIP/2.0 200 OK"]
    assert [one.done for one in desk.of(Ordered)] == [False]


def test_the_heartbeat_is_set_within_bounds() -> None:
    desk = Desk()
    desk.register()

    def configure(seconds: int) -> str:
        basic = f"<HeartBeatInterval>{seconds}</HeartBeatInterval><HeartBeatCount>4</HeartBeatCount>"
        asked = query("DeviceConfig", more=f"<BasicParam>{basic}</BasicParam>", root="Control")
        return element(desk.ask(asked)[1], "Result")

    assert configure(20) == "OK"
    assert configure(0) == "ERROR"
    config = desk.ask(query("ConfigDownload", more="<ConfigType>BasicParam</ConfigType>"))[1]
    assert (element(config, "HeartBeatInterval"), element(config, "HeartBeatCount")) == ("20", "4")


def test_g15_media_is_refused_politely() -> None:
    desk = Desk()
    desk.register()
    sdp = b"v=0\r\no=x 0 0 IN IP4 192.0.2.10\r\ns=Play\r\n"

    def invite(channel: str, branch: str) -> list[bytes]:
        return desk.hear(desk.message(sdp, method="INVITE", to=channel, branch=branch, kind="application/sdp"))

    known = invite(BUTTON, "z9hG4bKi1")
    assert [start(one).split()[1] for one in known] == ["100", "488"]
    assert [start(one).split()[1] for one in invite("34020000011345009999", "z9hG4bKi2")] == ["100", "404"]
    assert [start(one).split()[1] for one in desk.wait(0.6)] == ["488", "404"]  # again, until it is acknowledged
    for branch in ("z9hG4bKi1", "z9hG4bKi2"):
        assert desk.hear(desk.message(b"", method="ACK", branch=branch)) == []
    assert desk.wait(10) == []
    assert [start(one).split()[1] for one in desk.hear(desk.message(b"", method="BYE"))] == ["481"]
    assert [start(one).split()[1] for one in desk.hear(desk.message(b"", method="CANCEL", branch="z9hG4bKx"))] == [
        "481"
    ]


@pytest.mark.parametrize(
    ("peer", "sender"), [(("192.0.2.66", 5060), SERVER), (PEER, "34020000002000000099"), (PEER, OURS)]
)
def test_g16_strangers_are_refused_and_nothing_is_done(peer: tuple[str, int], sender: str) -> None:
    desk = Desk()
    desk.register()
    xml = query("DeviceControl", device=BUTTON, more="<GuardCmd>ResetGuard</GuardCmd>", root="Control")
    sent = desk.hear(desk.message(xml, sender=sender), peer)
    assert [start(one).split()[1] for one in sent] == ["403"]
    assert desk.of(Ordered) == []
    assert len(desk.of(TurnedAway)) == 1
    assert element(desk.ask(query("DeviceStatus", device=BUTTON))[1], "DutyStatus") == "ONDUTY"


def test_a_flood_of_strangers_is_answered_within_bounds_and_the_platform_still_served() -> None:
    desk = Desk()
    desk.register()
    answered = sum(len(desk.hear(desk.message(query("Catalog")), ("192.0.2.66", 5060))) for _ in range(2000))
    assert answered <= 40
    assert len(desk.of(TurnedAway)) <= 40
    assert start(desk.ask(query("DeviceInfo"))[0]) == "SIP/2.0 200 OK"


@pytest.mark.parametrize(
    ("xml", "status"),
    [
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><Query><CmdType>&a;</CmdType></Query>', "400"),
        (b"<Query><CmdType>Catalog</CmdType><SN>1</SN>" + b"x" * (2 << 20) + b"</Query>", "413"),
        (b"<Query><CmdType>Catalog</CmdType><SN>1</SN>" + b"x" * (300 << 10) + b"</Query>", "413"),
        (b"this is no XML", "400"), (b"<Query><CmdType>Catalog</SN></Query>", "400"), (b"<Nonsense/>", "400"),
        (b"<Query>" * 5000 + b"</Query>" * 5000, "400"), (b"\0", "400"),
    ],
)  # fmt: skip
def test_g18_what_cannot_be_read_is_refused(xml: bytes, status: str) -> None:
    desk = Desk()
    desk.register()
    sent = desk.hear(desk.message(xml))
    assert [start(one).split()[1] for one in sent] == [status]
    assert start(desk.ask(query("DeviceInfo"))[0]) == "SIP/2.0 200 OK"


def test_an_answer_says_where_the_question_came_from() -> None:
    desk = Desk()
    desk.register()
    taken = desk.hear(desk.message(query("DeviceInfo")), ("192.0.2.10", 40001))[0]
    assert ";rport=40001" in header(taken, "Via")
    assert ";received=192.0.2.10" in header(taken, "Via")


def test_a_late_answer_to_nobody_is_nothing() -> None:
    desk = Desk()
    desk.register()
    assert desk.hear(answer(desk.message(query("DeviceInfo")), 200, "OK")) == []
