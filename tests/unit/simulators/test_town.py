"""The live town says over a real broker what history tells, through its gateways, by the clock it is given."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from gateway.embedded.broker import GATEWAY_USER, INTEGRATOR_USER, EmbeddedBroker
from gateway.embedded.ports import LOOPBACK, any_free
from simulators.clock import ClockError, read_clock
from simulators.life.message import Message
from simulators.life.plan import Life
from simulators.site_file import Site

CHINA = timezone(timedelta(hours=8))
AT = datetime(2026, 11, 22, 8, 0, tzinfo=CHINA)
SINCE = AT - timedelta(minutes=3)
SPEED = 60
STARTS_IN_S = 5.0
Heard = dict[tuple[str, bytes], float]


@pytest.fixture
def broker(tmp_path: Path, county: Site) -> Iterator[EmbeddedBroker]:
    running = EmbeddedBroker(
        tmp_path / "broker",
        any_free(),
        county.station,
        gateway_password="reads",
        integrator_password="writes",
        device_secrets={},
        sync="2m",
    )
    running.start()
    yield running
    running.stop()


@pytest.fixture
def credentials(tmp_path: Path, county: Site, broker: EmbeddedBroker) -> Path:
    """Every connection may publish for every device here; rights are the gateway's tests' business."""
    path = tmp_path / "devices.json"
    login = {"username": INTEGRATOR_USER, "password": "writes"}
    devices = {one.id: login | ({"via": one.via} if one.via else {}) for one in county.devices}
    told = {"host": LOOPBACK, "port": broker.port, "station": county.station, "devices": devices}
    path.write_text(json.dumps(told), encoding="utf-8")
    return path


def listen(broker: EmbeddedBroker, heard: Heard) -> paho.Client:
    """Subscribe before anybody speaks: this broker discards what nobody has ever subscribed to."""
    ready: list[bool] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "listener", protocol=paho.MQTTv311)
    client.username_pw_set(GATEWAY_USER, "reads")
    client.on_connect = lambda *_: client.subscribe("anxin/v1/#", qos=1)
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = lambda _client, _data, told: heard.setdefault((told.topic, told.payload), time.time())
    client.connect(LOOPBACK, broker.port)
    client.loop_start()
    wait_for(lambda: bool(ready), "the subscription")
    return client


def wait_for(condition: Callable[[], bool], what: str, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def planned(county: Site, until: datetime) -> list[Message]:
    return list(Life(county, 1, AT).messages(SINCE, until))


def test_what_is_said_live_is_what_history_tells(
    county: Site, county_path: Path, credentials: Path, broker: EmbeddedBroker, tmp_path: Path
) -> None:
    plan = planned(county, AT + timedelta(minutes=4))
    hubs = {one.id for one in county.devices if one.via is None}
    (cut,) = {one.device for one in plan if b'"online":false' in one.payload}
    wanted = [
        (f"anxin/v1/{county.station}/{one.device}/{one.lane}", one.payload)
        for one in plan
        if not (one.device == cut and one.lane == "status")
    ]
    heard: Heard = {}
    listener = listen(broker, heard)
    log = tmp_path / "town.log"
    with log.open("w", encoding="utf-8") as lines:
        town = subprocess.Popen(
            [sys.executable, "-m", "simulators", "town", "--site", county_path, "--credentials", credentials,
             "--from", SINCE.isoformat(), "--opening-at", AT.isoformat()],
            env={**os.environ, "ANXIN_CLOCK": f"{SINCE.isoformat()}@{time.time() + STARTS_IN_S}x{SPEED}"},
            stderr=lines,
        )  # fmt: skip
        try:
            wait_for(lambda: all(one in heard for one in wanted), "everything that was planned", 60.0)
        finally:
            town.send_signal(signal.SIGTERM)
            assert town.wait(20) == 0
    time_of = {key: seen for key, seen in heard.items() if not key[0].endswith("/status")}
    listener.loop_stop()
    listener.disconnect()

    events = {
        (f"anxin/v1/{county.station}/{one.device}/{one.lane}", one.payload) for one in plan if one.lane != "status"
    }
    before_end = max(time_of[key] for key in events)
    assert {key for key, seen in time_of.items() if seen < before_end} <= events, "said what history does not tell"
    own = [json.loads(body) for topic, body in heard if topic.endswith(f"/{cut}/status")]
    assert [one["online"] for one in own if "battery" not in one] == [False], "its last will, and only by the cut"
    assert len([one for one in own if one["online"]]) >= 2
    online = [json.loads(body) for topic, body in heard if topic.endswith("/status")]
    assert len([one for one in online if not one["online"]]) == 1, "a clean end publishes no last will"
    assert f"{len(hubs)} of {len(hubs)} connections online for {len(county.devices)} devices" in log.read_text("utf-8")


def test_the_clock_is_the_one_of_the_environment() -> None:
    started = time.time()
    fast = read_clock(f"2026-11-22T08:00:00+08:00@{started - 10}x60")

    assert timedelta(minutes=10) <= fast.now() - AT < timedelta(minutes=40)
    assert fast.wait_s(AT) < -9
    assert abs(read_clock(None).now().timestamp() - time.time()) < 60


@pytest.mark.parametrize("told", ["8 o'clock", "2026-11-22T08:00:00@1x10", "2026-11-22T08:00:00+08:00@1x0", "@1x1"])
def test_a_clock_that_cannot_be_read_says_what_is_wanted(told: str) -> None:
    with pytest.raises(ClockError, match="write VIRTUAL@UNIXxSPEED"):
        read_clock(told)


def test_a_moment_without_offset_is_refused(credentials: Any) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "simulators", "town", "--credentials", credentials, "--from", "2026-11-22T08:00:00"],
        capture_output=True,
        check=False,
    )

    assert ended.returncode == 2
    assert b"an offset is missing" in ended.stderr
