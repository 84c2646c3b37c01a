"""`anxin demo`: everything on one machine, embedded, supervised."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from gateway.app import on_signal
from gateway.embedded.broker import INTEGRATOR_USER, EmbeddedBroker
from gateway.embedded.ports import LOOPBACK, choose, is_free, must_be_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.embedded.secrets import Secrets, load_secrets, write_private
from gateway.embedded.supervisor import Program, Supervisor
from gateway.model.errors import Misconfigured
from gateway.passwords import hash_password
from gateway.site import Site, import_site, read_site, without_password
from gateway.store.migrate import migrate
from gateway.store.pool import connect

#: How long parts of a demo that was killed may take to end before their port counts as somebody else's.
ORPHANS_S = 5.0
READY_S = 90.0
ROLES = ("operator", "officer", "deputy", "commander", "auditor", "admin")


@dataclass(frozen=True)
class DemoOptions:
    """What the command line says. `postgres_bin` is another PostgreSQL's directory of programs."""

    home: Path
    port: int
    simulators: bool = True
    site: Path | None = None
    postgres_bin: Path | None = None
    broker_port: int | None = None


class Demo:
    """One embedded installation on one home directory."""

    def __init__(self, options: DemoOptions, say: Callable[[str], None]) -> None:
        self.options, self._say = options, say
        self.home = options.home.expanduser().resolve()
        self.site: Site = read_site(options.site or bundled_site())
        self.station = self.site.station.id
        self._supervisor = Supervisor(say, self._write_demo_file)
        self._described: dict[str, Any] | None = None
        self._lock: IO[str] | None = None
        self._ports: dict[str, int] = {}

    def run(self) -> None:
        """Start everything, say where it is, watch it, and stop it when told to."""
        on_signal(self._supervisor.stopping.set)
        self._take_home()
        try:
            self._start()
            self._supervisor.run()
        finally:
            self._say("stopping; the data stays")
            (self.home / "demo.json").unlink(missing_ok=True)
            self._supervisor.stop()

    # ── steps ────────────────────────────────────────────────────────────────────────────────────────

    def _take_home(self) -> None:
        """One demo per home; the lock goes with the process, however it ends."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._lock = (self.home / "lock").open("a+")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            raise Misconfigured(
                f"another demo (process {self._lock.read().strip() or '?'}) runs on {self.home}; "
                "stop it or choose another --home"
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()
        (self.home / "demo.json").unlink(missing_ok=True)

    def _start(self) -> None:
        began = time.monotonic()
        self._choose_ports()
        secrets = self._secrets()
        postgres = EmbeddedPostgres(
            self.home / "postgres" / "data", self._ports["postgres"], bin_directory=self.options.postgres_bin
        )
        fresh = not (postgres.data / "PG_VERSION").exists()
        self._say("starting PostgreSQL" + (" (first start: making the database)" if fresh else ""))
        self._supervisor.start("PostgreSQL", postgres)
        applied = migrate(postgres.url)
        self._say(f"database ready{f', {len(applied)} migrations applied' if applied else ''}")
        self._import(postgres.url, secrets)
        broker = EmbeddedBroker(
            self.home / "broker",
            self._ports["mqtt"],
            self.station,
            gateway_password=secrets.gateway,
            integrator_password=secrets.integrator,
            device_secrets={device.id: secrets.devices[device.id] for device in self.site.devices},
            sync=os.environ.get("ANXIN_BROKER_SYNC", "1s"),
        )
        self._say(f"starting the MQTT broker on port {self._ports['mqtt']}")
        self._supervisor.start("broker", broker)
        self._start_programs(postgres, broker, secrets)
        if not self._wait_until_ready():
            return
        self._described = self._describe(postgres, secrets)
        self._write_demo_file()
        if self.options.simulators:
            self._start_program(
                "town",
                "-m",
                "simulators",
                "town",
                "--site",
                self._site_path(),
                "--credentials",
                self.home / "devices.json",
            )
            self._write_demo_file()
        self._greet(secrets, time.monotonic() - began)

    def _choose_ports(self) -> None:
        remembered_at = self.home / "ports.json"
        remembered = json.loads(remembered_at.read_text()) if remembered_at.exists() else {}
        port = self.options.port
        deadline = time.monotonic() + (ORPHANS_S if remembered else 0)
        while not is_free(port) and time.monotonic() < deadline:
            time.sleep(0.2)  # the API of a demo that was killed a moment ago
        must_be_free(port, "the console and API", "choose another with --port")
        if self.options.broker_port:
            must_be_free(self.options.broker_port, "the embedded MQTT broker", "choose another with --mqtt-port")
        self._ports = {
            "http": port,
            "mqtt": self.options.broker_port or choose(remembered.get("mqtt"), 1883),
            "postgres": choose(remembered.get("postgres"), 54329),
            "receivers": choose(remembered.get("receivers"), 8090),
        }
        write_private(remembered_at, self._ports)

    def _secrets(self) -> Secrets:
        path = self.home / "secrets.json"
        secrets = load_secrets(path)
        for device in self.site.devices:
            secrets.device(device.id)
        for user in self.site.users:
            secrets.user(user.username)
        write_private(path, secrets)
        write_private(
            self.home / "devices.json",
            {
                "host": LOOPBACK,
                "port": self._ports["mqtt"],
                "station": self.station,
                "devices": {
                    device.id: {"username": device.id, "password": secrets.devices[device.id]}
                    for device in self.site.devices
                },
            },
        )
        return secrets

    def _import(self, database_url: str, secrets: Secrets) -> None:
        with connect(database_url, "demo import") as connection:
            hashes = {
                name: hash_password(secrets.users[name])
                for name in without_password(connection, [user.username for user in self.site.users])
            }
            counts = import_site(connection, self.site, device_secrets=secrets.devices, password_hashes=hashes)
        self._say("registry: " + ", ".join(f"{count} {what}" for what, count in counts.items()))

    def _start_programs(self, postgres: EmbeddedPostgres, broker: EmbeddedBroker, secrets: Secrets) -> None:
        receivers = f"http://{LOOPBACK}:{self._ports['receivers']}"
        self._environment = {
            **os.environ,
            "ANXIN_HOME": str(self.home),
            "ANXIN_STATION": self.station,
            "ANXIN_DATABASE_URL": postgres.url,
            "ANXIN_MQTT_URL": broker.url,
            "ANXIN_HTTP_HOST": LOOPBACK,
            "ANXIN_HTTP_PORT": str(self._ports["http"]),
            "ANXIN_PHONE_URL": f"{receivers}/phones",
            "ANXIN_COMMAND_ROOM_URL": f"{receivers}/command-room",
            "ANXIN_COMMAND_ROOM_SECRET": secrets.command_room,
            "PYTHONUNBUFFERED": "1",
        }
        self._say("starting phones and command room (stand-ins)")
        self._start_program(
            "receivers", "-m", "simulators", "receivers", "--port", str(self._ports["receivers"]),
            "--secret", secrets.command_room, "--journal", self.home / "receivers",
        )  # fmt: skip
        self._say("starting the gateway")
        self._start_program("gateway", "-m", "gateway.cli", "gateway")
        self._say(f"starting the API on port {self._ports['http']}")
        self._start_program("api", "-m", "gateway.cli", "api")

    def _start_program(self, name: str, *arguments: str | Path) -> None:
        command = [sys.executable, *arguments]
        self._supervisor.start(name, Program(name, command, self._environment, self.home / f"{name}.log"))

    def _site_path(self) -> Path:
        return self.options.site or bundled_site()

    def _wait_until_ready(self) -> bool:
        """Wait; returns False when told to stop meanwhile."""
        deadline = time.monotonic() + READY_S
        told = 0.0
        while not self._supervisor.stopping.is_set():
            ready, why = _ready(self._ports["http"])
            if ready:
                return True
            if time.monotonic() > deadline:
                raise Misconfigured(f"not ready after {READY_S:.0f} s: {why}. See the logs in {self.home}")
            if time.monotonic() - told > 3:  # noqa: PLR2004  # seconds between progress lines
                told = time.monotonic()
                self._say(f"waiting until ready: {why}")
            self._supervisor.look()
            time.sleep(0.1)
        return False

    def _describe(self, postgres: EmbeddedPostgres, secrets: Secrets) -> dict[str, Any]:
        receivers = f"http://{LOOPBACK}:{self._ports['receivers']}"
        return {
            "url": f"http://{LOOPBACK}:{self._ports['http']}",
            "mqtt": {
                "host": LOOPBACK,
                "port": self._ports["mqtt"],
                "username": INTEGRATOR_USER,
                "password": secrets.integrator,
            },
            "database_url": postgres.url,
            "station": self.station,
            "users": {
                user.username: {"username": user.username, "password": secrets.users[user.username]}
                for user in self.site.users
            },
            "phones": {"url": f"{receivers}/phones"},
            "command_room": {"url": f"{receivers}/command-room"},
            "devices_file": str(self.home / "devices.json"),
        }

    def _write_demo_file(self) -> None:
        """Say where everything is; again with the new process ids when something was started again."""
        if self._described is not None:
            pids = {"demo": os.getpid(), **self._supervisor.pids()}
            write_private(self.home / "demo.json", {**self._described, "pids": pids})

    def _greet(self, secrets: Secrets, seconds: float) -> None:
        lines = [
            "",
            f"Anxin is ready after {seconds:.1f} s.",
            f"  console      http://{LOOPBACK}:{self._ports['http']}",
            f"  phones       http://{LOOPBACK}:{self._ports['receivers']}/phones/",
            f"  MQTT broker  {LOOPBACK}:{self._ports['mqtt']}",
            f"  state        {self.home}",
            "",
            "  log in as    password",
            *(f"  {user.username:<12} {secrets.users[user.username]}" for user in self.site.users),
            "",
            "Ctrl-C stops everything; the data stays.",
        ]
        for line in lines:
            self._say(line)


def bundled_site() -> Path:
    """Return the demo station's site file, which comes with the simulators (found, not imported)."""
    found = find_spec("simulators")
    if found is None or not found.submodule_search_locations:
        raise Misconfigured("the simulators are not installed; give a site file with --site")
    return Path(found.submodule_search_locations[0]) / "site.yaml"


def _ready(port: int) -> tuple[bool, str]:
    try:
        with urllib.request.urlopen(f"http://{LOOPBACK}:{port}/readyz", timeout=2):  # our own
            return True, ""
    except urllib.error.HTTPError as error:
        try:
            body: Any = json.loads(error.read())
            return False, str(body.get("detail", body))
        except ValueError:
            return False, f"HTTP {error.code}"
    except OSError:
        return False, "the API does not answer yet"
