"""What a review found: gaps that touch live alerts, drills and slow clocks, rules that throw on a timer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.native.decode import decode
from gateway import backfill as module
from gateway.batch import Mode
from gateway.clock import VirtualClock
from gateway.handover import hand_over
from gateway.history import SOURCE
from gateway.model.errors import BadInput
from gateway.model.ports import Delivery
from gateway.model.registry import Drill
from gateway.model.scope import Scope
from gateway.registering.reading import read_site
from gateway.registering.writing import import_site
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book
from gateway.settings import Settings
from gateway.store import registry as registry_store
from gateway.store import road as road_store
from gateway.store import upkeep
from gateway.store.pool import connect
from gateway.telling.tell import Announcer
from tests.integration.test_backfill import BUTTON, NOW, SITE, fill, fresh, line, one, rows, server
from tests.station import SEALER, wait_for

__all__ = ["fresh", "server"]

HOUR = timedelta(hours=1)
ALERT = "select * from alert where rule_id = 'school-one-touch-alarm'"


@contextmanager
def driving(settings: Settings, clock: VirtualClock, mode: Mode = Mode.LIVE) -> Iterator[Road]:
    with connect(settings.database, "test road") as connection:
        yield open_road(settings, connection, clock, mode)


def open_road(settings: Settings, connection: Connection[TupleRow], clock: VirtualClock, mode: Mode) -> Road:
    # The one before has closed its connection; the server may take a moment to notice.
    wait_for(lambda: road_store.try_hold(connection, settings.station), "the road to be let go of")
    upkeep.make_partitions(connection, NOW - timedelta(days=9), NOW + timedelta(days=9))
    book = open_book(connection, settings, definitions_of(settings), clock.now())
    connection.commit()
    announcer = Announcer(settings.station, command_room=False)
    return Road(settings, clock, connection, book, decode, announcer, mode=mode)


def say(
    road: Road, clock: VirtualClock, at: datetime, device: str, kind: str, event: str, ts: datetime | None = None
) -> None:
    told = line(ts or at, device, kind, event)
    topic = f"anxin/v1/chengguan/{device}/{'alarm' if kind.startswith('alarm.') else 'event'}"
    clock.moment = at
    road.travel([Delivery(SOURCE, topic, told[told.index(b'"payload": ') + 11 : -1], at)])


@pytest.fixture
def pressed(fresh: Settings) -> Settings:
    """A school pressed two hours ago, live; its phone rang."""
    clock = VirtualClock(NOW - 2 * HOUR)
    with driving(fresh, clock) as road:
        say(road, clock, NOW - 2 * HOUR, BUTTON, "alarm.pressed", "live-1")
    assert one(fresh, "select count(*) from notification") == 2, "the officer and the deputy"
    return fresh


def test_a_gap_takes_nothing_from_an_alert_that_people_know(pressed: Settings) -> None:
    before = one(pressed, "select max(id) from change")
    fill(pressed, [line(NOW - HOUR, BUTTON, "alarm.reset", "gap-1")])
    (alert,) = rows(pressed, ALERT)
    assert (alert["active"], alert["latched"], alert["ended_at"], alert["sounded"]) == (False, True, None, 1)
    assert one(pressed, f"select count(*) from change where id > {before} and kind = 'alert'") >= 1  # noqa: S608


def test_an_old_press_in_a_gap_does_not_end_it_either(pressed: Settings) -> None:
    fill(pressed, [line(NOW - timedelta(minutes=90), BUTTON, "alarm.pressed", "gap-1")])
    (alert,) = rows(pressed, ALERT)
    assert (alert["active"], alert["latched"], alert["ended_at"]) == (True, True, None)
    assert alert["suppressed_by"] is None


def test_a_fresh_press_in_a_gap_rings_again_though_the_first_was_acknowledged(pressed: Settings) -> None:
    with connect(pressed.database, "test") as connection:
        connection.execute("update alert set acknowledged_at = now(), acknowledged_by = 'operator'")
    fill(pressed, [line(NOW - timedelta(minutes=5), BUTTON, "alarm.pressed", "gap-1")])
    (alert,) = rows(pressed, ALERT)
    assert alert["acknowledged_at"] is None
    assert alert["suppressed_by"] is None
    assert one(pressed, "select count(*) from notification where alert_id = (select id from alert where latched)") == 4


def test_what_a_broken_off_backfill_left_standing_rings_when_the_road_opens(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    moment = NOW - timedelta(minutes=5)
    with pytest.raises(BadInput, match="line 3"):
        fill(fresh, [line(moment, BUTTON, "alarm.pressed", "e1"), line(moment, BUTTON, "alarm.pressed", "e2"), b"{"])
    assert one(fresh, "select count(*) from notification") == 0
    with driving(fresh, VirtualClock(NOW)) as road:
        assert hand_over(road, NOW) == 1
        assert hand_over(road, NOW) == 0, "doing it again does no harm"
    assert one(fresh, "select count(*) from notification where channel = 'phone'") == 2, "the officer and the deputy"


def announce(settings: Settings, device: str, start: datetime, end: datetime) -> None:
    with connect(settings.database, "test") as connection:
        assert registry_store.announce_drill(
            connection, Scope(settings.station), Drill(device, start, end, ""), by="test"
        )


def test_a_slow_clock_makes_no_drill_of_a_real_press(fresh: Settings) -> None:
    announce(fresh, BUTTON, NOW - 2 * HOUR, NOW - timedelta(minutes=105))
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        say(road, clock, NOW, BUTTON, "alarm.pressed", "e1", ts=NOW - timedelta(minutes=115))
    assert [row["drill"] for row in rows(fresh, ALERT)] == [False]


def test_a_drill_that_was_ended_marks_nothing_more(fresh: Settings) -> None:
    announce(fresh, BUTTON, NOW - HOUR, NOW + HOUR)
    with connect(fresh.database, "test") as connection:
        assert registry_store.end_drill(connection, Scope(fresh.station), BUTTON, now=NOW - timedelta(minutes=30))
        assert not registry_store.end_drill(connection, Scope(fresh.station), BUTTON, now=NOW)
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        say(road, clock, NOW, BUTTON, "alarm.pressed", "e1")
    assert [row["drill"] for row in rows(fresh, ALERT)] == [False]


def test_one_doors_drill_does_not_make_a_whole_buildings_alert_one(fresh: Settings) -> None:
    with connect(fresh.database, "test") as connection:
        connection.execute("update place set parent = 'mall' where id in ('mall-stockroom', 'jeweller', 'pharmacy')")
        connection.execute("update device set place_id = 'mall-stockroom' where id like 'building%%'")
    doors = [row["id"] for row in rows(fresh, "select id from device where place_id = 'mall-stockroom' order by id")][
        :4
    ]
    assert len(doors) == 4
    announce(fresh, doors[3], NOW - HOUR, NOW + HOUR)
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        for number, door in enumerate(doors):
            say(road, clock, NOW + timedelta(seconds=number), door, "door.denied", f"e{number}")
    assert [row["drill"] for row in rows(fresh, "select drill from alert where rule_id = 'suspicious-entries'")] == [
        False
    ]


def test_a_rule_that_throws_on_a_timer_keeps_it_and_somebody_is_told(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOW - timedelta(days=3))

    def throws(*_: Any) -> None:
        raise OverflowError

    with driving(fresh, clock) as road:
        road.start_subjects()
        kept = one(fresh, "select count(*) from rule_timer where rule_id = 'elder-silent'")
        with monkeypatch.context() as broken:
            broken.setattr(road.book.rules["elder-silent"], "on_timer", throws)
            clock.moment = NOW
            while road.fire_timers(NOW):
                pass
        assert road.quarantined == {"elder-silent"}
    assert one(fresh, "select count(*) from rule_timer where rule_id = 'elder-silent'") == kept > 0
    (told,) = rows(fresh, "select * from alert where rule_id = 'rule-quarantined'")
    assert (told["stream"], told["priority"], told["sounded"]) == ("alert", "P2", 1)
    with driving(fresh, clock) as mended:
        while mended.fire_timers(NOW):
            pass
    assert one(fresh, "select count(*) from alert where rule_id = 'elder-silent'") > 0


def test_a_poison_in_a_large_batch_of_history_changes_nothing_else(
    fresh: Settings,
) -> None:
    with connect(fresh.database, "test") as connection:
        connection.execute("alter table event_seen add constraint unlucky check (event_id <> 'unlucky')")
    door = "flat-1-101-door"
    life = [line(NOW - HOUR * (60 - n), door, "door.opened", f"e{n}") for n in range(0, 60, 2)]
    poison = line(NOW - HOUR * 60 + timedelta(minutes=1), BUTTON, "alarm.pressed", "unlucky")
    fill(fresh, [life[0], poison, *life[1:]])
    assert one(fresh, "select count(*) from dead_letter where reason = 'store_refused'") == 1
    assert one(fresh, "select count(*) from alert where person_id = 'p-001'") == 0
    assert one(fresh, "select count(*) from alert where rule_id = 'alarm-not-stored'") == 1


def test_a_device_that_moves_behind_a_gateway_loses_its_own_secret(fresh: Settings) -> None:
    site = read_site(SITE)
    with connect(fresh.database, "test") as connection:
        import_site(connection, site, SEALER, device_secrets={BUTTON: "s3cret"})
        assert registry_store.device_secret(connection, fresh.station, BUTTON) is not None
        connection.execute(
            "insert into device (station_id, id, kind, place_id, name) values (%s, 'gw', 'gateway', %s, 'g')",
            (fresh.station, "school-1"),
        )
        moved = [d for d in site.devices if d.id == BUTTON]
        registry_store.put_devices(
            connection,
            fresh.station,
            [type(moved[0])(moved[0].id, moved[0].kind, moved[0].place, moved[0].name, "gw")],
            {},
        )
        assert registry_store.device_secret(connection, fresh.station, BUTTON) is None


def test_a_misspelt_alarm_does_not_vanish(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        say(road, clock, NOW, BUTTON, "alarm.presed", "e1")
        say(road, clock, NOW, "flat-1-101-door", "door.opend", "e2")
    (alert,) = rows(fresh, "select * from alert")
    assert (alert["rule_id"], alert["device_id"], alert["priority"]) == ("alarm-not-understood", BUTTON, "P1")
    assert one(fresh, "select count(*) from notification where channel = 'phone'") == 2
    fill(fresh, [line(NOW + timedelta(seconds=-1), "school-2-button", "alarm.hlep", "e3")])


def status(road: Road, clock: VirtualClock, at: datetime, *said: tuple[bytes, bool]) -> None:
    clock.moment = at
    topic = f"anxin/v1/chengguan/{BUTTON}/status"
    road.travel([Delivery(SOURCE, topic, payload, at, retained=retained) for payload, retained in said])


def test_the_same_status_again_is_a_sign_of_life_but_a_retained_copy_is_none(fresh: Settings) -> None:
    clock, on, off = VirtualClock(NOW - HOUR), b'{"session":"a","online":true}', b'{"session":"a","online":false}'
    with driving(fresh, clock) as road:
        status(road, clock, NOW - HOUR, (on, False))
        status(road, clock, NOW, (on, False))
        assert road.health.last_heard[BUTTON] == NOW
        status(road, clock, NOW + HOUR, (on, True))
        assert road.health.last_heard[BUTTON] == NOW
        status(road, clock, NOW + 2 * HOUR, (off, False), (b'{"session":"b","online":true}', True))
        assert road.health.online[BUTTON] is True, "the retained copy behind a farewell is news"
    assert one(fresh, "select count(*) from event") == 3


def test_nobody_says_on_the_event_lane_that_a_device_is_gone(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        say(road, clock, NOW, BUTTON, "device.offline", "e1")
    assert one(fresh, "select reason from dead_letter") == "schema"
    assert one(fresh, "select count(*) from event") == 0
