"""Backfill: history travels the same road by a virtual clock, gives what living through it gave, and rings nobody."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from connectors.native.decode import decode
from gateway import backfill as module
from gateway.backfill import Summary, backfill
from gateway.clock import VirtualClock
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.model.errors import BadInput, Misconfigured
from gateway.model.ports import Delivery
from gateway.registering.reading import read_site
from gateway.registering.writing import import_site
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book
from gateway.settings import Settings, read_settings
from gateway.store import road as road_store
from gateway.store import upkeep
from gateway.store.migrate import create_database, migrate
from gateway.store.pool import connect
from gateway.telling.tell import Announcer
from tests.station import SEALER, postgres_bin

SITE = Path(__file__).parents[2] / "simulators" / "site.yaml"
NOW = datetime.now(UTC).replace(microsecond=0)
BUTTON, CONTACT = "school-1-button", "flat-1-101-door"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    home = tmp_path_factory.mktemp("backfill")
    running = EmbeddedPostgres(home / "postgres" / "data", any_free(), bin_directory=postgres_bin())
    running.start()
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def fresh(server: EmbeddedPostgres, request: pytest.FixtureRequest) -> Settings:
    """A station that nothing has happened to yet."""
    return station_on(server, f"t{abs(hash(request.node.name)) % 10**9}")


def station_on(server: EmbeddedPostgres, name: str) -> Settings:
    url = server.url.rsplit("/", 1)[0] + f"/{name}"
    create_database(server.url, name)
    migrate(url)
    site = read_site(SITE)
    with connect(url, "test import") as connection:
        import_site(connection, site, SEALER)
    return read_settings(database_url=url, station=site.station.id)


@pytest.fixture(scope="module")
def three_days() -> list[bytes]:
    """The small town's last three days, with an elder of whom nothing but her sensors' heartbeats came in the last."""
    told = subprocess.run(
        [
            sys.executable, "-m", "simulators", "history", "--site", SITE, "--seed", "7",
            "--from", (NOW - timedelta(days=3)).isoformat(), "--to", NOW.isoformat(),
        ],
        check=True, capture_output=True,
    ).stdout.splitlines()  # fmt: skip
    quiet = NOW - timedelta(hours=30)
    return [line for line in told if not (b"flat-1-101" in line and b"/event" in line and at(line) > quiet)]


def said(lines: list[bytes]) -> int:
    """How many different things were said: firmware repeats some, and a retained copy is state, not news."""
    return len({line.partition(b'"topic"')[2] for line in lines if b'"retained"' not in line})


def at(line: bytes) -> datetime:
    return datetime.fromisoformat(json.loads(line)["at"])


def line(moment: datetime, device: str, kind: str, event: str, **data: Any) -> bytes:
    lane = "alarm" if kind.startswith("alarm.") else "event"
    body = {"id": event, "ts": moment.isoformat(), "kind": kind, "data": data}
    topic = f"anxin/v1/chengguan/{device}/{lane}"
    return json.dumps({"at": moment.isoformat(), "topic": topic, "payload": body}).encode()


def fill(settings: Settings, lines: Iterable[bytes]) -> Summary:
    return backfill(settings, VirtualClock(NOW), lines, lambda _: None)


def rows(settings: Settings, query: str) -> list[dict[str, Any]]:
    with psycopg.connect(settings.database, row_factory=dict_row) as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def one(settings: Settings, query: str) -> Any:
    return next(iter(rows(settings, query)[0].values()))


SEEN = "select rule_id, subject, raised_at, last_event_at, cleared_at, retracted, active from alert order by 1, 2, 3"
STATES = "select rule_id, subject, state from rule_state order by 1, 2"
TIMERS = "select * from rule_timer order by 1, 2, 3, 4"


def test_one_large_batch_gives_what_small_ones_and_living_through_it_give(
    server: EmbeddedPostgres, three_days: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small, lived = (station_on(server, name) for name in ("large", "small", "lived"))
    fill(large, three_days)
    monkeypatch.setattr(module, "AT_ONCE", 7)
    fill(small, three_days)
    live_through(lived, three_days)
    alerts = rows(large, SEEN)
    assert {alert["rule_id"] for alert in alerts} >= {"elder-silent"}, "the history is too quiet to prove anything"
    assert rows(small, SEEN) == alerts
    assert rows(lived, SEEN) == alerts
    assert one(large, "select count(*) from event") == said(three_days) > 1000
    for query in (STATES, TIMERS):
        assert rows(small, query) == rows(large, query)
        assert rows(lived, query) == rows(large, query)


def live_through(settings: Settings, lines: list[bytes]) -> None:
    """Let the live road take each delivery at its moment, timers in between as they fall due."""
    clock = VirtualClock(at(lines[0]).astimezone(UTC))
    with connect(settings.database, "lived") as connection:
        assert road_store.hold(connection, settings.station)
        upkeep.make_partitions(connection, NOW - timedelta(days=5), NOW + timedelta(days=1))
        book = open_book(connection, settings, definitions_of(settings), clock.now())
        connection.commit()
        road = Road(settings, clock, connection, book, decode, Announcer(settings.station, command_room=False))
        road.start_subjects()
        for told in lines:
            read = json.loads(told)
            moment = at(told).astimezone(UTC)
            while road.fire_timers(moment - timedelta(microseconds=1)):
                pass
            clock.moment = moment
            payload = told[told.index(b'"payload":') + 10 : -1]
            retained = bool(read.get("retained"))
            if retained:
                payload = json.dumps(read["payload"], separators=(",", ":"), ensure_ascii=False).encode()
            road.travel([Delivery("history", read["topic"], payload, moment, retained=retained)])
        clock.moment = NOW
        while road.fire_timers(NOW):
            pass


def test_nobody_is_rung_and_nothing_is_announced_but_what_still_stands(
    fresh: Settings, three_days: list[bytes]
) -> None:
    done = fill(fresh, three_days)
    standing = rows(fresh, "select * from alert where ended_at is null and stream = 'alert'")
    assert "person:p-001" in {alert["subject"] for alert in standing}
    assert done.handed_over == len(standing) > 0
    assert one(fresh, "select count(*) from incident") == len(standing)
    assert one(fresh, "select count(*) from notification where channel = 'phone'") >= len(standing)
    assert one(fresh, "select count(*) from alert where stream = 'alert' and ended_at is not null and sounded > 0") == 0


def test_an_old_press_rings_nobody_a_new_one_that_stands_does(fresh: Settings) -> None:
    old, new = NOW - timedelta(days=2), NOW - timedelta(minutes=5)
    fill(
        fresh,
        [line(old, BUTTON, "alarm.pressed", "e1"), line(new, "school-2-button", "alarm.pressed", "e2")],
    )
    pressed = (
        "select device_id, ended_at is null as stands, sounded, suppressed_by from alert where rule_id like 'school%%'"
    )
    assert rows(fresh, pressed + " order by raised_at") == [
        {"device_id": BUTTON, "stands": False, "sounded": 0, "suppressed_by": "history"},
        {"device_id": "school-2-button", "stands": True, "sounded": 1, "suppressed_by": None},
    ]
    assert one(fresh, "select count(*) from incident where title->>'en' like 'School%%'") == 1


def test_a_backfill_that_was_cut_off_goes_on(
    fresh: Settings, server: EmbeddedPostgres, three_days: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 500)
    half = len(three_days) // 2

    def cut_off() -> Iterator[bytes]:
        yield from three_days[:half]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fill(fresh, cut_off())
    assert 0 < one(fresh, "select count(*) from event") < len(three_days)
    assert fill(fresh, three_days).skipped > 0
    whole = station_on(server, "whole")
    fill(whole, three_days)
    for query in (SEEN, STATES, TIMERS):
        assert rows(fresh, query) == rows(whole, query)
    assert one(fresh, "select count(*) from event") == said(three_days)
    assert one(fresh, "select count(*) from dead_letter") == 0


def test_a_bad_line_is_named_and_what_came_before_is_kept(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    moment = NOW - timedelta(hours=1)
    lines = [line(moment, CONTACT, "door.opened", f"e{n}") for n in range(3)]
    with pytest.raises(BadInput, match="line 4"):
        fill(fresh, [*lines, b"not json", *lines])
    assert one(fresh, "select count(*) from event") == 2


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (line(NOW + timedelta(hours=1), CONTACT, "door.opened", "e1"), "future"),
        (b'{"at":"2026-11-01T00:00:00Z","drill":{"device":"x","minutes":5}}', "rehearsals"),
    ],
)
def test_what_is_no_history_is_refused(fresh: Settings, wrong: bytes, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        fill(fresh, [wrong])


def test_a_delivery_that_is_no_event_is_a_dead_letter(fresh: Settings) -> None:
    moment = NOW - timedelta(hours=1)
    done = fill(fresh, [line(moment, "nobody-knows", "door.opened", "e1"), line(moment, CONTACT, "door.opened", "e2")])
    assert (done.events, done.dead) == (1, 1)
    assert one(fresh, "select reason from dead_letter") == "unknown_device"


def test_a_road_that_is_driven_is_left_alone(fresh: Settings) -> None:
    with psycopg.connect(fresh.database) as gateway:
        assert road_store.try_hold(gateway, fresh.station)
        with pytest.raises(Misconfigured, match="stop it"):
            fill(fresh, [line(NOW - timedelta(hours=1), CONTACT, "door.opened", "e1")])


def test_a_road_that_is_being_let_go_of_is_waited_for(fresh: Settings) -> None:
    """A holder that just ended: PostgreSQL ends its session, and with it the lock, a little later."""
    gateway = psycopg.connect(fresh.database)
    assert road_store.try_hold(gateway, fresh.station)
    ending = threading.Timer(0.5, gateway.close)
    ending.start()
    try:
        assert fill(fresh, [line(NOW - timedelta(hours=1), CONTACT, "door.opened", "e1")]).events == 1
    finally:
        ending.join()


def test_an_empty_file_is_nothing(fresh: Settings) -> None:
    assert fill(fresh, []) == Summary()


def test_the_command_reads_standard_input_and_says_what_it_did(fresh: Settings, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.cli", "backfill", "-", "--json"],
        input=line(NOW - timedelta(hours=1), CONTACT, "door.opened", "e1"),
        env={
            "PATH": "/usr/bin:/bin",
            "ANXIN_HOME": str(tmp_path),
            "ANXIN_DATABASE_URL": fresh.database,
            "ANXIN_STATION": fresh.station,
        },
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["events"] == 1
