"""Everything bad that can be sent: each is one dead letter that says why, and the gateway goes on.

All of it is sent at once to a running station (`sent`), between good events; then each test looks at one message.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import socket
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx2 as httpx
import pytest

from gateway.embedded.broker import INTEGRATOR_USER
from tests.station import STATION, Station, now_text, wait_for

KEPT = 65_536
ROOT = f"anxin/v1/{STATION}"
DOOR = f"{ROOT}/door-1/event"
#: JSON that is put where the word HERE stands, so that no encoder of ours mends it.
HERE = b'"HERE"'


def event(name: str, **fields: Any) -> bytes:
    """A good event under a name of its own, except for what is said."""
    return json.dumps({"id": name, "ts": now_text(), "kind": "door.opened", "data": {}, **fields}).encode()


def holding(name: str, value: bytes, **fields: Any) -> bytes:
    """A good event whose data hold a value as it is written here."""
    return event(name, data={"value": "HERE"}, **fields).replace(HERE, value)


class Poison(NamedTuple):
    name: str
    payload: bytes
    reason: str
    says: str
    topic: str = DOOR


def on(topic: str, name: str, reason: str, says: str) -> Poison:
    return Poison(name, event(name), reason, says, topic)


POISON = [
    # Not JSON.
    Poison("invalid JSON", b"{nope", "not_json", "malformed"),
    Poison("empty", b"", "not_json", "truncated"),
    Poison("a raw NUL", event("raw-nul").replace(b"opened", b"op\0ened"), "not_json", "invalid character"),
    Poison("two documents", event("two") + event("two"), "not_json", "trailing"),
    Poison("a byte order mark", b"\xef\xbb\xbf" + event("bom"), "not_json", "byte 0"),
    Poison("not a number", holding("nan", b"NaN"), "not_json", "invalid"),
    Poison("bad UTF-8", holding("utf8", b'"\xff\xfe"'), "not_utf8", "0xff"),
    Poison("UTF-8 cut short", holding("cut", b'"\xe9\x97"'), "not_utf8", "unexpected end"),
    Poison("a lone high surrogate", holding("high", rb'"\ud800"'), "not_json", ""),
    Poison("a lone low surrogate", holding("low", rb'"\udc00"'), "not_json", "surrogate"),
    Poison("a lone surrogate in a key", holding("key", rb'{"\ud800": 1}'), "not_json", "surrogate"),
    Poison("a NUL in a string", holding("nul", rb'"a\u0000b"'), "nul_character", "NUL"),
    Poison("a NUL in a key", holding("nul-key", rb'{"a\u0000b": 1}'), "nul_character", "NUL"),
    Poison("a NUL in the id", event("nul\0id"), "nul_character", "NUL"),
    # JSON, but not an event.
    Poison("null", b"null", "schema", "got `null`"),
    Poison("a list", b"[" + event("list") + b"]", "schema", "got `array`"),
    Poison("a string", b'"door.opened"', "schema", "got `str`"),
    Poison("a marker's content", b'{"mark": "0000-event-1111"}', "schema", "missing required field `ts`"),
    Poison("no ts", json.dumps({"id": "no-ts", "kind": "door.opened"}).encode(), "schema", "`ts`"),
    Poison("no kind", json.dumps({"id": "no-kind", "ts": now_text()}).encode(), "schema", "`kind`"),
    Poison("a number for ts", event("ts-number", ts=1_795_351_893), "schema", "$.ts"),
    Poison("ts without offset", event("no-offset", ts="2026-11-22T08:00:00"), "schema", "timezone"),
    Poison("the 30th of February", event("february", ts="2026-02-30T08:00:00Z"), "schema", "$.ts"),
    Poison("a number for id", event("", id=7), "schema", "$.id"),
    Poison("an empty id", event(""), "schema", "$.id"),
    Poison("an id too long", event("x" * 129), "schema", "128"),
    Poison("a kind of one word", event("kind", kind="opened"), "schema", "$.kind"),
    Poison("a kind with a line end", event("kind-line", kind="door.opened\n"), "schema", "$.kind"),
    Poison("a kind too long", event("kind-long", kind="door." + "x" * 64), "schema", "64"),
    Poison("a list for data", event("data-list", data=[1]), "schema", "$.data"),
    Poison("null for data", event("data-null", data=None), "schema", "$.data"),
    Poison("1e999999", holding("huge", b"1e999999"), "schema", "out of range"),
    Poison("5000 digits", holding("digits", b"9" * 5000), "schema", "out of range"),
    # Too much.
    Poison("100 KB", event("big", data={"x": "y" * 100_000}), "oversized", "65536"),
    Poison("100 k brackets", b"[" * 100_000, "oversized", "65536"),
    Poison("30 k brackets", b"[" * 30_000, "schema", "got `array`"),
    Poison("30 k brackets in data", holding("deep", b"[" * 30_000 + b"]" * 30_000), "too_deep", "deep"),
    Poison("30 k brackets in nothing we read", event("deep-z", zzz="HERE").replace(
        HERE, b"[" * 30_000 + b"]" * 30_000), "too_deep", "deep"),
    Poison("deeper than the API could read", holding("deep-900", b"[" * 900 + b"]" * 900), "too_deep", "deep"),
    # At no believable time.
    Poison("the year 1", event("year-1", ts="0001-01-01T00:00:00+14:00"), "too_late", "0001"),
    Poison("a clock that starts in 1970", event("1970", ts="1970-01-01T00:00:07Z"), "too_late", "1970"),
    Poison("8 days ago", event("8-days", ts=now_text(-8 * 86_400)), "too_late", "7 days"),
    Poison("the year 9999", event("year-9999", ts="9999-12-31T23:59:59Z"), "absurd_ts", "9999"),
    Poison("past the end of time", event("end", ts="9999-12-31T23:59:59-14:00"), "absurd_ts", "9999"),
    # From somebody else.
    Poison("another device by its word", event("claims-d", device="door-2"), "claims", "door-2"),
    Poison("another station by its word", event("claims-s", station="elsewhere"), "claims", "elsewhere"),
    on("anxin/v1/elsewhere/door-1/event", "another station", "wrong_station", "elsewhere"),
    on(f"{ROOT}/ghost/event", "an unknown device", "unknown_device", "ghost"),
    on(f"{ROOT}/ghost/alarm", "an unknown device's alarm", "unknown_device", "ghost"),
    Poison("an alarm that is not JSON", b"{alarm", "not_json", "malformed", f"{ROOT}/button-1/alarm"),
    Poison("a status that is not JSON", b"{status", "not_json", "malformed", f"{ROOT}/door-1/status"),
    Poison("a status without session", b'{"online":true}', "schema", "session", f"{ROOT}/door-1/status"),
    Poison("a battery of 101", b'{"session":"s","online":true,"battery":101}', "schema", "100",
           f"{ROOT}/door-1/status"),
    # Topics that are not ours.
    on(ROOT, "no device", "unknown_topic", "is not anxin/v1/"),
    on(f"{ROOT}/door-1", "no lane", "unknown_topic", "is not anxin/v1/"),
    on(f"{ROOT}/door-1/bogus", "an unknown lane", "unknown_topic", "bogus"),
    on(f"{ROOT}/door-1/EVENT", "a lane in capitals", "unknown_topic", "EVENT"),
    on(f"{ROOT}/door-1/event/extra", "a level too many", "unknown_topic", "extra"),
    on(f"{ROOT}/door-1/event/", "an empty last level", "unknown_topic", "event/"),
    on("anxin/v1/", "an empty only level", "unknown_topic", "is not anxin/v1/"),
    on(f"{ROOT}//event", "an empty device", "unknown_device", "''"),
    on("anxin/v1//door-1/event", "an empty station", "wrong_station", "not "),
    on(f"{ROOT}/门一/event", "a device in Chinese", "unknown_device", "门一"),
    on(f"{ROOT}/%s%d%n/event", "percent signs", "unknown_device", "%s%d%n"),
    on(f"{ROOT}/door%2D1/event", "a percent-encoded device", "unknown_device", "%2D"),
    on(f"{ROOT}/door.1/event", "a dot", "unknown_device", "door.1"),
    on(f"{ROOT}/../event", "dots", "unknown_device", "'..'"),
    on(f"{ROOT}/>/event", "the broker's own wildcard", "unknown_device", "'>'"),
    on(f"{ROOT}/*/event", "its other wildcard", "unknown_device", "'*'"),
    on(f"{ROOT}/\x01/event", "a control character", "unknown_device", "x01"),
    on(f"{ROOT}/x';drop\u00a0table\u00a0event;--/event", "SQL in the topic", "unknown_device", "drop"),
    on(f"{ROOT}/{'d' * 60_000}/event", "60 KB of topic", "unknown_device", "ddd"),
    # The name under which the gateway speaks to itself is nobody's device.
    on(f"{ROOT}/_road/event", "a device called _road", "unknown_device", "_road"),
    on(f"{ROOT}/_road/alarm", "an alarm of _road", "unknown_device", "_road"),
    on("anxin/v1/elsewhere/_road/event", "another station's _road", "wrong_station", "elsewhere"),
    Poison("_road's status", b'{"session":"s","online":true}', "unknown_device", "_road", f"{ROOT}/_road/status"),
]  # fmt: skip

#: Odd, but true: stored as it is written. Name, value of `data`, and the same when it is read.
ODD: list[tuple[str, bytes, Any]] = [
    ("'; drop table event; --", b'"$1 %s %(station)s {0} \'; delete from event; --"',
     "$1 %s %(station)s {0} '; delete from event; --"),
    ("\\N", rb'"\\N \\. \t\r\n \\"', "\\N \\. \t\r\n \\"),
    ("\\.", b'"\\\\."', "\\."),
    ("tab\there\nand\rthere", b"[]", []),
    ("a/b//c", rb'"\\u0000 written out"', "\\u0000 written out"),
    ("警情😀", rb'"\ud83d\ude00 \u0001"', "😀 \x01"),
    ("400 digits", b"9" * 400, int("9" * 400)),
    ("2**70", str(2**70).encode(), 2**70),
    ("1e308", b"1e308", 10**308),
    ("1e-999999", b"1e-999999", 0),
    ("said twice, the last counts", b'1, "value": 2', 2),
    ("30 deep", b"[" * 30 + b"]" * 30, json.loads("[" * 30 + "]" * 30)),
    ("wide", b"[" + b"{}," * 9_999 + b"{}]", [{}] * 10_000),
    ("<script>alert(1)</script>", b'"<img src=x onerror=alert(1)>"', "<img src=x onerror=alert(1)>"),
]  # fmt: skip


class Sent(NamedTuple):
    station: Station
    pid: int
    letters: dict[str, list[dict[str, Any]]]


def quiet(station: Station) -> None:
    """Wait until both lanes have taken in all there is: a good event is through, and nothing is counted any more."""
    with station.publisher() as town:
        last = town.event("door-0", "door.opened")
    wait_for(lambda: station.rows("select 1 from event where event_id = %s", last), "a good event after all of it")
    before: list[Any] = [None]

    def settled() -> bool:
        time.sleep(1.1)  # facts are told once a second
        counts = {k: v for k, v in station.gateway_facts()["counts"].items() if k != "batches"}
        before.append(counts)
        return bool(before[-1] == before[-2])

    wait_for(settled, "the gateway to be done", 20)


def key(topic: str, payload: bytes) -> str:
    return f"{topic.encode()[:512].decode('utf-8', 'ignore')} {hashlib.sha256(payload).hexdigest()}"


@pytest.fixture(scope="module")
def sent(station: Station) -> Sent:
    pid = station.children["gateway"].pid
    assert len({key(p.topic, p.payload) for p in POISON}) == len(POISON), "each can be told from the others"
    with station.publisher() as town:
        for poison in POISON:
            town.raw(poison.topic, poison.payload)
            town.event("door-0", "door.granted", event_id=f"after {poison.name}")
        for name, value, _ in ODD:
            town.raw(f"{ROOT}/door-2/event", holding(name, value))
    quiet(station)
    letters: dict[str, list[dict[str, Any]]] = {}
    for letter in station.rows("select * from dead_letter order by id"):
        letters.setdefault(f"{letter['topic']} {letter['sha256']}", []).append(letter)
    return Sent(station, pid, letters)


# ── over MQTT ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("poison", POISON, ids=lambda poison: poison.name)
def test_it_is_one_dead_letter_that_says_why(sent: Sent, poison: Poison) -> None:
    found = sent.letters.get(key(poison.topic, poison.payload), [])
    assert [letter["reason"] for letter in found] == [poison.reason]
    (letter,) = found
    assert poison.says in letter["detail"]
    assert bytes(letter["payload"]) == poison.payload[:KEPT]
    assert letter["size"] == len(poison.payload)
    assert letter["station_id"] == STATION


def test_nothing_else_was_buried_and_nothing_bad_was_stored(sent: Sent) -> None:
    assert set(sent.letters) <= {key(p.topic, p.payload) for p in POISON}
    stored = {row["event_id"] for row in sent.station.rows("select event_id from event where device_id = 'door-1'")}
    assert stored == set()
    assert sent.station.one("select count(*) from event where kind like 'device.%%' and device_id = 'door-1'") == 0


def test_what_was_good_in_between_is_stored_by_the_same_process(sent: Sent) -> None:
    stored = {row["event_id"] for row in sent.station.rows("select event_id from event where kind = 'door.granted'")}
    assert stored == {f"after {poison.name}" for poison in POISON}
    assert sent.station.children["gateway"].poll() is None
    assert sent.station.children["gateway"].pid == sent.pid
    assert sent.station.gateway_facts()["quarantined"] == []
    assert "a stop failed" not in (sent.station.home / "gateway.log").read_text(), "decode refuses, nothing throws"


def test_the_api_shows_every_letter_and_counts_them_by_reason(sent: Sent) -> None:
    shown: list[dict[str, Any]] = []
    with sent.station.api() as api:
        before = None
        while True:
            page = api.get("/dead-letters", params={"limit": 20, **({"before": before} if before else {})}).json()
            shown += page["items"]
            before = page["next"]
            if before is None:
                break
        oversized = api.get("/dead-letters", params={"reason": "oversized"}).json()["items"]
    kept = {letter["id"]: letter for letters in sent.letters.values() for letter in letters}
    assert {letter["id"] for letter in shown} >= set(kept)
    assert page["counts"] == Counter(letter["reason"] for letter in shown)
    for letter in shown:
        raw = base64.b64decode(letter["payload"])
        assert raw == bytes(kept[letter["id"]]["payload"])
        if letter["size"] <= KEPT:
            assert letter["sha256"] == hashlib.sha256(raw).hexdigest()
    assert {letter["size"] > KEPT for letter in oversized} == {True}
    with sent.station.api("auditor") as api:
        assert api.get("/dead-letters").status_code == 403


@pytest.mark.parametrize(("name", "told"), [(name, read) for name, _, read in ODD], ids=[repr(o[0]) for o in ODD])
def test_what_is_odd_but_true_is_stored_as_it_is_written(sent: Sent, name: str, told: Any) -> None:
    (row,) = sent.station.rows("select data from event where device_id = 'door-2' and event_id = %s", name)
    assert row["data"] == {"value": told}


def test_the_api_shows_what_is_odd(sent: Sent) -> None:
    with sent.station.api() as api:
        answer = api.get("/events", params={"device": "door-2", "limit": 1000})
        assert answer.status_code == 200
        assert {e["id"]: e["data"]["value"] for e in answer.json()["items"]} == {name: told for name, _, told in ODD}
        assert api.get("/events", params={"device": "' or 1=1 --"}).json()["items"] == []


def test_an_event_from_the_future_counts_when_it_came(sent: Sent) -> None:
    station = sent.station
    told = now_text(365 * 86_400)
    with station.publisher() as town:
        town.event("door-3", "door.opened", ts=told, event_id="future")
        town.event("door-3", "door.opened", ts=now_text(200), event_id="a little fast")
    rows = wait_for(
        lambda: (
            {r["event_id"]: r for r in found}
            if len(found := station.rows("select * from event where device_id = 'door-3'")) == 2
            else None
        ),
        "both",
    )
    future, fast = rows["future"], rows["a little fast"]
    assert (future["skewed"], future["ts"]) == (True, future["received_at"])
    assert future["device_ts"] == datetime.fromisoformat(told)
    assert (fast["skewed"], fast["ts"]) == (False, fast["device_ts"])
    with station.api() as api:
        shown = {e["id"]: e for e in api.get("/events", params={"device": "door-3"}).json()["items"]}
    assert shown["future"]["skewed"] is True
    assert datetime.fromisoformat(shown["future"]["device_ts"]) == datetime.fromisoformat(told)


def test_an_id_used_again_for_something_else_is_a_dead_letter_and_a_repetition_is_nothing(sent: Sent) -> None:
    station = sent.station
    first, other = event("again", data={"n": 1}), event("again", data={"n": 2})
    topic = f"{ROOT}/door-4/event"
    with station.publisher() as town:
        town.raw(topic, first)
        wait_for(lambda: station.rows("select 1 from event where device_id = 'door-4'"), "the first")
        town.raw(topic, other)
        wait_for(lambda: station.rows("select 1 from dead_letter where topic = %s", topic), "the other's letter")
        town.raw(topic, first)
        town.raw(f"{ROOT}/door-5/event", first)
        wait_for(
            lambda: station.rows("select 1 from event where device_id = 'door-5'"), "the same id of another device"
        )
    assert [r["data"] for r in station.rows("select data from event where device_id = 'door-4'")] == [{"n": 1}]
    (letter,) = station.rows("select reason, detail, payload from dead_letter where topic = %s", topic)
    assert (letter["reason"], bytes(letter["payload"])) == ("id_reused", other)
    assert "door-4/again" in letter["detail"]
    assert "stored before" in letter["detail"]


def test_poison_at_qos_0_is_a_dead_letter_too(sent: Sent) -> None:
    with sent.station.publisher() as town:
        town.client.publish(DOOR, b"{qos0", qos=0)
        town.event("door-6", "door.opened", event_id="after qos 0")
    wait_for(lambda: sent.station.rows("select 1 from event where event_id = 'after qos 0'"), "a good event")
    digest = hashlib.sha256(b"{qos0").hexdigest()
    assert len(sent.station.rows("select 1 from dead_letter where sha256 = %s", digest)) == 1


# ── what the broker refuses by itself ────────────────────────────────────────────────────────────────────


class Link:
    """MQTT by hand, for what a client library would not send."""

    def __init__(self, station: Station) -> None:
        self.socket = socket.create_connection(("127.0.0.1", station.broker.port), timeout=10)
        body = self._text(b"MQTT") + bytes([4, 0xC2]) + (60).to_bytes(2)
        body += self._text(b"by-hand") + self._text(INTEGRATOR_USER.encode()) + self._text(b"integrator-password")
        self._send(0x10, body)
        assert self.socket.recv(4) == b"\x20\x02\x00\x00", "the broker's welcome"

    def acknowledged(self, topic: bytes, payload: bytes) -> bool:
        """Publish at QoS 1; says whether the broker acknowledged (else it hung up)."""
        try:
            self._send(0x32, self._text(topic) + b"\x00\x01" + payload)
            return self.socket.recv(4) == b"\x40\x02\x00\x01"
        except ConnectionError:
            return False
        finally:
            self.socket.close()

    def _send(self, kind: int, body: bytes) -> None:
        head, length = bytes([kind]), len(body)
        while True:
            length, low = length >> 7, length & 127
            head += bytes([low | 128 if length else low])
            if not length:
                break
        self.socket.sendall(head + body)

    @staticmethod
    def _text(text: bytes) -> bytes:
        return len(text).to_bytes(2) + text


def stored_of(station: Station, payload: bytes) -> int:
    digest = hashlib.sha256(payload).hexdigest()
    return int(station.one("select count(*) from dead_letter where sha256 = %s", digest))


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (f"{ROOT}/+/event", b"plus"),
        (f"{ROOT}/#", b"hash"),
        (f"{ROOT}/door 1/event", b"space"),
        (f"{ROOT}/door\t1/event", b"tab"),
        (f"{ROOT}/door\n1/event", b"line end"),
        (f"{ROOT}/door\0001/event", b"NUL"),
        (f"{ROOT}/door\udcff1/event", b"bad UTF-8"),
        ("", b"empty topic"),
        (DOOR, b"m" * 1_048_576),
    ],
    ids=["plus", "hash", "space", "tab", "line end", "NUL", "bad UTF-8", "empty topic", "1 MB"],
)
def test_the_broker_hangs_up_on(sent: Sent, topic: str, payload: bytes) -> None:
    assert not Link(sent.station).acknowledged(topic.encode("utf-8", "surrogateescape"), payload)
    quickly_through(sent.station)
    assert stored_of(sent.station, payload) == 0


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("anxin/v1", b"the bare root"),
        (f"/{DOOR}", b"a leading slash"),
        ("anxin/v2/st/door-1/event", b"another version"),
        ("elsewhere/door-1", b"another root"),
        ("$SYS/broker", b"the broker's own"),
        (f"{ROOT}/{'d' * (65_525 - len(ROOT) - 7)}/event", b"a topic of 65525 bytes"),
    ],
    ids=["bare root", "leading slash", "another version", "another root", "$SYS", "65525 bytes"],
)
def test_the_broker_acknowledges_and_discards(sent: Sent, topic: str, payload: bytes) -> None:
    assert Link(sent.station).acknowledged(topic.encode(), payload)
    quickly_through(sent.station)
    assert stored_of(sent.station, payload) == 0


def test_the_largest_it_takes_is_a_dead_letter(sent: Sent) -> None:
    payload = b"l" * (1_048_576 - 1024)
    longest = f"{ROOT}/{'d' * (65_524 - len(ROOT) - 7)}/event"
    assert Link(sent.station).acknowledged(DOOR.encode(), payload)
    assert Link(sent.station).acknowledged(longest.encode(), b"longest topic")
    quickly_through(sent.station)
    (letter,) = sent.station.rows(
        "select size, length(payload) as kept from dead_letter where sha256 = %s", hashlib.sha256(payload).hexdigest()
    )
    assert letter == {"size": len(payload), "kept": KEPT}
    assert stored_of(sent.station, b"longest topic") == 1


def quickly_through(station: Station) -> None:
    """What was sent before this to the event lane has been read."""
    with station.publisher() as town:
        last = town.event("door-0", "door.closed")
    wait_for(lambda: station.rows("select 1 from event where event_id = %s", last), "a good event", 20)


# ── over HTTP ────────────────────────────────────────────────────────────────────────────────────────────


def ingest(station: Station, body: bytes) -> httpx.Response:
    with station.api() as api:
        return api.post("/ingest", content=body)


def emptied(station: Station) -> None:
    wait_for(lambda: station.one("select count(*) from inbox") == 0, "the inbox to be empty", 10)


REFUSED_OVER_HTTP = [
    ("invalid JSON", b"{nope", "not_json"),
    ("empty", b"", "not_json"),
    ("null", b"null", "not_json"),
    ("a list of no messages", b'[1, "x", null]', "schema"),
    ("one bad among good", b"[" + event("h-good", device="door-7") + b", 7]", "schema"),
    ("100 k brackets", b"[" * 100_000, "not_json"),
    ("deep", holding("h-deep", b"[" * 30_000 + b"]" * 30_000, device="door-7"), "not_json"),
    ("a lone surrogate", holding("h-low", rb'"\udc00"', device="door-7"), "not_json"),
    ("more than 1 MB", b" " * 1_048_576 + event("h-big", device="door-7"), "oversized"),
    ("no device", event("h-none"), "schema"),
    ("an empty device", event("h-empty", device=""), "schema"),
    ("a number for a device", event("h-number", device=7), "schema"),
    ("a NUL in the device", event("h-nul", device="door\x007"), None),
]

BURIED_OVER_HTTP = [
    ("unknown device", event("h-ghost", device="ghost"), "unknown_device"),
    ("a wildcard", event("h-hash", device="#"), "unknown_device"),
    ("a device with a lane", event("h-slash", device="door-7/event"), "unknown_topic"),
    ("another station", event("h-station", device="door-7", station="elsewhere"), "claims"),
    ("a NUL", event("h-nul-data", device="door-7", data={"x": "\0"}), "nul_character"),
    ("bad UTF-8", holding("h-utf8", b'"\xff"', device="door-7"), "not_utf8"),
    ("1e999999", holding("h-huge", b"1e999999", device="door-7"), "schema"),
    ("100 KB", event("h-100k", device="door-7", data={"x": "y" * 100_000}), "oversized"),
    ("a number for a kind", event("h-kind", device="door-7", kind=7), "schema"),
    ("8 days ago", event("h-late", device="door-7", ts=now_text(-8 * 86_400)), "too_late"),
    ("ts without offset", event("h-offset", device="door-7", ts="2026-11-22T08:00:00"), "schema"),
    ("900 deep", holding("h-900", b"[" * 900 + b"]" * 900, device="door-7"), "too_deep"),
]


@pytest.mark.parametrize(("body", "reason"), [r[1:] for r in REFUSED_OVER_HTTP], ids=[r[0] for r in REFUSED_OVER_HTTP])
def test_what_cannot_be_read_is_refused_over_http(sent: Sent, body: bytes, reason: str | None) -> None:
    answer = ingest(sent.station, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    if reason is not None:
        assert answer.json()["type"] == f"urn:anxin:problem:{reason}"
    assert answer.json()["detail"]
    assert sent.station.one("select count(*) from event where event_id = 'h-good'") == 0, "all of a body or nothing"


def test_what_can_be_read_but_not_believed_is_buried_over_http(sent: Sent) -> None:
    station = sent.station
    for _, body, _ in BURIED_OVER_HTTP:
        assert ingest(station, body).status_code == 202
    assert ingest(station, event("h-after", device="door-7")).status_code == 202
    emptied(station)
    for name, body, reason in BURIED_OVER_HTTP:
        found = station.rows(
            "select source, reason, payload from dead_letter where sha256 = %s", hashlib.sha256(body).hexdigest()
        )
        assert [(letter["source"], letter["reason"]) for letter in found] == [("inbox", reason)], name
        assert bytes(found[0]["payload"]) == body[:KEPT]
    assert [r["event_id"] for r in station.rows("select event_id from event where device_id = 'door-7'")] == ["h-after"]


def test_an_id_used_twice_in_one_batch_is_stored_once_and_buried_once(sent: Sent) -> None:
    station = sent.station
    said = [event("twice", device="door-8", data={"n": n}) for n in (1, 1, 2)]
    assert ingest(station, b"[" + said[0] + b"," + said[0] + b"," + said[2] + b"]").status_code == 202
    emptied(station)
    assert [r["data"] for r in station.rows("select data from event where device_id = 'door-8'")] == [{"n": 1}]
    (letter,) = station.rows("select reason, detail, payload from dead_letter where detail like '%%door-8/twice%%'")
    assert (letter["reason"], bytes(letter["payload"])) == ("id_reused", said[2])
    assert "same batch" in letter["detail"]


def test_a_device_speaks_only_for_itself_over_http(sent: Sent) -> None:
    station = sent.station
    url = f"{station.url}/api/v1/ingest"
    own, other = event("own"), event("not-own", device="door-1")
    assert httpx.post(url, content=own, auth=("door-9", "secret-of-door-9")).status_code == 202
    assert httpx.post(url, content=other, auth=("door-9", "secret-of-door-9")).status_code == 403
    assert httpx.post(url, content=own, auth=("door-9", "secret-of-door-1")).status_code == 401
    assert httpx.post(url, content=own, headers={"Authorization": "Basic ###"}).status_code == 401
    assert httpx.post(url, content=own).status_code == 401
    emptied(station)
    rows = station.rows("select device_id, event_id from event where event_id = any(%s)", ["own", "not-own"])
    assert [(r["device_id"], r["event_id"]) for r in rows] == [("door-9", "own")]


def test_a_device_called_road_does_not_stop_the_inbox(sent: Sent) -> None:
    station = sent.station
    body = event("h-road", device="_road")
    try:
        assert ingest(station, body).status_code == 202
        emptied(station)
        found = station.rows("select reason from dead_letter where sha256 = %s", hashlib.sha256(body).hexdigest())
        assert [letter["reason"] for letter in found] == ["unknown_device"]
    finally:
        station.execute("delete from inbox")


# ── again after a restart ────────────────────────────────────────────────────────────────────────────────


def retained(station: Station) -> list[datetime]:
    """When the device came online, as the events tell it."""
    return [
        row["ts"] for row in station.rows("select ts from event where device_id = 'door-10' and kind = 'device.online'")
    ]


def restart(station: Station) -> None:
    station.kill("gateway")
    station.execute("delete from process_health")
    station.start_gateway()
    quickly_through(station)


def test_a_retained_status_read_again_is_not_a_second_event(sent: Sent) -> None:
    station = sent.station
    with station.publisher("door-10") as door:
        door.raw(f"{ROOT}/door-10/status", b'{"session":"one","online":true,"battery":77}', retain=True)
    wait_for(lambda: retained(station), "the status")
    restart(station)
    wait_for(lambda: station.gateway_facts()["counts"].get("duplicates", 0) > 0, "the retained status to come again")
    assert len(retained(station)) == 1
    assert station.one("select count(*) from dead_letter where topic like '%%/door-10/%%'") == 0


def test_a_retained_status_of_long_ago_is_not_news_after_a_restart(sent: Sent) -> None:
    station = sent.station
    before = retained(station)
    assert len(before) == 1
    # Stopped in peace: what the broker would send again after a crash must not come after the ids are forgotten.
    station.stop("gateway")
    # What the daily upkeep does nine days later, when nobody has said anything since.
    station.execute("delete from event_seen where device_id = 'door-10'")
    station.execute("delete from process_health")
    station.start_gateway()
    quickly_through(station)
    quiet(station)
    assert retained(station) == before, "the device has been online all the time; it did not come back now"


@pytest.mark.timeout(300)
def test_poison_that_comes_again_after_a_crash_is_still_one_letter(sent: Sent, tmp_path: Path) -> None:
    station = sent.station
    armed = tmp_path / "armed"
    for attempt in range(10):
        payload = b"{committed, and never acknowledged %d" % attempt
        station.kill("gateway")
        station.execute("delete from process_health")
        station.start_gateway(ANXIN_FAILPOINTS=f"after_commit=1;armed_by={armed}")
        quiet(station)
        armed.touch()
        with station.publisher() as town:
            town.raw(DOOR, payload)
        ended = station.children["gateway"].poll
        wait_for(lambda ended=ended: ended() is not None, "the failpoint", 30)
        armed.unlink()
        # The commit it died of may have been about something else that came just then: then the next one.
        if stored_of(station, payload):
            break
    station.kill("gateway")
    assert stored_of(station, payload) == 1
    station.execute("delete from process_health")
    station.start_gateway()
    wait_for(lambda: station.gateway_facts()["horizon_lag_s"] is not None, "all that the broker held to be read", 20)
    assert stored_of(station, payload) == 1


def test_a_topic_too_long_for_an_index_is_buried_like_any_other(station: Station) -> None:
    dice = random.Random(3)
    device = "".join(chr(dice.randrange(0x4E00, 0x9FA5)) for _ in range(3000))
    with station.publisher() as sender:
        sender.raw(f"anxin/v1/{station.id}/{device}/event", b"{}")
        good = sender.event("door-1", "door.opened")
    wait_for(lambda: station.rows("select 1 from event where event_id = %s", good), "the good one behind it")
    (letter,) = station.rows("select topic, size from dead_letter where topic like %s", f"%{device[:20]}%")
    assert len(letter["topic"].encode()) <= 512
