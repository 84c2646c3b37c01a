"""Whoever a message did not reach is tried on their next way, once; when none is left the ladder goes on at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.incidents.telling import Why
from gateway.model.ports import Message, Outcome, Report
from gateway.registering.site import SiteUser
from gateway.registering.writing import import_site
from gateway.store import outbox, upkeep
from gateway.store.migrate import migrate
from gateway.store.outbox import Notification
from gateway.store.pool import connect
from gateway.telling.fallback import fall_back_all
from gateway.telling.receipts import read_token, receive, take_reports
from gateway.telling.tell import Announcer
from tests.integration.telling import FakeChannel, Town
from tests.station import SEALER, STATION, make_site, postgres_bin, wait_for

SOON = {"P1": 0.5, "P2": 0.5, "P3": 0.5, "P4": 0.5}
NOT_SOON = dict.fromkeys(SOON, 600.0)
USERS = [
    SiteUser("officer", "民警", "officer", "phone-officer", {"sms": "+8613800000001", "voice": "+8613800000001"}),
    SiteUser("deputy", "副班", "officer", "phone-deputy"),
    SiteUser("commander", "指挥长", "commander", "phone-commander"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("fallback") / "data", any_free(), bin_directory=postgres_bin())
    server.start()
    try:
        migrate(server.url)
        with connect(server.url, "test") as connection:
            import_site(connection, msgspec.structs.replace(make_site(3), users=USERS), SEALER)
            upkeep.make_partitions(connection, *[Town(server.url).clock.now()] * 2)
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def town(database: str) -> Town:
    """A town without messages in which everybody has their contacts again."""
    town = Town(database)
    town.execute("truncate notification cascade")
    town.execute("update rung set state = 'stopped'")
    town.execute("update contact set state = 'active', retired_why = null, reached_at = null, tested_at = null")
    town.policy(receipt_within_s=SOON)
    return town


def refuse(_message: Message) -> Outcome:
    return Outcome("refused", "code 40003: no such user")


def fail(_message: Message) -> Outcome:
    return Outcome("retry", "HTTP 503")


def nobody_left(town: Town, *, running: tuple[str, ...] = ("phone", "sms", "voice")) -> bool:
    """Whether nobody is tried again, however much later one looks."""
    with town.pool() as pool:
        later = town.clock.now() + timedelta(hours=1)
        return fall_back_all(pool, STATION, town.announcer, running, (), later) == 0


# ── no receipt ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_phone_that_is_off_is_followed_by_a_text_and_then_a_call(town: Town) -> None:
    phone = FakeChannel("phone", receipts=True)
    sms, voice = FakeChannel("sms", receipts=True), FakeChannel("voice")
    with town.telling(phone, sms, voice):
        incident = town.ring(["officer"])
        called = town.until_told(incident, "voice")
    first, text, call = town.messages(incident)
    assert (text["instead_of"], call["instead_of"]) == (first["id"], text["id"])
    assert called["id"] == call["id"]
    assert [one.recipient for one in (*phone.asked, *sms.asked, *voice.asked)] == [
        "phone-officer", "+8613800000001", "+8613800000001",
    ]  # fmt: skip
    assert first["fell_back_at"] >= first["accepted_at"] + timedelta(seconds=SOON["P1"])
    assert first["state"] == "accepted", "what is known of it stays as it is"
    assert call["body"] == first["body"]
    assert nobody_left(town)
    assert [step["act"] for step in town.steps(incident)] == [], "a call that was taken may have been heard"


def test_a_phone_that_says_it_has_the_message_is_enough(town: Town) -> None:
    town.policy(receipt_within_s=NOT_SOON)
    phone, sms = FakeChannel("phone", receipts=True), FakeChannel("sms")
    with town.telling(phone, sms):
        incident = town.ring(["officer"])
        accepted = town.until_told(incident, "phone")
        assert accepted["receipt_by"] == accepted["accepted_at"] + timedelta(seconds=600)
        (asked,) = phone.asked
        assert read_token(SEALER, STATION, asked.body["receipt"]) == accepted["id"]
        with connect(town.url, "test") as connection:
            now = town.clock.now()
            assert receive(connection, STATION, accepted["id"], "delivered", at=None, now=now)
    assert nobody_left(town)
    (delivered,) = town.messages(incident)
    assert (delivered["state"], delivered["delivered_at"]) == ("delivered", now)
    assert sms.asked == []
    (contact,) = town.rows("select reached_at from contact where username = 'officer' and channel = 'phone'")
    assert contact["reached_at"] == now


def test_the_ladder_of_a_message_goes_up_only(town: Town) -> None:
    incident = town.ring(["officer"])
    (message, *_) = town.messages(incident)
    now = town.clock.now()
    with connect(town.url, "test") as connection:
        assert receive(connection, STATION, message["id"], "seen", at=None, now=now)
        later = now + timedelta(seconds=5)
        receive(connection, STATION, message["id"], "delivered", at=later, now=later)
        leased = Message(message["id"], message["key"], "phone", "", "P1", {}, now)
        outbox.settle(connection, leased, Outcome("refused", "too late"), now, now, None, now)
    (message, *_) = town.messages(incident)
    assert (message["state"], message["delivered_at"], message["seen_at"]) == ("seen", now, now)
    assert message["receipt_by"] is None
    with connect(town.url, "test") as connection:
        outbox.acknowledge(connection, incident, "officer", later)
        receive(connection, STATION, message["id"], "seen", at=None, now=later)
    (message, *_) = town.messages(incident)
    assert (message["state"], message["acknowledged_at"], message["seen_at"]) == ("acknowledged", later, now)


RANK = {"queued": 0, "stopped": 0, "accepted": 1, "refused": 1, "delivered": 2, "seen": 3, "acknowledged": 4}


def test_whatever_comes_in_whatever_order_no_message_goes_down_its_ladder(town: Town) -> None:
    """Every sequence of three of what providers, phones and people say; a refusal counts until something arrives."""
    begun = town.clock.now()
    town.policy(receipt_within_s=NOT_SOON)
    incident = town.ring(["deputy"])
    message = town.messages(incident)[0]
    number = message["id"]
    sent = Message(number, message["key"], "phone", "", "P1", {}, begun)

    def settle(connection: Connection[TupleRow], outcome: Outcome, now: datetime) -> None:
        again = now if outcome.result == "retry" else None
        outbox.settle(connection, sent, outcome, now, now, again, now + timedelta(seconds=9))

    said: dict[str, Callable[[Connection[TupleRow], datetime], object]] = {
        "accepted": lambda connection, now: settle(connection, Outcome("accepted"), now),
        "refused": lambda connection, now: settle(connection, Outcome("refused"), now),
        "retry": lambda connection, now: settle(connection, Outcome("retry"), now),
        "delivered": lambda connection, now: receive(connection, STATION, number, "delivered", at=None, now=now),
        "seen": lambda connection, now: receive(connection, STATION, number, "seen", at=None, now=now),
        "signed": lambda connection, now: outbox.acknowledge(connection, incident, "deputy", now),
    }
    with connect(town.url, "test") as connection, connection.cursor(row_factory=dict_row) as cursor:
        for sequence in product(said, repeat=3):
            connection.execute(
                "update notification set state = 'queued', accepted_at = null, delivered_at = null, seen_at = null, "
                "acknowledged_at = null, receipt_by = null where id = %s",
                (number,),
            )
            before = {"state": "queued", "delivered_at": None, "seen_at": None, "acknowledged_at": None}
            for position, step in enumerate(sequence):
                said[step](connection, begun + timedelta(seconds=position))
                after = cursor.execute("select * from notification where id = %s", (number,)).fetchone()
                assert after is not None
                assert RANK[after["state"]] >= RANK[before["state"]], sequence
                for moment in ("delivered_at", "seen_at", "acknowledged_at"):
                    assert before[moment] in {None, after[moment]}, f"{sequence}: {moment} was changed"
                if RANK[after["state"]] > 1:
                    assert after["receipt_by"] is None, f"{sequence}: nothing is waited for any more"
                before = after
        connection.rollback()


def test_old_messages_go_though_others_came_instead_of_them(town: Town) -> None:
    with town.telling(FakeChannel("phone", refuse), FakeChannel("sms")):
        incident = town.ring(["officer"])
        town.until_told(incident, "sms")
    town.execute("update notification set created_at = created_at - interval '1 year' where channel = 'phone'")
    with connect(town.url, "test") as connection:
        upkeep.forget_notifications(connection, STATION, town.clock.now() - timedelta(days=180))
    (left,) = town.messages(incident)
    assert (left["channel"], left["instead_of"]) == ("sms", None)


@pytest.mark.parametrize(("ahead", "believed"), [(-3600, "created_at"), (3600, "now")])
def test_a_phone_with_a_wild_clock_is_believed_within_reason(town: Town, ahead: int, believed: str) -> None:
    incident = town.ring(["officer"])
    now = town.clock.now()
    with connect(town.url, "test") as connection:
        number = town.messages(incident)[0]["id"]
        receive(connection, STATION, number, "delivered", at=now + timedelta(seconds=ahead), now=now)
    message = town.messages(incident)[0]
    assert message["delivered_at"] == (message["created_at"] if believed == "created_at" else now)


# ── a provider that refuses, lies or is down ────────────────────────────────────────────────────────────


def test_a_provider_that_says_no_in_a_200_is_followed_by_the_next_way_at_once(town: Town) -> None:
    town.policy(receipt_within_s=NOT_SOON)
    sms = FakeChannel("sms")
    with town.telling(FakeChannel("phone", refuse, receipts=True), sms):
        incident = town.ring(["officer"])
        text = town.until_told(incident, "sms")
    refused = town.messages(incident, "phone")[0]
    assert (refused["state"], text["instead_of"]) == ("refused", refused["id"])
    assert len(sms.asked) == 1


def test_a_provider_that_reports_failure_after_all_is_followed_by_the_next_way(town: Town) -> None:
    town.policy(receipt_within_s=NOT_SOON)
    sms = FakeChannel("sms")
    with town.telling(FakeChannel("phone", receipts=True), sms):
        incident = town.ring(["officer"])
        accepted = town.until_told(incident, "phone")
        assert sms.asked == []
        with connect(town.url, "test") as connection:
            reports = [Report(accepted["provider_id"], "failed", detail="MOBILE_NOT_ON_SERVICE"), Report("x", "seen")]
            assert take_reports(connection, STATION, "phone", reports, town.clock.now()) == 1
        town.until_told(incident, "sms")
    assert town.messages(incident, "phone")[0]["state"] == "refused"
    told = town.rows("select detail from attempt where notification_id = %s order by id", accepted["id"])
    assert "MOBILE_NOT_ON_SERVICE" in told[-1]["detail"]


def test_a_provider_that_is_down_is_not_waited_for(town: Town) -> None:
    town.policy(receipt_within_s=NOT_SOON)
    phone, sms = FakeChannel("phone", fail, receipts=True), FakeChannel("sms")
    with town.telling(phone, sms) as telling:
        incidents = [town.ring(["officer"]) for _ in range(5)]
        for incident in incidents:
            town.until_told(incident, "sms")
        assert telling.deliverers["phone"].breaker.is_open
        asked = len(phone.asked)
        late = town.ring(["officer"], priority="P2")
        town.until_told(late, "sms")
        assert [one.incident for one in phone.asked[asked:] if one.incident == late] == [], "nobody asks it in vain"
        phone.answer = lambda message: Outcome("accepted", provider_id=str(message.id))
        for incident in [*incidents, late]:
            town.until_told(incident, "phone")
        assert not telling.deliverers["phone"].breaker.is_open
    assert [len(town.messages(incident, "sms")) for incident in [*incidents, late]] == [1] * 6


def test_a_press_tries_a_provider_that_is_left_alone(town: Town) -> None:
    phone = FakeChannel("phone", fail)
    with town.telling(phone) as telling:
        for _ in range(5):
            town.ring(["deputy"], priority="P3")
        wait_for(lambda: telling.deliverers["phone"].breaker.is_open, "the breaker to open")
        phone.answer = lambda _message: Outcome("accepted")
        press = town.ring(["deputy"])
        town.until_told(press, "phone")
        assert not telling.deliverers["phone"].breaker.is_open


def test_a_channel_nobody_delivers_on_is_not_waited_for(town: Town) -> None:
    town.policy(receipt_within_s=NOT_SOON)
    with town.telling(FakeChannel("voice")):
        incident = town.ring(["officer"])
        town.until_told(incident, "voice")
    assert {row["channel"]: row["state"] for row in town.messages(incident)} == {
        "phone": "queued", "voice": "accepted",
    }  # fmt: skip


def test_a_contact_that_is_gone_is_retired_and_its_user_told_elsewhere(town: Town) -> None:
    version = "select registry_version from station"
    before = town.rows(version)[0]["registry_version"]
    sms = FakeChannel("sms")
    with town.telling(FakeChannel("phone", lambda _message: Outcome("gone", "HTTP 410")), sms):
        incident = town.ring(["officer"])
        town.until_told(incident, "sms")
        wait_for(lambda: len(sms.asked) == 2, "the alert and the news of the phone")
    (contact,) = town.rows("select state, retired_why from contact where username = 'officer' and channel = 'phone'")
    assert (contact["state"], "410" in contact["retired_why"]) == ("retired", True)
    assert town.rows(version)[0]["registry_version"] == before + 1
    assert {one.priority: one.incident for one in sms.asked} == {"P1": incident, "P3": None}
    (audited,) = town.rows("select * from audit where act = 'contact.gone' order by id desc limit 1")
    assert audited["detail"]["user"] == "officer"
    assert town.said == []


def test_a_last_contact_that_is_gone_is_somebody_elses_work(town: Town) -> None:
    with town.telling(FakeChannel("phone", lambda _message: Outcome("gone", "HTTP 410"))):
        town.ring(["deputy"])
        (said,) = wait_for(lambda: town.said, "the work item")
    assert (said.rule, said.subject, said.stream) == ("contact-gone", "user:deputy", "work_item")


# ── nobody ──────────────────────────────────────────────────────────────────────────────────────────────


def test_when_nobody_of_a_rung_can_be_reached_the_next_is_climbed_now(town: Town) -> None:
    phone = FakeChannel("phone", lambda message: Outcome("accepted") if message.body["rung"] else refuse(message))
    with town.telling(phone):
        incident = town.ring(["deputy"], ["commander"])
        town.until_told(incident, "phone")
    assert [(row["username"], row["state"]) for row in town.messages(incident)] == [
        ("deputy", "refused"), ("commander", "accepted"),
    ]  # fmt: skip
    unreachable, escalated = town.steps(incident)
    assert (unreachable["act"], escalated["act"]) == ("unreachable", "escalated")
    assert unreachable["detail"] == {
        "user": "deputy", "about": "incident", "ways": ["phone"], "rung": 0, "next_rung_now": True,
    }  # fmt: skip
    assert "deputy could not be reached" in unreachable["reason"]


def test_as_long_as_somebody_of_a_rung_is_reached_the_next_one_waits(town: Town) -> None:
    answers = {"phone-deputy": Outcome("refused", "no"), "phone-officer": Outcome("accepted")}
    with town.telling(FakeChannel("phone", lambda message: answers[message.recipient])):
        incident = town.ring(["officer", "deputy"], ["commander"])
        steps = wait_for(lambda: town.steps(incident), "the step")
    assert [(step["act"], step["detail"]["user"], step["detail"]["next_rung_now"]) for step in steps] == [
        ("unreachable", "deputy", False)
    ]
    assert town.rows("select state from rung where incident_id = %s", incident) == [{"state": "waiting"}]


def test_somebody_with_nothing_left_is_said_once_though_several_ways_fail(town: Town) -> None:
    with town.telling(FakeChannel("phone", refuse), FakeChannel("sms", refuse), FakeChannel("voice", refuse)):
        incident = town.ring(["officer"])
        wait_for(lambda: town.steps(incident), "the step")
    assert nobody_left(town)
    (step,) = [step for step in town.steps(incident) if step["detail"]["user"] == "officer"]
    assert step["detail"]["ways"] == ["phone", "sms", "voice"]
    called = [message["username"] for message in town.messages(incident)]
    assert called.count("officer") == 3, "each way once"
    assert {"deputy", "commander"} <= set(called), "no rung is left: the others of the station"


@pytest.mark.parametrize("state", ["signed", "closed", "cancelled"])
def test_nobody_is_tried_again_about_what_somebody_has_taken_up_or_is_over(town: Town, state: str) -> None:
    phone, sms = FakeChannel("phone", receipts=True), FakeChannel("sms")
    town.policy(receipt_within_s=NOT_SOON)
    with town.telling(phone, sms):
        incident = town.ring(["officer"])
        town.until_told(incident, "phone")
    town.execute("update incident set state = %s where id = %s", state, incident)
    assert nobody_left(town)
    (message,) = town.messages(incident)
    assert (message["receipt_by"], message["fell_back_at"]) == (None, None)


# ── once ────────────────────────────────────────────────────────────────────────────────────────────────


def overdue(town: Town) -> int:
    """An incident whose only message was accepted long ago and never arrived."""
    incident = town.ring(["officer"])
    town.execute(
        "update notification set state = 'accepted', accepted_at = created_at, receipt_by = created_at "
        "where incident_id = %s",
        incident,
    )
    return incident


def test_two_loops_that_look_at_the_same_moment_make_one_message(town: Town) -> None:
    incidents = [overdue(town) for _ in range(10)]
    made: list[int] = []
    at_once = threading.Barrier(4)
    with town.pool() as pool:

        def look() -> None:
            at_once.wait()
            made.append(fall_back_all(pool, STATION, town.announcer, ("phone", "sms"), (), town.clock.now()))

        loops = [threading.Thread(target=look) for _ in range(4)]
        for loop in loops:
            loop.start()
        for loop in loops:
            loop.join()
    assert sum(made) == len(incidents)
    assert [len(town.messages(incident, "sms")) for incident in incidents] == [1] * len(incidents)


def die_before_sending(url: str) -> None:
    """What the test below lets another process do: fall back, and be killed when the next way is to be sent."""
    town = Town(url)
    with town.telling(FakeChannel("phone"), FakeChannel("sms"), failpoints="before_send"):
        wait_for(lambda: False, "the end", 60)


def test_a_gateway_killed_between_falling_back_and_sending_sends_once(town: Town) -> None:
    incident = overdue(town)
    code = f"from tests.integration.test_fallback import die_before_sending as die; die({town.url!r})"
    ended = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False, timeout=60)
    assert ended.returncode == -signal.SIGKILL
    (text,) = town.messages(incident, "sms")
    assert (text["state"], text["attempts"]) == ("queued", 1), "made, leased, and not sent"
    sms = FakeChannel("sms")
    with town.telling(FakeChannel("phone"), sms):
        town.until_told(incident, "sms")
    assert nobody_left(town)
    assert [one.key for one in sms.asked] == [text["key"]]


# ── limits and quiet hours ──────────────────────────────────────────────────────────────────────────────


def test_lesser_messages_leave_room_for_a_press_within_the_rate(town: Town) -> None:
    phone = FakeChannel("phone", rate_per_min=8)
    with town.telling(phone):
        for _ in range(12):
            town.ring(["deputy"], priority="P3")
        wait_for(lambda: len(phone.asked) >= 6, "what lesser messages may take")
        press = town.ring(["deputy"])
        town.until_told(press, "phone")
    assert len(phone.asked) == 7
    again = FakeChannel("phone", rate_per_min=8)
    with town.telling(again):
        press = town.ring(["deputy"])
        town.until_told(press, "phone")
        assert town.ring(["deputy"])
        wait_for(lambda: town.messages(press, "phone")[0]["state"] == "accepted", "the press")
    assert len(again.asked) == 1, "a new start has not forgotten what it sent within the minute"


def test_quiet_hours_hold_back_lesser_messages_and_never_a_press(town: Town) -> None:
    local = town.clock.now().astimezone(ZoneInfo("Asia/Shanghai"))
    begin, end = local - timedelta(hours=2), local + timedelta(hours=2)
    town.policy(quiet_hours=f"{begin:%H:%M}-{end:%H:%M}")
    phone = FakeChannel("phone")
    with town.telling(phone):
        quiet = town.ring(["deputy"], priority="P3")
        press = town.ring(["deputy"])
        town.until_told(press, "phone")
        over = end.replace(second=0, microsecond=0)
        wait_for(lambda: town.messages(quiet)[0]["due_at"] == over, "the message to be put off")
        with connect(town.url, "test") as connection:
            test = Notification(
                station=STATION, key="test:now", channel="phone", recipient="", priority="P3", body={"rung": None},
                purpose="test", username="deputy",
                contact=town.rows("select id from contact where username = 'deputy'")[0]["id"],
            )  # fmt: skip
            number = outbox.enqueue(connection, test, town.clock.now(), timedelta(minutes=5))
        wait_for(lambda: any(one.id == number for one in phone.asked), "the test")
    (message,) = town.messages(quiet)
    assert message["state"] == "queued"
    assert message["expires_at"] - message["due_at"] > timedelta(hours=3, minutes=59), "it is of use as much longer"
    assert {one.incident for one in phone.asked} == {press, None}


@pytest.mark.parametrize("policy", ['{"quiet_hours": "at night"}', '{"receipt_within_s": 5}', '{"no_such_thing": 1}'])
def test_a_policy_that_cannot_be_read_silences_nobody(town: Town, policy: str) -> None:
    incident = town.ring(["deputy"], priority="P3")
    town.execute("update station set policy = %s", policy)
    with town.telling(FakeChannel("phone")):
        town.until_told(incident, "phone")


def test_the_command_room_and_other_machines_know_no_quiet_hours(town: Town) -> None:
    town.policy(quiet_hours="00:00-23:59")
    room = FakeChannel("command_room")
    with town.telling(room):
        change = Notification(
            station=STATION, key="change:x:1", channel="command_room", recipient="command_room", priority="P3", body={}
        )
        with connect(town.url, "test") as connection:
            outbox.enqueue(connection, change, town.clock.now(), timedelta(hours=1))
        wait_for(lambda: room.asked, "the change")


# ── who is sent or urged ────────────────────────────────────────────────────────────────────────────────

LATE = {"overdue": 1}


@pytest.mark.parametrize(
    ("why", "purpose", "facts"),
    [
        ("dispatch", "dispatch", {}),
        ("raised", "dispatch", {"state": "on_scene"}),
        ("urged", "urge", {"state": "signed", **LATE}),
        ("supervised", "urge", {"state": "departed", "overdue": 2}),
    ],
)
def test_whoever_is_sent_or_urged_is_tried_on_their_next_way(
    town: Town, why: Why, purpose: str, facts: dict[str, Any]
) -> None:
    with town.telling(FakeChannel("phone", receipts=True), FakeChannel("sms", refuse), FakeChannel("voice")):
        incident = town.send(why, "officer", **facts)
        call = town.until_told(incident, "voice")
    first, text, last = town.messages(incident)
    assert (text["instead_of"], call["instead_of"], last["id"]) == (first["id"], text["id"], call["id"])
    assert {row["purpose"] for row in (first, text, call)} == {purpose}
    assert call["body"] == first["body"]
    assert nobody_left(town)
    assert town.steps(incident) == []


@pytest.mark.parametrize(("why", "purpose"), [("dispatch", "dispatch"), ("urged", "urge")])
def test_one_without_a_way_left_is_said_once_and_the_ladder_left_alone(town: Town, why: Why, purpose: str) -> None:
    town.announcer = Announcer(STATION, command_room=True)
    with town.telling(FakeChannel("phone", refuse)):
        incident = town.send(why, "deputy", rung=["commander"], **LATE)
        (step,) = wait_for(lambda: town.steps(incident), "the timeline to say so")
    assert (step["act"], step["actor"]) == ("unreachable", "anxin")
    assert step["detail"] == {
        "user": "deputy", "about": purpose, "ways": ["phone"], "rung": None, "next_rung_now": False,
    }  # fmt: skip
    assert [row["recipient"] for row in town.messages(incident, "command_room")] == ["command_room"]
    assert nobody_left(town)
    assert len(town.steps(incident)) == 1
    query = "select state, due_at > now() + interval '50 minutes' as waits from rung where incident_id = %s"
    assert town.rows(query, incident) == [{"state": "waiting", "waits": True}]


def test_one_who_is_sent_while_the_provider_is_down_is_told_another_way(town: Town) -> None:
    town.policy(receipt_within_s=NOT_SOON)
    with town.telling(FakeChannel("sms")):
        incident = town.send("dispatch", "officer", state="signed")
        town.until_told(incident, "sms")
    assert town.messages(incident, "phone")[0]["fell_back_at"] is not None


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ("update incident set state = 'closed' where id = %s", "stopped"),
        ("update incident set assignees = '{commander}' where id = %s", "stopped"),
        (
            "insert into incident_step (incident_id, at, actor, act) values (%s, now(), 'officer', 'depart')",
            "stopped",
        ),
        ("update incident set state = 'signed' where id = %s", "queued"),
        ("insert into incident_step (incident_id, at, actor, act) values (%s, now(), 'deputy', 'sign')", "queued"),
    ],
    ids=["it is over", "somebody else is sent", "they have done something", "it is signed", "somebody else has"],
)
def test_who_need_not_be_told_any_more_is_not_tried_on(town: Town, change: str, left: str) -> None:
    incident = town.send("dispatch", "officer")
    (message,) = town.messages(incident)
    town.execute("update notification set receipt_by = now() where id = %s", message["id"])
    town.execute(change, incident)
    with town.pool() as pool:
        made = fall_back_all(pool, STATION, town.announcer, ("phone", "sms"), (), town.clock.now())
    assert made == (left == "queued")
    assert town.messages(incident, "phone")[0]["state"] == left
    assert town.steps(incident) == [step for step in town.steps(incident) if step["act"] != "unreachable"]


def test_an_urging_is_moot_when_it_is_not_late_any_more(town: Town) -> None:
    incident = town.send("urged", "officer", **LATE)
    town.execute("update incident set overdue = 0 where id = %s", incident)
    town.execute("update notification set receipt_by = now() where incident_id = %s", incident)
    assert nobody_left(town)
    assert town.messages(incident)[0]["state"] == "stopped"


def test_a_digest_and_a_test_wait_for_their_reader(town: Town) -> None:
    incident = town.send("dispatch", "officer")
    for purpose in ("digest", "test", "bulletin"):
        town.execute("update notification set purpose = %s, fell_back_at = null, receipt_by = now()", purpose)
        assert nobody_left(town)
    assert (len(town.messages(incident)), town.steps(incident)) == (1, [])
