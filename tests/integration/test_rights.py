"""What a device's own credential may do, and what its last will tells.

The broker acknowledges what a device may not publish, and discards it: nothing must arrive. A good event from another
account, sent later, is the fence: when it is stored, whatever went before it has arrived or never will.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.embedded.ports import LOOPBACK
from tests.station import STATION, Station, now_text, wait_for

ROOT = f"anxin/v1/{STATION}"


def message(kind: str = "door.opened") -> bytes:
    return json.dumps({"id": f"r-{secrets.token_hex(8)}", "ts": now_text(), "kind": kind}).encode()


def fence(station: Station) -> None:
    with station.publisher() as town:
        last = town.event("door-0", "door.opened")
    wait_for(lambda: station.rows("select 1 from event where event_id = %s", last), "a good event from elsewhere")


def arrived(station: Station, payload: bytes) -> bool:
    """Whether a message came in at all: as an event or as a dead letter."""
    told = json.loads(payload)
    digest = hashlib.sha256(payload).hexdigest()
    return bool(
        station.rows("select 1 from event where event_id = %s", told.get("id"))
        or station.rows("select 1 from dead_letter where sha256 = %s", digest)
    )


def device_in_api(station: Station, device: str) -> dict[str, Any]:
    with station.api() as api:
        items: list[dict[str, Any]] = api.get("/devices", params={"limit": 1000}).json()["items"]
    return next(item for item in items if item["id"] == device)


class Connection:
    """A device's connection without a thread of its own: it does what the test says, and nothing else."""

    def __init__(self, station: Station, device: str, password: str | None = None) -> None:
        # A name of its own: the broker leaves a name that two connections fought over unanswered for a second.
        name = f"test-{device}-{secrets.token_hex(4)}"
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=name, protocol=paho.MQTTv311, clean_session=True
        )
        self.client.username_pw_set(device, password if password is not None else f"secret-of-{device}")
        self.port = station.broker.port
        self.welcome: list[Any] = []
        self.granted: list[list[int]] = []
        self.received: list[tuple[str, bytes]] = []
        self.client.on_connect = lambda _c, _d, _f, reason, _p: self.welcome.append(reason)
        self.client.on_subscribe = lambda _c, _d, _m, reasons, _p: self.granted.append([r.value for r in reasons])
        self.client.on_message = lambda _c, _d, m: self.received.append((m.topic, bytes(m.payload)))

    def connect(self) -> bool:
        """Say hello; returns whether the broker lets us in."""
        self.client.connect(LOOPBACK, self.port)
        self._until(lambda: self.welcome, "the broker's answer")
        return not self.welcome[-1].is_failure

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        sent = self.client.publish(topic, payload, qos=1, retain=retain)
        self._until(sent.is_published, "the broker's acknowledgement")

    def subscribe(self, topic: str) -> int:
        """Ask for a topic; returns what is granted: 0, 1, or 128 for a refusal."""
        before = len(self.granted)
        self.client.subscribe(topic, qos=1)
        self._until(lambda: len(self.granted) > before, "the broker's answer")
        return self.granted[-1][0]

    def receive(self, payload: bytes) -> None:
        """Read until this comes."""
        self._until(lambda: any(told == payload for _, told in self.received), "the message")

    def cut(self) -> None:
        """The cable is pulled: no DISCONNECT."""
        plug = self.client.socket()
        assert plug is not None
        plug.shutdown(socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        if (plug := self.client.socket()) is not None:
            plug.close()

    def _until(self, condition: Any, what: str) -> None:
        wait_for(lambda: self.client.loop(0.02) is None or condition(), what, 10)


@contextmanager
def connected(station: Station, device: str) -> Iterator[Connection]:
    connection = Connection(station, device)
    try:
        assert connection.connect()
        yield connection
    finally:
        connection.client.disconnect()
        connection.close()


@pytest.mark.parametrize("lane", ["event", "alarm"])
def test_a_device_may_publish_under_its_own_topic(station: Station, lane: str) -> None:
    payload = message()
    with connected(station, "door-1") as door:
        door.publish(f"{ROOT}/door-1/{lane}", payload)
    wait_for(lambda: arrived(station, payload), "its event")
    assert station.one("select device_id from event where event_id = %s", json.loads(payload)["id"]) == "door-1"


@pytest.mark.parametrize(
    "topic",
    [
        f"{ROOT}/door-2/event",
        f"{ROOT}/door-2/alarm",
        f"{ROOT}/door-2/status",
        f"{ROOT}/button-1/alarm",
        f"{ROOT}/door-11/event",
        f"{ROOT}/_road/event",
        f"{ROOT}/_road/alarm",
        "anxin/v1/elsewhere/door-1/event",
        f"{ROOT}/door-1/command",
        f"{ROOT}/door-2/command",
        f"{ROOT}/door-1/event/more",
        f"{ROOT}/door-1",
        f"{ROOT}//event",
        "anxin/v1",
        "elsewhere",
    ],
)
def test_a_device_may_publish_nothing_else(station: Station, topic: str) -> None:
    payload = message("alarm.pressed")
    with connected(station, "door-1") as door:
        door.publish(topic, payload)
        fence(station)
        assert not arrived(station, payload)
        own = message()
        door.publish(f"{ROOT}/door-1/event", own)  # the connection is none the worse for it
    wait_for(lambda: arrived(station, own), "its own event")


def test_a_device_may_not_leave_a_status_for_another(station: Station) -> None:
    payload = json.dumps({"session": "forged", "online": False}).encode()
    with connected(station, "door-1") as door:
        door.publish(f"{ROOT}/door-2/status", payload, retain=True)
    fence(station)
    assert station.rows("select 1 from event where device_id = 'door-2' and kind like 'device.%%'") == []
    with station.publisher() as town:
        heard: list[bytes] = []
        town.client.on_message = lambda _c, _d, m: heard.append(bytes(m.payload))
        town.client.subscribe([(f"{ROOT}/door-2/status", 1), (f"{ROOT}/door-2/display", 1)])
        town.raw(f"{ROOT}/door-2/display", b"{}")
        wait_for(lambda: b"{}" in heard, "the fence")
        assert heard == [b"{}"], "nothing is retained there"


@pytest.mark.parametrize(
    "topic",
    [
        f"{ROOT}/door-2/event",
        f"{ROOT}/door-2/command",
        f"{ROOT}/+/event",
        f"{ROOT}/+/command",
        f"{ROOT}/#",
        "anxin/v1/#",
        "#",
        "+/+/+/+/+",
        "$SYS/#",
    ],
)
def test_a_device_may_not_listen_to_others(station: Station, topic: str) -> None:
    payload, command = message(), message("command.own")
    with connected(station, "door-1") as door, station.publisher() as town:
        granted = door.subscribe(topic)
        assert door.subscribe(f"{ROOT}/door-1/command") == 1, "its own commands it may read"
        town.raw(f"{ROOT}/door-2/event", payload)
        town.raw(f"{ROOT}/door-2/command", payload)
        town.raw(f"{ROOT}/door-1/command", command)
        door.receive(command)
        assert door.received == [(f"{ROOT}/door-1/command", command)]
        assert granted == 128, "a refusal that the device is told"


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("door-1", "secret-of-door-2"),
        ("door-1", ""),
        ("nobody", "secret-of-door-1"),
        ("anxin-gateway", "integrator-password"),
        ("anxin-integrator", "wrong"),
    ],
)
def test_a_wrong_password_is_refused(station: Station, username: str, password: str) -> None:
    connection = Connection(station, username, password)
    assert not connection.connect()
    connection.close()


def test_nobody_comes_in_without_a_name(station: Station) -> None:
    connection = Connection(station, "door-1")
    connection.client.username_pw_set(None)
    assert not connection.connect()
    connection.close()


def test_the_last_will_tells_that_a_device_is_gone_and_its_next_session_that_it_is_back(station: Station) -> None:
    topic = f"{ROOT}/door-3/status"

    def told() -> list[tuple[str, str]]:
        rows = station.rows("select kind, data from event where device_id = 'door-3' order by received_at")
        return [(row["kind"], row["data"]["session"]) for row in rows]

    def come(session: str, battery: int) -> Connection:
        connection = Connection(station, "door-3")
        will = json.dumps({"session": session, "online": False}).encode()
        connection.client.will_set(topic, will, qos=1, retain=True)
        assert connection.connect()
        here = json.dumps({"session": session, "online": True, "battery": battery}).encode()
        connection.publish(topic, here, retain=True)
        return connection

    first = come("one", 88)
    wait_for(lambda: told() == [("device.online", "one")], "the device to be online")
    shown = wait_for(lambda: (d := device_in_api(station, "door-3"))["online"] and d, "the API to say so")
    assert shown["battery"] == 88

    first.cut()
    wait_for(lambda: told()[1:] == [("device.offline", "one")], "the last will")
    assert device_in_api(station, "door-3")["online"] is False

    second = come("two", 87)
    wait_for(lambda: told()[2:] == [("device.online", "two")], "the device to be back")
    shown = device_in_api(station, "door-3")
    assert (shown["online"], shown["battery"]) == (True, 87)

    second.cut()
    wait_for(lambda: told()[3:] == [("device.offline", "two")], "the second will, which differs from the first")
    assert device_in_api(station, "door-3")["online"] is False
    assert station.one("select count(*) from dead_letter where topic = %s", topic) == 0


def test_a_polite_goodbye_leaves_no_will(station: Station) -> None:
    topic = f"{ROOT}/door-4/status"
    will = json.dumps({"session": "polite", "online": False}).encode()
    connection = Connection(station, "door-4")
    connection.client.will_set(topic, will, qos=1, retain=True)
    assert connection.connect()
    connection.publish(topic, json.dumps({"session": "polite", "online": True}).encode(), retain=True)
    connection.client.disconnect()
    connection.close()
    fence(station)
    kinds = station.rows("select kind from event where device_id = 'door-4'")
    assert [row["kind"] for row in kinds] == ["device.online"]


def test_a_device_may_not_will_for_another(station: Station) -> None:
    will = message("door.forced")
    connection = Connection(station, "door-5")
    connection.client.will_set(f"{ROOT}/door-6/event", will, qos=1)
    if connection.connect():
        connection.cut()
    else:
        connection.close()
    fence(station)
    assert not arrived(station, will)


@pytest.mark.parametrize("lane", ["command", "display"])
def test_what_is_said_to_a_device_is_no_dead_letter(station: Station, lane: str) -> None:
    payload = json.dumps({"clip": "01JDA82F7YJ4ZE", "lane": lane}).encode()
    with station.publisher() as town:
        town.raw(f"{ROOT}/door-7/{lane}", payload)
    fence(station)
    assert not arrived(station, payload), "the gateway reads everything below anxin/v1, also what is meant for devices"
