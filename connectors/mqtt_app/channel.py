"""The MQTT channel: to a person's app on `anxin/v1/<station>/app/<recipient>`, to a screen on `…/<device>/display`.

A screen's topic is retained, so that one that was off shows what holds now; a person's is not, since an alert of
yesterday must not ring when a phone is switched on. It speaks over the gateway's own connection to the broker.
"""

from __future__ import annotations

import re
from typing import Protocol

import msgspec

from gateway.model.ports import Message, Outcome

#: What stands before a screen's device id in a recipient.
SCREEN = "screen:"
_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}\Z")
#: What a device says on: an app so called would make its messages look like a device's.
_LANES = frozenset({"event", "alarm", "status", "command", "display"})


class Publish(Protocol):
    """Publishes over the gateway's connection; False when there is none."""

    def __call__(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Publish at QoS 1."""


class MqttAppChannel:
    """Publishes messages. An app confirms over HTTP with the receipt token."""

    name = "mqtt"
    receipts = True
    rate_per_min: int | None = None

    def __init__(self, station: str, publish: Publish) -> None:
        self._root, self._publish = f"anxin/v1/{station}", publish

    async def send(self, message: Message) -> Outcome:
        """Publish one message: accepted once the broker's connection has it."""
        screen = message.recipient.removeprefix(SCREEN) if message.recipient.startswith(SCREEN) else None
        name = message.recipient if screen is None else screen
        if not _NAME.match(name) or (screen is None and name in _LANES):
            return Outcome("refused", "the address is no name: letters, digits, - and _, no word of the protocol")
        topic = f"{self._root}/app/{name}" if screen is None else f"{self._root}/{name}/display"
        told = {
            "notification": message.id,
            "key": message.key,
            "priority": message.priority,
            "created_at": message.created_at,
            **message.body,
        }
        if not self._publish(topic, msgspec.json.encode(told), retain=screen is not None):
            return Outcome("retry", "there is no connection to the broker")
        return Outcome("accepted")

    async def close(self) -> None:
        """Nothing is held: the connection is the gateway's."""
