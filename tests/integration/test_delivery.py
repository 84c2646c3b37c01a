"""Delivery against a provider that fails in every way providers fail. `attempt` rows tell the story."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx2 as httpx
import pytest

from connectors.phone_push.channel import TIMEOUT_S
from gateway.embedded.ports import LOOPBACK
from gateway.telling.deliver import AT_ONCE, LEASE
from tests.station import Station, ladders, make_site, wait_for

DOORS = 140
#: Every test forces doors of its own, so that each has an incident of its own.
_doors = count()


@pytest.fixture(autouse=True)
def phones_are_registered_again(ringing: Station) -> None:
    """A phone that was gone was let go of: the next test wants it back."""
    if ringing.rows("select 1 from contact where state = 'retired'"):
        ringing.change_registry("update contact set state = 'active', retired_why = null")


@pytest.fixture(scope="module")
def ringing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A whole station whose ladders have one rung, so that every message is one the test asked for."""
    running = Station(tmp_path_factory.mktemp("ringing"), make_site(doors=DOORS))
    running.policy = ladders()
    try:
        yield running.start_all()
    finally:
        running.close()


@pytest.fixture(autouse=True)
def providers_recover(ringing: Station) -> Iterator[None]:
    yield
    for provider in ("phones", "command-room"):
        httpx.delete(f"{ringing.receivers}/{provider}/faults").raise_for_status()


def order(station: Station, *faults: dict[str, Any], provider: str = "phones") -> None:
    httpx.put(f"{station.receivers}/{provider}/faults", json=list(faults)).raise_for_status()


def ring(station: Station, kind: str = "door.forced") -> int:
    """Let something happen at a door that has been quiet; returns the number of its phone message."""
    device = f"door-{next(_doors)}"
    with station.publisher() as integrator:
        integrator.event(device, kind)
    return int(wait_for(lambda: _message_of(station, device), f"a message about {device}"))


def _message_of(station: Station, device: str) -> int | None:
    found = station.rows(
        "select n.id from notification n join alert a on a.id = n.alert_id "
        "where n.channel = 'phone' and a.device_id = %s order by n.id desc",
        device,
    )
    return found[0]["id"] if found else None


def message(station: Station, number: int) -> dict[str, Any]:
    return station.rows("select * from notification where id = %s", number)[0]


def attempts(station: Station, number: int) -> list[dict[str, Any]]:
    return station.rows("select * from attempt where notification_id = %s order by id", number)


def results(station: Station, number: int) -> list[str]:
    return [attempt["result"] for attempt in attempts(station, number)]


def settled(station: Station, number: int, timeout: float = 20) -> dict[str, Any]:
    """The message once it no longer waits."""
    wait_for(lambda: message(station, number)["state"] != "queued", f"message {number} to be settled", timeout)
    return message(station, number)


def shown(station: Station, number: int) -> list[dict[str, Any]]:
    """What phones have of one message."""
    key = message(station, number)["key"]
    return [entry for entry in station.phone_messages() if entry["key"] == key]


# ── failures that pass, and failures that do not ────────────────────────────────────────────────────────


def test_a_provider_in_trouble_is_asked_again_until_it_takes_the_message(ringing: Station) -> None:
    order(ringing, {"mode": "http_500", "times": 2})
    number = ring(ringing)
    assert settled(ringing, number)["state"] == "accepted"
    assert results(ringing, number) == ["retry", "retry", "accepted"]
    told = attempts(ringing, number)
    assert ["HTTP 500" in attempt["detail"] for attempt in told] == [True, True, False]
    first_wait = told[1]["started_at"] - told[0]["ended_at"]
    second_wait = told[2]["started_at"] - told[1]["ended_at"]
    assert timedelta(seconds=0.15) < first_wait < timedelta(seconds=15)
    assert timedelta(seconds=0.35) < second_wait < timedelta(seconds=15)
    (entry,) = shown(ringing, number)
    assert entry["repeats"] == 0


def test_the_provider_says_when_to_come_back(ringing: Station) -> None:
    order(ringing, {"mode": "http_429", "times": 1, "seconds": 3})
    number = ring(ringing)
    assert settled(ringing, number)["state"] == "accepted"
    refused, accepted = attempts(ringing, number)
    assert (refused["result"], accepted["result"]) == ("retry", "accepted")
    assert "HTTP 429" in refused["detail"]
    waited = accepted["started_at"] - refused["ended_at"]
    assert timedelta(seconds=3) <= waited < timedelta(seconds=20)


def test_an_error_in_the_body_of_a_200_is_an_error(ringing: Station) -> None:
    order(ringing, {"mode": "error_body", "times": 1})
    number = ring(ringing)
    assert settled(ringing, number)["state"] == "accepted"
    assert results(ringing, number) == ["retry", "accepted"]
    assert "45009" in attempts(ringing, number)[0]["detail"]
    assert len(shown(ringing, number)) == 1


def test_a_phone_that_is_gone_is_not_asked_again(ringing: Station) -> None:
    order(ringing, {"mode": "gone", "times": 1})
    number = ring(ringing)
    told = settled(ringing, number)
    assert (told["state"], told["attempts"], told["accepted_at"]) == ("refused", 1, None)
    assert results(ringing, number) == ["gone"]
    assert "410" in attempts(ringing, number)[0]["detail"]
    gone = message(ringing, number)["contact_id"]
    after = ring(ringing)
    assert settled(ringing, after)["state"] == "accepted"
    assert message(ringing, after)["contact_id"] != gone, "somebody who can be reached is called instead"
    assert results(ringing, number) == ["gone"], "still one attempt when later messages have come and gone"


def test_a_provider_that_hangs_is_hung_up_on_and_asked_again(ringing: Station) -> None:
    order(ringing, {"mode": "hang", "times": 1, "seconds": 60})
    number = ring(ringing)
    assert settled(ringing, number)["state"] == "accepted"
    hung, accepted = attempts(ringing, number)
    assert (hung["result"], accepted["result"]) == ("retry", "accepted")
    assert "Timeout" in hung["detail"]
    spent = (hung["ended_at"] - hung["started_at"]).total_seconds()
    assert TIMEOUT_S <= spent < TIMEOUT_S + 3
    assert len(shown(ringing, number)) == 1


def test_an_answer_that_was_lost_means_sending_again_under_the_same_key(ringing: Station) -> None:
    order(ringing, {"mode": "drop", "times": 1})
    number = ring(ringing)
    told = settled(ringing, number)
    assert (told["state"], told["attempts"]) == ("accepted", 2)
    assert results(ringing, number) == ["retry", "accepted"]
    (entry,) = shown(ringing, number)
    assert entry["repeats"] == 1, "at least once: the provider got it twice and knows it as one"
    assert told["provider_id"] == entry["message_id"]


# ── who waits for whom ──────────────────────────────────────────────────────────────────────────────────


def test_a_press_overtakes_a_backlog_of_lesser_things(ringing: Station) -> None:
    order(ringing, {"mode": "slow", "seconds": 1.0})
    doors = [f"door-{next(_doors)}" for _ in range(60)]
    with ringing.publisher() as integrator:
        for door in doors:
            integrator.event(door, "door.held")
        wait_for(lambda: _waiting(ringing, "P3") >= 40, "a backlog")
        integrator.event("button-1", "alarm.pressed")
    press = int(wait_for(lambda: _message_of(ringing, "button-1"), "the press"))
    told = settled(ringing, press)
    behind = ringing.one(
        "select count(*) from notification where channel = 'phone' and priority = 'P3' "
        "and (accepted_at is null or accepted_at > %s)",
        told["accepted_at"],
    )
    overtaken = 60 - AT_ONCE * 3
    assert behind >= overtaken, f"{behind} lesser messages went out after the press"
    wait_for(lambda: _waiting(ringing, "P3") == 0, "the backlog to drain", 30)


def test_a_press_does_not_wait_for_lesser_calls_that_hang(ringing: Station) -> None:
    order(ringing, {"mode": "hang", "seconds": 60})
    doors = [f"door-{next(_doors)}" for _ in range(AT_ONCE + 4)]
    hanging = (
        "select count(*) from notification where channel = 'phone' and priority = 'P3' and leased_until is not null"
    )
    with ringing.publisher() as integrator:
        for door in doors:
            integrator.event(door, "door.held")
        wait_for(lambda: ringing.one(hanging) >= AT_ONCE - 4, "calls that hang")
        order(ringing)
        with ringing.api() as api:  # so that the press sounds, whatever other tests pressed
            for alert in api.get("/alerts", params={"device": "button-1", "state": "open"}).json()["items"]:
                api.post(f"/alerts/{alert['id']}/ack")
        before = _message_of(ringing, "button-1") or 0
        integrator.event("button-1", "alarm.pressed")
    press = wait_for(lambda: (number := _message_of(ringing, "button-1") or 0) > before and number, "the press")
    told = settled(ringing, press)
    assert told["accepted_at"] - told["created_at"] < timedelta(seconds=20), "sixteen lesser calls hold every place"
    wait_for(lambda: _waiting(ringing, "P3") == 0, "the backlog to drain", 30)


def _waiting(station: Station, priority: str) -> int:
    return int(
        station.one(
            "select count(*) from notification where channel = 'phone' and state = 'queued' and priority = %s", priority
        )
    )


def test_a_slow_command_room_does_not_hold_up_phones(ringing: Station) -> None:
    order(ringing, {"mode": "slow", "seconds": 8}, provider="command-room")
    numbers = [ring(ringing) for _ in range(12)]
    taken = [settled(ringing, number)["accepted_at"] - message(ringing, number)["created_at"] for number in numbers]
    waiting = "select count(*) from notification where channel = 'command_room' and state = 'queued'"
    assert ringing.one(waiting) > AT_ONCE, "the command room is still busy with this"
    assert max(taken) < timedelta(seconds=6)
    order(ringing, provider="command-room")
    wait_for(lambda: ringing.one(waiting) == 0, "the command room to catch up", 40)


def test_each_change_reaches_the_command_room_once_though_it_fails(ringing: Station) -> None:
    order(ringing, {"mode": "http_500", "times": 3}, {"mode": "drop", "times": 3}, provider="command-room")
    number = ring(ringing)
    alert, incident = (message(ringing, number)[name] for name in ("alert_id", "incident_id"))
    taken = (
        "select count(*) from notification "
        "where channel = 'command_room' and state = 'accepted' and (alert_id = %s or incident_id = %s)"
    )
    wait_for(lambda: ringing.one(taken, alert, incident) == 2, "alert and incident to be taken")
    heard = httpx.get(f"{ringing.receivers}/command-room/events", params={"subject": f"alert/{alert}"}).json()["items"]
    assert len(heard) == 1
    sequence = heard[0]["event"]["sequence"]
    body = ringing.one("select body from change where id = %s", int(sequence))
    assert heard[0]["event"]["data"] == body


# ── people and crashes ──────────────────────────────────────────────────────────────────────────────────


def test_an_incident_shows_who_was_told_and_what_became_of_it(ringing: Station) -> None:
    order(ringing, {"mode": "http_500", "times": 1})
    number = ring(ringing)
    settled(ringing, number)
    order(ringing, {"mode": "gone"})
    lost = ring(ringing)
    settled(ringing, lost)
    with ringing.api() as api:
        receipts = [
            [
                receipt
                for receipt in api.get(f"/incidents/{message(ringing, one)['incident_id']}").json()["receipts"]
                if (receipt["channel"], receipt["user"]) == ("phone", "officer")  # the others are called in their place
            ]
            for one in (number, lost)
        ]
    ((reached,), (gone,)) = receipts
    assert (reached["user"], reached["state"], reached["attempts"]) == ("officer", "accepted", 2)
    assert reached["accepted_at"] > reached["created_at"]
    assert (gone["user"], gone["state"], gone["attempts"]) == ("officer", "refused", 1)
    assert gone["accepted_at"] is None
    assert "410" in gone["last_answer"]


def test_a_signature_stops_messages_that_wait(ringing: Station) -> None:
    order(ringing, {"mode": "http_429", "seconds": 30})
    number = ring(ringing)
    wait_for(lambda: results(ringing, number), "a first attempt")
    _sign(ringing, number)
    order(ringing)
    assert message(ringing, number)["state"] == "stopped"


def test_a_message_under_way_when_somebody_signs_is_not_tried_again(ringing: Station) -> None:
    order(ringing, {"mode": "hang", "seconds": 60})
    number = ring(ringing)
    wait_for(lambda: message(ringing, number)["leased_until"], "the provider to be called")
    _sign(ringing, number)
    order(ringing)
    wait_for(lambda: results(ringing, number), "the call to fail")
    wait_for(
        lambda: message(ringing, number)["state"] != "queued" and message(ringing, number)["leased_until"] is None,
        "the message to be settled",
    )
    assert (results(ringing, number), message(ringing, number)["state"]) == (["retry"], "stopped")
    assert shown(ringing, number) == [], "the phone rang after somebody had signed"


def _sign(station: Station, number: int) -> None:
    with station.api("officer") as phone:
        signed = phone.post(f"/incidents/{message(station, number)['incident_id']}/sign")
        assert signed.json()["state"] == "signed"


def test_what_was_leased_when_the_gateway_was_killed_goes_out_at_the_next_start(ringing: Station) -> None:
    order(ringing, {"mode": "hang", "seconds": 60})
    numbers = [ring(ringing) for _ in range(3)]
    wait_for(lambda: all(message(ringing, number)["leased_until"] for number in numbers), "leases")
    ringing.kill("gateway")
    leased_until = [message(ringing, number)["leased_until"] for number in numbers]
    assert all(leased_until), "the lease outlives its holder"
    order(ringing)
    ringing.start_gateway()
    for number, until in zip(numbers, leased_until, strict=True):
        told = settled(ringing, number, timeout=15)
        assert told["state"] == "accepted"
        assert told["accepted_at"] < until - LEASE / 3, "at once, not when the dead gateway's lease ends"
        assert len(shown(ringing, number)) == 1


def test_what_a_gateway_had_sent_but_not_recorded_is_sent_again_as_the_same_message(ringing: Station) -> None:
    order(ringing, {"mode": "slow", "seconds": 2})
    number = ring(ringing)
    wait_for(lambda: shown(ringing, number) or message(ringing, number)["leased_until"], "the call")
    ringing.kill("gateway")
    wait_for(lambda: shown(ringing, number), "the phone: the provider took it though nobody listens")
    assert message(ringing, number)["state"] == "queued"
    order(ringing)
    ringing.start_gateway()
    assert settled(ringing, number)["state"] == "accepted"
    (entry,) = shown(ringing, number)
    assert entry["repeats"] == 1


# ── answers that the stand-in for phones does not know how to give ──────────────────────────────────────


class Provider:
    """A push provider that answers as the test says, and remembers what it was asked."""

    def __init__(self, answer: Callable[[BaseHTTPRequestHandler], None]) -> None:
        self.keys: list[str] = []
        self.answer = answer
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                with outer._lock:
                    outer.keys.append(self.headers["Idempotency-Key"])
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{LOOPBACK}:{self.server.server_address[1]}"


def say(handler: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def serving(provider: Provider) -> Iterator[Provider]:
    thread = threading.Thread(target=provider.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield provider
    finally:
        provider.server.shutdown()
        provider.server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def odd(ringing: Station) -> Iterator[Provider]:
    """The same station with another provider behind the phones."""
    ringing.stop("gateway")
    with serving(Provider(lambda handler: say(handler, 200, b'{"code": 0}'))) as provider:
        ringing.start_gateway(ANXIN_PHONE_URL=provider.url)
        yield provider
        ringing.stop("gateway")


def first_then_well(provider: Provider, first: Callable[[BaseHTTPRequestHandler], None]) -> None:
    """Answer the next request so, and every later one well."""
    asked = count()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if next(asked) == 0:
            first(handler)
        else:
            say(handler, 200, b'{"code": 0, "message_id": "m-1"}')

    provider.answer = answer


def test_a_code_nobody_knows_is_a_refusal_and_not_asked_for_ever(ringing: Station, odd: Provider) -> None:
    odd.answer = lambda handler: say(handler, 200, b'{"code": 40003, "message": "no such user"}')
    number = ring(ringing)
    told = settled(ringing, number)
    assert (told["state"], told["attempts"], results(ringing, number)) == ("refused", 1, ["refused"])
    assert "40003" in attempts(ringing, number)[0]["detail"]
    assert "no such user" in attempts(ringing, number)[0]["detail"]
    assert odd.keys.count(told["key"]) == 1


@pytest.mark.parametrize(
    "wait", ["Sun, 22 Nov 2099 08:00:00 GMT", "-5", "soon", "nan", "1e400", ""], ids=lambda wait: wait or "empty"
)
def test_a_time_to_come_back_that_makes_no_sense_holds_nothing_up(ringing: Station, odd: Provider, wait: str) -> None:
    first_then_well(odd, lambda handler: say(handler, 503, b"busy", Retry_After=wait))
    number = ring(ringing)
    wait_for(lambda: results(ringing, number), "the first attempt to be recorded", 8)
    longest = ringing.one("select extract(epoch from due_at - now())::float from notification where id = %s", number)
    assert longest <= 60
    # Also so that its next attempt takes no answer that a later test orders.
    assert settled(ringing, number, timeout=8)["state"] == "accepted"


def test_an_answer_that_is_no_json_is_asked_again(ringing: Station, odd: Provider) -> None:
    first_then_well(odd, lambda handler: say(handler, 200, b"<html>\xff busy</html>"))
    number = ring(ringing)
    assert settled(ringing, number)["state"] == "accepted"
    assert results(ringing, number) == ["retry", "accepted"]


@pytest.mark.timeout(90)
def test_an_answer_that_trickles_in_is_hung_up_on_before_the_lease_ends(ringing: Station, odd: Provider) -> None:
    """A lease must outlive a call, or the message is sent twice by one gateway while the first call still runs."""
    over = threading.Event()

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not over.wait(1):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    first_then_well(odd, trickle)
    number = ring(ringing)
    began = time.monotonic()
    try:
        wait_for(lambda: results(ringing, number), "the gateway to hang up", 2 * TIMEOUT_S)
    finally:
        over.set()
    assert time.monotonic() - began < LEASE.total_seconds()
    assert results(ringing, number)[0] == "retry"
