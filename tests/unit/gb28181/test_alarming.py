"""G11 to G13 and G20 of the reference's acceptance tests: alarms up, by message and by subscription."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.gb28181.news import AlarmAcknowledged, AlarmFailed, AlarmSent, Subscribed
from tests.unit.gb28181.desk import BUTTON, DOOR, OURS, SERVER, Desk, alarm, element, header, item, query, start


def send(desk: Desk, one: Any) -> list[bytes]:
    desk.link.alarm(one, desk.now)
    return desk.collect()


def subscribe(desk: Desk, kind: str = "Alarm", event: str = "presence", more: str = "", **told: Any) -> list[bytes]:
    expires = told.pop("expires", 3600)
    return desk.hear(
        desk.message(
            query(kind, sn=31, more=more), method="SUBSCRIBE", call_id=told.pop("call_id", f"s-{kind}@192.0.2.10"),
            headers=f"Event: {event}\r\nExpires: {expires}\r\nContact: <sip:{SERVER}@192.0.2.10:5060>\r\n", **told,
        )
    )  # fmt: skip


def test_an_alarm_is_said_as_the_reference_says_it() -> None:
    desk = Desk()
    desk.register()
    (sent,) = send(desk, alarm(longitude=118.376451, latitude=31.326319))
    assert start(sent) == f"MESSAGE sip:{SERVER}@192.0.2.10:5060 SIP/2.0"
    assert header(sent, "From").startswith(f"<sip:{OURS}@3402000000>;tag=")
    assert header(sent, "Content-Type") == "Application/MANSCDP+xml"
    order = ["CmdType", "SN", "DeviceID", "AlarmPriority", "AlarmMethod", "AlarmTime", "AlarmDescription", "Longitude"]
    assert [element(sent, name) for name in order] == [
        "Alarm", "4711", BUTTON, "1", "2", "2026-03-02T15:41:09", "实验小学东门 一键报警", "118.376451"
    ]  # fmt: skip
    positions = [sent.index(f"<{name}>".encode()) for name in order]
    assert positions == sorted(positions)
    desk.reply(sent, 200)
    assert desk.of(AlarmSent) == [AlarmSent("a1", "message", 200)]


def test_g11_an_alarm_of_offline_is_sent_again_to_the_byte_after_a_restart() -> None:
    desk = Desk()
    assert send(desk, alarm()) == []
    assert desk.of(AlarmFailed)[0].again
    desk.register()
    (first,) = send(desk, alarm())
    later = Desk()  # a new process; what was sent was never answered
    later.now = desk.now + 7
    later.register()
    (again,) = send(later, alarm())
    assert again == first  # by branch and number a retransmission: the platform does not take it twice
    (third,) = send(later, alarm(attempt=2))
    assert header(third, "Via") != header(first, "Via")
    assert header(third, "CSeq") == "2 MESSAGE"


@pytest.mark.parametrize("event", ["presence", "Alarm", "Alarm;id=7"])
def test_g12_a_subscription_gets_what_it_asked_for_with_its_event_echoed(event: str) -> None:
    desk = Desk(alarm_delivery="notify")
    desk.register()
    wanted = (
        "<StartAlarmPriority>1</StartAlarmPriority><EndAlarmPriority>2</EndAlarmPriority><AlarmMethod>0</AlarmMethod>"
    )
    (taken,) = subscribe(desk, event=event, more=wanted)
    assert start(taken) == "SIP/2.0 200 OK"
    assert header(taken, "Expires") == "3600"
    assert OURS in header(taken, "Contact")
    assert ";tag=" in header(taken, "To")
    (one,) = send(desk, alarm("p1", priority=1))
    assert start(one) == f"NOTIFY sip:{SERVER}@192.0.2.10:5060 SIP/2.0"
    assert header(one, "Event") == event
    assert header(one, "Subscription-State") == "active;expires=3600"
    assert header(one, "Call-ID") == "s-Alarm@192.0.2.10"
    assert header(one, "From").rpartition(";tag=")[2] == header(taken, "To").rpartition(";tag=")[2]
    assert header(one, "To").endswith(";tag=p1")
    desk.reply(one, 200)
    (two,) = send(desk, alarm("p2", priority=2))
    assert header(two, "CSeq") == "2 NOTIFY"
    assert send(desk, alarm("p3", priority=3)) == []
    assert [one.key for one in desk.of(AlarmFailed)] == ["p3"]
    assert desk.of(AlarmSent) == [AlarmSent("p1", "notify", 200)]


def test_by_default_what_a_subscription_leaves_out_goes_as_a_message() -> None:
    desk = Desk()
    desk.register()
    subscribe(desk, more="<StartAlarmPriority>1</StartAlarmPriority><EndAlarmPriority>2</EndAlarmPriority>")
    assert start(send(desk, alarm("p3", priority=3))[0]).startswith("MESSAGE")
    assert start(send(desk, alarm("p1"))[0]).startswith("NOTIFY")


@pytest.mark.parametrize("status", [481, 404, 0])
def test_g13_a_notify_that_finds_no_subscription_becomes_a_message_once(status: int) -> None:
    desk = Desk()
    desk.register()
    subscribe(desk)
    (one,) = send(desk, alarm())
    after = desk.reply(one, status, "No") if status else [m for m in desk.wait(32.1) if start(m)[:6] != "NOTIFY"]
    messages = {header(m, "Via"): m for m in after if b"<CmdType>Alarm</CmdType>" in m}
    assert [start(m).split()[0] for m in messages.values()] == ["MESSAGE"]
    desk.reply(next(iter(messages.values())), 200)
    assert desk.of(AlarmSent) == [AlarmSent("a1", "message", 200)]
    assert desk.link.subscriptions.get("Alarm") is None


def test_a_subscription_is_renewed_replaced_ended_and_forgotten() -> None:
    desk = Desk(keepalive_s=3000)
    desk.register()
    tag = header(subscribe(desk, expires=100)[0], "To").rpartition(";tag=")[2]
    desk.wait(90)
    subscribe(desk, expires=100, to_tag=tag)
    desk.wait(90)
    assert start(send(desk, alarm("a2"))[0]).startswith("NOTIFY")
    subscribe(desk, call_id="other@192.0.2.10", event="Alarm")
    assert header(send(desk, alarm("a3"))[0], "Call-ID") == "other@192.0.2.10"
    taken = subscribe(desk, call_id="other@192.0.2.10", expires=0)
    assert header(taken[0], "Expires") == "0"
    assert header(taken[1], "Subscription-State").startswith("terminated")
    assert start(send(desk, alarm("a4"))[0]).startswith("MESSAGE")
    assert (
        start(subscribe(desk, to_tag="unknown", call_id="gone@x")[0]) == "SIP/2.0 481 Call/Transaction Does Not Exist"
    )
    subscribe(desk, expires=10)
    desk.wait(11)
    assert start(send(desk, alarm("a5"))[0]).startswith("MESSAGE")
    assert [one.seconds for one in desk.of(Subscribed)] == [100, 100, 3600, 0, 10]


def notified(desk: Desk) -> list[bytes]:
    """Take all notifications, each by its answer."""
    found: list[bytes] = []
    sent = desk.collect()
    while sent:
        assert len(sent) == 1
        found += sent
        assert len(sent[0]) <= 1300
        sent = desk.reply(sent[0], 200)
    return found


def test_catalogue_changes_are_notified_and_first_what_is_off() -> None:
    off, on = item(DOOR, "门", online=False), item(BUTTON)
    desk = Desk(items=(on, off))
    desk.register()
    _, first = subscribe(desk, kind="Catalog", event="Catalog;id=5")
    assert header(first, "Event") == "Catalog;id=5"
    assert (element(first, "SumNum"), element(first, "Event"), f"<DeviceID>{DOOR}" in first.decode("gb18030")) == (
        "1", "OFF", True,
    )  # fmt: skip
    desk.reply(first, 200)
    desk.link.show([item(BUTTON, "新名"), item(DOOR, "门"), item("34020000011345000009", "新门")], desk.now)
    text = "".join(one.decode("gb18030") for one in notified(desk))
    assert [text.count(f"<Event>{kind}</Event>") for kind in ("UPDATE", "ON", "ADD", "DEL")] == [1, 1, 1, 0]
    desk.link.show([item(BUTTON, "新名")], desk.now)
    assert sum(one.decode("gb18030").count("<Event>DEL</Event>") for one in notified(desk)) == 2
    desk.link.show([item(BUTTON, "新名")], desk.now)
    assert desk.collect() == []


@pytest.mark.parametrize(
    ("status", "again"),
    [
        (408, True),
        (480, True),
        (500, True),
        (503, True),
        (403, True),
        (404, True),
        (400, False),
        (415, False),
        (488, False),
    ],
)
def test_what_an_answer_means_for_an_alarm(status: int, again: bool) -> None:
    desk = Desk()
    desk.register()
    (sent,) = send(desk, alarm())
    desk.reply(sent, status, "No")
    (failed,) = desk.of(AlarmFailed)
    assert (failed.status, failed.again) == (status, again)
    # A platform that does not know us is registered at anew.
    assert desk.link.online == (status not in (403, 404))


def test_g20_the_platforms_own_answer_is_told_and_what_nobody_asked_is_no_harm() -> None:
    desk = Desk()
    desk.register()
    (sent,) = send(desk, alarm())
    desk.reply(sent, 200)
    said = query("Alarm", sn=4711, device=BUTTON, more="<Result>ERROR</Result>", root="Response")
    for _ in range(2):
        assert [start(one) for one in desk.ask(said)] == ["SIP/2.0 200 OK"]
    desk.ask(query("Alarm", sn=99, device=BUTTON, more="<Result>OK</Result>", root="Response"))
    desk.reply(sent, 200)  # late, and again
    assert desk.of(AlarmAcknowledged) == [AlarmAcknowledged(4711, BUTTON, "ERROR")] * 2 + [
        AlarmAcknowledged(99, BUTTON, "OK")
    ]
    assert desk.of(AlarmSent) == [AlarmSent("a1", "message", 200)]


def test_after_a_registration_alarms_wait_for_the_catalogue_or_a_moment() -> None:
    desk = Desk(catalog_first_s=3)
    desk.register()
    assert send(desk, alarm("a1", priority=2)) == []
    assert send(desk, alarm("a2", priority=1)) == []
    sent = desk.ask(query("Catalog"))[1:]
    while sent and b"Catalog" in sent[0]:
        sent = desk.reply(sent[0], 200)
    assert [element(one, "AlarmPriority") for one in sent] == ["1", "2"]
    desk = Desk(catalog_first_s=3)
    desk.register()
    send(desk, alarm())
    assert desk.wait(2.9) == []
    assert len(desk.wait(0.2)) == 1
    # While it is told the end is waited for, within bounds.
    desk = Desk(catalog_first_s=3, catalog_wait_s=10, keepalive_s=60)
    desk.register()
    desk.ask(query("Catalog"))
    send(desk, alarm())
    assert not any(b"<CmdType>Alarm" in one for one in desk.wait(9.9))
    assert any(b"<CmdType>Alarm" in one for one in desk.wait(0.2))
    # A platform that had it before we started is told at once.
    desk = Desk(catalog_first_s=3)
    desk.link.known = True
    desk.register()
    assert len(send(desk, alarm())) == 1


def test_a_platform_that_wants_to_reset_first_gets_the_next_one_later() -> None:
    desk = Desk(require_reset=True)
    desk.register()
    desk.reply(send(desk, alarm("a1", channel=DOOR))[0], 200)
    assert send(desk, alarm("a2", channel=DOOR)) == []
    assert desk.of(AlarmFailed)[0].after_s == 300
    assert send(desk, alarm("a3", channel=DOOR, one_touch=True))  # somebody pressed for help
    desk.ask(query("DeviceControl", device=DOOR, more="<AlarmCmd>ResetAlarm</AlarmCmd>", root="Control"))
    assert send(desk, alarm("a4", channel=DOOR))


def test_a_disarmed_channel_keeps_silent_only_where_that_was_agreed_and_never_a_button() -> None:
    order = query("DeviceControl", device=DOOR, more="<GuardCmd>ResetGuard</GuardCmd>", root="Control")
    for honour, sent in ((False, 1), (True, 0)):
        desk = Desk(honour_guard=honour)
        desk.register()
        desk.ask(order)
        assert len(send(desk, alarm(channel=DOOR))) == sent
        assert len(send(desk, alarm("b", channel=DOOR, one_touch=True))) == 1
