"""A backup taken under load, restored, judged by the ledger: what was acknowledged before it is there, once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from gateway.model.registry import Device, Place
from tests.station import PROBE_RULES, Publisher, Station, ladders, make_site, now_text, wait_for

DOORS = 20
#: Kinds without data: their bytes can be made again from the ledger, as a device that still has them would.
KINDS = "door.closed,motion.detected"
Key = tuple[str, str]


def anxin(station: Station, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *map(str, arguments)],
        env=station.environment(),
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def ledger(path: Path) -> dict[Key, tuple[str, str]]:
    """(device, id) → (kind, ts) of what the broker acknowledged; a line still being written is not one."""
    whole = path.read_text().rpartition("\n")[0]
    return {(d, e): (kind, ts) for d, e, kind, ts in (line.split() for line in whole.splitlines())}


def stored(station: Station) -> Counter[Key]:
    rows = station.rows("select device_id, event_id from event where device_id like 'door-%%'")
    return Counter((row["device_id"], row["event_id"]) for row in rows)


def tallied(station: Station) -> dict[str, int]:
    rows = station.rows(
        "select subject, (state->>'count')::int as count from rule_state "
        "where rule_id = 'probe-tally' and subject like 'device:door-%%'"
    )
    return {row["subject"].removeprefix("device:"): row["count"] for row in rows}


def per_device(keys: Counter[Key]) -> dict[str, int]:
    return dict(Counter(device for device, _ in keys.elements()))


def send_again(publisher: Publisher, acknowledged: dict[Key, tuple[str, str]]) -> None:
    """Publish every event of the ledger as it was, byte by byte."""
    sent = []
    for (device, event), (kind, ts) in acknowledged.items():
        body = f'{{"id":"{event}","ts":"{ts}","kind":"{kind}","data":{{}}}}'
        topic = f"anxin/v1/{publisher.station}/{device}/event"
        sent.append(publisher.client.publish(topic, body.encode(), qos=1))
        if len(sent) % 500 == 0:
            sent[-1].wait_for_publish(30)
    for each in sent:
        each.wait_for_publish(30)
        assert each.is_published()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    site = make_site(doors=DOORS)
    places = [*site.places, *(Place(f"gate-{n}", "school_gate", "grid-1", f"学校{n}") for n in (2, 3))]
    devices = [*site.devices, *(Device(f"button-{n}", "school_button", f"gate-{n}", "按钮") for n in (2, 3))]
    running = Station(tmp_path / "station", msgspec.structs.replace(site, places=places, devices=devices))
    running.settings["ANXIN_RULES_FOLDERS"] = json.dumps([str(PROBE_RULES)])
    # Nobody signs here: the second rung is to stay far away.
    running.policy = ladders({"P1": 3600, "P2": 3600})
    try:
        yield running.start_all()
    finally:
        running.close()


def press(station: Station, button: str, *, event_id: str, ts: str) -> None:
    with station.publisher(button) as publisher:
        publisher.event(button, "alarm.pressed", event_id=event_id, ts=ts)


def rung(station: Station, button: str) -> list[str]:
    """The keys of what phones were sent about a button, in the database that is in use now."""
    alerts = {row["id"] for row in station.rows("select id from alert where device_id = %s", button)}
    return [message["key"] for message in station.phone_messages() if message["alert"] in alerts]


def put_in_place(station: Station) -> None:
    """Let the restored database take the old one's name, as docs/operations.md says."""
    maintenance = station.postgres.url.rpartition("/")[0] + "/postgres"
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute("alter database anxin rename to anxin_old")
        connection.execute("alter database restored rename to anxin")


@pytest.mark.timeout(240)
def test_a_backup_taken_under_load_restores_what_was_acknowledged(station: Station, tmp_path: Path) -> None:
    book, file = tmp_path / "ledger.txt", tmp_path / "anxin.backup"
    pressed = {button: {"event_id": f"press-of-{button}", "ts": now_text()} for button in ("button-1", "button-2")}
    press(station, "button-1", **pressed["button-1"])
    wait_for(lambda: len(rung(station, "button-1")) == 1, "the phone")
    wait_for(lambda: not station.one("select count(*) from notification where state = 'queued'"), "every receipt")
    load = station.start_load(600, 15, "--kinds", KINDS, "--drain", "60", "--ledger", str(book), doors=DOORS)
    wait_for(lambda: book.exists() and len(ledger(book)) > 2000, "some load")

    # The broker's acknowledgement promises that the gateway will have it; a backup has what the gateway has.
    promised = ledger(book)
    wait_for(lambda: promised.keys() <= stored(station).keys(), "what was acknowledged to be stored")
    done = anxin(station, "backup", file)
    assert done.returncode == 0, done.stderr
    assert load.poll() is None, "the load has to go on during the backup"
    press(station, "button-2", **pressed["button-2"])
    wait_for(lambda: len(rung(station, "button-2")) == 1, "the phone, after the backup")
    assert load.wait(120) == 0
    acknowledged = ledger(book)
    assert len(acknowledged) > len(promised)

    # The day it is needed: an empty database, other processes.
    wait_for(lambda: acknowledged.keys() <= stored(station).keys(), "an empty broker")
    station.stop("gateway")
    station.stop("api")
    told_before = len(station.phone_messages())
    done = anxin(station, "restore", file, "--into", "restored", "--yes")
    assert done.returncode == 0, done.stderr
    assert "as in the manifest" in done.stdout
    put_in_place(station)
    there = stored(station)
    assert promised.keys() <= there.keys(), "acknowledged before the backup and not in it"
    assert there.keys() < acknowledged.keys(), "the load went on: the backup cannot have all of it"
    assert set(there.values()) == {1}
    assert tallied(station) == per_device(there), "the rules' state is of another moment than the events"

    # Devices send again what they had sent, and something new happens before that.
    station.start_gateway().start_api()
    press(station, "button-3", event_id="press-of-button-3", ts=now_text())
    with station.publisher() as devices:
        send_again(devices, acknowledged)
    for button, told in pressed.items():
        press(station, button, **told)
    wait_for(lambda: len(stored(station)) >= len(acknowledged), "what the devices sent again")
    wait_for(lambda: (station.gateway_facts().get("horizon_lag_s") or 99) < 5, "the horizon to come up to now")
    there = stored(station)
    assert there.keys() == acknowledged.keys()
    assert set(there.values()) == {1}
    assert tallied(station) == per_device(there)
    assert station.one("select count(*) from dead_letter") == 0

    judge_phones(station, told_before)


def judge_phones(station: Station, told_before: int) -> None:
    """Each press is one alert and rings once; the two that the restored database did not know ring anew."""
    # Ids given after the backup are known outside: the phone takes two messages of one key for one.
    wait_for(lambda: len(station.phone_messages()) >= told_before + 2, "the phone, for buttons 2 and 3", 20)
    assert len(station.phone_messages()) == told_before + 2
    assert len(rung(station, "button-3")) == 1, "what is new"
    assert len(rung(station, "button-2")) == 1, "what came after the backup"
    assert len(rung(station, "button-1")) == 1, "what had rung before the backup rings once"
    alerts = station.rows("select device_id, seen from alert where rule_id = 'school-one-touch-alarm'")
    assert sorted((alert["device_id"], alert["seen"]) for alert in alerts) == [(f"button-{n}", 1) for n in (1, 2, 3)]
    with station.api() as api:
        assert len(api.get("/alerts").json()["items"]) >= 3
