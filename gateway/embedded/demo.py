"""`anxin demo`: everything on one machine, embedded, supervised."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from connectors.decoders import load_mappings
from gateway.clock import clock_of
from gateway.embedded import cameras, county
from gateway.embedded.broker import EmbeddedBroker
from gateway.embedded.greeting import described, greeting, is_ready
from gateway.embedded.logins import Logins, behind, of_devices, register
from gateway.embedded.ports import LOOPBACK, USUAL, choose, is_free, must_be_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.embedded.push_phone import give_push_phone
from gateway.embedded.secrets import Secrets, write_private, write_private_text
from gateway.embedded.site_watch import SiteWatch
from gateway.embedded.supervisor import Program, Supervisor
from gateway.embedded.town import Stopped, Town, write_site
from gateway.logs import set_up
from gateway.mapped_rights import rights_of
from gateway.model.errors import Misconfigured
from gateway.registering.reading import read_site
from gateway.registering.site import Site
from gateway.sealing import sealer_at
from gateway.sealing_up import seal_up
from gateway.settings import read_settings
from gateway.signals import on_signal
from gateway.store.migrate import migrate
from gateway.store.pool import connect, reaching_store

#: How long parts of a demo that was killed may take to end before their port counts as somebody else's.
ORPHANS_S = 5.0
READY_S = 90.0


@dataclass(frozen=True)
class DemoOptions:
    """What the command line says. `postgres_bin` is another PostgreSQL's directory of programs."""

    home: Path
    port: int
    simulators: bool = True
    site: Path | None = None
    seed: int = 1
    history_days: float = 30
    postgres_bin: Path | None = None
    broker_port: int | None = None
    cameras: bool = True


class Demo:
    """One embedded installation on one home directory."""

    def __init__(self, options: DemoOptions, say: Callable[[str], None]) -> None:
        self.options, self._say = options, say
        self.home = options.home.expanduser().resolve()
        self.site_file = options.site.resolve() if options.site is not None else self.home / "site.yaml"
        self._clock = clock_of(os.environ.get("ANXIN_CLOCK"))
        self._supervisor = Supervisor(say, self._write_demo_file)
        self._described: dict[str, Any] | None = None
        self._lock: IO[str] | None = None
        self._ports: dict[str, int] = {}
        self._logins = Logins(self.home)

    def run(self) -> None:
        """Start everything, say where it is, watch it, and stop it when told to."""
        on_signal(self._supervisor.stopping.set)
        set_up("warning", "demo")
        self._take_home()
        try:
            with contextlib.suppress(Stopped):
                self._start()
                self._supervisor.run(self._site_watch.look)
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
        if self.options.site is None:
            write_site(self.options.seed, self.site_file)
        self._site_watch = SiteWatch(self.site_file, self._take_in, self._say)
        self.site: Site = read_site(self.site_file)
        self.station = self.site.station.id
        # A made-up town's films suit its own cameras, nobody else's.
        # A film has no other speed than its own, and a platform no other time.
        real = self.options.simulators and "ANXIN_CLOCK" not in os.environ
        with_cameras = self.options.cameras and real and self.options.site is None
        self._cameras = cameras.chosen(self.site) if with_cameras else {}
        self._with_county = real and "ANXIN_COUNTY_FILE" not in os.environ
        self._choose_ports()
        secrets = self._logins.make(self.site)
        self._logins.tell_devices(self.site, secrets, self._ports["mqtt"])
        postgres = EmbeddedPostgres(
            self.home / "postgres" / "data", self._ports["postgres"], bin_directory=self.options.postgres_bin
        )
        fresh = not (postgres.data / "PG_VERSION").exists()
        self._say("starting PostgreSQL" + (" (first start: making the database)" if fresh else ""))
        self._supervisor.start("PostgreSQL", postgres)
        applied = migrate(postgres.url)
        with reaching_store(), connect(postgres.url, "seal") as connection:
            seal_up(connection, sealer_at(self.home))
        self._say(f"database ready{f', {len(applied)} migrations applied' if applied else ''}")
        self._register(postgres.url, secrets)
        self._broker = broker = EmbeddedBroker(
            self.home / "broker",
            self._ports["mqtt"],
            self.station,
            gateway_password=secrets.gateway,
            integrator_password=secrets.integrator,
            device_secrets=of_devices(self.site, secrets),
            behind=behind(self.site),
            mapped=rights_of(load_mappings(read_settings().mappings)),
            sync=os.environ.get("ANXIN_BROKER_SYNC", "1s"),
        )
        self._settings = self._settings_of_parts(postgres, broker, secrets)
        town = Town(self.site_file, self.options.seed, self._clock, self._supervisor.stopping.is_set)
        if self.options.simulators and self.options.history_days > 0:
            self._live_through(town)
        self._say(f"starting the MQTT broker on port {self._ports['mqtt']}")
        self._supervisor.start("broker", broker)
        self._start_programs(secrets)
        if not self._wait_until_ready():
            return
        give_push_phone(
            read_settings(**self._settings), self.site, f"http://{LOOPBACK}:{self._ports['receivers']}/webpush"
        )
        self._described = {
            **described(self.site, secrets, self._ports, county=self._with_county),
            "database_url": postgres.url, "settings": self._settings,
            "devices_file": str(self.home / "devices.json"), "site_file": str(self.site_file),
            "seed": self.options.seed,
        }  # fmt: skip
        self._write_demo_file()
        if self.options.simulators:
            self._start_program(
                "town", "-m", "simulators", "town", "--site", self.site_file,
                "--credentials", self.home / "devices.json", *town.arguments(),
                *(part for device in self._cameras.values() for part in ("--without", device)),
            )  # fmt: skip
            self._start_surroundings(secrets)
            self._write_demo_file()
        took, screens = time.monotonic() - began, bool(self._screens())
        for line in greeting(
            self.site, secrets, self._ports, self.home, took, screens=screens, county=self._with_county
        ):
            self._say(line)

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
        self._ports = {name: choose(remembered.get(name), usual) for name, usual in USUAL.items()}
        self._ports |= {"http": port} | ({"mqtt": self.options.broker_port} if self.options.broker_port else {})
        write_private(remembered_at, self._ports)

    def _register(self, database_url: str, secrets: Secrets) -> None:
        counts = register(database_url, self.site, secrets, sealer_at(self.home))
        self._say("registry: " + ", ".join(f"{count} {what}" for what, count in counts.items()))

    def _take_in(self, site: Site) -> None:
        """Go on with a changed site file: registry, log-ins, the broker's users."""
        if site.station.id != self.station:
            raise Misconfigured(f"this demo is of station {self.station}, not {site.station.id}; use another --home")
        self.site = site
        secrets = self._logins.make(site)
        self._register(self._settings["database_url"], secrets)
        self._broker.reload(of_devices(site, secrets), behind(site))
        self._logins.tell_devices(site, secrets, self._ports["mqtt"])
        self._say("the changed site file was taken in")

    def _live_through(self, town: Town) -> None:
        """Fill in the town's past, or what it did since this demo was last up."""
        self._say(f"filling in the town's history (up to {self.options.history_days:g} days; rings nobody)")
        done = town.live_through(
            read_settings(**self._settings), self.options.history_days, lambda told: self._say(f"  {told}")
        )
        self._say(f"history: {done.events:,} events in {done.seconds:.1f} s")
        if done.handed_over:
            self._say(f"  {done.handed_over} alerts of it still stand; whoever is on duty is told of them now")

    def _settings_of_parts(
        self, postgres: EmbeddedPostgres, broker: EmbeddedBroker, secrets: Secrets
    ) -> dict[str, str]:
        """The settings that all parts share, by the names of `gateway.settings`."""
        receivers = f"http://{LOOPBACK}:{self._ports['receivers']}"
        return {
            "demo": "true",
            "home": str(self.home),
            "station": self.station,
            "database_url": postgres.url,
            "mqtt_url": broker.url,
            "http_host": LOOPBACK,
            "http_port": str(self._ports["http"]),
            "phone_url": f"{receivers}/phones",
            "phone_receipts": "true",
            "web_push_contact": "mailto:demo@anxin.example",
            "private_endpoints": "true",  # its push service is on this machine
            "command_room_url": f"{receivers}/command-room",
            "command_room_secret": secrets.command_room,
            "totp_required": "false",  # its passwords lie in demo.json: a second factor would protect nothing
            **({"county_file": str(county.write_file(self.home, self.site, self._ports))} if self._with_county else {}),
            "rules_activate": "files",  # a demo that was updated shows the rules it came with
        }

    def _start_programs(self, secrets: Secrets) -> None:
        self._say("starting phones and command room (stand-ins)")
        secret_file = self.home / "command-room.secret"
        write_private_text(secret_file, secrets.command_room)
        self._start_program(
            "receivers", "-m", "simulators", "receivers", "--port", str(self._ports["receivers"]),
            "--secret-file", secret_file, "--journal", self.home / "receivers",
            "--receipts", f"http://{LOOPBACK}:{self._ports['http']}/api/v1/receipts", "--seen", *self._screens(),
        )  # fmt: skip
        self._say("starting the gateway")
        self._start_program("gateway", "-m", "gateway.cli", "gateway")
        self._say(f"starting the API on port {self._ports['http']}")
        self._start_program("api", "-m", "gateway.cli", "api")

    def _start_surroundings(self, secrets: Secrets) -> None:
        """What nothing else waits for: the county's platform; cameras, whose films are made at the first start."""
        if self._with_county:
            self._say("starting the county's video platform (a stand-in) and our link to it")
            for name, arguments in county.programs(self._ports):
                self._start_program(name, *arguments)
        if self._cameras:
            self._say(f"starting two cameras (films over RTSP, port {self._ports['cameras']}; made at the first start)")
            for name, arguments in cameras.programs(self.home, self.site, secrets, self._ports, self._cameras):
                self._start_program(name, *arguments)

    def _screens(self) -> list[str | Path]:
        """The site's screens are played with the rest of the town, or are one's own."""
        if not self.options.simulators:
            return []
        return ["--site", self.site_file, "--credentials", self.home / "devices.json"]

    def _start_program(self, name: str, *arguments: str | Path) -> None:
        command = [sys.executable, *arguments]
        told = {f"ANXIN_{setting.upper()}": value for setting, value in self._settings.items()}
        environment = {**os.environ, **told, "PYTHONUNBUFFERED": "1"}
        self._supervisor.start(name, Program(name, command, environment, self.home / f"{name}.log"))

    def _wait_until_ready(self) -> bool:
        """Wait; returns False when told to stop meanwhile."""
        deadline = time.monotonic() + READY_S
        told = 0.0
        while not self._supervisor.stopping.is_set():
            ready, why = is_ready(self._ports["http"])
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

    def _write_demo_file(self) -> None:
        """Say where everything is; again with the new process ids when something was started again."""
        if self._described is not None:
            pids = {"demo": os.getpid(), **self._supervisor.pids()}
            write_private(self.home / "demo.json", {**self._described, "pids": pids})
