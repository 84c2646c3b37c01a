"""The registry as it was: each change with the moment from which it held, for rules to be replayed by."""

from __future__ import annotations

from datetime import timedelta

from gateway.clock import VirtualClock
from gateway.model.scope import Scope
from gateway.registering.reading import read_site
from gateway.registering.writing import import_site
from gateway.settings import Settings
from gateway.store import registry as registry_store
from gateway.store import registry_log
from gateway.store.pool import connect
from tests.integration.test_activation import driving
from tests.integration.test_backfill import NOW, SITE, fresh, one, rows, server
from tests.station import SEALER

__all__ = ["fresh", "server"]

HOUR = timedelta(hours=1)


def test_what_was_there_before_the_road_lived_was_always_there(fresh: Settings) -> None:
    assert one(fresh, "select count(*) from registry_change") > 0
    with driving(fresh, VirtualClock(NOW)):
        assert one(fresh, "select count(*) from registry_change") == 0


def test_a_change_holds_from_when_the_road_takes_it_in(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        person = next(iter(road.registry.persons.values()))
        before = road.registry
        clock.moment = NOW + HOUR
        with connect(fresh.database, "test patch") as connection:
            assert registry_store.patch_care(
                connection, Scope(fresh.station), person.id, {"away_until": "2026-12-24T08:00:00+08:00"}
            )
            connection.commit()
        road.reload_registry()
        clock.moment = NOW + 2 * HOUR
        with connect(fresh.database, "test import") as connection:
            import_site(connection, read_site(SITE), SEALER)  # the same again: nothing has changed
            connection.execute("update device set place_id = %s where id = 'school-1-gate'", (person.place,))
            registry_store.changed(connection, fresh.station)
            connection.commit()
        road.reload_registry()
        kept = rows(fresh, "select at, kind, object_id, before, after from registry_change order by id")
        assert [(row["at"], row["kind"], row["object_id"]) for row in kept] == [
            (NOW + HOUR, "person", person.id),
            (NOW + 2 * HOUR, "device", "school-1-gate"),
        ]
        assert "name" not in kept[0]["before"], "names of people are not kept"
        assert "secret_sha256" not in kept[1]["after"]
        with connect(fresh.database, "test since") as connection:
            changes = registry_log.since(connection, fresh.station, NOW + HOUR / 2)
            then = registry_log.undone(registry_store.load(connection, fresh.station), changes)
        assert then.persons == before.persons
        assert then.devices == before.devices
        assert then.places == before.places
        assert registry_log.redone(then, changes).devices["school-1-gate"].place == person.place


def test_a_state_that_grows_without_bound_puts_its_rule_aside(fresh: Settings) -> None:
    from rules.kinds.count import Count, CountState, Seen  # noqa: PLC0415
    from tests.integration.test_activation import RULE, alerts, denied  # noqa: PLC0415

    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        grown = CountState([Seen(NOW, "x" * 1000) for _ in range(200)])
        told = Count.on_event

        def grows(self: Count, *seen: object, **named: object) -> object:
            judgement = told(self, *seen, **named)  # type: ignore[arg-type]
            return type(judgement)(grown) if judgement is not None and self.id == RULE else judgement

        Count.on_event = grows  # type: ignore[method-assign,assignment]
        try:
            denied(road, clock, NOW, 0)
        finally:
            Count.on_event = told  # type: ignore[method-assign]
        assert road.quarantined == {RULE}
        assert one(fresh, "select count(*) from event") == 1, "the event is stored, the others judged it"
        assert one(fresh, f"select count(*) from rule_state where rule_id = '{RULE}'") == 0  # noqa: S608
        assert len(alerts(fresh, "rule-quarantined")) == 1
