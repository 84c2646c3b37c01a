"""An older database is sealed after its migration; a database and its key belong together, and that is told in time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg.types.json import Jsonb

from gateway import trail
from gateway.doctor import privacy
from gateway.duty import looked_up
from gateway.embedded.ports import any_free
from gateway.embedded.postgres import EmbeddedPostgres
from gateway.model.errors import Misconfigured
from gateway.model.scope import Scope
from gateway.persons.personal import name_index, unseal
from gateway.registering.writing import import_site
from gateway.sealing import KEY_FILE, Sealer, contact_address, new_key, sealer_at
from gateway.sealing_up import after_restore, bring_up_to_date, know_key, seal_up
from gateway.settings import Settings
from gateway.store import accounts, persons, shelves
from gateway.store import migrate as migrations
from gateway.store.migrate import create_database, migrate
from gateway.store.pool import connect
from gateway.suppressing import shelving
from tests.station import DATA_KEY, SEALER, make_site


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    running = EmbeddedPostgres(tmp_path_factory.mktemp("pg") / "data", any_free())
    running.start()
    yield running
    running.stop()


@pytest.fixture
def settings(server: EmbeddedPostgres, tmp_path: Path) -> Settings:
    name = f"db{any_free()}"
    create_database(server.url, name)
    url = server.url.rsplit("/", 1)[0] + f"/{name}"
    return Settings(database_url=url, data_key=DATA_KEY, home=tmp_path, station="teststation")  # type: ignore[arg-type]


def of(settings: Settings, **changes: object) -> Settings:
    return settings.model_copy(update=changes)


def filled(settings: Settings) -> None:
    """A database as the version before wrote it: names and addresses readable."""
    migrate(settings.database)
    with connect(settings.database, "test") as connection:
        import_site(connection, make_site(1, elders=2), SEALER)
        connection.execute("update person set name = '欧阳测试甲', sealed = null, name_index = null where id = 'p-1'")
        connection.execute("update user_account set phone = 'old-phone' where username = 'officer'")
        connection.execute("delete from contact; delete from data_key")
        connection.execute(
            "alter table consent disable trigger user; delete from consent; alter table consent enable trigger user"
        )


def test_what_an_older_version_left_readable_is_sealed_once(settings: Settings) -> None:
    filled(settings)
    assert bring_up_to_date(settings) == []
    with connect(settings.database, "test") as connection:
        row = persons.get(connection, Scope("teststation"), "p-1")
        assert row is not None
        assert unseal(SEALER, "teststation", "p-1", row.sealed).name == "欧阳测试甲"
        assert connection.execute("select count(*) from person where name is not null").fetchone() == (0,)
        found = persons.list_persons(
            connection, Scope("teststation"), area=None, place=None, care=None, phone_index=None, after=None, limit=9,
            name_index=name_index(SEALER, "欧阳测试甲"),
        )  # fmt: skip
        assert [one.id for one in found] == ["p-1"]
        contact = connection.execute("select username, channel, address_sealed from contact").fetchall()
        assert [(user, channel) for user, channel, _ in contact] == [("officer", "phone")]
        address = SEALER.unseal(bytes(contact[0][2]), contact_address("teststation", "officer", "phone"))
        assert address == "old-phone"
        assert connection.execute("select phone from user_account where username = 'officer'").fetchone() == (None,)
        said = connection.execute("select person_id, state, said_by from consent order by person_id").fetchall()
        assert said == [("p-1", "given", "site_file"), ("p-2", "given", "site_file")]
        assert seal_up(connection, SEALER) == dict.fromkeys(("names", "phones", "consents", "reasons"), 0), "no harm"


def test_reasons_an_older_version_left_readable_are_sealed_where_they_stand(settings: Settings) -> None:
    filled(settings)
    begins = datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC)
    with connect(settings.database, "test") as connection:
        connection.execute(
            "insert into shelf (station_id, rule_id, reason, by_user, begins_at, ends_at)"
            " values ('teststation', 'door-held', '欧阳测试甲住院', 'operator', %s, %s)",
            [begins, begins + timedelta(hours=1)],
        )
        connection.execute(
            "insert into shift (station_id, id, duty_as, people, since, turn_days) values"
            " ('teststation', 'night', 'officer', '{officer}', '2026-01-01', 1)"
        )
        for day, reason in ((date(2026, 11, 22), "司徒测试乙结婚"), (date(2026, 11, 23), "")):
            connection.execute(
                "insert into swap (station_id, shift_id, day, instead_of, stands_in, reason, made_by, made_at)"
                " values ('teststation', 'night', %s, 'officer', 'deputy', %s, 'officer', now())",
                [day, reason],
            )
        for act, what, reason in (
            ("shelf.made", "shelf/1", "欧阳测试甲住院"),
            ("duty.swap", "shift/night", "司徒测试乙结婚"),
        ):
            accounts.write_audit(
                connection, at=begins, station="teststation", username="operator", act=act, object_=what,
                detail={"reason": reason, "code": "x"},
            )  # fmt: skip
        # What is a reason of a machine's, or of a rule's change, is nobody's.
        accounts.write_audit(
            connection, at=begins, station="teststation", username="commander", act="rule.asked", object_="rule/r",
            detail={"reason": "quieter"},
        )  # fmt: skip
    bring_up_to_date(settings)
    with connect(settings.database, "test") as connection:
        (shelf,) = shelves.standing(connection, "teststation", begins)
        assert shelving.shown(SEALER, shelf, begins)["reason"] == "欧阳测试甲住院"
        assert shelving.shown(Sealer(bytes(range(1, 33))), shelf, begins)["reason"] is None
        roster = looked_up.roster(connection, SEALER, Scope("teststation"), "commander", begins, date(2026, 1, 1))
        assert [swap["reason"] for swap in roster["swaps"]] == ["司徒测试乙结婚", ""]
        for table in ("shelf", "swap"):
            query = f"select count(*) from {table} where reason is not null"  # noqa: S608  # one of two names
            assert connection.execute(query).fetchone() == (0,)  # type: ignore[arg-type]
        every = dict.fromkeys(("user", "act", "object_", "since", "until", "before"))
        lines = accounts.list_audit(connection, "teststation", limit=9, **every)
        opened = [trail.opened(SEALER, "teststation", dict(line), words=True)["detail"] for line in lines]
        assert [one["reason"] for one in opened] == ["quieter", "司徒测试乙结婚", "欧阳测试甲住院"]
        assert ["reason" in line["detail"] for line in lines] == [True, False, False]
        assert seal_up(connection, SEALER)["reasons"] == 0, "again without harm"
        for change in (
            "update audit set said_sealed = '\\x00', detail = '{}' where act = 'shelf.made'",
            "update audit set said_sealed = '\\x00', detail = '{}', username = 'x' where act = 'rule.asked'",
            "update audit set detail = '{}' where act = 'rule.asked'",
            "delete from audit",
            "truncate audit",
        ):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"), connection.transaction():
                connection.execute(change)  # type: ignore[call-overload]


#: Migrations that an older version did not have, with those that build on them.
LATER = ("001[567]*", "002[2346]*")


def test_reasons_are_taken_out_of_where_an_older_version_copied_them_to(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = shutil.copytree(migrations.MIGRATIONS, tmp_path / "older", ignore=shutil.ignore_patterns(*LATER))
    with monkeypatch.context() as before:
        before.setattr(migrations, "MIGRATIONS", older)
        filled(settings)
    page = {"at": "2026-11-22", "shelved": [{"what": "shelf", "id": 2, "reason": "住院"}, {"what": "alert", "id": 1}]}
    with connect(settings.database, "test") as connection:
        for number, kind in ((1, "shelf"), (2, "alert")):
            connection.execute(
                "insert into change (station_id, id, at, kind, body) values ('teststation', %s, now(), %s, %s)",
                [number, kind, Jsonb({"id": 2, "reason": "住院"})],
            )
        for kept in (page, {"at": "2026-11-22"}, {"shelved": []}):
            connection.execute(
                "insert into desk_handover (station_id, made_at, page, given_by) values"
                " ('teststation', now(), %s, 'operator')",
                [Jsonb(kept)],
            )
    assert bring_up_to_date(settings) == [
        "0015.words", "0016.retention", "0017.console", "0022.evidence", "0023.media", "0024.live",
        "0026.kept",
    ]  # fmt: skip
    with connect(settings.database, "test") as connection:
        told = connection.execute("select body from change order by id").fetchall()
        assert told == [({"id": 2},), ({"id": 2, "reason": "住院"},)], "only what a shelf's words stand in"
        pages = connection.execute("select page from desk_handover order by id").fetchall()
        assert pages == [
            ({"at": "2026-11-22", "shelved": [{"what": "shelf", "id": 2}, {"what": "alert", "id": 1}]},),
            ({"at": "2026-11-22"},),
            ({"shelved": []},),
        ]


def test_another_key_is_refused_before_anything_is_written(settings: Settings) -> None:
    bring_up_to_date(settings)
    other = Sealer(bytes(range(1, 33)))
    with connect(settings.database, "test") as connection:
        with pytest.raises(Misconfigured, match="another data key"):
            import_site(connection, make_site(1), other)
        assert connection.execute("select count(*) from station").fetchone() == (0,)
        know_key(connection, SEALER)
    with pytest.raises(Misconfigured, match="another data key"):
        bring_up_to_date(of(settings, data_key=type(settings.data_key)(new_key())))


@pytest.mark.parametrize("process", ["gateway", "api"])
def test_a_process_with_another_key_ends_with_a_sentence(settings: Settings, tmp_path: Path, process: str) -> None:
    bring_up_to_date(settings)
    environment = {
        **os.environ, "ANXIN_HOME": str(tmp_path), "ANXIN_DATABASE_URL": settings.database, "ANXIN_DATA_KEY": new_key(),
        "ANXIN_STATION": "teststation", "ANXIN_MQTT_URL": "mqtt://127.0.0.1:1", "ANXIN_HTTP_PORT": str(any_free()),
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.cli", process],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "sealed with another data key" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_key_none_is_made_for_a_sealed_database(settings: Settings, tmp_path: Path) -> None:
    bring_up_to_date(settings)
    keyless = of(settings, data_key=type(settings.data_key)(""))
    with pytest.raises(Misconfigured, match="there is no data key here"):
        bring_up_to_date(keyless)
    assert not (tmp_path / KEY_FILE).exists()
    assert "its data key is not here" in after_restore(keyless, settings.database)
    assert not (tmp_path / KEY_FILE).exists()
    assert "fits" in after_restore(settings, settings.database)
    sealer_at(tmp_path)
    assert "another data key" in after_restore(keyless, settings.database)


def test_what_the_doctor_says_of_the_key(settings: Settings, tmp_path: Path) -> None:
    def said(of_these: Settings) -> tuple[str, str]:
        with connect(settings.database, "test") as connection:
            finding = next(iter(privacy.look(connection, of_these)))
            return finding.level, finding.detail

    keyless = of(settings, data_key=type(settings.data_key)(""))
    migrate(settings.database)
    assert said(keyless)[0] == "WARN"
    bring_up_to_date(keyless)  # makes one in the home
    assert said(keyless)[0] == "ok"
    (tmp_path / KEY_FILE).chmod(0o644)
    assert said(keyless)[0] == "WARN"
    assert said(settings) == ("BAD", "the database is sealed with another one")
    (tmp_path / KEY_FILE).unlink()
    assert said(keyless) == ("BAD", "none is here, and the database is sealed")
