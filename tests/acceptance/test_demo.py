"""`anxin` as people start it: `demo`, `run` and the small commands, as processes, killed in every way."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psycopg
import pytest

from gateway.embedded.ports import LOOPBACK, any_free, is_free
from tests.station import Publisher, Station, postgres_bin, wait_for

#: A start on two busy cores; the first one makes a database. Longer than the demo itself waits for its parts.
START_S = 120.0
STOP_S = 30.0
#: 46 devices: what is tested here is the demo, not its town (that is `test_demo_town.py`).
SMALL = str(Path(__file__).parents[2] / "simulators" / "site.yaml")
PARTS = ("PostgreSQL", "broker", "receivers", "gateway", "api")


def environment(**settings: str) -> dict[str, str]:
    """Ours without any ANXIN_* setting of whoever runs the tests."""
    bare = {name: told for name, told in os.environ.items() if not name.startswith("ANXIN_")}
    own_postgres = {"ANXIN_POSTGRES_BIN": str(postgres_bin())} if postgres_bin() else {}
    return {**bare, **own_postgres, **settings}


def anxin(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *map(str, arguments)],
        env=environment(**settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def descendants(pid: int) -> dict[int, str]:
    """Every process below one, with its command line, whatever `demo.json` says."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: dict[int, str] = {}
    waiting = [pid]
    while waiting:
        for child in parents.get(waiting.pop(), []):
            with contextlib.suppress(OSError):
                found[child] = Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                waiting.append(child)
    return found


class Demo:
    """One `anxin demo` after another on one home."""

    def __init__(self, home: Path, *options: str) -> None:
        self.home, self.options = home, options
        self.port = any_free()
        # Not the usual ports: somebody's demo may run on this machine.
        self.settings = {"ANXIN_MQTT_PORT": str(any_free())}
        self.process: subprocess.Popen[bytes] | None = None
        self.everything: set[int] = set()

    @property
    def said(self) -> str:
        return (self.home.parent / f"{self.home.name}.out").read_text()

    def start(self, *, ready: bool = True) -> Demo:
        command = [sys.executable, "-m", "gateway.cli", "demo", "--home", self.home, "--port", self.port]
        with (self.home.parent / f"{self.home.name}.out").open("wb") as output:
            self.process = subprocess.Popen(
                [*map(str, command), *self.options],
                env=environment(**self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        if ready:
            try:
                wait_for(self._is_ready, "the demo", START_S)
            except AssertionError as error:
                raise AssertionError(f"{error}\n{self.said}") from error
            self.everything |= {self.pid, *descendants(self.pid)}
        return self

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said
        return (self.home / "demo.json").exists() and "Anxin is ready" in self.said

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def told(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.home / "demo.json").read_text())
        return told

    def ports(self) -> list[int]:
        told = self.told
        urls = [told["url"], told["phones"]["url"], told["database_url"].rpartition("/")[0]]
        return [told["mqtt"]["port"], *(int(url.split(":")[-1].split("/")[0]) for url in urls)]

    def interrupt(self) -> int:
        """Ctrl-C; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_S)

    def kill(self, pids: list[int]) -> None:
        assert set(pids) <= self.everything | {self.pid, *descendants(self.pid)}, "only what this demo started"
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def close(self) -> None:
        """Whatever happened, leave nothing behind."""
        if self.process is None:
            return
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.interrupt()
        if self.process.poll() is None:
            self.kill([*descendants(self.pid), self.pid])
            self.process.wait()
        wait_for(lambda: not any(map(is_alive, self.everything)), "the demo's children to end", STOP_S)

    def ready(self) -> bool:
        return httpx.get(f"{self.told['url']}/readyz", timeout=2).status_code == 200

    @contextlib.contextmanager
    def api(self, username: str = "operator") -> Iterator[httpx.Client]:
        told = self.told
        with httpx.Client(base_url=f"{told['url']}/api/v1", timeout=10) as client:
            answer = client.post("/auth/login", json=told["users"][username])
            answer.raise_for_status()  # a database that comes back says 503 for a while: whoever waits tries again
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield client

    def press(self, device: str) -> dict[str, Any]:
        """Press a button as the integrator; returns the alert once there is one."""
        told = self.told
        mqtt = told["mqtt"]
        with Publisher(told["station"], mqtt["port"], mqtt["username"], mqtt["password"]) as integrator:
            integrator.event(device, "alarm.pressed")
        return dict(wait_for(lambda: self.alerts(device=device), f"the alert of {device}")[0])

    def alerts(self, **query: str) -> list[dict[str, Any]]:
        with self.api() as api:
            items: list[dict[str, Any]] = api.get("/alerts", params=query).json()["items"]
            return items

    def phone_messages(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = httpx.get(f"{self.told['phones']['url']}/messages").json()["items"]
        return items


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One home for the tests of this file, which stop and kill what runs on it; each starts it again if need be."""
    one = Demo(tmp_path_factory.mktemp("demo") / "home", "--no-simulators", "--site", SMALL)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def running(demo: Demo) -> Demo:
    """The demo, running and ready."""
    if demo.process is None or demo.process.poll() is not None:
        demo.start()
    wait_for(demo.ready, "the demo to be ready")
    return demo


# ── it works ────────────────────────────────────────────────────────────────────────────────────────────


def test_demo_json_says_where_everything_is_and_who_may_log_in(running: Demo) -> None:
    told = running.told
    assert set(told) == {
        "url", "mqtt", "database_url", "station", "users", "phones", "command_room", "devices_file", "site_file",
        "seed", "settings", "pids",
    }  # fmt: skip
    assert told["url"] == f"http://{LOOPBACK}:{running.port}"
    assert set(told["mqtt"]) == {"host", "port", "username", "password"}
    assert set(told["users"]) == {"operator", "officer", "deputy", "commander", "auditor", "admin"}
    assert set(told["pids"]) == {"demo", *PARTS}
    assert told["pids"]["demo"] == running.pid
    assert all(map(is_alive, told["pids"].values()))
    for path in ("demo.json", "secrets.json", "devices.json"):
        assert (running.home / path).stat().st_mode & 0o077 == 0, f"{path} holds passwords"
    with psycopg.connect(told["database_url"]) as connection:
        assert connection.execute("select id from station").fetchall() == [(told["station"],)]
    assert httpx.get(f"{told['command_room']['url']}/events").status_code == 200
    for username, words in told["users"].items():
        assert f"{username:<12} {words['password']}" in running.said


def test_each_person_of_demo_json_gets_in_with_their_role(running: Demo) -> None:
    roles = {}
    for username in running.told["users"]:
        with running.api(username) as api:
            roles[username] = api.get("/me").json()["role"]
    assert roles.pop("deputy") == "officer"
    assert all(username == role for username, role in roles.items())


def test_a_press_with_the_mqtt_account_rings_a_phone_and_the_command_room(running: Demo) -> None:
    alert = running.press("school-1-button")
    assert alert["priority"] == "P1"
    wait_for(lambda: [m for m in running.phone_messages() if m["alert"] == alert["id"]], "the phone")
    url = f"{running.told['command_room']['url']}/events"
    wait_for(lambda: httpx.get(url, params={"subject": f"alert/{alert['id']}"}).json()["items"], "the command room")
    rung = next(m for m in running.phone_messages() if m["alert"] == alert["id"])

    def seen_on() -> set[str]:
        with running.api() as api:
            receipts = api.get(f"/incidents/{rung['incident']}").json()["receipts"]
        return {
            one["channel"]
            for one in receipts
            if (one["user"], one["state"]) == ("officer", "seen") and one["delivered_at"] and one["seen_at"]
        }

    wait_for(lambda: seen_on() >= {"phone", "web_push"}, "the phone and the browser to say that they have it")
    shown = httpx.get(running.told["phones"]["url"].replace("/phones", "/webpush/messages")).json()["items"]
    assert {m["phone"] for m in shown if m["url"].endswith(f"incident={rung['incident']}")} == {"browser-officer"}


def test_each_device_of_the_devices_file_may_speak(running: Demo) -> None:
    file = json.loads(Path(running.told["devices_file"]).read_text())
    assert file["port"] == running.told["mqtt"]["port"]
    assert len(file["devices"]) == 46
    login = file["devices"]["school-2-button"]
    with Publisher(file["station"], file["port"], login["username"], login["password"]) as button:
        button.event("school-2-button", "alarm.pressed")
    wait_for(lambda: running.alerts(device="school-2-button"), "the alert")
    ingest = f"{running.told['url']}/api/v1/ingest"
    both = base64.b64encode(f"{login['username']}:{login['password']}".encode()).decode()
    answer = httpx.post(ingest, json={"kind": "alarm.reset", "ts": "x"}, headers={"Authorization": f"Basic {both}"})
    assert answer.status_code == 202


# ── it ends, and goes on ────────────────────────────────────────────────────────────────────────────────


def test_ctrl_c_stops_all_of_it_and_a_second_start_goes_on_with_the_data(running: Demo) -> None:
    alert = running.press("school-3-button")
    before, ports = running.told, running.ports()
    started = {running.pid, *descendants(running.pid)}
    assert set(before["pids"].values()) <= started
    assert running.interrupt() == 0
    assert [pid for pid in started if is_alive(pid)] == []
    assert [port for port in ports if not is_free(port)] == []
    assert not (running.home / "demo.json").exists(), "it would name what no longer runs"
    running.start()
    assert [one["id"] for one in running.alerts(device="school-3-button")] == [alert["id"]]
    same = ("url", "mqtt", "database_url", "users", "station", "devices_file", "phones")
    assert {name: running.told[name] for name in same} == {name: before[name] for name in same}
    assert [m for m in running.phone_messages() if m["alert"] == alert["id"]], "the phones keep their history too"
    contacts = "select state from contact where channel = 'web_push'"
    with psycopg.connect(running.told["database_url"]) as connection:
        assert connection.execute(contacts).fetchall() == [("active",)], "the browser is the one it was"


def test_when_the_demo_itself_is_killed_its_children_end_and_the_next_start_works(running: Demo) -> None:
    alert = running.press("school-1-button-2")
    before = running.told
    children = list(descendants(running.pid))
    assert len(children) > len(PARTS), "PostgreSQL has children of its own"
    running.kill([running.pid])
    assert running.process is not None
    running.process.wait()
    running.start()  # at once, while they are still ending
    assert [pid for pid in children if is_alive(pid)] == []
    assert [one["id"] for one in running.alerts(device="school-1-button-2")] == [alert["id"]]
    assert running.told["mqtt"] == before["mqtt"], "devices know the port"
    assert running.told["database_url"] == before["database_url"]


def test_when_the_demo_itself_is_killed_all_children_end_by_themselves(running: Demo) -> None:
    children, ports = list(descendants(running.pid)), running.ports()
    running.kill([running.pid])
    assert running.process is not None
    running.process.wait()
    wait_for(lambda: not any(map(is_alive, children)), "every child to end", STOP_S)
    assert [port for port in ports if not is_free(port)] == []


def test_when_everything_is_killed_at_once_the_next_start_recovers_with_the_data(running: Demo) -> None:
    alert = running.press("flat-1-101-sos")
    victims = [running.pid, *descendants(running.pid)]
    running.kill(victims)
    assert running.process is not None
    running.process.wait()
    running.start()
    assert [one["id"] for one in running.alerts(device="flat-1-101-sos")] == [alert["id"]]
    running.press("flat-2-102-sos")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_killed_is_started_again(running: Demo, part: str) -> None:
    before = running.told["pids"][part]
    running.kill([before])
    wait_for(lambda: not is_alive(before), f"{part} to be gone")
    wait_for(lambda: _press_rings(running), f"a press to ring after {part} was killed", 45)
    wait_for(running.ready, "readiness")
    now = running.told["pids"]
    assert now[part] != before, f"demo.json names the dead process {before}"
    assert all(map(is_alive, now.values()))


def _press_rings(demo: Demo) -> bool:
    """A press now is an alert and a message on a phone. It may fail while parts are away."""
    told = demo.told
    before = len(demo.phone_messages())
    with demo.api() as api:
        for alert in api.get("/alerts", params={"device": "school-1-button", "state": "open"}).json()["items"]:
            api.post(f"/alerts/{alert['id']}/ack")  # so that the next press sounds again
    with Publisher(told["station"], told["mqtt"]["port"], told["mqtt"]["username"], told["mqtt"]["password"]) as one:
        one.event("school-1-button", "alarm.pressed")
    return bool(wait_for(lambda: len(demo.phone_messages()) > before, "a message", 20))


def test_ctrl_c_during_the_start_ends_it_without_claiming_to_be_ready(tmp_path: Path) -> None:
    early = Demo(tmp_path / "early", "--no-simulators")
    try:
        early.start(ready=False)
        wait_for(lambda: "starting the API" in early.said, "the last step of the start", START_S)
        children = descendants(early.pid)
        early.interrupt()
        assert [command for pid, command in children.items() if is_alive(pid)] == []
        assert not (early.home / "demo.json").exists()
        assert "Anxin is ready" not in early.said
    finally:
        early.close()


# ── what is in the way ──────────────────────────────────────────────────────────────────────────────────


def test_a_taken_port_is_a_sentence_that_names_it_and_the_option(tmp_path: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        ended = anxin("demo", "--home", tmp_path / "home", "--port", port, "--no-simulators")
    assert ended.returncode == 2
    sentence = ended.stderr.strip()
    assert sentence.startswith("anxin: ")
    assert "\n" not in sentence
    assert str(port) in sentence
    assert "--port" in sentence
    assert not (tmp_path / "home" / "postgres").exists(), "nothing was started"


def test_a_second_demo_on_the_same_home_is_a_sentence_and_harms_nothing(running: Demo) -> None:
    before = running.told
    ended = anxin("demo", "--home", running.home, "--port", any_free(), "--no-simulators")
    assert ended.returncode == 2
    assert str(running.pid) in ended.stderr
    assert "--home" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert running.told == before
    assert running.ready()


@pytest.mark.parametrize("name", ["ANXIN_HTTP_PORT", "ANXIN_MQTT_PORT"])
def test_a_port_that_is_no_number_is_a_sentence_not_a_trace(tmp_path: Path, name: str) -> None:
    ended = anxin("demo", "--home", tmp_path / "home", "--no-simulators", **{name: "eighty"})
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert "eighty" in ended.stderr


# ── it lives ────────────────────────────────────────────────────────────────────────────────────────────


def test_with_simulators_an_alert_comes_by_itself(tmp_path: Path) -> None:
    town = Demo(tmp_path / "town", "--site", SMALL, "--history-days", "0")
    try:
        town.start()
        assert "town" in town.told["pids"], "demo.json names every child"
        (alert,) = wait_for(lambda: town.alerts(device="school-1-button"), "the opening scene's first press", 60)
        assert alert["priority"] == "P1"
        wait_for(lambda: [m for m in town.phone_messages() if m["alert"] == alert["id"]], "the phone")
        children = list(descendants(town.pid))
        assert town.interrupt() == 0
        assert [pid for pid in children if is_alive(pid)] == []
    finally:
        town.close()


# ── the other commands ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A database and a broker that somebody else runs."""
    bought = Station(tmp_path_factory.mktemp("stores"))
    try:
        yield bought.start_stores()
    finally:
        bought.close()


def told_to(stores: Station) -> dict[str, str]:
    return {name: told for name, told in stores.environment().items() if name.startswith("ANXIN_")}


def test_run_serves_on_what_others_run_and_sigterm_stops_it(stores: Station) -> None:
    with (stores.home / "run.log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "run"],
            env=environment(**told_to(stores)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: httpx.get(f"{stores.url}/readyz", timeout=2).status_code == 200, "readyz", START_S)
        children = descendants(process.pid)
        assert len(children) == 2
        with stores.publisher("button-1") as button:
            button.event("button-1", "alarm.pressed")
        wait_for(lambda: stores.rows("select 1 from alert where device_id = 'button-1'"), "the alert")
        gateway = next(pid for pid, command in children.items() if command.strip().endswith("gateway"))
        os.kill(gateway, signal.SIGKILL)
        wait_for(lambda: gateway not in descendants(process.pid), "it to be gone")
        wait_for(lambda: len(descendants(process.pid)) == 2, "another")
        children |= descendants(process.pid)
        process.terminate()
        assert process.wait(STOP_S) == 0
        assert [pid for pid in children if is_alive(pid)] == []
        assert is_free(stores.api_port)
        assert stores.postgres.alive, "what others run goes on"
        assert stores.broker.alive
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def test_run_without_its_settings_is_a_sentence_that_names_them(tmp_path: Path) -> None:
    ended = anxin("run", ANXIN_HOME=str(tmp_path))
    assert ended.returncode == 2
    assert "ANXIN_DATABASE_URL" in ended.stderr
    assert "ANXIN_MQTT_URL" in ended.stderr
    assert "anxin demo" in ended.stderr


def test_doctor_finds_nothing_wrong_and_shows_no_secret(stores: Station) -> None:
    stores.start_receivers()
    stores.execute("delete from process_health")  # as before the first start
    settings = {**told_to(stores), "ANXIN_COMMAND_ROOM_SECRET": "hush-hush"}
    ended = anxin("doctor", **settings)
    assert ended.returncode == 0, ended.stdout
    for secret in (stores.postgres.url, stores.broker.url, "gateway-password", "hush-hush"):
        assert secret not in ended.stdout + ended.stderr
    told = json.loads(anxin("doctor", "--json", **settings).stdout)
    assert [name for name, check in told["checks"].items() if not check["ok"]] == []
    assert {"database", "broker", "phones"} <= told["checks"].keys()
    assert told["settings"]["station"] == stores.id


def test_doctor_says_what_is_wrong(stores: Station, tmp_path: Path) -> None:
    assert anxin("doctor", ANXIN_HOME=str(tmp_path)).returncode == 1
    dead = f"{LOOPBACK}:{any_free()}"
    ended = anxin("doctor", **{**told_to(stores), "ANXIN_MQTT_URL": f"mqtt://u:p@{dead}"})
    assert ended.returncode == 1
    assert "ok   database" in ended.stdout
    assert "BAD  broker" in ended.stdout
    assert "ANXIN_MQTT_URL" in ended.stdout


def test_doctor_logs_in_to_the_broker(stores: Station) -> None:
    """«tests every connection»: a wrong password is what an integrator gets wrong first."""
    wrong = f"mqtt://anxin-gateway:wrong@{LOOPBACK}:{stores.broker.port}"
    ended = anxin("doctor", **{**told_to(stores), "ANXIN_MQTT_URL": wrong})
    assert ended.returncode == 1, f"the broker refuses this password, and doctor says: {ended.stdout[-200:]}"


def test_migrate_twice_is_migrate_once(stores: Station) -> None:
    with psycopg.connect(stores.postgres.url, autocommit=True) as connection:
        connection.execute("create database fresh")
    url = stores.postgres.url.rpartition("/")[0] + "/fresh"
    first = anxin("migrate", ANXIN_DATABASE_URL=url)
    assert first.returncode == 0
    assert "0001" in first.stdout
    second = anxin("migrate", ANXIN_DATABASE_URL=url)
    assert (second.returncode, second.stdout.strip()) == (0, "the schema is up to date")


def test_a_database_without_a_schema_is_a_sentence(stores: Station, tmp_path: Path) -> None:
    with psycopg.connect(stores.postgres.url, autocommit=True) as connection:
        connection.execute("create database empty")
    url = stores.postgres.url.rpartition("/")[0] + "/empty"
    site = tmp_path / "site.yaml"
    site.write_text("station: {id: s, name: s, time_zone: Asia/Shanghai}")
    for command in (("import", site), ("user", "password", "operator", "--password", "x"), ("doctor",)):
        ended = anxin(*command, ANXIN_DATABASE_URL=url, ANXIN_MQTT_URL=stores.broker.url)
        assert ended.returncode in {1, 2}, command
        assert "Traceback" not in ended.stderr, f"{command[0]}: {ended.stderr[-300:]}"
        assert "migrate" in ended.stderr + ended.stdout


BROKEN = """
station: {id: broken, name: 坏站, time_zone: Asia/Shanghai}
areas:
  - {id: beat, kind: beat, name: 警务区}
  - {id: grid, kind: grid, name: 网格, parent: nowhere}
places:
  - {id: gate, kind: school_gate, area: lost-area, name: 校门}
devices:
  - {id: button, kind: school_button, place: lost-place, name: 按钮}
  - {id: button, kind: school_button, place: gate, name: 按钮}
users:
  - {username: one, name: 一, role: officer}
duty:
  - {area: beat, officer: nobody}
"""


def test_a_broken_site_file_is_one_sentence_with_every_complaint_and_writes_nothing(
    stores: Station, tmp_path: Path
) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(BROKEN)
    ended = anxin("import", site, **told_to(stores))
    assert ended.returncode == 2
    for complaint in ("nowhere", "lost-area", "lost-place", "'button' stands twice", "'nobody'"):
        assert complaint in ended.stderr, complaint
    assert "\n" not in ended.stderr.strip()
    assert stores.one("select count(*) from station where id = 'broken'") == 0


MISTAKES = {
    "device-id": "devices: [{id: 'a b', kind: camera, place: gate, name: x}]",
    "device-kind": "devices: [{id: ab, kind: schoolbutton, place: gate, name: x}]",
    "area-kind": "areas: [{id: beat, kind: planet, name: x}]",
    "areas-in-a-circle": "areas: [{id: a, kind: grid, name: x, parent: b}, {id: b, kind: grid, name: x, parent: a}]",
    "time-zone": "station: {id: STATION, name: 坏站, time_zone: Mars/Olympus}",
    "misspelt-key": "device: []",
    "no-mapping": "- 1",
    "no-yaml": "a: [}",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_site_file_is_a_sentence_and_writes_nothing(
    stores: Station, tmp_path: Path, mistake: str
) -> None:
    text = MISTAKES[mistake]
    parts = {
        "station": "station: {id: STATION, name: 坏站, time_zone: Asia/Shanghai}",
        "areas": "areas: [{id: beat, kind: beat, name: 警务区}]",
        "places": "places: [{id: gate, kind: school_gate, area: beat, name: 校门}]",
    }
    if text.startswith("areas"):
        del parts["places"]
    parts.pop(text.partition(":")[0], None)
    whole = text if mistake.startswith("no-") else "\n".join([*parts.values(), text])
    site = tmp_path / "site.yaml"
    site.write_text(whole.replace("STATION", mistake))
    ended = anxin("import", site, **told_to(stores))
    assert ended.returncode == 2, f"{ended.stdout}{ended.stderr[-300:]}"
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("anxin: ")
    assert stores.one("select count(*) from station where id = %s", mistake) == 0


def test_rules_check_passes_the_catalogue_and_fails_a_rule_that_does_not_hold(tmp_path: Path) -> None:
    ended = anxin("rules", "check")
    assert ended.returncode == 0, ended.stderr
    assert "ok    school-one-touch-alarm" in ended.stdout
    assert "FAIL" not in ended.stdout
    (tmp_path / "half.yaml").write_text("id: half\nkind: instant\n")
    broken = anxin("rules", "check", tmp_path)
    assert broken.returncode == 2
    assert "half" in broken.stderr
    assert "Traceback" not in broken.stderr


def test_every_command_explains_itself() -> None:
    commands = ["", "demo", "run", "gateway", "api", "migrate", "import", "user", "user password", "rules",
                "rules check", "load", "send", "doctor", "backup", "restore"]  # fmt: skip
    began = time.monotonic()
    ended = {command: anxin(*command.split(), "--help") for command in commands}
    assert [command for command, done in ended.items() if done.returncode != 0] == []
    assert [command for command, done in ended.items() if "Usage" not in done.stdout] == []
    assert (time.monotonic() - began) / len(commands) < 5, "help is quick"
    listed = ended[""].stdout
    assert all(command.split()[0] in listed for command in commands[1:])
