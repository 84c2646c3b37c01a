"""A camera's line to the broker: it says who it is, says what waits until the broker has it, hears what is asked of it.

QoS 1. A message leaves the spool with the broker's acknowledgement and not before, under the same id each time: said
twice it is one event.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from connectors.broker_url import Broker
from connectors.camera.spool import Spool
from connectors.mqtt import prepare

log = structlog.get_logger()

KEEPALIVE_S = 30
FIRST_RETRY_S, LONGEST_RETRY_S = 0.5, 10.0
#: Messages on their way at once.
MOST_ON_THEIR_WAY = 20


class Line:
    """One device's connection, with a thread of its own."""

    def __init__(self, broker: Broker, station: str, device: str, spool: Spool) -> None:
        self._broker, self.device, self._spool = broker, device, spool
        self._root = f"anxin/v1/{station}/{device}"
        self._on_their_way: dict[int, int] = {}
        self._last_sent = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"line-{device}", daemon=True)
        self._present, self._told_present = True, False
        self.online = False
        #: Hears each command's payload, on this line's thread.
        self.hear: Callable[[bytes], None] = lambda _payload: None

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye; what waits stays in the spool."""
        self._stopping.set()
        self._thread.join(10)

    def announce(self, present: bool) -> None:
        """Say whether the camera is there: a worker without its pictures is a camera that is offline."""
        self._present = present

    def topic(self, lane: str) -> str:
        """Return the topic of a lane: event, status, command."""
        return f"{self._root}/{lane}"

    def _run(self) -> None:
        delay = FIRST_RETRY_S
        while not self._stopping.is_set():
            client, was_online = self._client(), False
            try:
                client.connect(self._broker.host, self._broker.port, keepalive=KEEPALIVE_S)
                was_online = self._pump(client)
            except (OSError, ValueError) as error:
                log.warning("the broker does not answer", device=self.device, error=str(error), again_in_s=delay)
            except Exception:
                log.exception("the line failed", device=self.device)
            finally:
                if (plug := client.socket()) is not None:
                    plug.close()
            self.online = False
            delay = FIRST_RETRY_S if was_online else min(delay * 2, LONGEST_RETRY_S)
            self._stopping.wait(delay)

    def _client(self) -> paho.Client:
        """Return a client for one connection: what one knew of the last must not be said on the next."""
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=self._root.replace("/", "-"), protocol=paho.MQTTv311
        )
        prepare(client, self._broker)
        client.will_set(self.topic("status"), _status(online=False), qos=1, retain=True)
        self._on_their_way, self._last_sent, self._told_present = {}, 0, not self._present

        def welcomed(client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
            if reason.is_failure:
                log.warning("the broker refuses this camera", device=self.device, reason=str(reason))
                client.disconnect()
                return
            self.online = True
            client.subscribe(self.topic("command"), qos=1)

        def subscribed(_c: paho.Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
            if any(reason.is_failure for reason in reasons):
                log.warning("the broker lets this camera hear no commands", device=self.device)

        def asked(_c: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
            try:
                self.hear(bytes(message.payload))
            except Exception:  # the line must not die of one command
                log.exception("a command cannot be followed", device=self.device)

        client.on_connect, client.on_subscribe, client.on_message = welcomed, subscribed, asked
        client.on_publish = lambda _c, _d, mid, _reason, _p: self._acknowledged(mid)
        return client

    def _pump(self, client: paho.Client) -> bool:
        """Drive one connection until it ends; returns whether it ever stood."""
        stood = False
        while not self._stopping.is_set():
            if client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return stood
            if self.online:
                stood = True
                if self._told_present is not self._present:
                    self._told_present = self._present
                    client.publish(self.topic("status"), _status(online=self._told_present), qos=1, retain=True)
                self._say_what_waits(client)
        if self.online:  # a clean end publishes no will: say it ourselves
            gone = client.publish(self.topic("status"), _status(online=False), qos=1, retain=True)
            for _ in range(20):
                if gone.is_published() or client.loop(0.1) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                    break
        client.disconnect()
        return stood

    def _say_what_waits(self, client: paho.Client) -> None:
        room = MOST_ON_THEIR_WAY - len(self._on_their_way)
        for number, message in self._spool.to_say(self._last_sent)[: max(room, 0)]:
            sent = client.publish(message.topic, message.payload.encode(), qos=1)
            self._on_their_way[sent.mid] = number
            self._last_sent = number

    def _acknowledged(self, mid: int) -> None:
        number = self._on_their_way.pop(mid, None)
        if number is not None:
            self._spool.said(number)


def _status(*, online: bool) -> str:
    """Return a status as no other is: two that say the same are two."""
    return json.dumps({"session": secrets.token_hex(8), "online": online})
