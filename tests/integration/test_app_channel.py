"""An app and a screen over the real broker: what arrives, what is kept, who may hear it; none of it is a report."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from connectors.mqtt import MqttSource, read_url, visit
from connectors.mqtt_app.channel import MqttAppChannel
from connectors.native.decode import decode
from gateway.clock import SystemClock, monotonic
from gateway.embedded.broker import GATEWAY_USER, INTEGRATOR_USER, EmbeddedBroker
from gateway.embedded.ports import LOOPBACK, any_free
from gateway.model.ports import Delivery, Outcome
from tests.contract.channel_kits import message
from tests.station import wait_for

pytestmark = pytest.mark.integration
STATION = "chengguan"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    made = EmbeddedBroker(
        tmp_path_factory.mktemp("home") / "broker",
        any_free(),
        STATION,
        gateway_password="gateway",
        integrator_password="integrator",
        device_secrets={"screen-1": "one", "screen-2": "two"},
    )
    made.folder.mkdir(parents=True, exist_ok=True)
    made.start()
    yield made
    made.stop()


def url(broker: EmbeddedBroker, user: str, password: str) -> str:
    return f"mqtt://{user}:{password}@{LOOPBACK}:{broker.port}"


@pytest.fixture
def source(broker: EmbeddedBroker) -> Iterator[MqttSource]:
    made = MqttSource(
        read_url(url(broker, GATEWAY_USER, "gateway"), None), STATION, "event",
        reads="broker", settle_s=0, now=SystemClock().now, monotonic=monotonic, wake=lambda: None,
    )  # fmt: skip
    made.start()
    wait_for(lambda: made.subscribed, "the subscription")
    yield made
    made.stop()


def send(source: MqttSource, recipient: str) -> Outcome:
    def publish(topic: str, payload: bytes, *, retain: bool) -> bool:
        source.say(topic, payload, retain=retain)
        return source.subscribed

    return asyncio.run(MqttAppChannel(STATION, publish).send(message(recipient)))


def heard(source: MqttSource, topic: str) -> Delivery | None:
    found = [delivery for delivery in source.take(1000) if delivery.topic == topic]
    source.acknowledge(found)
    return found[0] if found else None


def test_a_screen_that_was_off_shows_what_holds(broker: EmbeddedBroker, source: MqttSource) -> None:
    topic = f"anxin/v1/{STATION}/screen-1/display"
    assert send(source, "screen:screen-1").result == "accepted"
    came = wait_for(lambda: heard(source, topic), "our own copy")
    assert decode(came) == []
    own = read_url(url(broker, "screen-1", "one"), None)
    told = wait_for(lambda: visit(own, [topic], hear=1, limit_s=1).heard, "the retained message")
    assert json.loads(told[0][2])["title"]["zh"] == "P1 校园一键报警"
    other = visit(read_url(url(broker, "screen-2", "two"), None), [topic], limit_s=2)
    assert other.refused is not None or other.heard == [], "another screen's display is not its own"


def test_an_app_hears_it_once_and_later_comers_nothing(broker: EmbeddedBroker, source: MqttSource) -> None:
    topic = f"anxin/v1/{STATION}/app/chen"
    assert send(source, "chen").result == "accepted"
    came = wait_for(lambda: heard(source, topic), "our own copy")
    assert json.loads(came.payload)["receipt"] == "receipt-token-1"
    assert decode(came) == []
    reader = read_url(url(broker, INTEGRATOR_USER, "integrator"), None)
    assert visit(reader, [topic], hear=1, limit_s=1).heard == [], "an alert of yesterday rings nobody"
    screen = visit(read_url(url(broker, "screen-1", "one"), None), [topic], limit_s=1)
    assert screen.refused is not None or screen.heard == [], "no device may hear what people are told"
