"""A device more while everything runs: the broker lets it in, nobody else notices; and why messages did not count."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from gateway.embedded.ports import LOOPBACK
from gateway.embedded.site_watch import SiteWatch
from gateway.model.errors import StoreUnavailable
from gateway.registering.site import Site
from tests.station import Station, wait_for

SITE = "station: {id: s, name: %s, time_zone: Asia/Shanghai}\n"


def anxin(station: Station, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *arguments],
        env=station.environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Station]:
    running = Station(tmp_path).start_stores().start_gateway()
    yield running
    running.close()


def lets_in(station: Station, username: str, password: str) -> bool:
    answers: list[bool] = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.username_pw_set(username, password)
    client.on_connect = lambda _c, _d, _f, reason, _p: answers.append(not reason.is_failure)
    client.connect(LOOPBACK, station.broker.port)
    wait_for(lambda: client.loop(0.05) is None or answers, "an answer", 10)
    client.disconnect()
    if (plug := client.socket()) is not None:
        plug.close()
    return answers[0]


def test_the_broker_lets_somebody_in_and_nobody_else_notices(own: Station) -> None:
    facts = own.gateway_facts()["sources"]
    pid = own.broker.pid
    ended: list[Any] = []
    with own.publisher("door-0") as door:
        door.client.on_disconnect = lambda *told: ended.append(told)
        door.event("door-0", "door.opened", event_id="before")
        load = own.start_load(300, 4, "--json", doors=10)
        assert not lets_in(own, "door-new", "secret")
        for turn in range(5):
            own.broker.reload({**own.device_secrets, "door-new": "secret", f"more-{turn}": "x"}, {})
        assert lets_in(own, "door-new", "secret")
        assert load.wait(30) == 0
        door.event("door-0", "door.closed", event_id="after")
        assert own.broker.pid == pid, "read anew, not started anew"
        assert not ended
        told = json.loads((own.home / "load.json").read_text())
        assert (told["reconnects"], told["resent"]) == (0, 0)
        wait_for(lambda: own.one("select count(*) from event") >= told["acked"] + 2, "every event", 30)
    now = own.gateway_facts()["sources"]
    assert {name: one["connected"] for name, one in now.items()} == {
        name: one["connected"] for name, one in facts.items()
    }
    log = (own.home / "gateway.log").read_text()
    assert log.count("connected to the broker") == len(facts), "the gateway's connections stood"


def test_who_left_is_not_let_in_again(own: Station) -> None:
    assert lets_in(own, "door-0", own.device_secrets["door-0"])
    own.broker.reload({name: secret for name, secret in own.device_secrets.items() if name != "door-0"}, {})
    assert not lets_in(own, "door-0", own.device_secrets["door-0"])
    assert lets_in(own, "door-1", own.device_secrets["door-1"])


def test_a_gateway_may_speak_for_a_device_that_came_later(own: Station) -> None:
    own.broker.reload(own.device_secrets, {"door-1": ["door-2"]})
    with own.publisher("door-1") as gateway:
        gateway.event("door-2", "door.opened", event_id="spoken-for")
    wait_for(lambda: own.rows("select 1 from event where event_id = 'spoken-for'"), "the event")


def test_dead_letters_are_told_at_the_terminal(own: Station) -> None:
    with own.publisher() as integrator:
        integrator.raw(f"anxin/v1/{own.id}/door-0/event", b"\x1b[31mhello\x00")
        integrator.raw(f"anxin/v1/{own.id}/nobody/event", b'{"ts": "2026-11-22T08:00:00Z", "kind": "door.opened"}')
        integrator.event("door-0", "door.opened")
    wait_for(lambda: own.one("select count(*) from dead_letter") == 2, "two dead letters")
    told = anxin(own, "dead-letters")
    assert told.index("unknown_device") < told.index("not_json"), "newest first"
    assert "\\x1b[31mhello\\x00" in told, "nothing that a terminal would obey"
    assert "in all: 1 not_json, 1 unknown_device" in told
    assert "add it to the site file" in told, "what to do"
    assert "not_json" not in anxin(own, "dead-letters", "--reason", "unknown_device").partition("in all")[0]
    assert "no such dead letter" in anxin(own, "dead-letters", "--device", "door-1")
    lines = anxin(own, "dead-letters", "--json", "--device", "door-0").splitlines()
    assert [json.loads(line)["reason"] for line in lines] == ["not_json"]


def test_a_watched_site_file_is_taken_in_once_and_a_broken_one_told_of(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(SITE % "one")
    taken: list[str] = []
    said: list[str] = []
    away = [False]

    def take_in(site: Site) -> None:
        if away[0]:
            raise StoreUnavailable
        taken.append(site.station.name)

    watch = SiteWatch(path, take_in, said.append)
    watch.look()
    assert not taken, "what it said at first is known"
    path.write_text(SITE % "two!")
    watch.look()
    watch.look()
    assert taken == ["two!"]
    path.write_text("station: {id: s")
    watch.look()
    watch.look()
    assert len(said) == 1
    assert "was not taken in" in said[0]
    path.unlink()
    watch.look()
    away[0] = True
    path.write_text(SITE % "three")
    watch.look()
    away[0] = False
    watch.look()
    assert taken == ["two!", "three"], "later, when the database is back"
