"""Records go after their time, whole and audited, and nothing goes before; nobody else may take a line out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from gateway.clock import VirtualClock
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.registering.writing import import_site
from gateway.schedule import Schedule
from gateway.settings import Settings
from gateway.store import retention
from gateway.store.migrate import migrate
from gateway.store.pool import connect
from tests.integration.telling import Town
from tests.station import SEALER, STATION, make_site, postgres_bin

YEARS_3 = 1095
#: Tables that follow an incident or an alert into oblivion, and those that only forget about it.
GONE = {
    "incident", "incident_alert", "incident_step", "rung", "notification", "attempt", "attachment", "incident_text",
    "sounding", "digest", "alert", "presence", "work_item_done",
    "clip_request",
}  # fmt: skip
#: A case that is held does not go.
HOLDING = {"evidence_hold"}
UNTIED = {"footprint", "bulletin", "bulletin_screen", "patrol_look", "patrol_picture"}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("retention") / "data", any_free(), bin_directory=postgres_bin())
    server.start()
    try:
        migrate(server.url)
        with connect(server.url, "test") as connection:
            import_site(connection, make_site(3), SEALER)
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def town(database: str) -> Town:
    return Town(database)


def one(town: Town, query: str, *parameters: object) -> int:
    with psycopg.connect(town.url) as connection:
        return int(connection.execute(query, parameters).fetchone()[0])  # type: ignore[arg-type,index]


def alert(town: Town, ended_days: float | None, *, stream: str = "alert", priority: str = "P1") -> int:
    number = one(
        town,
        "insert into alert (station_id, rule_id, rule_version, subject, stream, priority, title, explanation, "
        "first_action, raised_at, last_event_at, ended_at) values (%s, 'r', 1, gen_random_uuid()::text, %s, %s, '{}', "
        "'{}', '{}', now() - interval '9 years', now(), now() - %s * interval '1 day') returning id",
        STATION, stream, priority, ended_days,
    )  # fmt: skip
    town.execute(
        "insert into sounding (station_id, at, alert_id, rule_id, priority, spot) values (%s, now(), %s, 'r', %s, 's')",
        STATION, number, priority,
    )  # fmt: skip
    return number


def incident(town: Town, days: float, *, state: str = "closed", priority: str = "P1", ended: float | None = 1) -> int:
    """An incident of so many days ago with something in every table."""
    number = town.send("dispatch", "officer", state=state, rung=["deputy"])
    at = town.clock.now() - timedelta(days=days)
    town.execute("update incident set changed_at = %s, priority = %s where id = %s", at, priority, number)
    raised = alert(town, ended)
    town.execute("insert into incident_alert (incident_id, alert_id) values (%s, %s)", number, raised)
    step = one(
        town, "insert into incident_step (incident_id, at, actor, act) values (%s, %s, 'officer', 'note') returning id",
        number, at,
    )  # fmt: skip
    told: dict[str, tuple[Any, ...]] = {
        "insert into incident_text (station_id, incident_id, step_id, what, sealed) values (%s, %s, %s, 'note', 'x')": (
            STATION, number, step),
        "insert into attachment (incident_id, at, username, content_type, sha256, content, step_id) "
        "values (%s, %s, 'officer', 'image/png', 'x', 'x', %s)": (number, at, step),
        "insert into footprint (station_id, username, at, kind, incident_id, client_id) "
        "values (%s, 'officer', %s, 'visit', %s, gen_random_uuid()::text)": (STATION, at, number),
        "insert into attempt (notification_id, started_at, ended_at, result, detail) "
        "select id, now(), now(), 'accepted', '' from notification where incident_id = %s": (number,),
        "insert into notification (station_id, key, channel, recipient, priority, alert_id, body, created_at, due_at, "
        "expires_at) values (%s, gen_random_uuid()::text, 'command_room', '', 'P1', %s, '{}', now(), now(), now())": (
            STATION, raised),
        "insert into presence (incident_id, username, since, seen_at) values (%s, 'officer', now(), now())": (number,),
        "insert into clip_request (alert_id, station_id, device_id, of_device, of_event, asked_at) "
        "values (%s, %s, 'camera', 'door', 'e', now())": (raised, STATION),
        "insert into flood (station_id, since, ended_at) values (%s, now(), now())": (STATION,),
        "insert into digest (station_id, flood_id, rule_id, spot, alert_id, first_at, count, due_at) "
        "select %s, max(id), 'r', 's', %s, now(), 1, now() from flood": (STATION, raised),
    }  # fmt: skip
    for statement, parameters in told.items():
        town.execute(statement, *parameters)
    return number


def retire(town: Town, now: datetime | None = None, **settings: float) -> dict[str, int]:
    told = Settings(database_url=town.url, station=STATION, **settings)  # type: ignore[arg-type]
    with connect(town.url, "test") as connection:
        return Schedule(told, VirtualClock(now or town.clock.now())).retire_records(connection)


def there(town: Town) -> set[int]:
    return {row["id"] for row in town.rows("select id from incident")}


def rows_of(town: Town) -> dict[str, int]:
    """How many rows each of the tables has."""
    return {name: one(town, f"select count(*) from {name}") for name in GONE | UNTIED}  # noqa: S608  # ours


def audited(town: Town, what: str) -> list[dict[str, Any]]:
    query = "select username, detail from audit where act = 'retention' and object = %s order by id"
    return town.rows(query, what)


def test_every_table_that_knows_an_incident_or_an_alert_is_thought_of(town: Town) -> None:
    """A new one would keep the old ones from going: add it to `retire_incidents`, in a migration, and here."""
    found = town.rows(
        "select distinct conrelid::regclass::text as name from pg_constraint where contype = 'f' and confrelid in "
        "('incident'::regclass, 'alert'::regclass, 'incident_step'::regclass, 'notification'::regclass)"
    )
    assert {row["name"] for row in found} <= GONE | UNTIED | HOLDING


def test_a_case_goes_whole_after_its_time_and_not_before(town: Town) -> None:
    kept = [incident(town, YEARS_3 - 1), incident(town, YEARS_3 - 1, priority="P4", state="signed")]
    before = rows_of(town)
    old = [incident(town, YEARS_3 + 1), incident(town, 401, priority="P4")]
    kept += [
        incident(town, 399, priority="P4"),
        incident(town, YEARS_3 + 1, state="on_scene"),
        incident(town, YEARS_3 + 1, ended=None),
    ]
    follow_up = incident(town, YEARS_3 + 1)
    town.execute("update incident set follow_up_on = current_date + 1 where id = %s", follow_up)
    assert retire(town)["incidents"] == len(old)
    assert there(town) >= {*kept, follow_up}
    assert there(town).isdisjoint(old)
    after = rows_of(town)
    # Four incidents like the first two were added and stayed; of the other two nothing is left but the visits.
    assert {name: after[name] for name in GONE} == {name: 3 * before[name] for name in GONE}
    assert after["footprint"] == 4 * before["footprint"]
    said = audited(town, "incidents")[-1]
    assert (said["username"], said["detail"]["count"]) == ("anxin", 2)
    assert retire(town)["incidents"] == 0
    assert audited(town, "incidents")[-1] == said, "nothing went, nothing is said"


def test_rounds_of_online_patrol_go_with_the_lesser_and_forget_items_that_went_before(town: Town) -> None:
    put = (
        "insert into patrol_round (station_id, route_id, area_id, name, points, username, began_at, ends_by) values "
        "(%s, 'r', 'grid-1', 'x', '[]', 'x', now(), now() - %s * interval '1 day') returning id"
    )
    old, young = one(town, put, STATION, 401), one(town, put, STATION, 399)
    found = alert(town, 401, stream="work_item", priority="P3")
    town.execute("insert into work_item_done values (%s, now(), 'x', '')", found)
    for number in (old, young):
        town.execute(
            "insert into patrol_look (round_id, point, username, at, seen, code, alert_id) values "
            "(%s, 1, 'x', now(), 'finding', 'other', %s)",
            number, found,
        )  # fmt: skip
    town.execute(
        "insert into patrol_picture select id, 'camera', now(), 1, 'x', '\\x00' from patrol_look"
        " where round_id in (%s, %s)",
        old, young,
    )  # fmt: skip
    assert retire(town)["rounds"] == 1
    assert town.rows("select l.round_id from patrol_picture p join patrol_look l on l.id = p.look_id") == [
        {"round_id": young}
    ]
    assert audited(town, "rounds")[-1]["detail"]["count"] == 1
    assert town.rows("select round_id, alert_id from patrol_look") == [{"round_id": young, "alert_id": None}]
    assert town.rows("select alert_id from work_item_done") == []


def bulletin(town: Town, ended_days: float, incident: int | None = None) -> int:
    """A bulletin that one screen was told of by a message that is there still."""
    number = one(
        town,
        "insert into bulletin (station_id, kind, title, text, media, enterprises, incident_id, urgent, starts_at, "
        "ends_at, made_by, made_at) values (%s, 'safety', '{}', '{}', '{screens}', '{}', %s, false, "
        "now() - interval '9 years', now() - %s * interval '1 day', 'x', now()) returning id",
        STATION, incident, ended_days,
    )  # fmt: skip
    sent = one(
        town,
        "insert into notification (station_id, key, channel, recipient, priority, incident_id, bulletin_id, body, "
        "created_at, due_at, expires_at) values (%s, gen_random_uuid()::text, 'sms', '', 'P4', %s, %s, '{}', now(), "
        "now(), now()) returning id",
        STATION, incident, number,
    )  # fmt: skip
    town.execute("insert into bulletin_screen values (%s, 'screen-1', 'screens', %s)", number, sent)
    return number


def test_bulletins_go_after_their_time_and_stay_when_the_case_they_spoke_of_goes(town: Town) -> None:
    case = incident(town, YEARS_3 + 1)
    kept, old = bulletin(town, YEARS_3 - 1, case), bulletin(town, YEARS_3 + 1)
    found = retire(town)
    assert (found["incidents"], found["bulletins"]) == (1, 1)
    left = town.rows("select id, incident_id from bulletin")
    assert left == [{"id": kept, "incident_id": None}]
    assert town.rows("select bulletin_id, notification_id from bulletin_screen") == [
        {"bulletin_id": kept, "notification_id": None}
    ]
    assert one(town, "select count(*) from notification where bulletin_id = %s", old) == 0
    assert audited(town, "bulletins")[-1]["detail"]["count"] == 1


def test_one_into_which_another_was_merged_goes_after_it(town: Town) -> None:
    kept, merged = incident(town, YEARS_3 + 2), incident(town, YEARS_3 + 1, state="merged")
    town.execute("update incident set merged_into = %s where id = %s", kept, merged)
    assert retire(town)["incidents"] == 1
    assert (kept in there(town), merged in there(town)) == (True, False)
    assert retire(town)["incidents"] == 1
    assert kept not in there(town)


def test_an_alert_of_two_cases_goes_with_the_second(town: Town) -> None:
    old, young = incident(town, YEARS_3 + 1), incident(town, 10)
    shared = one(town, "select alert_id from incident_alert where incident_id = %s", old)
    town.execute("insert into incident_alert (incident_id, alert_id) values (%s, %s)", young, shared)
    retire(town)
    assert old not in there(town)
    assert one(town, "select count(*) from alert where id = %s", shared) == 1


def test_work_items_and_p4_go_first_and_what_stands_never(town: Town) -> None:
    gone = [
        alert(town, 401, stream="work_item"), alert(town, 401, priority="P4"), alert(town, YEARS_3 + 1, priority="P2"),
    ]  # fmt: skip
    kept = [
        alert(town, 399, stream="work_item"), alert(town, 401, priority="P3"), alert(town, None, stream="work_item"),
    ]  # fmt: skip
    retire(town)
    left = {row["id"] for row in town.rows("select id from alert")}
    assert (left.isdisjoint(gone), left >= set(kept)) == (True, True)
    assert audited(town, "alerts")[-1]["detail"]["count"] >= len(gone)


def test_the_trail_goes_after_its_time_and_says_so(town: Town) -> None:
    put = "insert into audit (at, station_id, act) values (now() - %s * interval '1 day', %s, %s)"
    for days, act in ((YEARS_3 + 1, "old"), (YEARS_3 - 1, "young")):
        town.execute(put, days, STATION, act)
    town.execute(put, YEARS_3 + 1, "another", "elsewhere")
    assert retire(town)["audit"] == 1
    assert {row["act"] for row in town.rows("select act from audit where act <> 'retention'")} == {"young", "elsewhere"}
    assert audited(town, "audit")[-1]["detail"]["count"] == 1


def test_consent_goes_three_years_after_the_persons_record(town: Town) -> None:
    town.execute("update person set erased_at = now() - interval '1096 days' where id = 'p-1'")
    town.execute("update person set erased_at = now() - interval '1000 days' where id = 'p-2'")
    people = {"p-1": 2000, "p-2": 2000, "p-3": 2000, "left-long-ago": 2000, "left": 1000}
    for person, days in people.items():
        town.execute(
            "insert into consent (station_id, person_id, purpose, state, said_by, since, at, recorded_by) "
            "values (%s, %s, 'sharing_relatives', 'given', 'self', now(), now() - %s * interval '1 day', 'worker')",
            STATION, person, days,
        )  # fmt: skip
    retire(town)
    left = {row["person_id"] for row in town.rows("select person_id from consent where purpose = 'sharing_relatives'")}
    # The site file's import wrote down consent of p-1 today: somebody's last word counts, too.
    assert left == {"p-1", "p-2", "p-3", "left"}
    later = town.clock.now() + timedelta(days=YEARS_3 + 1)
    retire(town, later)
    left = {row["person_id"] for row in town.rows("select person_id from consent")}
    assert left == {"p-3"}, "of whom there still is a record"


def refused(town: Town, retiring: str, statement: str) -> None:
    """A statement fails, though the transaction says that it retires a table."""
    with psycopg.connect(town.url) as connection:
        connection.execute("select set_config('anxin.retiring', %s, true)", (retiring,))
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute(statement)  # type: ignore[arg-type]
        connection.rollback()


def test_nobody_takes_a_line_out_and_nothing_of_the_last_half_year_goes(town: Town) -> None:
    incident(town, 1)
    town.execute("insert into audit (at, station_id, act) values (now(), %s, 'x')", STATION)
    for table in ("audit", "incident_step", "consent"):
        remove, change = f"delete from {table}", f"update {table} set at = now()"  # noqa: S608  # ours
        for statement in (remove, change, f"truncate {table} cascade"):
            refused(town, "", statement)
        # Leave to delete from one is none to change it, nor to delete from another.
        refused(town, table, change)
        refused(town, "another", remove)
    now = town.clock.now()
    soon = now - timedelta(days=179)
    with connect(town.url, "test") as connection:
        for act in (
            lambda: retention.retire_audit(connection, STATION, soon, now),
            lambda: retention.retire_consent(connection, STATION, soon, now),
            lambda: retention.retire_incidents(connection, STATION, soon, soon, now),
            lambda: retention.retire_alerts(connection, STATION, now - timedelta(days=999), soon, now),
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="180 days"), connection.transaction():
                act()


def test_after_it_the_tables_refuse_again_in_the_same_transaction(town: Town) -> None:
    now = town.clock.now()
    with connect(town.url, "test") as connection:
        retention.retire_audit(connection, STATION, now - timedelta(days=YEARS_3), now)
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            connection.execute("delete from audit")
