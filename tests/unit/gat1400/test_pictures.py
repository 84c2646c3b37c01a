"""Pictures on their way out: what is wanted, and what the outbox is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from connectors.gat1400.actions import Verdict
from connectors.gat1400.config import ViidConfig
from connectors.gat1400.subscriptions import Subscription
from gateway.county.config import CountyConfig
from gateway.county.viid.channel import MOST_TRIES, ViidChannel, outcome_of
from gateway.county.viid.putting import wanted
from gateway.county.viid.serving import Peers
from gateway.model.ports import Message, Outcome
from tests.unit.simulators.raw_viid import JPEG, SUBSCRIPTION

NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
CONTENT = base64.b64decode(JPEG)
LINK = {
    "url": "http://10.0.0.5:1400", "server_id": "34020000005030000001", "device_id": "34020000012005000001",
    "password": "x", "listen": "127.0.0.1:1",
}  # fmt: skip


def county(**told: Any) -> CountyConfig:
    return CountyConfig.model_validate({"codes": {"centre": "34020000"}, "viid": [LINK], **told})


def subscription(*details: str, hours: float = 1) -> Subscription:
    return Subscription(
        SUBSCRIPTION, "", details, "http://10.0.0.5/x", NOW - timedelta(hours=2), NOW + timedelta(hours=hours), 1
    )


def test_a_file_needs_a_platform_and_names_differ() -> None:
    assert county().platforms[0].name == "viid"
    with pytest.raises(ValueError, match="there is nothing in it"):
        county(viid=[])
    with pytest.raises(ValueError, match="same name"):
        county(viid=[LINK, LINK])


def test_rules_told_are_those_of_the_alarms() -> None:
    told = county(alarms={"falling-object": None, "my-own": {}}).rules_told
    assert "falling-object" not in told
    assert {"my-own", "fire-lane-parked", "sos-button"} <= set(told)


def test_what_is_wanted() -> None:
    direct, told = ViidConfig.model_validate(LINK), county()
    image, vehicle = wanted(direct, told, NOW - timedelta(days=9), [], NOW)
    assert (image.kind, vehicle.kind, vehicle.rules) == ("image", "vehicle", ["fire-lane-parked"])
    assert image.since == NOW - told.alarm_lives
    following = ViidConfig.model_validate({**LINK, "mode": "subscribe"})
    began = NOW - timedelta(days=9)
    assert list(wanted(following, told, began, [], NOW)) == []
    assert list(wanted(following, told, began, [subscription("13", hours=-1)], NOW)) == []
    (one,) = wanted(following, told, began, [subscription("13")], NOW)
    assert (one.kind, one.subscription, one.since) == ("vehicle", SUBSCRIPTION, NOW - timedelta(hours=2))
    assert [one.kind for one in wanted(following, told, began, [subscription("13", "16")], NOW)] == ["image", "vehicle"]


@pytest.mark.parametrize(
    ("action", "tries", "result"),
    [
        ("done", 0, "accepted"), ("never", 0, "refused"), ("again", 99, "retry"), ("limited", 1, "retry"),
        ("limited", MOST_TRIES, "refused"),
    ],
)  # fmt: skip
def test_what_the_outbox_is_told(action: Any, tries: int, result: str) -> None:
    assert outcome_of(Verdict(action), "1", tries).result == result


class Line:
    """A session that takes everything, unless told otherwise."""

    online = True
    action: Any = "done"

    def __init__(self) -> None:
        self.posted: list[tuple[str, Any, str | None]] = []

    async def post(self, path: str, ids: list[str], told: Any, *, at: str | None = None) -> list[Verdict]:
        self.posted.append((path, told, at))
        return [Verdict(self.action)] * len(ids)


def message(number: int, **more: Any) -> Message:
    image = f"3402000001132500000102202603020741090000{number}"
    body = {
        "media": number, "sha256": hashlib.sha256(CONTENT).hexdigest(), "image": image, "vehicle": f"{image}0200001",
        "device": "34020000011325000001", "at": NOW.isoformat(), "title": "t", "description": "d", "address": "a",
        "kind": "image", "subscription": "", **more,
    }  # fmt: skip
    return Message(number, str(number), "viid:viid", "viid", "P3", body, NOW)


def send(
    line: Line, *messages: Message, held: list[Subscription] | None = None, content: Any = CONTENT
) -> list[Outcome]:
    async def run() -> list[Outcome]:
        channel = ViidChannel(
            ViidConfig.model_validate(LINK), line, lambda _: content, lambda: held or [], lambda: NOW  # type: ignore[arg-type]
        )  # fmt: skip
        found = await asyncio.gather(*(channel.send(one) for one in messages))
        await channel.close()
        return found

    return asyncio.run(run())


def test_vehicles_of_a_subscription_go_in_one_notification() -> None:
    line = Line()
    several = [message(number, kind="vehicle", subscription=SUBSCRIPTION) for number in (1, 2, 3)]
    found = send(line, *several, held=[subscription("13")])
    assert [one.result for one in found] == ["accepted"] * 3
    ((_, told, at),) = line.posted
    assert at == "http://10.0.0.5/x"
    (notification,) = told["SubscribeNotificationListObject"]["SubscribeNotificationObject"]
    assert len(notification["MotorVehicleObjectList"]["MotorVehicleObject"]) == 3


def test_an_other_error_is_believed_after_some_tries_however_often_it_was_away_before() -> None:
    tried = msgspec.structs.replace(message(1), recorded=50, attempts=51)
    line = Line()
    line.action = "limited"
    found = send(line, *[tried] * MOST_TRIES)
    assert [one.result for one in found] == ["retry"] * (MOST_TRIES - 1) + ["refused"]


def test_what_cannot_go() -> None:
    line = Line()
    ended = message(1, kind="vehicle", subscription=SUBSCRIPTION)
    assert send(line, ended, held=[subscription("13", hours=-1)])[0].result == "refused"
    assert send(line, message(1), content=None)[0].result == "refused"
    assert send(line, message(1), content=CONTENT + b"x")[0].result == "refused"
    line.online = False
    assert send(line, message(1))[0].result == "retry"
    assert line.posted == []


def test_the_platforms_addresses_are_looked_up() -> None:
    peers = Peers(["127.0.0.1", "[::1]", "no such host.invalid"])
    assert not peers.may("127.0.0.1")
    asyncio.run(peers.look_up())
    assert peers.may("127.0.0.1")
    assert peers.may("::ffff:127.0.0.1")
    assert not peers.may("127.0.0.2")
    assert not peers.may("")
