"""The same gateway on Mosquitto, set as docs/mosquitto.conf and docs/mosquitto.acl say."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from gateway.embedded.ports import LOOPBACK, any_free
from tests.station import STATION, Publisher, Station, make_site, wait_for

DOCS = Path(__file__).parents[2] / "docs"
WHERE = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
MOSQUITTO = shutil.which("mosquitto", path=WHERE)
PASSWD = shutil.which("mosquitto_passwd", path=WHERE)

pytestmark = pytest.mark.skipif(
    MOSQUITTO is None or PASSWD is None,
    reason="mosquitto and mosquitto_passwd are not installed (Debian: apt-get install mosquitto)",
)


class Mosquitto:
    """A Mosquitto as the documentation sets it up."""

    def __init__(self, folder: Path, users: dict[str, str]) -> None:
        folder.mkdir()
        self.port = any_free()
        self.config = folder / "mosquitto.conf"
        self.log = folder / "mosquitto.log"
        self.database = folder / "mosquitto.db"
        self._child: subprocess.Popen[bytes] | None = None
        self._users = users
        told = {"@ADDRESS@": LOOPBACK, "@PORT@": str(self.port), "@FOLDER@": str(folder), "@SECRETS@": str(folder)}
        self.config.write_text(self._filled("mosquitto.conf", told) + self._as_root())
        (folder / "mosquitto.acl").write_text(self._filled("mosquitto.acl", {"@STATION@": STATION}))
        passwords = folder / "mosquitto.passwd"
        passwords.write_text("".join(f"{name}:{password}\n" for name, password in users.items()))
        subprocess.run([str(PASSWD), "-U", str(passwords)], check=True, capture_output=True)
        for file in folder.iterdir():
            file.chmod(0o600)

    @staticmethod
    def _filled(name: str, told: dict[str, str]) -> str:
        text = (DOCS / name).read_text()
        for word, meaning in told.items():
            assert word in text, f"docs/{name} has lost its {word}"
            text = text.replace(word, meaning)
        return text

    @staticmethod
    def _as_root() -> str:
        return "\nuser root\n" if os.geteuid() == 0 else ""  # else it becomes a user who may not read our folder

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                [str(MOSQUITTO), "-c", str(self.config)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_for(self._answers, f"Mosquitto ({self.log.read_text()})", 10)

    def kill(self) -> None:
        assert self._child is not None
        self._child.kill()
        self._child.wait()
        self._child = None

    def close(self) -> None:
        if self._child is not None:
            self.kill()

    def _answers(self) -> bool:
        assert self._child is not None
        assert self._child.poll() is None, self.log.read_text()
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        try:
            return client.connect(LOOPBACK, self.port) == paho.MQTT_ERR_SUCCESS
        finally:
            if (plug := client.socket()) is not None:
                plug.close()

    @contextmanager
    def publisher(self, username: str = "anxin-integrator") -> Iterator[Publisher]:
        with Publisher(STATION, self.port, username, self._users[username]) as publisher:
            yield publisher


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station whose own broker is gone: only Mosquitto is there. Overrides the shared one."""
    running = Station(tmp_path_factory.mktemp("station"), make_site(doors=10))
    try:
        running.start_stores().start_receivers()
        running.kill("broker")
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def broker(station: Station) -> Iterator[Mosquitto]:
    users = {
        "anxin-gateway": "gateway-password",
        "anxin-integrator": "integrator-password",
        "button-1": "secret-of-button-1",
        "door-1": "secret-of-door-1",
    }
    running = Mosquitto(station.home / "mosquitto", users)
    try:
        running.start()
        station.settings["ANXIN_MQTT_URL"] = f"mqtt://anxin-gateway:gateway-password@{LOOPBACK}:{running.port}"
        station.start_gateway()
        yield running
    finally:
        running.close()


def send(town: Publisher, name: str, count: int) -> set[str]:
    """Publish events and wait until each is acknowledged."""
    sent = {f"{name}-{n}" for n in range(count)}
    for n in range(count):
        town.event(f"door-{n % 10}", "door.opened", event_id=f"{name}-{n}")
    return sent


def stored(station: Station, name: str) -> set[str]:
    return {row["event_id"] for row in station.rows("select event_id from event where event_id like %s", f"{name}-%")}


def test_a_press_rings_the_phone(station: Station, broker: Mosquitto) -> None:
    with broker.publisher("button-1") as button:
        button.event("button-1", "alarm.pressed")
    message = wait_for(station.phone_messages, "the phone")[0]
    assert (message["to"], message["priority"]) == ("phone-officer", "P1")


@pytest.mark.usefixtures("broker")
def test_timers_keep_their_time(station: Station) -> None:
    def lag() -> float | None:
        told: float | None = station.gateway_facts().get("horizon_lag_s")
        return told

    assert wait_for(lag, "a horizon") < 5
    received = station.gateway_facts()["sources"]["mqtt-event"]["received"]
    wait_for(lambda: station.gateway_facts()["sources"]["mqtt-event"]["received"] >= received + 3, "markers", 10)
    assert (lag() or 99) < 5, "markers come back, and the horizon moves with them"


def test_a_device_may_publish_under_its_own_topic_only(station: Station, broker: Mosquitto) -> None:
    for device, event_id in [("door-2", "forged"), ("_road", "forged-road"), ("door-1", "own")]:
        with broker.publisher("door-1") as door:  # Mosquitto ends the connection of who says what it may not
            door.event(device, "door.opened", event_id=event_id)
    with broker.publisher() as town:
        town.event("_road", "door.opened", event_id="forged-road-too")
    with broker.publisher() as town:
        send(town, "fence", 1)
    wait_for(lambda: stored(station, "fence"), "a good event from elsewhere")
    rows = station.rows("select device_id, event_id from event where event_id like 'forged%%' or event_id = 'own'")
    assert [(row["device_id"], row["event_id"]) for row in rows] == [("door-1", "own")]
    assert station.one("select count(*) from dead_letter") == 0


def test_a_wrong_password_is_refused(broker: Mosquitto) -> None:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.username_pw_set("door-1", "wrong")
    answers: list[bool] = []
    client.on_connect = lambda _c, _d, _f, reason, _p: answers.append(reason.is_failure)
    client.connect(LOOPBACK, broker.port)
    wait_for(lambda: client.loop(0.05) is None or answers, "an answer", 10)
    assert answers == [True]


def test_what_comes_while_the_gateway_is_dead_is_stored_when_it_is_back(station: Station, broker: Mosquitto) -> None:
    station.kill("gateway")
    with broker.publisher() as town:
        sent = send(town, "away", 500)
    assert stored(station, "away") == set()
    station.start_gateway()
    wait_for(lambda: stored(station, "away") == sent, "all 500", 20)
    assert station.one("select count(*) from event where event_id like 'away-%%'") == 500


def test_what_an_ended_broker_had_acknowledged_is_stored(station: Station, broker: Mosquitto) -> None:
    pid = station.children["gateway"].pid
    with broker.publisher() as town:
        sent = send(town, "broken", 300)
        # It acknowledges just before it writes or hands on: only what it has done with is its to keep (as below).
        last = "broken-299"
        wait_for(lambda: last.encode() in broker.database.read_bytes() or last in stored(station, "broken"), last, 10)
        broker.kill()
    broker.start()
    with broker.publisher() as town:
        sent |= send(town, "mended", 20)
    wait_for(lambda: stored(station, "broken") | stored(station, "mended") == sent, "all that was acknowledged", 30)
    assert station.children["gateway"].poll() is None
    assert station.children["gateway"].pid == pid, "it connected again by itself"


def test_what_waits_in_a_broker_that_ends_is_stored(station: Station, broker: Mosquitto) -> None:
    station.kill("gateway")
    with broker.publisher() as town:
        sent = send(town, "kept", 300)
        # It acknowledges just before it writes (measured: killed at once, it has lost the last one).
        wait_for(lambda: b"kept-299" in broker.database.read_bytes(), "the last of them in the broker's file", 10)
        broker.kill()
    broker.start()
    station.execute("delete from process_health")
    station.start_gateway()
    wait_for(lambda: stored(station, "kept") == sent, "all 300", 20)
    wait_for(lambda: (station.gateway_facts().get("horizon_lag_s") or 99) < 5, "timers to keep their time again", 20)
