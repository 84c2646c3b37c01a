"""The store, on native partitions and on TimescaleDB alike: the same tests, the same queries."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres, bundled_bin
from gateway.model.errors import Fenced
from gateway.model.event import DeadLetter, Event
from gateway.model.incident import Incident
from gateway.model.judgement import Timer
from gateway.model.registry import ROAD_DEVICE
from gateway.model.scope import Scope
from gateway.registering.writing import import_site
from gateway.store import changes, events, incidents, outbox, registry, road, rule_state, rule_versions, upkeep
from gateway.store.changes import Change
from gateway.store.migrate import migrate
from gateway.store.outbox import Notification
from gateway.store.pool import connect
from tests.station import SEALER, STATION, make_site

NOW = datetime.now(UTC).replace(microsecond=0)
TIMESCALE_BIN = os.environ.get("ANXIN_TEST_TIMESCALEDB_BIN")


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("native"),
        pytest.param(
            "timescaledb",
            marks=[
                pytest.mark.timescaledb,
                pytest.mark.skipif(
                    TIMESCALE_BIN is None,
                    reason="no TimescaleDB here: set ANXIN_TEST_TIMESCALEDB_BIN to the bin directory of a PostgreSQL "
                    "that has the extension (docs/timescaledb.md)",
                ),
            ],
        ),
    ],
)
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(kind, URL) of a migrated database with a registry."""
    kind: str = request.param
    programs = Path(str(TIMESCALE_BIN)) if kind == "timescaledb" else bundled_bin()
    server = EmbeddedPostgres(tmp_path_factory.mktemp(kind) / "data", any_free(), bin_directory=programs)
    server.start()
    try:
        assert migrate(server.url) == [
            "0001.registry",
            "0002.events",
            "0003.alerts",
            "0004.town",
            "0005.rules",
            "0006.people",
            "0007.incidents",
            "0009.delivery",
            "0010.suppress",
            "0012.privacy",
            "0013.figures",
            "0014.bulletins",
            "0015.words",
            "0016.retention",
            "0017.console",
            "0018.map",
            "0019.phones",
            "0020.rule_tests",
            "0021.absences",
            "0022.evidence",
            "0023.media",
            "0024.live",
            "0025.mapped",
            "0026.kept",
            "0027.cameras",
            "0028.county",
            "0029.viid",
            "0030.capture",
        ]
        assert migrate(server.url) == []
        with connect(server.url, "test") as connection:
            import_site(connection, make_site(3), SEALER)
            upkeep.make_partitions(connection, NOW - timedelta(days=10), NOW + timedelta(days=2))
        yield kind, server.url
    finally:
        server.stop()


@pytest.fixture
def connection(database: tuple[str, str]) -> Iterator[Connection[TupleRow]]:
    """A connection on a database without events."""
    with connect(database[1], "test") as opened:
        opened.execute(
            "truncate event, event_seen, dead_letter, inbox, rule_state, rule_timer, change, notification cascade"
        )
        opened.commit()
        events.prepare(opened)
        opened.commit()
        yield opened
        opened.rollback()


def event(number: int, *, device: str = "door-1", ts: datetime = NOW, digest: int = 7, data: Any = None) -> Event:
    return Event(
        station=STATION, device=device, id=f"e{number}", ts=ts, device_ts=ts, received_at=ts + timedelta(seconds=1),
        kind="door.opened", data=data if data is not None else {"n": number}, digest=digest,
        device_kind="door_controller", place="mall",
    )  # fmt: skip


def stored(connection: Connection[TupleRow], **filters: Any) -> list[dict[str, Any]]:
    return events.list_events(
        connection, Scope(STATION), since=NOW - timedelta(days=30), until=NOW + timedelta(days=30), **filters
    )


def test_the_kind_of_store_is_what_it_says(database: tuple[str, str], connection: Connection[TupleRow]) -> None:
    assert upkeep.has_timescaledb(connection) is (database[0] == "timescaledb")


def test_an_event_is_stored_once_whatever_comes_again(connection: Connection[TupleRow]) -> None:
    assert events.insert_new(connection, STATION, [event(1), event(2)]) == {}
    connection.commit()
    again = [event(0), event(2), event(1, digest=8), event(3)]
    assert events.insert_new(connection, STATION, again) == {1: True, 2: False}
    connection.commit()
    assert sorted(row["id"] for row in stored(connection)) == ["e0", "e1", "e2", "e3"]


def test_the_same_id_with_another_time_is_known_all_the_same(connection: Connection[TupleRow]) -> None:
    events.insert_new(connection, STATION, [event(1)])
    connection.commit()
    assert events.insert_new(connection, STATION, [event(1, ts=NOW - timedelta(days=2), digest=9)]) == {0: False}


def test_what_is_rolled_back_was_never_seen(connection: Connection[TupleRow]) -> None:
    events.insert_new(connection, STATION, [event(1)])
    connection.rollback()
    assert events.insert_new(connection, STATION, [event(1)]) == {}


def test_awkward_text_survives_the_copy(connection: Connection[TupleRow]) -> None:
    data = {"t\tab": "line\nbreak\r", "back\\slash": "\\N", "quote'": '"; drop table event; --', "汉": "字\u2028😀"}
    events.insert_new(connection, STATION, [event(1, data=data)])
    connection.commit()
    (row,) = stored(connection)
    assert row["data"] == data
    assert row["ts"] == NOW


def test_events_page_without_gap_or_repeat(connection: Connection[TupleRow]) -> None:
    batch = [event(n, ts=NOW - timedelta(minutes=n // 3)) for n in range(50)]
    events.insert_new(connection, STATION, batch)
    connection.commit()
    seen: list[str] = []
    after = None
    while page := stored(connection, limit=7, after=after):
        seen.extend(row["id"] for row in page)
        after = (page[-1]["ts"], page[-1]["device"], page[-1]["id"])
    assert sorted(seen) == sorted(e.id for e in batch)
    assert stored(connection, device="door-9") == []
    assert [r["id"] for r in events.by_reference(connection, STATION, ["door-1/e5", "door-1/no"])] == ["e5"]


def test_a_scope_sees_its_areas_only(connection: Connection[TupleRow]) -> None:
    events.insert_new(connection, STATION, [event(1)])
    connection.commit()

    def seen(areas: tuple[str, ...]) -> int:
        scope = Scope(STATION, areas)
        return len(events.list_events(connection, scope, since=NOW - timedelta(days=1), until=NOW + timedelta(days=1)))

    assert (seen(("grid-1",)), seen(("beat-1",)), seen(())) == (1, 0, 0)


def test_old_days_are_compressed_and_dropped_and_late_events_still_fit(
    database: tuple[str, str], connection: Connection[TupleRow]
) -> None:
    days = [event(n, ts=NOW - timedelta(days=n)) for n in range(10)]
    events.insert_new(connection, STATION, days)
    connection.commit()
    compressed = upkeep.compress_events(connection, NOW - timedelta(days=8))
    connection.commit()
    assert (compressed > 0) is (database[0] == "timescaledb")
    late = [event(100, ts=NOW - timedelta(days=9, seconds=5)), event(9, ts=NOW - timedelta(days=9))]
    assert events.insert_new(connection, STATION, late) == {1: True}
    connection.commit()
    assert len(stored(connection)) == 11
    assert upkeep.drop_events(connection, STATION, NOW - timedelta(days=5), NOW) != []
    connection.commit()
    left = {row["id"] for row in stored(connection)}
    assert {f"e{n}" for n in range(5)} <= left
    assert not left & {"e7", "e8", "e9", "e100"}
    upkeep.make_partitions(connection, NOW - timedelta(days=10), NOW + timedelta(days=2))
    connection.commit()


def test_partitions_are_made_once_and_ahead(database: tuple[str, str], connection: Connection[TupleRow]) -> None:
    span = (NOW + timedelta(days=20), NOW + timedelta(days=22))
    made = upkeep.make_partitions(connection, *span)
    assert len(made) == (0 if database[0] == "timescaledb" else 3)
    assert upkeep.make_partitions(connection, *span) == []
    connection.rollback()


def test_only_the_holder_drives_and_an_overtaken_writer_is_refused(database: tuple[str, str]) -> None:
    with connect(database[1], "first") as first, connect(database[1], "second") as second:
        assert road.try_hold(first, STATION)
        assert not road.try_hold(second, STATION)
        known = road.version(first, STATION)
        first.commit()
        road.advance(second, STATION, known)
        second.commit()
        with pytest.raises(Fenced):
            road.advance(first, STATION, known)
        first.rollback()


def test_health_keeps_the_newest_and_finds_what_was_not_written(connection: Connection[TupleRow]) -> None:
    before = NOW - timedelta(minutes=5)
    road.keep_health(connection, STATION, {"door-1": road.Health(before, online=True, battery=80)})
    road.keep_health(connection, STATION, {"door-1": road.Health(before - timedelta(hours=1))})
    assert road.load_health(connection, STATION)[0]["door-1"] == before
    events.insert_new(connection, STATION, [event(1)])
    assert road.load_health(connection, STATION)[0]["door-1"] == NOW + timedelta(seconds=1)


def test_states_and_timers_are_kept_by_rule_and_subject(connection: Connection[TupleRow]) -> None:
    learnt = '{"learnt":[1,2]}'
    rule_state.save_states(connection, STATION, {("a", "s"): ('{"n": 1}', learnt), ("b", "s"): ('{"n": 2}', None)})
    rule_state.save_states(connection, STATION, {("a", "s"): ('{"n": 3}', None)})
    found = rule_state.load_states(connection, STATION, [("a", "s"), ("b", "s"), ("c", "s")])
    assert {key: (state.replace(" ", ""), profile) for key, (state, profile) in found.items()} == {
        ("a", "s"): ('{"n":3}', '{"learnt": [1, 2]}'),  # what was learnt stays until something else was
        ("b", "s"): ('{"n":2}', None),
    }
    due = {("a", "s", "t1"): NOW, ("a", "s", "t2"): NOW + timedelta(hours=1), ("b", "s", "t"): NOW - timedelta(hours=1)}
    rule_state.save_timers(connection, STATION, due)
    rule_state.save_timers(connection, STATION, {("a", "s", "t2"): None})
    assert rule_state.due_timers(connection, STATION, NOW, ["a", "b"], 10) == [
        Timer("b", "s", "t", NOW - timedelta(hours=1)),
        Timer("a", "s", "t1", NOW),
    ]
    assert rule_state.next_due(connection, STATION, ["a"]) == NOW


def test_a_definition_keeps_its_version_until_it_changes(connection: Connection[TupleRow]) -> None:
    assert rule_versions.publish(connection, "r", {"x": 1}, NOW) == (1, False)
    rule_versions.activate(connection, [("r", 1)])
    assert rule_versions.publish(connection, "r", {"x": 1}, NOW) == (1, True)
    assert rule_versions.publish(connection, "r", {"x": 2}, NOW) == (2, False)
    assert rule_versions.publish(connection, "q", {}, NOW) == (1, False)
    rule_versions.activate(connection, [("r", 2), ("q", 1)])
    assert rule_versions.publish(connection, "r", {"x": 1}, NOW) == (1, False), "what it was is a version still"
    rule_versions.activate(connection, [("r", 1), ("q", None)])
    assert rule_versions.running(connection) == {"r": (1, {"x": 1})}


def test_a_version_keeps_the_tests_it_stood(connection: Connection[TupleRow]) -> None:
    rule_versions.publish(connection, "r", {"x": 1}, NOW, "cases: [a]")
    rule_versions.publish(connection, "r", {"x": 1}, NOW)
    assert rule_versions.versions(connection, "r")[0]["tests"] == "cases: [a]"
    rule_versions.publish(connection, "r", {"x": 1}, NOW, "cases: [a, b]")
    assert [one["tests"] for one in rule_versions.versions(connection, "r")] == ["cases: [a, b]"]


def test_what_is_asked_for_is_asked_for_once(connection: Connection[TupleRow]) -> None:
    def ask(rule: str, version: int | None) -> int | None:
        return rule_versions.ask(connection, STATION, rule, version, by="li", at=NOW, reason="quieter")

    first = ask("r", 2)
    assert first is not None
    assert ask("r", 2) is None
    assert ask("r", None) is not None
    assert [(one.rule, one.version) for one in rule_versions.asked(connection, STATION)] == [("r", 2), ("r", None)]
    rule_versions.note(connection, [first], "done", {}, NOW)
    assert [one.version for one in rule_versions.asked(connection, STATION)] == [None]
    assert ask("r", 2) is not None, "it may be asked for again later"
    connection.rollback()


def test_the_outbox_gives_each_message_to_one_taker_the_urgent_first(
    database: tuple[str, str], connection: Connection[TupleRow]
) -> None:
    hour = timedelta(hours=1)
    for number, priority in enumerate(("P3", "P1", "P2", "P1")):
        message = Notification(STATION, f"k{number}", "phone", "p", priority, {"n": number})
        outbox.enqueue(connection, message, NOW, hour)
        outbox.enqueue(connection, message, NOW, hour)
    connection.commit()
    with connect(database[1], "other") as other:
        lease = (STATION, "phone", NOW, NOW + timedelta(seconds=30))
        mine = outbox.lease(connection, *lease, 2)
        theirs = outbox.lease(other, *lease, 10)
        assert [m.message.key for m in mine] == ["k1", "k3"]
        assert [m.message.key for m in theirs] == ["k2", "k0"]
        connection.commit()
        other.commit()
        assert outbox.lease(connection, *lease, 10) == [], "leased"
        later = NOW + timedelta(seconds=31)
        assert len(outbox.lease(connection, STATION, "phone", later, later, 10)) == 4, "leases end"
        assert outbox.expire(connection, STATION, NOW + 2 * hour) == 4


def test_numbers_go_on_after_old_changes_are_forgotten(connection: Connection[TupleRow]) -> None:
    change = Change("alert", "grid-1", {"id": 1})
    assert changes.append(connection, STATION, [change, change], NOW - timedelta(days=20)) == [1, 2]
    connection.commit()
    assert changes.forget(connection, STATION, NOW) == 1
    connection.commit()
    assert changes.append(connection, STATION, [change], NOW) == [3]
    assert changes.span(connection, STATION) == (2, 3)


def test_dead_letters_keep_bytes_and_count_by_reason(connection: Connection[TupleRow]) -> None:
    letter = DeadLetter("mqtt-event", "t", "not_json", "no", b"\x00\xff{", "ab", 3, NOW)
    events.bury(connection, STATION, [letter, letter])
    (row,) = events.dead_letters(connection, STATION)
    assert row["seen"] == 2, "the same again is counted, not kept twice"
    assert bytes(row["payload"]) == b"\x00\xff{"
    assert events.dead_letter_counts(connection, STATION) == {"not_json": 1}


def test_the_audit_and_the_timeline_cannot_be_changed(connection: Connection[TupleRow]) -> None:
    connection.execute("insert into audit (at, act) values (now(), 'test')")
    connection.commit()
    for statement in ("update audit set act = 'x'", "delete from audit", "truncate audit", "delete from incident_step"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement)
        connection.rollback()


def test_the_registry_reads_back_what_was_imported(connection: Connection[TupleRow]) -> None:
    read = registry.load(connection, STATION)
    site = make_site(3)
    assert set(read.devices) == {device.id for device in site.devices} | {ROAD_DEVICE}
    assert read.persons_at("flat-1") == ("p-1",)
    assert read.areas_above("grid-1") == ["grid-1", "beat-1"]
    version = read.version
    import_site(connection, site, SEALER)
    assert registry.current_version(connection, STATION) == version, "the same again is no change"
    import_site(connection, make_site(4), SEALER)
    assert registry.current_version(connection, STATION) == version + 1
    connection.rollback()


def test_the_server_notices_within_seconds_that_the_holder_of_the_lock_is_gone(
    connection: Connection[TupleRow],
) -> None:
    for name, longest in (("tcp_keepalives_idle", 10), ("tcp_keepalives_interval", 5), ("tcp_user_timeout", 20_000)):
        row = connection.execute("select setting::int from pg_settings where name = %s", (name,)).fetchone()
        assert row is not None
        assert 0 < row[0] <= longest, f"{name} is {row[0]}"


def test_a_long_reader_does_not_hold_up_the_next_partition(database: tuple[str, str]) -> None:
    span = (NOW + timedelta(days=40), NOW + timedelta(days=41))
    with connect(database[1], "reader") as reader, connect(database[1], "upkeep") as keeper:
        reader.execute("select count(*) from event")
        keeper.execute("set lock_timeout = '1s'")
        made = upkeep.make_partitions(keeper, *span)
        assert len(made) == (0 if database[0] == "timescaledb" else 2)
        keeper.rollback()


@pytest.mark.parametrize(("state", "expired"), [("new", 0), ("dispatched", 0), ("signed", 1), ("closed", 1)])
def test_a_message_expires_only_when_somebody_has_answered(
    connection: Connection[TupleRow], state: str, expired: int
) -> None:
    title = {"zh": "", "en": ""}
    incident = incidents.insert(connection, Incident(STATION, "P1", title, NOW, NOW, [], state=state))
    message = Notification(STATION, "k", "phone", "", "P1", {}, incident=incident.id, username="officer")
    outbox.enqueue(connection, message, NOW, timedelta(minutes=10))
    later = NOW + timedelta(hours=1)
    assert outbox.expire(connection, STATION, later) == expired
    assert len(outbox.lease(connection, STATION, "phone", later, later, 10)) == 1 - expired
    connection.rollback()
