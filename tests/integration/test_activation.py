"""A version that is asked for learns from what is stored, then runs from one commit on; or nothing has happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.native.decode import decode
from gateway.activation import Switch, switch
from gateway.clock import VirtualClock
from gateway.embedded.ports import any_free
from gateway.learning import Version, learn, learn_apart
from gateway.model.errors import Misconfigured, StoreUnavailable
from gateway.model.ports import Delivery
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book, words
from gateway.settings import Settings
from gateway.store import road as road_store
from gateway.store import rule_versions, upkeep
from gateway.store.pool import connect
from gateway.telling.tell import Announcer
from rules.definition import Definition
from tests.integration.test_backfill import NOW, fresh, line, one, rows, server

__all__ = ["fresh", "server"]

DOOR, MINUTE = "school-1-gate", timedelta(minutes=1)
RULE = "repeated-denied-entry"


@contextmanager
def driving(settings: Settings, clock: VirtualClock, definitions: Sequence[Definition] | None = None) -> Iterator[Road]:
    with connect(settings.database, "test road") as connection:
        assert road_store.hold(connection, settings.station)
        upkeep.make_partitions(connection, NOW - timedelta(days=9), NOW + timedelta(days=9))
        book = open_book(connection, settings, definitions or definitions_of(settings), clock.now())
        connection.commit()
        announcer = Announcer(settings.station, command_room=False)
        road = Road(settings, clock, connection, book, decode, announcer)
        road.start_subjects()
        yield road


def denied(road: Road, clock: VirtualClock, at: datetime, number: int, **data: Any) -> None:
    told = line(at, DOOR, "door.denied", f"denied-{number}", **data)
    clock.moment = at
    road.travel([Delivery("test", f"anxin/v1/chengguan/{DOOR}/event", told[told.index(b'"payload": ') + 11 : -1], at)])


def changed(settings: Settings, rule: str, **params: Any) -> Definition:
    [definition] = [one for one in definitions_of(settings) if one.id == rule]
    return definition.model_copy(update={"params": {**definition.params, **params}})


def ask(settings: Settings, definition: Definition | None, rule: str = RULE) -> None:
    """Publish a version and ask for it; None retires the rule."""
    with connect(settings.database, "test ask") as connection:
        version = None
        if definition is not None:
            version, _ = rule_versions.publish(connection, rule, words(definition), NOW)
        rule_versions.ask(connection, settings.station, rule, version, by="li", at=NOW, reason="a test")
        connection.commit()


def prepared(settings: Settings, connection: Connection[TupleRow], now: datetime) -> Switch:
    asked = rule_versions.asked(connection, settings.station)
    versions = [
        Version(one.rule, one.version, row["definition"])
        for one in asked
        for row in rule_versions.versions(connection, one.rule)
        if row["version"] == one.version
    ]
    connection.commit()
    learnt = learn(settings, versions, now) if versions else None
    return Switch(asked, versions, [one.rule for one in asked if one.version is None], learnt)


def prepare(settings: Settings, now: datetime) -> Switch:
    with connect(settings.database, "test prepare") as connection:
        return prepared(settings, connection, now)


def alerts(settings: Settings, rule: str = RULE) -> list[Any]:
    return [
        (row["active"], row["ended_at"] is not None, row["rule_version"])
        for row in rows(settings, f"select * from alert where rule_id = '{rule}' order by id")  # noqa: S608
    ]


def test_a_new_version_knows_what_came_before_it_and_what_came_while_it_learnt(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        for number in range(2):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
        ask(fresh, changed(fresh, RULE, limit=4))
        ready = prepare(fresh, clock.now())
        denied(road, clock, NOW + timedelta(seconds=30), 2)  # the old version judges this one
        assert alerts(fresh) == []
        assert switch(road, ready)
        assert road.book.rules[RULE].version == 2
        denied(road, clock, NOW + timedelta(seconds=40), 3)  # the fourth, for a version that saw only this one
        assert alerts(fresh) == [(True, False, 2)]
        assert one(fresh, "select state from rule_activation") == "done"
        assert one(fresh, f"select version from rule_version where active and rule_id = '{RULE}'") == 2  # noqa: S608
        clock.moment = NOW + timedelta(hours=1)
        while road.fire_timers(clock.now()):
            pass
        assert alerts(fresh)[0][0] is False, "its timers came along: quiet clears it"


def test_what_a_road_that_catches_up_received_long_ago_is_not_missed(fresh: Settings) -> None:
    clock, then = VirtualClock(NOW), NOW - timedelta(hours=2)
    with driving(fresh, clock) as road:
        denied(road, clock, then, 0)
        ask(fresh, changed(fresh, RULE, limit=3))
        ready = prepare(fresh, clock.now())
        for number in (1, 2):  # committed after the learning, received two hours before
            denied(road, clock, then + number * timedelta(seconds=10), number)
        assert switch(road, ready)
        assert alerts(fresh) == [(True, False, 2)]


def test_what_stands_under_the_new_words_rings_and_what_does_not_ends(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        for number in range(5):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
        assert alerts(fresh) == [(True, False, 1)]
        ask(fresh, changed(fresh, RULE, limit=9))
        assert switch(road, prepare(fresh, clock.now()))
        assert [row[0] for row in alerts(fresh)] == [False], "nine were not denied"
        ask(fresh, changed(fresh, RULE, limit=3))
        assert switch(road, prepare(fresh, clock.now()))
        assert alerts(fresh)[-1][:2] == (True, False), "three were"
        assert one(fresh, "select count(*) from notification where channel = 'phone'") >= 1


def test_a_retired_rule_ends_what_it_raised_and_judges_no_more(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        for number in range(5):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
        ask(fresh, None)
        assert switch(road, prepare(fresh, clock.now()))
        assert RULE not in road.book.rules
        assert [row[0] for row in alerts(fresh)] == [False]
        denied(road, clock, NOW + MINUTE, 7)
        assert len(alerts(fresh)) == 1
        assert one(fresh, f"select count(*) from rule_state where rule_id = '{RULE}'") == 0  # noqa: S608


def test_a_group_that_cannot_be_stored_leaves_everything_as_it_was(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        for number in range(2):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
        ask(fresh, changed(fresh, RULE, limit=3))
        ready = prepare(fresh, clock.now())

        def breaks(*_: object) -> None:
            raise ValueError("a defect of ours")

        monkeypatch.setattr(rule_versions, "activate", breaks)
        assert not switch(road, ready)
        monkeypatch.undo()
        assert road.book.rules[RULE].version == 1
        assert one(fresh, "select state from rule_activation") == "failed"
        denied(road, clock, NOW + timedelta(seconds=20), 2)
        assert alerts(fresh) == []
        for number in (3, 4):
            denied(road, clock, NOW + number * timedelta(seconds=10), number)
        assert alerts(fresh) == [(True, False, 1)], "the old version goes on with what it knew"


def test_a_database_that_goes_away_leaves_it_asked_for(fresh: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        ask(fresh, changed(fresh, RULE, limit=3))
        ready = prepare(fresh, clock.now())

        def away(*_: object) -> None:
            raise StoreUnavailable("away")

        monkeypatch.setattr(rule_versions, "activate", away)
        with pytest.raises(StoreUnavailable):
            switch(road, ready)
        monkeypatch.undo()
        assert road.book.rules[RULE].version == 1
        assert switch(road, ready), "the same switch, once it is back"
        assert road.book.rules[RULE].version == 2


def test_a_file_that_changed_waits_on_a_living_station_and_a_new_one_is_asked_for(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    catalog = definitions_of(fresh)
    without = [one for one in catalog if one.id != "battery-low"]
    with driving(fresh, clock, without) as road:
        denied(road, clock, NOW, 0)
    quieter = [changed(fresh, RULE, limit=9) if one.id == RULE else one for one in catalog]
    with driving(fresh, clock, quieter) as road:
        assert road.book.rules[RULE].version == 1
        assert "battery-low" not in road.book.rules, "it is to learn first"
    assert rows(fresh, "select rule_id, version, asked_by from rule_activation") == [
        {"rule_id": "battery-low", "version": 1, "asked_by": "files"}
    ]
    follows = fresh.model_copy(update={"rules_activate": "files"})
    with driving(follows, clock, quieter) as road:
        assert road.book.rules[RULE].version == 1
    assert one(fresh, f"select version from rule_activation where rule_id = '{RULE}'") == 2  # noqa: S608


def test_a_rule_that_judges_what_others_raise_learns_beside_them(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    listening = "card-alerts-many-grids"
    with driving(fresh, clock) as road:
        for number in range(5):
            denied(road, clock, NOW + number * timedelta(seconds=10), number, credential="card:1")
        told = words(changed(fresh, listening, limit=3))
        learnt = learn(fresh, [Version(listening, 2, told)], clock.now())
    assert [key[:2] for key in learnt.states] == [(listening, "credential:card:1")], "and nothing of the others"


def test_learning_apart_waits_for_a_database_and_says_what_cannot_run(
    fresh: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = words(changed(fresh, RULE, limit=3))
    monkeypatch.setenv("ANXIN_DATABASE_URL", fresh.database)
    assert learn_apart([Version(RULE, 2, told)], NOW).events == 0
    with pytest.raises(Misconfigured, match="version 3"):
        learn_apart([Version(RULE, 3, {**told, "priority": "P9"})], NOW)
    monkeypatch.setenv("ANXIN_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{any_free()}/none")
    with pytest.raises(StoreUnavailable):
        learn_apart([Version(RULE, 2, told)], NOW)
