"""Saying a scenario's steps as its devices, over MQTT, on a running system."""

import secrets
from types import TracebackType
from typing import Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulators.credentials import Credentials
from simulators.scenario.file import ScenarioError
from simulators.scenario.timeline import Said

PATIENCE_S = 10.0


class Sayer:
    """One connection per login, each with a client id of its own and no last will: the devices' own go on."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._clients: dict[str, mqtt.Client] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for client in self._clients.values():
            client.disconnect()
            client.loop_stop()

    def connect(self, device: str) -> None:
        """Open the connection a device speaks through; raises ScenarioError when that fails."""
        login = self._credentials.login(device)
        if login.username in self._clients:
            return
        host, port = self._credentials.host, self._credentials.port
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            f"{self._credentials.station}-scenario-{secrets.token_hex(6)}",
            protocol=mqtt.MQTTv311,
        )
        client.username_pw_set(login.username, login.password)
        try:
            client.connect(host, port)
        except OSError as error:
            raise ScenarioError(f"no connection to the broker at {host}:{port}: {error}. Is the system up?") from error
        client.loop_start()
        self._clients[login.username] = client

    def say(self, one: Said) -> None:
        """Publish a message and wait for the broker's acknowledgement; raises ScenarioError without one."""
        client = self._clients[self._credentials.login(one.device).username]
        topic = f"anxin/v1/{self._credentials.station}/{one.device}/{one.lane}"
        sent = client.publish(topic, one.payload, qos=1, retain=one.retained)
        try:
            sent.wait_for_publish(PATIENCE_S)
        except (RuntimeError, ValueError) as error:
            raise ScenarioError(f"{one.device} could not speak: {error}") from error
        if not sent.is_published():
            raise ScenarioError(
                f"the broker did not acknowledge {one.device} within {PATIENCE_S:g} s: is its login in the "
                "credentials file that of this system?"
            )
