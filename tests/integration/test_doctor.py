"""The doctor: every finding shown both ways, on real parts. One that cannot say BAD is worth nothing."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import psycopg
import pytest

from connectors.broker_url import Broker
from connectors.mqtt import Visit
from gateway.doctor import broker, database, evidence, machine, people
from gateway.doctor.examine import examine
from gateway.doctor.finding import Finding
from gateway.doctor.waiting import REMEDIES
from gateway.embedded.ports import LOOPBACK, any_free
from gateway.settings import Settings, read_settings
from tests.integration.test_mosquitto import MOSQUITTO
from tests.station import Station, postgres_bin, wait_for

Look = Callable[[Settings], Iterator[Finding]]
NAMES = {
    "data key", "consent", "second factor", "mappings",
    "home disk", "database", "database durability", "database connections", "database clock", "database disk",
    "schema", "partitions", "gateway", "gateway sources", "gateway horizon", "gateway rules", "gateway delivery",
    "inbox", "outbox", "messages", "dead letters", "evidence", "evidence head",
    "broker", "broker encryption", "broker round trip", "broker window",
    "broker settings", "API", "API clock", "phones", "phones clock", "command room", "command room clock",
    "channels not in use", "gateway channels", "roster",
}  # fmt: skip


@pytest.fixture(scope="module")
def settings(station: Station) -> Settings:
    return settings_of(station)


def settings_of(station: Station, /, **other: Any) -> Settings:
    told = {name: value for name, value in station.environment().items() if name.startswith("ANXIN_")}
    given = {name.removeprefix("ANXIN_").lower(): value for name, value in told.items()}
    return read_settings(**{name: value for name, value in given.items() if name in Settings.model_fields} | other)


def found(look: Look, settings: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in look(settings)}


def levels(look: Look, settings: Settings, *names: str) -> tuple[str, ...]:
    there = found(look, settings)
    for name in names:
        assert there[name].level == "ok" or there[name].do, f"{name} does not say what to do"
    return tuple(there[name].level for name in names)


@contextmanager
def pretended(station: Station, facts: dict[str, Any]) -> Iterator[None]:
    """For a moment the gateway says something else of itself: it is stopped meanwhile."""
    gateway = station.children["gateway"]
    gateway.send_signal(signal.SIGSTOP)
    try:
        told = station.one("select facts from process_health where process = 'gateway'")
        station.execute(
            "update process_health set at = now(), facts = %s where process = 'gateway'", json.dumps(told | facts)
        )
        yield
    finally:
        gateway.send_signal(signal.SIGCONT)


@contextmanager
def changed(station: Station, change: str, back: str) -> Iterator[None]:
    station.execute(change)
    try:
        yield
    finally:
        station.execute(back)


# ── the whole ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_station_in_order_has_nothing_bad(station: Station, settings: Settings) -> None:
    wait_for(lambda: (station.gateway_facts().get("horizon_lag_s") or 99) < 4, "the horizon")
    said: list[str] = []
    assert examine(settings, said.append, lambda _: None, as_json=True) == 0
    told = json.loads("".join(said))
    # The test's people were never asked, and its chiefs have no phones: that is said, and nothing else.
    lacking = {"consent", "second factor"}
    assert {name: check for name, check in told["checks"].items() if check["level"] != "ok"}.keys() == lacking
    assert told["checks"]["data key"]["level"] == "ok"
    assert told["checks"].keys() == NAMES
    assert station.one("select count(*) from dead_letter") == 0, "what the doctor says to itself became dead letters"


def test_bad_is_exit_code_1_and_a_line_with_what_to_do(settings: Settings) -> None:
    said: list[str] = []
    nowhere = settings.model_copy(update={"phone_url": f"http://{LOOPBACK}:{any_free()}"})
    assert examine(nowhere, said.append, lambda _: None, as_json=False) == 1
    (line,) = [line for line in said if line.startswith("BAD")]
    assert "phones" in line
    assert "check ANXIN_PHONE_URL" in line


# ── this machine ────────────────────────────────────────────────────────────────────────────────────────


def test_disk(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert levels(machine.look, settings, "home disk") == ("ok",)
    monkeypatch.setattr(machine, "LITTLE", 10**18)
    assert levels(machine.look, settings, "home disk") == ("WARN",)
    assert levels(database.look, settings, "database disk") == ("WARN",)
    monkeypatch.setattr(machine, "TOO_LITTLE", 10**18)
    assert levels(machine.look, settings, "home disk") == ("BAD",)
    monkeypatch.setattr(machine.os, "access", lambda *_: False)  # root may write everywhere
    assert levels(machine.look, settings.model_copy(update={"home": tmp_path / "not" / "yet"}), "home") == ("BAD",)


# ── mappings ────────────────────────────────────────────────────────────────────────────────────────────


def test_mappings(station: Station, settings: Settings, tmp_path: Path) -> None:
    assert levels(database.look, settings, "mappings") == ("ok",)
    other = settings.model_copy(update={"mappings": [Path("frigate")]})
    assert levels(database.look, other, "mappings") == ("WARN",), "the gateway runs without"
    with pretended(station, {"mappings": {"frigate": {"messages": 2, "topic": "frigate/events", "became": "nothing"}}}):
        assert (
            "2 messages, the last on 'frigate/events' became nothing" in found(database.look, other)["mappings"].detail
        )
    denied = {
        "mappings": {"frigate": {}},
        "sources": {"mqtt-event": {"denied": ["frigate/events"], "subscribed": True}},
    }
    with pretended(station, denied):
        assert levels(database.look, other, "mappings") == ("BAD",)
    (tmp_path / "broken.yaml").write_text("name: [")
    broken = settings.model_copy(update={"mappings": [tmp_path]})
    assert levels(database.look, broken, "mappings") == ("BAD",)


# ── the database ────────────────────────────────────────────────────────────────────────────────────────


def test_database_that_is_not_there(station: Station) -> None:
    assert levels(database.look, settings_of(station, database_url=""), "database") == ("BAD",)
    url = f"postgresql://a:b@{LOOPBACK}:{any_free()}/c"
    assert levels(database.look, settings_of(station, database_url=url), "database") == ("BAD",)
    nothing_in_it = station.postgres.url.rpartition("/")[0] + "/postgres"
    schema = found(database.look, settings_of(station, database_url=nothing_in_it))["schema"]
    assert (schema.level, schema.do) == ("BAD", "run `anxin migrate`")


def test_durability(station: Station, settings: Settings) -> None:
    assert levels(database.look, settings, "database durability") == ("ok",)
    station.execute("alter role anxin set synchronous_commit = off")
    try:
        assert levels(database.look, settings, "database durability") == ("BAD",)
    finally:
        station.execute("alter role anxin reset synchronous_commit")


def test_connections(station: Station, settings: Settings) -> None:
    with ExitStack() as held:
        seen = set()
        for _ in range(60):
            finding = found(database.look, settings).get("database connections")
            assert finding is not None
            seen.add(finding.level)
            if finding.level == "BAD":
                break
            held.enter_context(psycopg.connect(station.postgres.url))
        assert seen == {"ok", "WARN", "BAD"}


def test_clocks() -> None:
    judged = [database.graded_clock("x", ahead, precise_to_s=1.0).level for ahead in (0.5, -2.5, 4.0, -4.0, 40, -40)]
    assert judged == ["ok", "ok", "WARN", "WARN", "BAD", "BAD"]


def test_old_servers(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    monkeypatch.setattr(database, "OLDEST", 990000)
    assert levels(database.look, settings, "database") == ("BAD",)


def test_schema(station: Station, settings: Settings) -> None:
    hide = "update _yoyo_migration set migration_id = 'hidden' where migration_id = '0003.alerts'"
    with changed(
        station, hide, "update _yoyo_migration set migration_id = '0003.alerts' where migration_id = 'hidden'"
    ):
        finding = found(database.look, settings)["schema"]
        assert finding.level == "BAD"
        assert "0003.alerts" in finding.detail
    newer = "insert into _yoyo_migration (migration_hash, migration_id) values ('x', '9999.newer')"
    with changed(station, newer, "delete from _yoyo_migration where migration_id = '9999.newer'"):
        finding = found(database.look, settings)["schema"]
        assert finding.level == "BAD"
        assert "upgrade" in finding.do


def test_station(station: Station) -> None:
    assert levels(database.look, settings_of(station, station="elsewhere"), "station") == ("BAD",)
    assert "station" not in found(database.look, settings_of(station))


@pytest.mark.skipif(postgres_bin() is not None, reason="a hypertable has no day partitions of ours")
def test_partitions(station: Station, settings: Settings) -> None:
    days = [row["relname"] for row in station.rows("select relname from pg_class where relname ~ '^event_[0-9]{8}$'")]
    ahead = sorted(days)[-6:]
    for day in ahead:
        station.execute(f"alter table event detach partition {day}")
        station.execute(f"alter table {day} rename to hidden_{day}")
    try:
        assert levels(database.look, settings, "partitions") == ("WARN",)
        for day in days:
            if day not in ahead:
                station.execute(f"alter table event detach partition {day}")
        assert levels(database.look, settings, "partitions") == ("WARN",), "none at all: before the first start"
    finally:
        for day in days:
            since = f"{day[-8:-4]}-{day[-4:-2]}-{day[-2:]}"
            if day in ahead:
                station.execute(f"alter table hidden_{day} rename to {day}")
            station.execute(
                f"alter table event attach partition {day} for values from ('{since} 00:00+00') "
                f"to (timestamptz '{since} 00:00+00' + interval '1 day')"
            )
    assert levels(database.look, settings, "partitions") == ("ok",)


# ── the roster ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def by_turns(station: Station) -> Iterator[None]:
    """Officer and deputy answer for the beat day by day, and nobody else does."""
    station.execute("create table duty_kept as select * from duty")
    station.execute("delete from duty")
    station.execute(
        "insert into shift (station_id, id, area_id, duty_as, people, since, turn_days) "
        "values (%s, 'by-turns', 'beat-1', 'officer', '{officer,deputy}', current_date - 14, 1)", station.id,
    )  # fmt: skip
    try:
        yield
    finally:
        station.execute("delete from shift where id = 'by-turns'")
        station.execute("insert into duty select * from duty_kept")
        station.execute("drop table duty_kept")


@pytest.mark.usefixtures("by_turns")
def test_a_gap_that_opens_after_the_roster_was_saved_is_named(station: Station, settings: Settings) -> None:
    assert levels(database.look, settings, "roster") == ("ok",)
    for person in ("officer", "deputy"):  # whose turn it is on that day
        station.execute(
            "insert into swap (station_id, shift_id, day, instead_of, stands_in, made_by, made_at) "
            "values (%s, 'by-turns', current_date + 5, %s, 'auditor', 'commander', now())", station.id, person,
        )  # fmt: skip
    day = station.one("select (current_date + 5)::text")
    finding = found(database.look, settings)["roster"]
    assert (finding.level, finding.do != "") == ("WARN", True)
    assert f"东街网格: from {day} 00:00 to " in finding.detail
    assert "only auditor, who cannot be reached" in finding.detail
    with changed(
        station, "update contact set state = 'retired' where username in ('officer', 'deputy')",
        "update contact set state = 'active' where username in ('officer', 'deputy')",
    ):  # fmt: skip
        finding = found(database.look, settings)["roster"]
    assert (finding.level, "only auditor, deputy, officer" in finding.detail) == ("BAD", True), "it has begun"


def test_a_station_without_a_roster_is_said(station: Station, settings: Settings) -> None:
    with ExitStack() as stack:
        stack.enter_context(changed(station, "create table duty_kept as select * from duty", "drop table duty_kept"))
        stack.enter_context(changed(station, "delete from duty", "insert into duty select * from duty_kept"))
        assert levels(database.look, settings, "roster") == ("WARN",)
    assert levels(database.look, settings, "roster") == ("ok",)


# ── the gateway ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_gateway_that_is_gone(station: Station, settings: Settings) -> None:
    assert levels(database.look, settings, "gateway") == ("ok",)
    station.kill("gateway")
    try:
        station.execute("update process_health set at = at - interval '1 minute'")
        assert levels(database.look, settings, "gateway") == ("BAD",)
        facts = {"subscribed": False, "sources": {"mqtt-alarm": {"subscribed": False}}, "horizon_lag_s": 90,
                 "quarantined": ["door-held"], "delivering": False, "memory_mb": 1}  # fmt: skip
        names = ("gateway sources", "gateway horizon", "gateway rules", "gateway delivery")
        station.execute("update process_health set at = now(), facts = %s", json.dumps(facts))
        assert levels(database.look, settings, *names) == ("BAD",) * 4
        station.execute("update process_health set at = now(), facts = facts || %s", json.dumps({"horizon_lag_s": 9}))
        assert levels(database.look, settings, "gateway horizon") == ("WARN",)
        station.execute("update process_health set at = now(), facts = facts || %s", '{"horizon_lag_s": null}')
        assert levels(database.look, settings, "gateway horizon") == ("WARN",)
        station.execute("delete from process_health")
        assert levels(database.look, settings, "gateway") == ("WARN",), "before the first start"

        put = "insert into inbox (station_id, topic, payload, received_at) values (%s, 't', '{}', now() - %s::interval)"
        for age, level in (("1 s", "ok"), ("20 s", "WARN"), ("2 min", "BAD")):
            station.execute(put, station.id, age)
            assert levels(database.look, settings, "inbox") == (level,)
        station.execute("delete from inbox")
    finally:
        station.start_gateway()


def test_messages(station: Station, settings: Settings) -> None:
    put = (
        "insert into notification (station_id, key, channel, recipient, priority, body, state, created_at, due_at, "
        "expires_at) select %s, %s, 'pigeon', 'x', 'P3', '{}', %s, made, made, now() + '1 day' "
        "from (select now() - %s::interval as made) m"
    )
    try:
        station.execute(put, station.id, "old", "refused", "2 days")
        assert levels(database.look, settings, "messages", "outbox") == ("ok", "ok")
        station.execute(put, station.id, "a", "queued", "1 min")
        station.execute(put, station.id, "b", "refused", "1 min")
        assert levels(database.look, settings, "messages", "outbox") == ("WARN", "WARN")
        assert "1 refused on pigeon" in found(database.look, settings)["messages"].detail
        station.execute(put, station.id, "c", "queued", "10 min")
        assert levels(database.look, settings, "outbox") == ("BAD",)
        assert "pigeon: 2 waiting" in found(database.look, settings)["outbox"].detail
    finally:
        station.execute("delete from notification where channel = 'pigeon'")


def test_evidence_that_is_not_frozen_or_not_signed(station: Station, settings: Settings) -> None:
    wait_for(lambda: levels(database.look, settings, "evidence") == ("ok",), "everything to be frozen")
    put = (
        "insert into change (station_id, id, at, kind, body)"
        " select %s, coalesce(max(id), 0) + 1, %s, 'x', '{}' from change"
    )
    with psycopg.connect(station.postgres.url) as connection:
        for minutes, level in ((2, "WARN"), (20, "BAD")):
            connection.execute(put, (station.id, datetime.now(UTC) - timedelta(minutes=minutes)))
            (finding, _) = list(evidence.look(connection, settings))
            assert finding.level == level
        connection.rollback()
        (_, head) = list(evidence.look(connection, settings))
        assert head.level == "ok"
        lost = "insert into evidence (station_id, seq, record, link, at) values (%s, 999999, %s, '', now())"
        connection.execute(lost, (station.id, '{"kind":"gap"}'))
        assert [finding.name for finding in evidence.look(connection, settings)][1] == "evidence passed over"
        connection.rollback()
        record = (
            "insert into evidence (station_id, seq, record, link, at) values (%s, 1000000, '{\"kind\":\"x\"}', '', %s)"
        )
        connection.execute(record, (station.id, datetime.now(UTC) - timedelta(hours=3)))
        signed = (
            "insert into evidence_head (station_id, seq, link, at, signer, signature)"
            " values (%s, %s, '', now(), '', '')"
        )
        connection.execute(signed, (station.id, 999_999))
        (_, head) = list(evidence.look(connection, settings))
        assert (head.level, "is not signed" in head.detail) == ("WARN", True)
        connection.execute(signed, (station.id, 1_000_001))
        (_, head) = list(evidence.look(connection, settings))
        assert (head.level, "were signed" in head.detail) == ("BAD", True)
        connection.rollback()


def test_dead_letters_of_the_last_day_by_reason(station: Station, settings: Settings) -> None:
    with station.publisher() as devices:
        devices.raw(f"anxin/v1/{station.id}/door-0/event", b"no json")
        devices.raw(f"anxin/v1/{station.id}/stranger/event", b'{"id":"1","ts":"2026-11-22T08:00:00Z","kind":"a.b"}')
    wait_for(lambda: station.one("select count(*) from dead_letter") == 2, "two dead letters")
    try:
        there = found(database.look, settings)
        assert there["dead letters: not_json"].level == "WARN"
        assert "stranger" in there["dead letters: unknown_device"].detail
        assert "anxin import" in there["dead letters: unknown_device"].do
        station.execute("update dead_letter set last_received_at = now() - interval '2 days'")
        assert levels(database.look, settings, "dead letters") == ("ok",)
    finally:
        station.execute("delete from dead_letter")


def test_there_is_a_remedy_for_every_reason() -> None:
    page = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text()
    table = page.partition("## What becomes a dead letter")[2].partition("\n## ")[0]
    reasons = {
        reason for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE) for reason in re.findall("`(.+?)`", row)
    }
    assert reasons == REMEDIES.keys()


# ── the broker ──────────────────────────────────────────────────────────────────────────────────────────


def test_broker_that_does_not_let_us_in(station: Station) -> None:
    for url in ("", "http://x", f"mqtt://a:b@{LOOPBACK}:{any_free()}", f"mqtt://a:b@{LOOPBACK}:{station.broker.port}"):
        assert levels(broker.look, settings_of(station, mqtt_url=url), "broker") == ("BAD",), url


def test_broker_that_lets_us_in_and_no_further(station: Station, settings: Settings) -> None:
    assert levels(broker.look, settings, "broker round trip") == ("ok",)
    url = f"mqtt://door-1:{station.device_secrets['door-1']}@{LOOPBACK}:{station.broker.port}"
    assert levels(broker.look, settings_of(station, mqtt_url=url), "broker", "broker round trip") == ("ok", "BAD")


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[int]:
    """A Mosquitto as it comes, with these lines."""
    port = any_free()
    told = [f"listener {port} {LOOPBACK}", "allow_anonymous true", "sys_interval 1", "user root", *lines]
    (folder / "mosquitto.conf").write_text("\n".join(told) + "\n")
    child = subprocess.Popen(
        [str(MOSQUITTO), "-c", str(folder / "mosquitto.conf")],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(lambda: socket.create_connection((LOOPBACK, port), 1).close() is None, "Mosquitto", 10)
        yield port
    finally:
        child.kill()
        child.wait()


needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="mosquitto is not installed")


@needs_mosquitto
def test_mosquitto_as_it_comes(station: Station, tmp_path: Path) -> None:
    with mosquitto(tmp_path) as port:
        there = found(broker.look, settings_of(station, mqtt_url=f"mqtt://{LOOPBACK}:{port}"))
    assert there["broker window"].level == "WARN"
    assert "max_inflight_messages" in there["broker window"].do
    assert there["broker settings"].level == "ok"
    assert "mosquitto version" in there["broker settings"].detail


@needs_mosquitto
def test_mosquitto_that_has_dropped_messages(station: Station, tmp_path: Path) -> None:
    with mosquitto(tmp_path, "max_queued_messages 1", "max_inflight_messages 1000") as port:
        absent = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="absent", clean_session=False)
        here = paho.Client(paho.CallbackAPIVersion.VERSION2)
        heard: list[int] = []
        absent.on_subscribe = lambda *_: heard.append(1)
        absent.connect(LOOPBACK, port)
        absent.subscribe("a", 1)
        while not heard:
            absent.loop(0.1)
        absent.disconnect()
        here.connect(LOOPBACK, port)
        here.loop_start()
        for number in range(20):
            here.publish("a", str(number), qos=1).wait_for_publish(5)
        here.disconnect()
        here.loop_stop()
        asked = settings_of(station, mqtt_url=f"mqtt://{LOOPBACK}:{port}")
        wait_for(lambda: levels(broker.look, asked, "broker settings") == ("WARN",), "the count in $SYS", 15)
        there = found(broker.look, asked)
    assert "max_queued_messages" in there["broker settings"].do
    assert there["broker window"].level == "ok"


@needs_mosquitto
def test_mosquitto_that_swallows_what_we_may_not_say(station: Station, tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("topic read anxin/v1/#\n")
    (tmp_path / "acl").chmod(0o600)
    with mosquitto(tmp_path, f"acl_file {tmp_path / 'acl'}") as port:
        there = found(broker.look, settings_of(station, mqtt_url=f"mqtt://{LOOPBACK}:{port}"))
    assert (there["broker"].level, there["broker round trip"].level) == ("ok", "BAD")


@needs_mosquitto
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("days", "level"), [(10, "WARN"), (90, "ok")])
def test_certificate(station: Station, tmp_path: Path, days: int, level: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", "/CN=localhost",
         "-addext", f"subjectAltName=IP:{LOOPBACK}", "-keyout", tmp_path / "key", "-out", tmp_path / "cert"],
        check=True, capture_output=True,
    )  # fmt: skip
    with mosquitto(tmp_path, f"certfile {tmp_path / 'cert'}", f"keyfile {tmp_path / 'key'}") as port:
        url = f"mqtts://{LOOPBACK}:{port}"
        there = found(broker.look, settings_of(station, mqtt_url=url, mqtt_ca_file=tmp_path / "cert"))
        stranger = found(broker.look, settings_of(station, mqtt_url=url))
    assert there["broker encryption"].level == level
    assert stranger["broker"].level == "BAD"
    assert "certificate" in stranger["broker"].detail


def test_no_encryption_outside_this_machine() -> None:
    plain = Broker("10.1.2.3", 1883, None, None, tls=False)
    assert broker._encryption(plain, Visit()).level == "WARN"


# ── whoever is told ─────────────────────────────────────────────────────────────────────────────────────


@contextmanager
def provider(status: int, *, clock_off_s: float = 0) -> Iterator[tuple[int, list[str]]]:
    """A web server with one answer to everything; yields its port and what it was asked."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.command)
            self.send_response(status)
            self.end_headers()

        do_POST = do_GET  # noqa: N815  # its name there

        def date_time_string(self, timestamp: float | None = None) -> str:
            del timestamp
            return formatdate(time.time() + clock_off_s, usegmt=True)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer((LOOPBACK, 0), Answer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_providers(station: Station) -> None:
    for status, off, expected in ((404, 0, ("ok", "ok")), (503, 10, ("WARN", "WARN")), (200, -3600, ("ok", "BAD"))):
        with provider(status, clock_off_s=off) as (port, asked):
            url = f"http://{LOOPBACK}:{port}"
            told = settings_of(station, phone_url=url, command_room_url=url)
            assert levels(people.look, told, "phones", "phones clock") == expected
            assert levels(people.look, told, "command room", "command room clock") == expected
        assert set(asked) == {"GET"}, "the doctor rings nobody"
    nowhere = f"http://user:hush@{LOOPBACK}:{any_free()}/x?token=hush"
    told = settings_of(station, phone_url=nowhere, command_room_url=nowhere, command_room_secret="")
    assert levels(people.look, told, "phones", "command room", "command room secret") == ("BAD", "BAD", "WARN")
    assert "hush" not in "".join(finding.line() for finding in people.look(told))
    told = settings_of(station, phone_url=None, command_room_url=None)
    assert levels(people.look, told, "phones", "command room") == ("WARN", "ok")


def test_api(station: Station, settings: Settings) -> None:
    assert levels(people.look, settings, "API", "API clock") == ("ok", "ok")
    assert levels(people.look, settings_of(station, http_host="0.0.0.0"), "API") == ("ok",)  # noqa: S104
    assert levels(people.look, settings_of(station, http_port=any_free()), "API") == ("WARN",)
    with provider(500) as (port, _):
        assert levels(people.look, settings_of(station, http_port=port), "API") == ("BAD",)
    station.stop("gateway")
    try:
        wait_for(lambda: levels(people.look, settings, "API") == ("WARN",), "the API to miss the gateway", 30)
    finally:
        station.start_gateway()
