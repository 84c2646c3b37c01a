"""What is taken out of the registry leaves nothing behind: its alerts are withdrawn, what rules kept is forgotten."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from gateway.clock import VirtualClock
from gateway.departed import let_go
from gateway.model.ports import Delivery
from gateway.model.registry import Drill
from gateway.model.scope import Scope
from gateway.registering.reading import read_site
from gateway.registering.writing import plan, write
from gateway.road import Road
from gateway.settings import Settings
from gateway.store import registry as registry_store
from gateway.store.pool import connect
from tests.integration.test_activation import driving
from tests.integration.test_backfill import BUTTON, NOW, SITE, fresh, line, one, rows, server
from tests.station import SEALER

__all__ = ["fresh", "server"]


def pruned(settings: Settings, sort: str, *gone: str) -> None:
    """Prune things of one sort, as an import of a file without them does."""
    site = read_site(SITE)
    listed = {"device": "devices", "person": "persons"}[sort]
    left = [one for one in getattr(site, listed) if one.id not in gone]
    with connect(settings.database, "test prune") as connection:
        planned = plan(connection, msgspec.structs.replace(site, **{listed: left}), SEALER, prune=True)
        assert planned.removed == [(sort, name) for name in gone]
        write(connection, planned, SEALER)


def pressed(road: Road, clock: VirtualClock) -> None:
    told = line(NOW, BUTTON, "alarm.pressed", "press-1")
    clock.moment = NOW
    payload = told[told.index(b'"payload": ') + 11 : -1]
    road.travel([Delivery("test", f"anxin/v1/chengguan/{BUTTON}/alarm", payload, NOW)])


def test_a_device_that_is_removed_takes_its_alert_with_it_and_no_call_for_help(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        pressed(road, clock)
        assert one(fresh, "select count(*) from alert where ended_at is null and latched") == 1
        assert one(fresh, "select count(*) from rung where state = 'waiting'") > 0
        with connect(fresh.database, "test drill") as connection:
            drill = Drill(BUTTON, NOW, NOW + timedelta(hours=1), "quarterly")
            assert registry_store.announce_drill(connection, Scope(fresh.station), drill, by="admin")
        clock.moment = NOW + timedelta(minutes=1)
        pruned(fresh, "device", BUTTON)
        road.reload_registry()
        [alert] = rows(fresh, "select ended_at, retracted, explanation from alert")
        assert alert["ended_at"] == clock.moment
        assert alert["retracted"]
        assert set(alert["explanation"]["summary"]) == {"zh", "en"}
        assert one(fresh, "select state from incident") == "new", "somebody pressed, and nobody has answered"
        assert one(fresh, "select count(*) from rung where state = 'waiting'") > 0
        assert one(fresh, "select count(*) from drill") == 0
        assert rows(fresh, "select at, after from registry_change where kind = 'device'") == [
            {"at": clock.moment, "after": None}
        ]
        assert let_go(road) == 0, "once is enough"


def test_what_is_not_urgent_goes_with_its_device(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        pressed(road, clock)
        with connect(fresh.database, "test lesser") as connection:
            connection.execute("update incident set priority = 'P3'")
        pruned(fresh, "device", BUTTON)
        road.reload_registry()
    assert one(fresh, "select state from incident") == "cancelled"
    assert one(fresh, "select count(*) from rung where state = 'waiting'") == 0


def test_an_incident_somebody_is_on_goes_on(fresh: Settings) -> None:
    clock = VirtualClock(NOW)
    with driving(fresh, clock) as road:
        pressed(road, clock)
        with connect(fresh.database, "test sign") as connection:
            connection.execute("update incident set state = 'departed'")
        pruned(fresh, "device", BUTTON)
        road.reload_registry()
    assert one(fresh, "select state from incident") == "departed"
    assert one(fresh, "select count(*) from alert where ended_at is null") == 0


def test_a_resident_who_left_is_forgotten_also_when_the_road_did_not_live(fresh: Settings) -> None:
    about = "where subject = 'person:p-001'"
    clock = VirtualClock(NOW)
    with driving(fresh, clock):
        assert one(fresh, f"select count(*) from rule_state {about}") > 0  # noqa: S608
        assert one(fresh, f"select count(*) from rule_timer {about}") > 0  # noqa: S608
    others = one(fresh, "select count(*) from rule_state where subject = 'person:p-002'")
    pruned(fresh, "person", "p-001")
    with driving(fresh, clock) as road:
        assert let_go(road) == 1
        road.start_subjects()
        assert one(fresh, f"select count(*) from rule_state {about}") == 0  # noqa: S608
        assert one(fresh, f"select count(*) from rule_timer {about}") == 0  # noqa: S608
        assert one(fresh, "select count(*) from rule_state where subject = 'person:p-002'") == others
        assert one(fresh, "select count(*) from rule_timer where subject = 'person:p-002'") > 0, "others are waited for"


def test_the_probes_own_alerts_are_nobodys_to_withdraw(fresh: Settings) -> None:
    with driving(fresh, VirtualClock(NOW)) as road:
        with connect(fresh.database, "test state") as connection:
            connection.execute(
                "insert into rule_state (station_id, rule_id, subject, state) values"
                " ('chengguan', 'watchdog-probe', 'device:_road', '{}')"
            )
        assert let_go(road) == 0
