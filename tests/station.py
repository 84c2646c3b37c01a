"""A whole station on loopback for tests: real PostgreSQL, real broker, real processes, each killable by itself."""

from __future__ import annotations

import atexit
import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Self

import httpx2 as httpx
import msgspec
import paho.mqtt.client as paho
import psycopg
from paho.mqtt.enums import CallbackAPIVersion
from psycopg.rows import dict_row

from connectors.decoders import load_mappings
from gateway.embedded.broker import INTEGRATOR_USER, EmbeddedBroker
from gateway.embedded.ports import LOOPBACK, any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.mapped_rights import rights_of
from gateway.model.duty import Duty
from gateway.model.person import Person
from gateway.model.policy import Flood, Ladder, Policy, Rung
from gateway.model.registry import Area, Device, Place
from gateway.model.registry import Station as StationRow
from gateway.passwords import hash_password
from gateway.registering.site import Site, SiteUser
from gateway.registering.writing import import_site
from gateway.sealing import Sealer
from gateway.store.migrate import migrate
from gateway.store.pool import connect

STATION = "teststation"
DATA_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
SEALER = Sealer(bytes(range(32)))
PASSWORD = "correct horse"
Process = subprocess.Popen[bytes]
#: What an alert or incident that a test writes by hand says, as the database keeps it.
SAID = json.dumps({"zh": "测试", "en": "test"})
EXPLANATION = json.dumps({
    "rule": "made-up", "version": 1, "summary": {"zh": "测试", "en": "test"}, "facts": {}, "limit": None,
    "limit_source": None, "prevented_by": {},
})  # fmt: skip
PROBE_RULES = Path(__file__).parent / "rules"


def postgres_bin() -> Path | None:
    """Another PostgreSQL's directory of programs, for running the same tests on it (with TimescaleDB, say)."""
    told = os.environ.get("ANXIN_TEST_POSTGRES_BIN")
    return Path(told) if told else None


def ladders(second_after_s: Mapping[str, float] | None = None, expires_after_s: float | None = None) -> Policy:
    """Ladders for tests: the officer at once, after so many seconds by priority the officer and the deputy.

    Each alert is an incident of its own, however many there are.
    """
    second = second_after_s or {}
    return Policy(
        ladders=tuple(
            Ladder(
                priority,
                (
                    Rung(0, ("officer",)),
                    *((Rung(second[priority], ("officer", "deputy")),) if priority in second else ()),
                ),
                expires_after_s=expires_after_s,
            )
            for priority in ("P1", "P2", "P3", "P4")
        ),
        join_within_s=0,
        flood=Flood(begins_above=1_000_000),
    )


def make_site(doors: int = 20, *, elders: int = 3, silence_limit_s: float | None = None) -> Site:
    """A made-up station: a school with a button, doors, flats of elders who live alone."""
    care: dict[str, Any] = {"lives_alone": True}
    if silence_limit_s is not None:
        care["silence_limit_s"] = silence_limit_s
    return Site(
        station=StationRow(STATION, "测试派出所", "Asia/Shanghai"),
        areas=[Area("beat-1", "beat", "一警务区"), Area("grid-1", "grid", "东街网格", "beat-1")],
        places=[
            Place("school-1", "school_gate", "grid-1", "实验小学", 33.15, 109.1),
            Place("mall", "shop", "grid-1", "商场", 33.16, 109.11),
            *(Place(f"flat-{n}", "flat", "grid-1", f"东街1号楼{n:03d}") for n in range(1, elders + 1)),
        ],
        devices=[
            Device("button-1", "school_button", "school-1", "门卫室按钮"),
            Device("camera-1", "camera", "school-1", "校门摄像机"),
            *(Device(f"door-{n}", "door_controller", "mall", f"门{n}") for n in range(doors)),
            *(Device(f"contact-{n}", "door_contact", f"flat-{n}", f"门磁{n}") for n in range(1, elders + 1)),
        ],
        persons=[Person(f"p-{n}", f"老人{n}", f"flat-{n}", care) for n in range(1, elders + 1)],
        users=[
            SiteUser("operator", "值班员", "operator"),
            SiteUser("officer", "民警", "officer", "phone-officer"),
            SiteUser("deputy", "副班", "officer", "phone-deputy"),
            SiteUser("commander", "指挥长", "commander", "phone-commander"),
            SiteUser("auditor", "督察", "auditor"),
            SiteUser("admin", "管理员", "admin"),
        ],
        duty=[Duty("beat-1", "officer", "deputy", "commander")],
        policy=ladders({"P1": 30, "P2": 120}),
    )


@cache
def _cluster() -> Path:
    """A PostgreSQL that has our schema, stopped: what stations begin with a copy of."""
    folder = Path(tempfile.mkdtemp(prefix="anxin-cluster-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = EmbeddedPostgres(folder / "postgres" / "data", any_free(), bin_directory=postgres_bin())
    made.start()
    try:
        migrate(made.url)
    finally:
        made.stop()
    return made.data.parent


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


class Station:
    """One station's parts. Start what a test needs; `close` stops all of it."""

    def __init__(
        self, home: Path, site: Site | None = None, *, broker_sync: str = "2m", mappings: Sequence[Path] = ()
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.site = site or make_site()
        self.id = self.site.station.id
        self.postgres = EmbeddedPostgres(home / "postgres" / "data", any_free(), bin_directory=postgres_bin())
        self.device_secrets = {device.id: f"secret-of-{device.id}" for device in self.site.devices}
        self.broker = EmbeddedBroker(
            home / "broker",
            any_free(),
            self.id,
            gateway_password="gateway-password",
            integrator_password="integrator-password",
            device_secrets=self.device_secrets,
            mapped=rights_of(load_mappings(mappings)),
            sync=broker_sync,
        )
        self.api_port = any_free()
        self.receivers_port = any_free()
        self.children: dict[str, subprocess.Popen[bytes]] = {}
        self.settings: dict[str, str] = {}
        if mappings:
            self.settings["ANXIN_MAPPINGS"] = json.dumps([str(path) for path in mappings])
        #: Goes over the site's.
        self.policy: Policy | None = None

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def start_stores(self) -> Station:
        """PostgreSQL with schema and registry, and the broker."""
        if not self.postgres.data.exists():
            subprocess.run(["cp", "-a", f"{_cluster()}/.", self.postgres.data.parent], check=True)
        self.postgres.start()
        migrate(self.postgres.url)
        hashed = _hashed()
        with connect(self.postgres.url, "test import") as connection:
            policy = self.policy or self.site.policy
            import_site(
                connection,
                msgspec.structs.replace(self.site, policy=policy),
                SEALER,
                device_secrets=self.device_secrets,
                password_hashes={user.username: hashed for user in self.site.users},
            )
        self.broker.start()
        return self

    def start_receivers(self, *, receipts: bool = False, screens: bool = False, ready: bool = True) -> Station:
        """Phones and command room; `receipts`: the phones say what they have. `screens`: the site's are played."""
        if receipts:
            self.settings["ANXIN_PHONE_RECEIPTS"] = "true"
        self._spawn(
            "receivers",
            "-m", "simulators", "receivers", "--port", str(self.receivers_port), "--secret", "command-secret",
            "--journal", str(self.home / "receivers"),
            *(["--receipts", f"{self.url}/api/v1/receipts"] if receipts else []),
            *(self._screens() if screens else []),
        )  # fmt: skip
        if ready:
            self.wait_for(lambda: self._answers(f"{self.receivers}/healthz"), "the receivers")
        return self

    def _screens(self) -> list[str]:
        site, logins = self.home / "site.yaml", self.home / "devices.json"
        site.write_text(json.dumps({  # JSON is YAML
            "station": msgspec.to_builtins(self.site.station),
            "places": msgspec.to_builtins(self.site.places),
            "devices": msgspec.to_builtins(self.site.devices),
        }))  # fmt: skip
        devices = {name: {"username": name, "password": secret} for name, secret in self.device_secrets.items()}
        broker = {"host": LOOPBACK, "port": self.broker.port, "station": self.id}
        logins.write_text(json.dumps({**broker, "devices": devices}))
        return ["--site", str(site), "--credentials", str(logins)]

    def start_gateway(self, *, ready: bool = True, **environment: str) -> Station:
        """The gateway process."""
        self._spawn("gateway", "-m", "gateway.cli", "gateway", **environment)
        if ready:
            self.wait_for(self.gateway_subscribed, "the gateway")
        return self

    def start_api(self, *, ready: bool = True) -> Station:
        """The API process."""
        self._spawn("api", "-m", "gateway.cli", "api")
        if ready:
            self.wait_for(lambda: self._answers(f"{self.url}/healthz"), "the API")
        return self

    def start_all(self) -> Station:
        """Everything; the processes at the same time: starting is mostly waiting for one another."""
        self.start_stores().start_receivers(ready=False).start_gateway(ready=False).start_api(ready=False)
        self.wait_for(lambda: self._answers(f"{self.receivers}/healthz"), "the receivers")
        self.wait_for(self.gateway_subscribed, "the gateway")
        self.wait_for(lambda: self._answers(f"{self.url}/healthz"), "the API")
        return self

    def start_county(self, **environment: str) -> Station:
        """The links of the file that ANXIN_COUNTY_FILE names."""
        self._spawn("county", "-m", "gateway.cli", "county", "run", **environment)
        return self

    def environment(self) -> dict[str, str]:
        """What the processes are told."""
        return {
            **os.environ,
            "ANXIN_HOME": str(self.home),
            "ANXIN_STATION": self.id,
            "ANXIN_WATCHDOG_EVERY_S": "0",  # its own tests switch it on
            "ANXIN_DATA_KEY": DATA_KEY,
            "ANXIN_TOTP_REQUIRED": "false",  # its own tests switch it on
            "ANXIN_DATABASE_URL": self.postgres.url,
            "ANXIN_MQTT_URL": self.broker.url,
            "ANXIN_HTTP_PORT": str(self.api_port),
            "ANXIN_PHONE_URL": f"{self.receivers}/phones",
            "ANXIN_COMMAND_ROOM_URL": f"{self.receivers}/command-room",
            "ANXIN_COMMAND_ROOM_SECRET": "command-secret",
            **self.settings,
        }

    def kill(self, name: str) -> None:
        """End one part as a crash would."""
        if name == "postgres":
            self.postgres.kill()
        elif name == "broker":
            self.broker.kill()
        else:
            child = self.children.pop(name)
            child.kill()
            child.wait()

    def stop(self, name: str) -> None:
        """Stop one process politely."""
        child = self.children.pop(name)
        child.send_signal(signal.SIGTERM)
        child.wait(20)

    def close(self) -> None:
        """Stop everything."""
        for child in self.children.values():
            child.kill()
        for child in self.children.values():
            child.wait()
        self.children.clear()
        self.broker.stop()
        self.postgres.stop()

    def _spawn(self, name: str, *arguments: str, **environment: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.children[name] = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**self.environment(), **environment},
            )

    # ── addresses and asking ─────────────────────────────────────────────────────────────────────────

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def receivers(self) -> str:
        return f"http://{LOOPBACK}:{self.receivers_port}"

    @contextmanager
    def api(self, username: str = "operator") -> Iterator[httpx.Client]:
        """A client logged in as somebody."""
        with httpx.Client(base_url=f"{self.url}/api/v1", timeout=15) as client:
            answer = client.post("/auth/login", json={"username": username, "password": PASSWORD})
            answer.raise_for_status()
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield client

    def phone_messages(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = httpx.get(f"{self.receivers}/phones/messages", timeout=10).json()["items"]
        return items

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """What the database says, asked directly."""
        with psycopg.connect(self.postgres.url, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def execute(self, statement: str, *parameters: object) -> None:
        """Change the database behind everybody's back."""
        with psycopg.connect(self.postgres.url) as connection:
            connection.execute(statement, parameters)  # type: ignore[arg-type]

    def change_registry(self, statement: str, *parameters: object) -> None:
        """Change the registry behind everybody's back, and wait until the road has read it anew."""
        self.execute(statement, *parameters)
        self.execute("update station set registry_version = registry_version + 1")
        self.execute("notify anxin_registry")
        self.wait_for_registry()

    def wait_for_registry(self) -> None:
        """Wait until the road has read the registry as it is now."""
        version = self.one("select registry_version from station")

        def known() -> bool:
            lines = (self.home / "gateway.log").read_text(errors="replace").splitlines()
            read = [re.search(r"\bversion\W+(\d+)", line) for line in lines if "registry read anew" in line]
            return any(found is not None and int(found[1]) >= version for found in read)

        wait_for(known, f"the road to have read version {version} of the registry")

    def one(self, query: str, *parameters: object) -> Any:
        return next(iter(self.rows(query, *parameters)[0].values()))

    def gateway_facts(self) -> dict[str, Any]:
        found = self.rows("select facts from process_health where process = 'gateway' and at > now() - interval '3 s'")
        facts: dict[str, Any] = found[0]["facts"] if found else {}
        return facts

    def gateway_subscribed(self) -> bool:
        child = self.children.get("gateway")
        if child is not None and child.poll() is not None:
            raise AssertionError(f"the gateway ended with {child.returncode}: {self.log('gateway')}")
        return bool(self.gateway_facts().get("subscribed"))

    def log(self, name: str) -> str:
        return "\n".join((self.home / f"{name}.log").read_text(errors="replace").splitlines()[-25:])

    def wait_for(self, condition: Callable[[], Any], what: str, timeout: float = 60) -> Any:
        """Ask until it is so. Fails with what was waited for."""
        return wait_for(condition, what, timeout)

    def _answers(self, url: str) -> bool:
        try:
            return httpx.get(url, timeout=2).is_success
        except httpx.HTTPError:
            return False

    # ── speaking as a device ─────────────────────────────────────────────────────────────────────────

    @contextmanager
    def publisher(self, username: str = INTEGRATOR_USER, password: str | None = None) -> Iterator[Publisher]:
        """A device, or the integrator who may speak for all of them."""
        secret = password or self.device_secrets.get(username, "integrator-password")
        with Publisher(self.id, self.broker.port, username, secret) as publisher:
            yield publisher

    def start_load(self, rate: int, seconds: float, *more: str, doors: int, output: Path | None = None) -> Process:
        """The load generator, on this station's doors."""
        command = [
            sys.executable, "-m", "simulators", "load", "--target", str(self.demo_target()), "--device-prefix", "door-",
            "--device-count", str(doors), "--rate", str(rate), "--seconds", str(seconds), *more,
        ]  # fmt: skip
        with (output or self.home / "load.json").open("wb") as told, (self.home / "load.log").open("wb") as log:
            return subprocess.Popen(command, stdout=told, stderr=log)

    def demo_target(self) -> Path:
        """A file as `anxin demo` writes it, for the load generator."""
        path = self.home / "target.json"
        mqtt = {
            "host": LOOPBACK,
            "port": self.broker.port,
            "username": INTEGRATOR_USER,
            "password": "integrator-password",
        }
        path.write_text(json.dumps({"mqtt": mqtt, "station": self.id}))
        return path


class Publisher:
    """Publishes and waits for the broker's word."""

    def __init__(self, station: str, port: int, username: str, password: str) -> None:
        self.station = station
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=f"test-{username}-{time.monotonic_ns()}", protocol=paho.MQTTv311
        )
        self.client.username_pw_set(username, password)
        self._port = port
        self._sequence = 0

    def __enter__(self) -> Self:
        self.client.connect(LOOPBACK, self._port)
        self.client.loop_start()
        wait_for(self.client.is_connected, "the broker's welcome", 10)
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()
        if (left_open := self.client.socket()) is not None:
            left_open.close()

    def raw(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        sent = self.client.publish(topic, payload, qos=1, retain=retain)
        sent.wait_for_publish(10)
        assert sent.is_published(), f"the broker did not acknowledge {topic!r}"

    def event(
        self,
        device: str,
        kind: str,
        *,
        ts: str | None = None,
        event_id: str | None = None,
        data: Mapping[str, Any] | None = None,
        lane: str | None = None,
    ) -> str:
        """Publish one event in the native format and return its id."""
        self._sequence += 1
        event_id = event_id or f"t{time.time_ns()}-{self._sequence}"
        lane = lane or ("alarm" if kind.startswith("alarm.") else "event")
        body = {"id": event_id, "ts": ts or now_text(), "kind": kind, "data": dict(data or {})}
        self.raw(f"anxin/v1/{self.station}/{device}/{lane}", msgspec.json.encode(body))
        return event_id


def now_text(offset_s: float = 0) -> str:
    """The present moment, or one beside it, as a device writes it."""
    return (
        time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + offset_s))
        + f".{time.time_ns() // 1000 % 1000000:06d}+00:00"
    )


def wait_for(condition: Callable[[], Any], what: str, timeout: float = 60) -> Any:
    """Ask until it is so. Fails with what was waited for."""
    deadline = time.monotonic() + timeout
    last: Exception | None = None
    while time.monotonic() < deadline:
        try:
            found = condition()
        except (psycopg.Error, httpx.HTTPError, OSError) as error:
            last = error
        else:
            if found:
                return found
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout:g} s in vain for {what}" + (f" (last: {last})" if last else ""))
