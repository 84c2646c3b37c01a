"""Mosquitto with the password file and access list that `anxin secrets` makes, and the configuration Compose mounts."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
import pytest

from gateway.credentials import Secrets, device_secrets
from gateway.embedded.broker import GATEWAY_USER
from gateway.embedded.ports import LOOPBACK, any_free
from gateway.model.registry import Device
from gateway.mosquitto import HEALTH_USER, fits, hashed
from gateway.registering.site import Site
from tests.station import STATION, Publisher, make_site, now_text, wait_for

CONFIG = Path(__file__).parents[2] / "deploy" / "mosquitto" / "mosquitto.conf"
WHERE = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
MOSQUITTO = shutil.which("mosquitto", path=WHERE)
PASSWD = shutil.which("mosquitto_passwd", path=WHERE)

pytestmark = pytest.mark.skipif(
    MOSQUITTO is None or PASSWD is None, reason="mosquitto is not installed (Debian: apt-get install mosquitto)"
)


def site_with_a_gateway() -> Site:
    site = make_site(doors=2, elders=1)
    more = [
        Device("gw-1", "gateway", "mall", "网关一"),
        Device("lock-1", "door_contact", "mall", "锁一", via="gw-1"),
        Device("gw-2", "gateway", "mall", "网关二"),
        Device("lock-2", "door_contact", "mall", "锁二", via="gw-2"),
    ]
    return msgspec.structs.replace(site, devices=[*site.devices, *more])


class Broker:
    """One Mosquitto, and what its gateway hears."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, any_free()
        Secrets(folder, site_with_a_gateway(), database="localhost:5432", broker=f"{LOOPBACK}:{self.port}").make()
        text = CONFIG.read_text().replace("/mosquitto/anxin", str(folder / "broker"))
        text = text.replace("listener 1883", f"listener {self.port} {LOOPBACK}")
        (folder / "mosquitto.conf").write_text(text + ("user root\n" if os.geteuid() == 0 else ""))
        with (folder / "mosquitto.log").open("wb") as log:
            self.child = subprocess.Popen([str(MOSQUITTO), "-c", folder / "mosquitto.conf"], stdout=log, stderr=log)
        self.passwords = {**device_secrets(folder / "logins"), GATEWAY_USER: self._gateway_password()}

    def _gateway_password(self) -> str:
        return (self.folder / "anxin_mqtt_url").read_text().split(":")[2].split("@")[0]

    def lets_in(self, username: str, password: str) -> bool:
        answers: list[bool] = []
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
        client.username_pw_set(username, password)
        client.on_connect = lambda _c, _d, _f, reason, _p: answers.append(not reason.is_failure)
        client.connect(LOOPBACK, self.port)
        wait_for(lambda: client.loop(0.05) is None or answers, "an answer", 10)
        client.disconnect()
        if (plug := client.socket()) is not None:
            plug.close()
        return answers[0]

    def publisher(self, username: str) -> Publisher:
        return Publisher(STATION, self.port, username, self.passwords[username])

    @contextmanager
    def heard(self) -> Iterator[list[str]]:
        """Topics the gateway hears meanwhile."""
        topics: list[str] = []
        with self.publisher(GATEWAY_USER) as gateway:
            gateway.client.on_message = lambda _c, _d, message: topics.append(message.topic)
            gateway.client.subscribe("anxin/v1/#", 1)
            gateway.raw(f"anxin/v1/{STATION}/_road/ready", b"{}")
            wait_for(lambda: topics, "the subscription", 10)
            topics.clear()
            yield topics


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    running = Broker(tmp_path_factory.mktemp("made"))
    try:

        def answers() -> bool:
            assert running.child.poll() is None, (running.folder / "mosquitto.log").read_text()
            return running.lets_in(GATEWAY_USER, running.passwords[GATEWAY_USER])

        wait_for(answers, "Mosquitto", 10)
        yield running
    finally:
        running.child.kill()
        running.child.wait()


def test_everybody_with_a_log_in_is_let_in_and_nobody_else(broker: Broker) -> None:
    for username in ("gw-1", "door-0", "button-1", GATEWAY_USER):
        assert broker.lets_in(username, broker.passwords[username]), username
        assert not broker.lets_in(username, "wrong"), username
    assert not broker.lets_in("lock-1", broker.passwords["gw-1"]), "what is behind a gateway has none of its own"
    assert not broker.lets_in("", "")


def test_a_gateway_speaks_for_its_devices_and_no_others(broker: Broker) -> None:
    with broker.heard() as topics:
        for leaf in ("event", "alarm", "status"):
            for device in ("gw-1", "lock-1"):
                with broker.publisher("gw-1") as gateway:
                    gateway.raw(f"anxin/v1/{STATION}/{device}/{leaf}", now_text().encode())
        for forbidden in ("lock-2/event", "gw-2/status", "door-0/event", "lock-1/command", "_road/marker"):
            with broker.publisher("gw-1") as gateway:  # Mosquitto ends the connection of who says what it may not
                gateway.raw(f"anxin/v1/{STATION}/{forbidden}", b"{}")
        with broker.publisher("door-0") as door:
            door.raw(f"anxin/v1/{STATION}/lock-1/event", b"{}")
        with broker.publisher("gw-2") as fence:
            fence.raw(f"anxin/v1/{STATION}/lock-2/event", b"{}")
        wait_for(lambda: topics and topics[-1].endswith("lock-2/event"), "the last", 10)
    allowed = [f"anxin/v1/{STATION}/{device}/{leaf}" for leaf in ("event", "alarm", "status")
               for device in ("gw-1", "lock-1")]  # fmt: skip
    assert topics == [*allowed, f"anxin/v1/{STATION}/lock-2/event"]


def test_the_health_checks_account_hears_one_topic_only(broker: Broker) -> None:
    password = (broker.folder / "broker" / "mosquitto_sub").read_text().split()[-1]
    broker.passwords[HEALTH_USER] = password
    heard: list[str] = []
    with broker.publisher(HEALTH_USER) as health:
        health.client.on_message = lambda _c, _d, message: heard.append(message.topic)
        health.client.subscribe([("$SYS/broker/uptime", 0), ("anxin/v1/#", 0), ("$SYS/broker/version", 0)])
        wait_for(lambda: heard, "the broker's own word", 10)
        with broker.publisher("door-0") as door:
            door.event("door-0", "door.opened")
        with broker.publisher("door-1") as door:
            door.event("door-1", "door.opened")
    assert set(heard) == {"$SYS/broker/uptime"}


def test_a_new_device_may_come_in_after_a_hangup_signal(broker: Broker) -> None:
    passwords = broker.folder / "broker" / "mosquitto.passwd"
    passwords.write_text(passwords.read_text() + f"door-new:{hashed('new word')}\n")
    assert not broker.lets_in("door-new", "new word")
    broker.child.send_signal(1)
    wait_for(lambda: broker.lets_in("door-new", "new word"), "the new password", 10)


def test_the_hash_is_the_one_its_own_tool_makes(tmp_path: Path) -> None:
    """Both are `$7$rounds$salt$hash`; the tool's own file is what ours is compared with."""
    file = tmp_path / "passwords"
    file.write_text("door-1:a word\n")
    file.chmod(0o600)
    subprocess.run([str(PASSWD), "-U", str(file)], check=True, capture_output=True)
    theirs, mine = file.read_text().strip().split(":")[1], hashed("a word")
    assert [len(part) for part in theirs.split("$")[3:]] == [len(part) for part in mine.split("$")[3:]]
    assert fits(theirs, "a word")
