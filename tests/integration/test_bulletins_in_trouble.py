"""Bulletins when something is in the way: a party away, thousands of texts, the night, a screen that is gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from connectors.aliyun.codes import outcome_of_code
from connectors.webhook.channel import WebhookChannel
from gateway.bulletins import acts, enterprises
from gateway.bulletins.display import TELL_AGAIN, update_displays
from gateway.bulletins.spread import spread
from gateway.clock import SystemClock
from gateway.embedded.ports import LOOPBACK, any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.failpoints import Failpoints
from gateway.incidents.actor import Actor
from gateway.model.bulletin import Draft
from gateway.model.errors import BadInput
from gateway.model.ports import Message, Outcome
from gateway.model.scope import Scope
from gateway.registering import editing
from gateway.registering.writing import import_site
from gateway.store import bulletins as store
from gateway.store import incidents as incident_store
from gateway.store import outbox
from gateway.store.migrate import migrate
from gateway.store.outbox import Notification
from gateway.store.pool import connect
from gateway.telling import loop
from tests.integration.telling import FakeChannel, Town
from tests.integration.test_bulletins import ELDER, site
from tests.station import SEALER, STATION, postgres_bin, wait_for

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("trouble") / "data", any_free(), bin_directory=postgres_bin())
    server.start()
    try:
        migrate(server.url)
        with connect(server.url, "test") as connection:
            import_site(connection, site(), SEALER)
            connection.execute(
                "insert into consent (station_id, person_id, purpose, state, said_by, since, recorded_by) "
                "values (%s, 'elder', 'bulletins', 'given', 'self', now(), 'officer')",
                [STATION],
            )
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def town(database: str) -> Iterator[Town]:
    yield Town(database)
    with connect(database, "test") as connection:
        connection.execute("update bulletin set withdrawn_at = now() where withdrawn_at is null")
        connection.execute("update notification set state = 'stopped' where state = 'queued'")
        connection.execute("delete from display")


def actor(town: Town, username: str = "commander") -> Actor:
    return Actor(username, username, Scope(STATION), town.clock.now())


def issue(town: Town, **changes: Any) -> int:
    """A bulletin for the east that has begun and lasts an hour."""
    now = town.clock.now()
    draft = Draft("safety", {"zh": "提示"}, {"zh": "请绕行"}, ["beat-1"], ["screens"], [], now, now + HOUR)
    with connect(town.url, "test") as connection:
        return acts.issue(connection, SEALER, actor(town), msgspec.structs.replace(draft, **changes)).id


def spread_all(town: Town) -> None:
    with connect(town.url, "test") as connection:
        while spread(connection, STATION, town.clock.now()):
            pass


def messages(town: Town, bulletin: int) -> list[dict[str, Any]]:
    return town.rows("select * from notification where bulletin_id = %s order by id", bulletin)


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_texted_in_the_morning_of_what_ended_at_night(town: Town) -> None:
    made = issue(town, media=["phones"])
    spread_all(town)
    now = town.clock.now()
    morning = now + 8 * HOUR
    with connect(town.url, "test") as connection:
        assert outbox.quieten(connection, STATION, "sms", now, morning) == 1
        assert [oldest for _, _, oldest in outbox.backlog(connection, STATION)] == [morning], "the doctor finds it late"
        outbox.expire(connection, STATION, morning)
        assert outbox.lease(connection, STATION, "sms", morning, morning + HOUR, 10) == []
    assert [one["state"] for one in messages(town, made)] == ["expired"]


def test_an_urgent_bulletin_for_thousands_is_behind_an_alert_that_is_as_urgent(town: Town) -> None:
    made = issue(town, media=["phones"], urgent=True)
    spread_all(town)
    now = town.clock.now()
    with connect(town.url, "test") as connection:
        alert = outbox.enqueue(
            connection, Notification(STATION, f"alert-{made}", "sms", "13900001111", "P2", {}), now, HOUR
        )
        leased = outbox.lease(connection, STATION, "sms", now, now + HOUR, 1)
    assert [one.message.id for one in leased] == [alert]


def test_a_limit_for_residents_numbers_leaves_the_channel_to_a_press(town: Town) -> None:
    """Two bulletins within a minute: the provider has a limit for each number, and answers it for every second text."""
    limited = outcome_of_code("isv.BUSINESS_LIMIT_CONTROL", "触发分钟级流控Permits:1")

    def answer(message: Message) -> Outcome:
        return limited if message.priority == "P4" else Outcome("accepted")

    now = town.clock.now()
    with connect(town.url, "test") as connection:
        for number in range(8):
            text = Notification(
                STATION, f"limited-{number}", "sms", f"1390000{number:04}", "P4", {}, purpose="bulletin"
            )
            outbox.enqueue(connection, text, now, HOUR)
    with town.telling(FakeChannel("sms", answer)) as telling:
        breaker = telling.deliverers["sms"].breaker
        wait_for(lambda: telling.deliverers["sms"].counts["retry"] >= 8, "the provider to limit them all")
        assert breaker.state == "closed"


def test_a_bulletin_about_an_incident_is_none_of_the_incidents_calls(town: Town) -> None:
    """Else a push of it would take the alert's place on a phone, and a signature would count it as read."""
    incident = town.ring(["officer"])
    made = issue(town, media=["staff", "phones"], kind="incident_notice", incident=incident)
    spread_all(town)
    with connect(town.url, "test") as connection:
        outbox.acknowledge(connection, incident, "officer", town.clock.now())
        told = incident_store.receipts(connection, incident)
    assert {one["purpose"] for one in told} == {"incident"}
    assert {one["state"] for one in messages(town, made)} == {"queued"}
    assert {one["body"]["incident"] for one in messages(town, made)} == {incident}


def test_the_parties_of_a_dispute_are_not_named_either(town: Town) -> None:
    incident = town.ring(["officer"])
    said = {"kind": "incident_notice", "incident": incident, "text": {"zh": f"关于 {ELDER} 家的纠纷"}}
    assert issue(town, **said), "nobody knows yet who they are"
    town.execute(
        "update incident set category = 'dispute', detail = %s where id = %s",
        '{"dispute": {"places": ["flat"]}}',
        incident,
    )
    with pytest.raises(BadInput, match="names somebody"):
        issue(town, **said)


def test_a_colleague_who_has_only_a_number_to_ring_is_not_rung_up(town: Town) -> None:
    town.execute("update contact set channel = 'voice' where username = 'gridder'")
    try:
        with connect(town.url, "test") as connection:
            now = town.clock.now()
            draft = Draft("safety", {"zh": "提示"}, {"zh": "请绕行"}, ["beat-1"], ["staff"], [], now, now + HOUR)
            counted = acts.preview(connection, actor(town), draft)
        made = issue(town, media=["staff"])
        spread_all(town)
        told = messages(town, made)
        assert sorted(one["username"] for one in told) == ["officer", "second"]
        assert counted == {"staff": len(told)}
    finally:
        town.execute("update contact set channel = 'phone' where username = 'gridder'")


def test_screens_are_looked_after_between_pages_of_people(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    pages = iter([1, 1, 0])
    monkeypatch.setattr(loop, "update_displays", lambda *_: order.append("screens") or 0)
    monkeypatch.setattr(loop, "spread", lambda *_: order.append("people") or next(pages))
    with town.pool() as pool:
        telling = loop.Telling(STATION, pool, [], town.clock, town.announcer, Failpoints(""), SEALER, say=print)
        assert telling._spread_now() == 2
    assert order == ["screens", "people"] * 3


# ── screens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def update(town: Town, at: datetime) -> dict[str, list[int]]:
    """What screens are told at a moment that were to be told."""
    newest = town.rows("select coalesce(max(id), 0) as id from notification")[0]["id"]
    with connect(town.url, "test") as connection:
        update_displays(connection, STATION, at)
    told = town.rows("select recipient, body from notification where id > %s order by recipient", newest)
    return {one["recipient"]: [shown["id"] for shown in one["body"]["bulletins"]] for one in told}


@pytest.mark.parametrize(("kind", "attributes"), [("screen", '{"shows": "nothing"}'), ("camera", "{}")])
def test_what_is_no_screen_any_more_is_told_to_show_nothing(town: Town, kind: str, attributes: str) -> None:
    made, now = issue(town), town.clock.now()
    assert update(town, now) == {"screen:east-screen": [made]}
    town.execute("update device set kind = %s, attributes = %s where id = 'east-screen'", kind, attributes)
    try:
        assert update(town, now + timedelta(seconds=1)) == {"screen:east-screen": []}
        assert update(town, now + timedelta(seconds=2)) == {}
    finally:
        town.execute("update device set kind = 'screen', attributes = '{}' where id = 'east-screen'")


def test_a_withdrawal_is_told_again_for_as_long_as_the_screens_own_clock_would_show_it(town: Town) -> None:
    made = issue(town, ends_at=town.clock.now() + 3 * TELL_AGAIN - HOUR)
    now = town.clock.now()
    assert update(town, now) == {"screen:east-screen": [made]}
    with connect(town.url, "test") as connection:
        acts.withdraw(connection, actor(town), made)
    assert update(town, now + timedelta(minutes=1)) == {"screen:east-screen": []}
    assert update(town, now + timedelta(minutes=2)) == {}
    later = now + timedelta(minutes=1) + TELL_AGAIN
    assert update(town, later) == {"screen:east-screen": []}, "the broker may never have had it"
    assert update(town, later + TELL_AGAIN) == {"screen:east-screen": []}
    assert update(town, later + 2 * TELL_AGAIN) == {}, "it has ended"


def test_what_a_later_message_told_a_screen_counts_though_the_first_was_overtaken(town: Town) -> None:
    first, now = issue(town), town.clock.now()
    update(town, now)
    second = issue(town)
    assert update(town, now + timedelta(seconds=1)) == {"screen:east-screen": [second, first]}
    with connect(town.url, "test") as connection:
        [leased] = outbox.lease(connection, STATION, "mqtt", now + HOUR, now + 2 * HOUR, 10)
        outbox.settle(connection, leased.message, Outcome("accepted"), now, now, None)
        told = [store.screens_told(connection, Scope(STATION), one, now, now) for one in (first, second)]
    assert [[screen["state"] for screen in screens] for screens in told] == [["accepted"], ["accepted"]]


def test_one_sees_the_screens_of_ones_own_areas_and_counts_all(town: Town) -> None:
    made, now = issue(town, areas=None), town.clock.now()
    assert sorted(update(town, now)) == ["screen:east-screen", "screen:west-screen"]
    reader = Actor("western", "officer", Scope(STATION, ("beat-2",)), now)
    with connect(town.url, "test") as connection:
        found = acts.standing(connection, reader, made)
    assert [one["device"] for one in found["screens"]] == ["west-screen"]
    assert found["delivered"] == {"screens": {"queued": 2}}


def test_a_message_that_goes_finds_what_screens_were_told_by_an_index(town: Town) -> None:
    """Half a year of screens is hundreds of thousands of rows, and every old message looks for its own there."""
    found = town.rows("select indexdef from pg_indexes where tablename = 'bulletin_screen'")
    assert any("(notification_id)" in one["indexdef"] for one in found)


# ── enterprises ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shop() -> Iterator[tuple[str, list[bytes]]]:
    """An enterprise's own system: where it is, and what it was posted."""
    posted: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{LOOPBACK}:{server.server_port}/", posted
    server.shutdown()
    server.server_close()


def add(town: Town, url: str, area: str = "grid-1") -> int:
    with connect(town.url, "test") as connection:
        number, _ = enterprises.add(
            connection, SEALER, actor(town), name="东街超市", area=area, url=url, private_endpoints=True
        )
    return number


def test_an_enterprise_that_is_away_keeps_nobody_elses_notice_back(town: Town, shop: tuple[str, list[bytes]]) -> None:
    away, there = add(town, f"http://{LOOPBACK}:{any_free()}/"), add(town, shop[0])
    lost = issue(town, media=[], enterprises=[away])
    spread_all(town)
    channel = WebhookChannel(SystemClock().now, private_endpoints=True)
    with town.telling(channel) as telling:
        wait_for(lambda: messages(town, lost)[0]["attempts"] >= 6, "it to be tried more often than a breaker bears", 40)
        made = issue(town, media=[], enterprises=[there])
        wait_for(lambda: shop[1], "the other's notice", 10)
        assert telling.deliverers["webhook"].breaker.state == "closed"
    assert f'"bulletin":{made}'.encode() in shop[1][0]


def test_an_enterprise_that_is_being_told_hears_of_the_withdrawal_too(town: Town) -> None:
    enterprise = add(town, "https://shop.example.com/n")
    made = issue(town, media=[], enterprises=[enterprise])
    spread_all(town)
    now = town.clock.now()
    with connect(town.url, "test") as connection:
        [under_way] = outbox.lease(connection, STATION, "webhook", now, now + HOUR, 1)
        acts.withdraw(connection, actor(town), made)
        outbox.settle(connection, under_way.message, Outcome("accepted"), now, now, None)
    assert [(one["state"], one["body"]["withdrawn"]) for one in messages(town, made)] == [
        ("accepted", False),
        ("queued", True),
    ]


def test_an_enterprise_that_was_not_told_yet_hears_nothing(town: Town) -> None:
    made = issue(town, media=[], enterprises=[add(town, "https://shop.example.com/n")])
    spread_all(town)
    with connect(town.url, "test") as connection:
        acts.withdraw(connection, actor(town), made)
    assert [one["state"] for one in messages(town, made)] == ["stopped"]


def test_an_enterprise_does_not_keep_an_area_from_being_taken_away(town: Town) -> None:
    chief = Actor("admin", "admin", Scope(STATION), town.clock.now())
    with connect(town.url, "test") as connection:
        editing.create(
            connection, chief, "area", {"id": "grid-9", "kind": "grid", "name": "新网格", "parent": "beat-2"}
        )
    add(town, "https://shop.example.com/n", "grid-9")
    with connect(town.url, "test") as connection:
        editing.remove(connection, chief, "area", "grid-9")


def test_an_address_that_no_notice_would_be_sent_to_is_refused_at_once(town: Town) -> None:
    with connect(town.url, "test") as connection, pytest.raises(BadInput, match="user name"):
        enterprises.add(
            connection, SEALER, actor(town), name="超市", area="grid-1", url="https://me:secret@shop.example.com/n"
        )


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_end_of_time_is_no_time_to_begin(town: Town) -> None:
    doom = datetime.max.replace(tzinfo=UTC)
    with pytest.raises(BadInput, match="starts_at"):
        issue(town, starts_at=doom - HOUR, ends_at=doom)
