"""What is said beforehand is what goes, class by class, and it stands in the trail; saying it changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.types.json import Jsonb
from structlog.testing import capture_logs

from gateway import retention as keeping
from gateway.cli import main
from gateway.clock import VirtualClock
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.evidence import freeze
from gateway.registering.writing import import_site
from gateway.retention import EVERY, Kept, Look
from gateway.schedule import Schedule
from gateway.settings import Settings
from gateway.store import retention, upkeep
from gateway.store.migrate import migrate
from gateway.store.pool import connect, snapshot
from tests.integration.telling import Town
from tests.integration.test_retention import YEARS_3, alert, audited, bulletin, incident, one, retire
from tests.station import SEALER, STATION, make_site, postgres_bin, wait_for

NUMBERS = count(1)
CONSENT = (
    "insert into consent (station_id, person_id, purpose, state, said_by, since, at, recorded_by) values "
    "(%s, %s, 'sharing_relatives', 'given', 'self', now(), now() - %s * interval '1 day', 'worker')"
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedPostgres(tmp_path_factory.mktemp("dry") / "data", any_free(), bin_directory=postgres_bin())
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


# ── what there is ────────────────────────────────────────────────────────────────────────────────────────────────────


def picture(town: Town, days: float, *alerts: int, fresh: bool = False) -> int:
    """A picture of so many days ago that these alerts name."""
    number = one(
        town,
        "insert into media (station_id, device_id, event_id, role, content_type, size, sha256, from_at, until_at, "
        "received_at, sealed, fresh, taken_by) values (%s, 'camera', gen_random_uuid()::text, 'snapshot', "
        "'image/jpeg', 1, 'x', now(), now(), now() - %s * interval '1 day', 'x', %s, 'camera') returning id",
        STATION, days, fresh,
    )  # fmt: skip
    for named in alerts:
        town.execute("insert into evidence_media values (%s, %s)", number, named)
    return number


def frozen(town: Town, case: int, raised: int) -> int:
    """A record of the chain about a case or alert, with something it speaks for; its number."""
    number = next(NUMBERS)
    record = json.dumps({"kind": "step", "incident": case, "alert": raised})
    town.execute(
        "insert into evidence (station_id, seq, record, link, at) values (%s, %s, %s, %s, now())",
        STATION, number, record, "00" * 32,
    )  # fmt: skip
    town.execute(
        "insert into evidence_content (station_id, seq, name, sealed) values (%s, %s, 'step.json', 'x')",
        STATION, number,
    )  # fmt: skip
    return number


def event(town: Town, days: float) -> None:
    at = town.clock.now() - timedelta(days=days)
    with connect(town.url, "test") as connection:
        upkeep.make_partitions(connection, at, at)
    town.execute(
        "insert into event (station_id, device_id, event_id, ts, device_ts, received_at, kind, data) "
        "values (%s, 'door-1', gen_random_uuid()::text, %s, %s, %s, 'door.opened', %s)",
        STATION, at, at, at, Jsonb({}),
    )  # fmt: skip


def line(town: Town, days: float, what: str | None = None) -> None:
    town.execute(
        "insert into audit (at, station_id, act, object) values (now() - %s * interval '1 day', %s, 'x', %s)",
        days, STATION, what,
    )  # fmt: skip


def walk(town: Town, days: float) -> None:
    town.execute(
        "insert into patrol_round (station_id, route_id, area_id, name, points, username, began_at, ends_by) values "
        "(%s, 'r', 'grid-1', 'x', '[]', 'x', now(), now() - %s * interval '1 day')",
        STATION, days,
    )  # fmt: skip


def hold(town: Town, case: int) -> None:
    town.execute("insert into evidence_hold values (%s, now(), 'commander', 'x')", case)


def alert_of(town: Town, case: int) -> int:
    return one(town, "select alert_id from incident_alert where incident_id = %s", case)


def something_of_everything(town: Town) -> None:
    """Of every class what goes, what is young, and what stays for each reason there is."""
    for days in (200, 181.5, 10):
        event(town, days)
    old = [incident(town, YEARS_3 + 1), incident(town, 401, priority="P4"), incident(town, 402, priority="P4")]
    incident(town, 10)
    for more in ({"state": "on_scene"}, {"ended": None}):
        incident(town, YEARS_3 + 2, **more)  # type: ignore[arg-type]
    later, into = incident(town, YEARS_3 + 3), incident(town, YEARS_3 + 4)
    town.execute("update incident set follow_up_on = current_date + 1 where id = %s", later)
    merged = incident(town, YEARS_3 + 5, state="merged")
    held = incident(town, YEARS_3 + 6, ended=YEARS_3 + 6)
    town.execute("update incident set merged_into = %s where id = %s", into, merged)
    hold(town, held)
    for days, more in ((YEARS_3 + 1, {}), (401, {"priority": "P4"}), (401, {"stream": "work_item"}), (401, {})):
        alert(town, days, **more)  # type: ignore[arg-type]
    alert(town, None, stream="work_item")
    bulletin(town, YEARS_3 + 1)
    bulletin(town, YEARS_3 + 1, held)
    bulletin(town, 1)
    for days in (401, 399):
        walk(town, days)
    picture(town, 31)
    picture(town, 29)
    picture(town, 31, fresh=True)
    for case in (old[0], held):
        picture(town, 900, alert_of(town, case))
    for days in (YEARS_3 + 1, YEARS_3 - 1):
        line(town, days)
    line(town, YEARS_3 + 1, f"incident/{held}")
    line(town, YEARS_3 + 1, f"alert/{alert_of(town, held)}")
    line(town, YEARS_3 + 1, f"incident/{old[0]}")
    town.execute(
        "insert into person (station_id, id, place_id) values (%s, 'here', 'mall') on conflict do nothing", STATION
    )
    for person, days in (("left-long-ago", 2000), ("left", 1000), ("here", 2000)):
        town.execute(CONSENT, STATION, person, days)


# ── the dry run ──────────────────────────────────────────────────────────────────────────────────────────────────────


def told(town: Town, **settings: float) -> Settings:
    return Settings(database_url=town.url, station=STATION, **settings)  # type: ignore[arg-type]


def said(town: Town, **settings: float) -> Look:
    with connect(town.url, "test") as connection, snapshot(connection):
        return keeping.look(connection, told(town, **settings), town.clock.now())


def by_name(seen: Look) -> dict[str, Kept]:
    return {one.name: one for one in seen.classes}


def look_as_gateway(town: Town) -> dict[str, int]:
    """What the scheduled work does, both parts of it; how many of each went."""
    before = len(audited(town, "events"))
    with connect(town.url, "test") as connection:
        Schedule(told(town), VirtualClock(town.clock.now())).retire(connection)
    went = audited(town, "events")[before:]
    return {"events": sum(line["detail"]["count"] for line in went), **retire(town)}


def settle(town: Town) -> None:
    """Let everything go that is due, also what waits for the rest."""
    for _ in range(3):
        look_as_gateway(town)
    assert not any(one.goes for one in said(town).classes)


def contents(town: Town) -> dict[str, str]:
    """A hash of every table."""
    ours = "select oid::regclass::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    found = {}
    with psycopg.connect(town.url) as connection:
        for (name,) in connection.execute(ours).fetchall():
            rows = connection.execute(f"select t::text from {name} t order by 1").fetchall()  # noqa: S608  # ours
            found[name] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


def test_what_is_said_beforehand_is_what_goes_and_the_trail_says_it(town: Town) -> None:
    something_of_everything(town)
    seen = by_name(said(town))
    goes = {name: one.goes for name, one in seen.items()}
    assert all(goes.values()), f"of every class something: {goes}"
    assert {name: one.stays for name, one in seen.items() if one.stays} == {
        "media": {"held": 1, "alert": 1, "fresh": 1},
        "incidents": {"held": 1, "open": 1, "alert": 1, "merged": 1, "follow_up": 1},
        "alerts": {"case": 1},
        "bulletins": {"held": 1},
        "audit": {"held": 2},
        "consent": {"record": 1},
    }
    went = look_as_gateway(town)
    assert went == {
        "events": goes["events"], "media": goes["media"], "bulletins": goes["bulletins"], "rounds": goes["rounds"],
        "incidents": goes["incidents"] + goes["incidents_lesser"], "alerts": goes["alerts"] + goes["alerts_lesser"],
        "audit": goes["audit"], "consent": goes["consent"],
    }  # fmt: skip
    for what, how_many in went.items():
        last = audited(town, what)[-1]
        assert (last["username"], last["detail"]["count"]) == ("anxin", how_many), what
        assert last["detail"]["before"], what
    # What waited for the rest: the pictures of the case that went, and the one into which another was merged.
    assert {name: one.goes for name, one in by_name(said(town)).items() if one.goes} == {"media": 1, "incidents": 1}
    went = look_as_gateway(town)
    assert (went["media"], went["incidents"]) == (1, 1)
    assert not any(one.goes for one in said(town).classes)


def test_of_when_the_oldest_is_that_stays(town: Town) -> None:
    something_of_everything(town)
    seen = by_name(said(town))
    now = town.clock.now()
    oldest = {name: round((now - at.oldest).total_seconds() / 86400) for name, at in seen.items() if at.oldest}
    assert {name: oldest[name] for name in ("incidents", "rounds", "media", "audit")} == {
        "incidents": YEARS_3 + 6, "rounds": 399, "media": 900, "audit": YEARS_3 + 1,
    }, "what is held, among it"  # fmt: skip
    settle(town)
    assert seen["events"].oldest == town.rows("select min(ts) as ts from event")[0]["ts"]
    assert {name: one.oldest for name, one in by_name(said(town)).items() if name != "media"} == {
        name: one.oldest for name, one in seen.items() if name != "media"
    }, "what went was not among it"
    assert round((now - seen["events"].before).total_seconds()) == 180 * 86400


def test_a_look_by_other_settings_and_what_goes_at_once(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(town)
    walk(town, 399)
    fresh = by_name(said(town))["rounds"]
    assert (fresh.goes, bool(fresh.young)) == (0, True)
    shorter = by_name(said(town, lesser_keep_days=398))["rounds"]
    assert (shorter.goes, shorter.days, shorter.setting) == (fresh.young, 398, "ANXIN_LESSER_KEEP_DAYS")
    assert (shorter.floor, shorter.ceiling, shorter.at_once) == (180, 762, None)
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    for _ in range(3):
        picture(town, 31)
    assert (by_name(said(town))["media"].goes, by_name(said(town))["media"].at_once) == (3, 2)
    assert [retire(town)["media"] for _ in range(3)] == [2, 1, 0]


def run(town: Town, monkeypatch: pytest.MonkeyPatch, *options: str) -> str:
    monkeypatch.setenv("ANXIN_DATABASE_URL", town.url)
    monkeypatch.setenv("ANXIN_STATION", STATION)
    done = CliRunner().invoke(main, ["retention", *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_saying_it_changes_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command runs where nobody may write, and leaves every table as it was."""
    settle(town)
    incident(town, YEARS_3 + 1)
    picture(town, 31)
    before = contents(town)
    with psycopg.connect(town.url, autocommit=True) as connection:
        connection.execute("alter database anxin set default_transaction_read_only = on")
        try:
            shown = json.loads(run(town, monkeypatch, "--json"))
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                retire(town)
        finally:
            connection.execute("set default_transaction_read_only = off")
            connection.execute("alter database anxin reset default_transaction_read_only")
    with connect(town.url, "test") as connection, snapshot(connection):
        keeping.look(connection, told(town), town.clock.now())
        row = connection.execute("select pg_current_xact_id_if_assigned(), current_setting('transaction_read_only')")
        assert row.fetchone() == (None, "on"), "who writes has a number"
    assert contents(town) == before
    goes = {one["name"]: one["goes"] for one in shown["classes"]}
    assert (goes["incidents"], goes["media"]) == (1, 1)
    went = retire(town)
    assert (went["incidents"], went["media"]) == (1, 1)


def test_the_table_for_people(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    settle(town)
    hold(town, incident(town, YEARS_3 + 1))
    incident(town, YEARS_3 + 1)
    shown = run(town, monkeypatch)
    held = by_name(said(town))["incidents"].stays["held"]
    lines = {line.split()[0]: line.split() for line in shown.splitlines() if "ANXIN_" in line}
    assert list(lines) == [one.name for one in said(town).classes]
    assert lines["incidents"][1:5] == ["ANXIN_RECORDS_KEEP_DAYS", "1095", "180", "1827"]
    assert lines["incidents"][6] == "1"
    assert f"stay: {held} held: held for a case (保全)" in shown
    assert f"{town.clock.now() - timedelta(days=YEARS_3):%Y-%m-%d}" == lines["incidents"][5]


def test_when_the_gateway_looks_next(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.execute("delete from retention_turn")
    assert (said(town).last, said(town).next) == (None, None)
    assert "has not looked yet" in run(town, monkeypatch)
    retire(town)
    seen = said(town)
    assert seen.last is not None
    assert seen.next == seen.last + EVERY
    assert "looks next at" in run(town, monkeypatch)
    town.execute("update retention_turn set looked_at = now() - interval '7 hours'")
    assert "does it run?" in run(town, monkeypatch)
    with connect(town.url, "test") as connection, snapshot(connection):
        virtual = told(town).model_copy(update={"clock": "2026-11-22T08:00:00+08:00@1795312800x10"})
        assert keeping.look(connection, virtual, town.clock.now()).next is None


# ── what is held ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_of_a_case_that_is_held_stays_and_goes_once_it_is_released(town: Town) -> None:
    case = incident(town, YEARS_3 + 1, ended=YEARS_3 + 1)
    raised = alert_of(town, case)
    pictures = [picture(town, YEARS_3, raised), picture(town, YEARS_3, raised)]
    records = [frozen(town, case, raised), frozen(town, case, raised)]
    told_of = bulletin(town, YEARS_3 + 1, case)
    for what in (f"incident/{case}", f"alert/{raised}"):
        line(town, YEARS_3 + 1, what)
    town.execute(
        "update notification set state = 'accepted', created_at = now() - interval '181 days' "
        "where incident_id = %s or alert_id = %s",
        case, raised,
    )  # fmt: skip
    young = incident(town, 10)
    of_young = "select count(*) from notification where incident_id = %s"
    town.execute(
        "update notification set state = 'accepted', created_at = now() - interval '181 days' where incident_id = %s",
        young,
    )  # fmt: skip
    assert one(town, of_young, young) > 0
    hold(town, case)

    def left() -> dict[str, int]:
        asked: dict[str, tuple[str, tuple[Any, ...]]] = {
            "case": ("incident where id = %s", (case,)),
            "alert": ("alert where id = %s", (raised,)),
            "timeline": ("incident_step where incident_id = %s", (case,)),
            "attachments": ("attachment where incident_id = %s", (case,)),
            "pictures": ("media where id = any (%s)", (pictures,)),
            "frozen": ("evidence_content where seq = any (%s) and sealed is not null", (records,)),
            "messages": ("notification where incident_id = %s or alert_id = %s", (case, raised)),
            "attempts": (
                "attempt t join notification n on n.id = t.notification_id where n.incident_id = %s", (case,)),
            "bulletin": ("bulletin where id = %s", (told_of,)),
            "trail": ("audit where object in (%s, %s)", (f"incident/{case}", f"alert/{raised}")),
        }  # fmt: skip
        return {
            name: one(town, f"select count(*) from {rows}", *parameters)  # noqa: S608  # ours
            for name, (rows, parameters) in asked.items()
        }

    whole = left()
    assert all(whole.values()), whole
    look_as_gateway(town)
    look_as_gateway(town)
    assert left() == whole
    assert one(town, of_young, young) == 0, "messages of others go after their half year"
    assert by_name(said(town))["media"].stays["held"] >= 2
    town.execute("delete from evidence_hold where incident_id = %s", case)
    look_as_gateway(town)
    look_as_gateway(town)
    assert not any(left().values()), left()
    with connect(town.url, "test") as connection:
        freeze.catch_up(connection, SEALER, STATION, town.clock.now())
    (gone,) = town.rows("select record from evidence where kind = 'gone' order by seq desc limit 1")
    assert json.loads(gone["record"])["what"]["count"] >= len(records)
    assert one(town, "select count(*) from evidence_content where gone_at is not null and gone_seq is null") == 0


def test_every_piece_of_upkeep_is_done_when_the_gateway_starts(town: Town) -> None:
    """They begin at the same moment, and one process does them all: none takes another for a second gateway."""
    for _ in range(3):  # once it may happen to go well
        town.execute("delete from retention_turn")
        running = Schedule(told(town), town.clock)
        with capture_logs() as logged:
            running.start()
            try:
                wait_for(lambda: len([one for one in logged if one["event"] == "upkeep done"]) == 5, "all five")
            finally:
                running.stop()
        assert said(town).last is not None
