"""Import and export: all or nothing, again without harm, pruned as far as nothing needs it, and back as it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
import yaml
from click.testing import CliRunner, Result
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings

from gateway.cli import main
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.model.errors import Misconfigured
from gateway.model.policy import Policy
from gateway.persons.personal import unseal
from gateway.registering.difference import difference, settled
from gateway.registering.exporting import exported, site_text
from gateway.registering.present import present
from gateway.registering.reading import parse_site
from gateway.registering.site import Site, SitePerson, SiteUser
from gateway.registering.writing import import_site, plan, write
from gateway.sealing import Sealer
from gateway.settings import Settings
from gateway.store.migrate import create_database, migrate
from gateway.store.pool import connect
from tests.integration.test_backfill import SITE, fresh, one, rows, server
from tests.station import DATA_KEY, SEALER, STATION, make_site
from tests.unit.test_difference import sites

__all__ = ["fresh", "server"]


@pytest.fixture
def anxin(fresh: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The command line on a database with the small station, whose data key is the tests'."""
    monkeypatch.setenv("ANXIN_HOME", str(tmp_path))
    monkeypatch.setenv("ANXIN_DATABASE_URL", fresh.database)
    monkeypatch.setenv("ANXIN_STATION", fresh.station)
    monkeypatch.setenv("ANXIN_DATA_KEY", DATA_KEY)

    def run(*arguments: object, code: int = 0, said: str | None = None) -> Result:
        told = CliRunner().invoke(main, [str(one) for one in arguments], input=said)
        assert told.exit_code == code, told.output
        return told

    return run


def version(settings: Settings) -> int:
    return int(one(settings, "select registry_version from station"))


def kept(settings: Settings, person: str) -> dict[str, Any]:
    """What the registry has of a person, their name opened."""
    [row] = [one for one in rows(settings, "select id, place_id, care, sealed from person") if one.pop("id") == person]
    name = unseal(SEALER, settings.station, person, row.pop("sealed")).name
    return {**row, "name": name}


def edited(tmp_path: Path, **changed: Any) -> Path:
    raw = yaml.safe_load(SITE.read_text(encoding="utf-8"))
    path = tmp_path / "site.yaml"
    path.write_text(yaml.safe_dump(raw | changed, allow_unicode=True), encoding="utf-8")
    return path


def part(name: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = yaml.safe_load(SITE.read_text(encoding="utf-8"))[name]
    return listed


# ── import ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_second_import_changes_nothing(fresh: Settings, anxin: Any) -> None:
    before = version(fresh)
    changes = one(fresh, "select count(*) from registry_change")
    told = anxin("import", SITE)
    assert "nothing to change" in told.output
    assert version(fresh) == before
    assert one(fresh, "select count(*) from registry_change") == changes
    assert one(fresh, "select count(*) from audit") == 0


def test_a_dry_run_shows_and_changes_nothing(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    persons = [person | {"name": "改名"} if person["id"] == "p-001" else person for person in part("persons")]
    devices = [*part("devices"), {"id": "new-door", "kind": "door_controller", "place": "mall", "name": "新门"}]
    path = edited(tmp_path, persons=persons, devices=devices)
    told = anxin("import", path, "--dry-run").output
    assert "device: 1 added" in told
    assert "+ device new-door" in told
    assert "~ person p-001: name *** → ***" in told
    assert "改名" not in told
    assert one(fresh, "select count(*) from device where id = 'new-door'") == 0
    before = version(fresh)
    anxin("import", path, "--by", "li")
    assert version(fresh) == before + 1
    [trail] = rows(fresh, "select username, act, detail from audit")
    assert (trail["username"], trail["act"]) == ("li", "registry.import")
    assert "改名" not in str(trail["detail"])
    assert "nothing to change" in anxin("import", path).output


def test_all_or_nothing_when_the_last_row_fails(fresh: Settings) -> None:
    """The database refuses the very last statement: nothing of what went before stays."""
    before = rows(fresh, "select * from device order by id"), rows(fresh, "select * from place order by id")
    site = make_site(5)
    site = msgspec.structs.replace(site, station=msgspec.structs.replace(site.station, id=fresh.station))
    with connect(fresh.database, "test") as connection:
        connection.execute(
            "create function no() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;"
            "create trigger no before update of policy on station for each row execute function no()"
        )
        connection.commit()
        failing = msgspec.structs.replace(site, policy=Policy(quiet_hours="22:00-06:00"))
        with pytest.raises(psycopg.errors.RaiseException):
            import_site(connection, failing, SEALER)
        connection.rollback()
        assert rows(fresh, "select * from device order by id") == before[0]
        connection.execute("drop trigger no on station; drop function no()")
        connection.commit()
    assert rows(fresh, "select * from place order by id") == before[1]


def test_a_file_with_a_bad_last_line_writes_nothing(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    devices = [{"id": "first", "kind": "camera", "place": "mall", "name": "好的"}, *part("devices")]
    path = edited(tmp_path, devices=[*devices, {"id": "last", "kind": "camera", "place": "moon", "name": "坏的"}])
    told = anxin("import", path, code=2)
    assert "device last: place 'moon' is no place of this file" in told.output
    assert one(fresh, "select count(*) from device where id = 'first'") == 0


def test_somebody_new_without_a_name_is_refused(fresh: Settings) -> None:
    with connect(fresh.database, "test") as connection:
        now = present(connection, fresh.station, SEALER)
        assert now is not None
        more = msgspec.structs.replace(now, persons=[*now.persons, SitePerson("p-9", "mall")], personal="left_out")
        with pytest.raises(Misconfigured, match="p-9 are new here and have no name"):
            plan(connection, more, SEALER)


def test_a_user_of_another_station_is_refused_and_nothing_written(fresh: Settings) -> None:
    with connect(fresh.database, "test") as connection:
        with pytest.raises(Misconfigured, match="belongs to another station"):
            import_site(connection, make_site(), SEALER)
        connection.rollback()
        assert one(fresh, "select count(*) from station") == 1


def test_passwords_locks_and_secrets_survive(fresh: Settings) -> None:
    with connect(fresh.database, "test") as connection:
        now = present(connection, fresh.station, SEALER)
        assert now is not None
        import_site(connection, now, SEALER, device_secrets={"school-1-button": "s"}, password_hashes={"officer": "h"})
        connection.commit()
        kept = "select secret_sha256 from device where id = 'school-1-button'"
        secret = one(fresh, kept)
        assert secret is not None
        renamed = [msgspec.structs.replace(user, name="改") for user in now.users]
        moved = [msgspec.structs.replace(device, name="改") for device in now.devices]
        import_site(connection, msgspec.structs.replace(now, users=renamed, devices=moved), SEALER)
        connection.commit()
        before = version(fresh)
        import_site(connection, msgspec.structs.replace(now, users=renamed, devices=moved), SEALER,
                    device_secrets={"school-1-button": "s"})  # fmt: skip
        connection.commit()
    assert one(fresh, kept) == secret
    assert one(fresh, "select password_hash from user_account where username = 'officer'") == "h"
    assert version(fresh) == before, "the same secret again is no change"


def test_contacts_are_sealed_and_replaced_one_channel_at_a_time(fresh: Settings) -> None:
    def ways() -> set[tuple[str, str]]:
        found = rows(fresh, "select channel, state from contact where username = 'officer'")
        return {(row["channel"], row["state"]) for row in found}

    with connect(fresh.database, "test") as connection:
        now = present(connection, fresh.station, SEALER)
        assert now is not None

        def with_officer(**changed: Any) -> Site:
            users = [msgspec.structs.replace(u, **changed) if u.username == "officer" else u for u in now.users]
            return msgspec.structs.replace(now, users=users)

        import_site(connection, with_officer(contacts={"sms": "+861000000001"}), SEALER)
        connection.commit()
        assert ways() == {("phone", "active"), ("sms", "active")}
        import_site(connection, with_officer(phone=None, contacts={"sms": "+861000000002"}), SEALER)
        connection.commit()
        assert ways() == {("phone", "active"), ("sms", "active"), ("sms", "retired")}
        then = present(connection, fresh.station, SEALER)
        assert then is not None
        [officer] = [user for user in then.users if user.username == "officer"]
        assert officer.addresses() == {"phone": "phone-officer", "sms": "+861000000002"}
        with pytest.raises(Misconfigured, match="data key"):
            present(connection, fresh.station, Sealer(bytes(32)))
    assert b"+86" not in b"".join(bytes(row["address_sealed"]) for row in rows(fresh, "select * from contact"))


# ── prune ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_in_the_file_stays_unless_it_is_pruned(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    keep = [device for device in part("devices") if device["id"] != "school-1-gate"]
    path = edited(tmp_path, devices=keep, persons=part("persons")[1:])
    told = anxin("import", path).output
    assert "not in the file, and kept: 2" in told
    assert "  device school-1-gate" in told
    assert one(fresh, "select count(*) from device where id = 'school-1-gate'") == 1
    refused = anxin("import", path, "--prune", code=1)
    assert "say --yes, or --keep" in refused.output
    assert one(fresh, "select count(*) from person where id = 'p-001'") == 1
    told = anxin("import", path, "--prune", "--yes").output
    assert "- device school-1-gate" in told
    assert one(fresh, "select count(*) from device where id = 'school-1-gate'") == 0
    assert one(fresh, "select count(*) from person where id = 'p-001'") == 0
    assert "nothing to change" in anxin("import", path, "--prune").output


def test_a_whole_beat_is_pruned_with_all_that_lies_in_it(fresh: Settings) -> None:
    with connect(fresh.database, "test") as connection:
        now = present(connection, fresh.station, SEALER)
        assert now is not None
        areas = [area for area in now.areas if area.id not in {"beat-2", "grid-201"} and area.parent != "beat-2"]
        areas = [area for area in areas if area.id != "night-market-area"]
        left = {area.id for area in areas}
        places = [place for place in now.places if place.area in left]
        at = {place.id for place in places}
        fewer = msgspec.structs.replace(
            now, areas=areas, places=places, devices=[one for one in now.devices if one.place in at],
            persons=[one for one in now.persons if one.place in at], duty=[d for d in now.duty if d.area == "beat-1"],
            patrols=[one for one in now.patrols if one.area in left],
        )  # fmt: skip
        planned = plan(connection, fewer, SEALER, prune=True)
        assert not planned.kept
        write(connection, planned, SEALER)
        connection.commit()
        assert present(connection, fresh.station, SEALER) == fewer


def test_who_has_a_record_and_administrators_stay_with_what_they_refer_to(fresh: Settings) -> None:
    with connect(fresh.database, "test") as connection:
        now = present(connection, fresh.station, SEALER)
        assert now is not None
        guest = SiteUser("guest", "访", "officer", "phone-guest", areas=["grid-102"])
        import_site(connection, msgspec.structs.replace(now, users=[*now.users, guest]), SEALER)
        connection.execute(
            "insert into footprint (station_id, username, at, kind) values (%s, 'guest', now(), 'patrol')",
            (fresh.station,),
        )
        left = [area for area in now.areas if area.id != "grid-102"]
        gone = {place.id for place in now.places if place.area == "grid-102"}
        fewer = msgspec.structs.replace(
            now, areas=left, users=[u for u in now.users if u.role not in {"admin", "auditor"}],
            places=[p for p in now.places if p.id not in gone], devices=[d for d in now.devices if d.place not in gone],
            persons=[p for p in now.persons if p.place not in gone],
        )  # fmt: skip
        planned = plan(connection, fewer, SEALER, prune=True)
        assert planned.kept == {
            ("user", "guest"): "footprints name them",
            ("user", "admin"): "an administrator; take the role away first",
            ("area", "grid-102"): "user guest refers to it",
        }
        write(connection, planned, SEALER)
        connection.commit()
    assert one(fresh, "select count(*) from user_account where username = 'auditor'") == 0
    assert one(fresh, "select count(*) from area where id = 'grid-102'") == 1
    assert one(fresh, "select count(*) from contact where username = 'guest'") == 1


def test_a_terminal_is_asked_and_no_means_no(
    fresh: Settings, anxin: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = edited(tmp_path, persons=part("persons")[1:])
    monkeypatch.setattr("gateway.cli_import._is_asked", lambda: True)
    anxin("import", path, "--prune", said="n\n", code=1)
    assert one(fresh, "select count(*) from person where id = 'p-001'") == 1
    anxin("import", path, "--prune", said="y\n")
    assert one(fresh, "select count(*) from person where id = 'p-001'") == 0


# ── export ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_export_imports_as_nothing(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    for flags in ((), ("--personal",)):
        path = tmp_path / f"export{len(flags)}.yaml"
        anxin("export", path, *flags)
        assert path.stat().st_mode & 0o777 == 0o600
        assert "nothing to change" in anxin("import", path, "--prune").output
    without, whole = (tmp_path / "export0.yaml").read_text(), (tmp_path / "export1.yaml").read_text()
    assert "王秀兰" not in without
    assert "phone-officer" not in without
    assert "王秀兰" in whole
    assert "phone-officer" in whole
    assert [row["act"] for row in rows(fresh, "select act from audit")] == ["registry.export"]


def test_an_export_without_personal_data_leaves_names_alone(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    text = anxin("export").output
    path = tmp_path / "back.yaml"
    path.write_text(text.replace("lives_alone: true, silence_limit_s: 64800", "lives_alone: true"), encoding="utf-8")
    anxin("import", path)
    assert kept(fresh, "p-003") == {"name": "陈桂芳", "place_id": "flat-2-102", "care": {"lives_alone": True}}
    assert one(fresh, "select count(*) from contact where state = 'active'") == 3


@pytest.fixture(scope="module")
def empty(server: EmbeddedPostgres) -> str:
    url = server.url.rsplit("/", 1)[0] + "/made_sites"
    create_database(server.url, "made_sites")
    migrate(url)
    return url


@given(sites())
@hypothesis_settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
def test_any_small_site_comes_back_as_it_went_in(empty: str, made: Site) -> None:
    with connect(empty, "test round trip") as connection:
        import_site(connection, made, SEALER)
        now = present(connection, STATION, SEALER)
        assert now is not None
        assert difference(now, settled(None, made)).changes == []
        for personal in (True, False):
            back = parse_site(site_text(exported(now, personal=personal)), "export")
            planned = plan(connection, back, SEALER, prune=True)
            assert planned.empty
            assert planned.kept == {}
        connection.rollback()


# ── spreadsheets at the command line ─────────────────────────────────────────────────────────────────────────────────


def test_a_sheet_at_the_command_line(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    sheet, report = tmp_path / "devices.csv", tmp_path / "wrong.csv"
    sheet.write_bytes(
        "编号,类型,名称,位置,网关\ngw-1,网关,甲,mall,\nd-1,门磁,乙,万家商场,gw-1\nd-2,门磁,丙,mall,d-1\n".encode(
            "gb18030"
        )
    )
    told = anxin("import-sheet", sheet, "--kind", "devices", "--report", report, code=1)
    assert "第 4 行 整行：登记检查不通过" in told.output
    assert "未写入" in told.output
    assert "kind gateway" in report.read_text(encoding="utf-8-sig")
    assert one(fresh, "select count(*) from device where id in ('gw-1', 'd-1', 'd-2')") == 0
    anxin("import-sheet", sheet, "--kind", "devices", "--good-rows", code=1)
    assert rows(fresh, "select id, via from device where id in ('gw-1', 'd-1', 'd-2') order by id") == [
        {"id": "d-1", "via": "gw-1"}, {"id": "gw-1", "via": None}
    ]  # fmt: skip
    before = version(fresh)
    again = tmp_path / "again.csv"
    again.write_text("id,name\nd-1,乙\n", encoding="utf-8")
    assert "新增 0，更改 0" in anxin("import-sheet", again, "--kind", "devices").output
    assert version(fresh) == before


def test_a_bad_row_takes_those_that_need_it_with_it(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "devices.csv"
    sheet.write_text("id,kind,name,place,via\ngw-1,gateway,甲,moon,\nd-1,motion,乙,mall,gw-1\nd-3,motion,丁,mall,\n")
    told = anxin("import-sheet", sheet, "--kind", "devices", "--good-rows", "--json", code=1).output
    assert [problem["row"] for problem in yaml.safe_load(told)["problems"]] == [2, 3]
    assert rows(fresh, "select id from device where id in ('gw-1', 'd-1', 'd-3')") == [{"id": "d-3"}]


def test_a_person_keeps_what_a_sheet_does_not_say(fresh: Settings, anxin: Any, tmp_path: Path) -> None:
    sheet = tmp_path / "persons.csv"
    sheet.write_text("编号,独居,无活动时限(小时),外出至\np-003,,无,2026-12-01\n", encoding="utf-8")
    anxin("import-sheet", sheet, "--kind", "persons")
    assert kept(fresh, "p-003") == {
        "name": "陈桂芳", "place_id": "flat-2-102",
        "care": {"lives_alone": True, "away_until": "2026-12-02T00:00:00+08:00"},
    }  # fmt: skip
    assert "陈桂芳" not in str(rows(fresh, "select detail from audit"))
