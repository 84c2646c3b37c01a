"""A device keeps what it has to say until the broker has it, and says it under the same id."""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from simulators.credentials import Credentials, CredentialsError, Login
from simulators.device import BUFFER_LIMIT, Device
from simulators.events import IdMaker
from simulators.fleet import Fleet


def credentials(port: int) -> Credentials:
    return Credentials("127.0.0.1", port, "st", {"door": Login("u", "p"), "button": Login("u", "p")})


async def drive(fleet: Fleet, until: Callable[[], bool], timeout_s: float = 3.0) -> None:
    """Turn the fleet in this loop's pauses, so that the fake broker can answer."""
    deadline = time.monotonic() + timeout_s
    while not until():
        assert time.monotonic() < deadline, "it took too long"
        fleet.turn(0)
        await asyncio.sleep(0.002)


def said(publishes: list[Any], lane: str = "event") -> list[tuple[str, str]]:
    return [
        (body["id"], body["kind"])
        for publish in publishes
        if publish.topic.endswith(f"/{lane}")
        for body in [json.loads(publish.payload)]
    ]


def test_events_wait_for_the_broker_and_keep_their_order(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker()
        await broker.start()
        device = Device("door", credentials(broker.port))
        fleet = Fleet([device])
        events = [device.report(kind) for kind in ("door.granted", "door.opened", "door.closed")]
        assert device.waiting == 3

        await drive(fleet, lambda: device.waiting == 0)

        assert said(broker.acked) == [(event.id, event.kind) for event in events]
        assert device.acked == 3
        fleet.close()
        await broker.stop()

    asyncio.run(story())


def test_what_was_not_acknowledged_is_sent_again_under_the_same_id(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker(withhold=3)  # the status and two events
        await broker.start()
        device = Device("door", credentials(broker.port))
        fleet = Fleet([device])
        events = [device.report("door.opened"), device.report("door.closed")]

        await drive(fleet, lambda: device.waiting == 0)

        wanted = [(event.id, event.kind) for event in events]
        assert said(broker.published) == [*wanted, *wanted]
        assert broker.connects == 2
        fleet.close()
        await broker.stop()

    asyncio.run(story())


def test_a_new_connection_is_a_new_session(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker(withhold=1)
        await broker.start()
        device = Device("door", credentials(broker.port), battery=55)
        fleet = Fleet([device])

        await drive(fleet, lambda: len(broker.acked) == 1)

        first, second = [json.loads(publish.payload) for publish in broker.published]
        assert first["session"] != second["session"]
        assert (second["online"], second["battery"]) == (True, 55)
        assert {publish.topic for publish in broker.published} == {"anxin/v1/st/door/status"}
        fleet.close()
        await broker.stop()

    asyncio.run(story())


def test_alarms_take_their_own_topic(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker()
        await broker.start()
        device = Device("button", credentials(broker.port), announces=False)
        fleet = Fleet([device])
        press = device.report("alarm.pressed", {"point": "gatehouse"}, event_id="e1", ts="2026-11-22T08:00:00+08:00")

        await drive(fleet, lambda: device.waiting == 0)

        assert [publish.topic for publish in broker.acked] == ["anxin/v1/st/button/alarm"]
        assert json.loads(broker.acked[0].payload) == {
            "id": "e1",
            "ts": "2026-11-22T08:00:00+08:00",
            "kind": "alarm.pressed",
            "data": {"point": "gatehouse"},
        }
        assert press.lane == "alarm"
        fleet.close()
        await broker.stop()

    asyncio.run(story())


def test_a_clean_end_says_goodbye(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker()
        await broker.start()
        fleet = Fleet([Device("door", credentials(broker.port)), Device("button", credentials(broker.port))])
        await drive(fleet, lambda: len(broker.acked) == 2)

        fleet.close()
        await asyncio.sleep(0.05)

        assert broker.said_goodbye == 2
        await broker.stop()

    asyncio.run(story())


def test_a_broker_that_comes_later_is_found(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker()
        await broker.start()
        await broker.stop()
        device = Device("door", credentials(broker.port))
        fleet = Fleet([device])
        event = device.report("door.opened")
        fleet.turn(0)
        assert not device.online

        await broker.start()
        await drive(fleet, lambda: device.waiting == 0)

        assert said(broker.acked) == [(event.id, "door.opened")]
        fleet.close()
        await broker.stop()

    asyncio.run(story())


def test_a_full_buffer_loses_the_oldest_and_says_so() -> None:
    device = Device("door", credentials(1))

    for _ in range(BUFFER_LIMIT + 2):
        device.report("door.opened")

    assert (device.waiting, device.lost) == (BUFFER_LIMIT, 2)


def test_a_device_without_a_login_is_an_error() -> None:
    with pytest.raises(CredentialsError, match="stranger"):
        Device("stranger", credentials(1))


def test_ids_sort_in_the_order_they_were_made() -> None:
    maker = IdMaker()

    made = [maker.next() for _ in range(2000)]

    assert made == sorted(set(made))
    assert {len(one) for one in made} == {26}


def test_a_gateway_speaks_for_what_is_behind_it(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker(withhold=2)  # its own status and the first event
        await broker.start()
        gateway = Device("door", credentials(broker.port))
        fleet = Fleet([gateway])
        gateway.say(gateway.topic("event", "flat"), b'{"id":"e1"}')
        gateway.say(gateway.topic("status", "flat"), b'{"session":"s","online":true}', retain=True)

        await drive(fleet, lambda: gateway.waiting == 0)

        behind = [(one.topic, one.payload) for one in broker.acked if "/flat/" in one.topic]
        assert behind == [
            ("anxin/v1/st/flat/event", b'{"id":"e1"}'),
            ("anxin/v1/st/flat/status", b'{"session":"s","online":true}'),
        ]
        assert broker.connects == 2
        fleet.close()
        await broker.stop()

    asyncio.run(story())


def test_a_cut_says_no_goodbye_and_stays_away_until_mended(fake_broker: Any) -> None:
    async def story() -> None:
        broker = fake_broker()
        await broker.start()
        device = Device("door", credentials(broker.port))
        fleet = Fleet([device])
        await drive(fleet, lambda: len(broker.acked) == 1)

        device.cut()
        event = device.report("door.opened")
        for _ in range(50):
            fleet.turn(0)
            await asyncio.sleep(0.002)
        assert (device.online, device.waiting, broker.connects, broker.said_goodbye) == (False, 1, 1, 0)

        device.mend()
        await drive(fleet, lambda: device.waiting == 0)
        assert said(broker.acked) == [(event.id, "door.opened")]
        assert (broker.connects, broker.said_goodbye) == (2, 0)
        fleet.close()
        await broker.stop()

    asyncio.run(story())
