"""Backup and restore, and everything they refuse: each refusal says what to do and changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gateway.store import migrate, road
from gateway.store.pool import connect
from tests.station import Station, make_site, postgres_bin, wait_for

EVENTS = 60
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A station with some events and an alert, whose gateway has ended. Overrides the shared one."""
    running = Station(tmp_path_factory.mktemp("station"), make_site(doors=5))
    try:
        running.start_stores().start_receivers().start_gateway()
        with running.publisher() as devices:
            for number in range(EVENTS):
                devices.event(f"door-{number % 5}", "door.opened")
            devices.event("button-1", "alarm.pressed")
        wait_for(lambda: running.one("select count(*) from event where kind = 'door.opened'") == EVENTS, "the events")
        wait_for(lambda: running.one("select count(*) from alert") == 1, "the alert")
        running.stop("gateway")
        (running.home / "secrets.json").write_text('{"gateway": "hush"}')
        (running.home / "secrets.json").chmod(0o600)
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def backup(station: Station, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("backup") / "anxin.backup"
    done = anxin(station, "backup", file)
    assert done.returncode == 0, done.stderr
    return file


def anxin(station: Station, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", *map(str, arguments)],
        env={**station.environment(), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def url_of(station: Station, name: str) -> str:
    return f"{station.postgres.url.rpartition('/')[0]}/{name}"


@contextmanager
def database(station: Station, name: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url_of(station, name), autocommit=True) as connection:
        yield connection


def is_there(station: Station, name: str) -> bool:
    return bool(station.one("select count(*) from pg_database where datname = %s", name))


def rewritten(backup: Path, target: Path, *, dump: bytes | None = None, **manifest: Any) -> Path:
    """A backup file with another dump or other words in its manifest."""
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(target, "w") as new:
        new.writestr("database.dump", old.read("database.dump") if dump is None else dump)
        new.writestr("manifest.json", json.dumps({**json.loads(old.read("manifest.json")), **manifest}))
    return target


def refused(station: Station, file: Path, *words: str, into: str = "nowhere", **environment: str) -> None:
    done = anxin(station, "restore", file, "--into", into, "--yes", **environment)
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    if into == "nowhere":
        assert not is_there(station, "nowhere"), "it changed something"


# ── what works ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_restored_database_has_everything_and_numbers_on_far_above(station: Station, backup: Path) -> None:
    done = anxin(station, "restore", backup, "--into", "whole", "--yes")
    assert done.returncode == 0, done.stderr
    assert "as in the manifest" in done.stdout
    assert "the schema is up to date" in done.stdout
    digest = "select md5(string_agg(t::text, ',' order by t::text)) from {} t"
    tables = ("event", "event_seen", "alert", "incident", "notification", "rule_state", "device", "user_account")
    with database(station, "whole") as copy, database(station, "anxin") as original:
        for table in tables:
            asked = digest.format(table)
            assert copy.execute(asked).fetchone() == original.execute(asked).fetchone(), table
        alert = copy.execute("select nextval('alert_id_seq')").fetchone()
        assert alert is not None
        assert alert[0] > 1_000_000
        assert copy.execute("select count(*), min(id) > 1000000 from change").fetchone() == (1, True)
    with connect(url_of(station, "whole"), "test") as connection:
        assert road.version(connection, station.id) > 0


def test_a_backup_tells_what_is_in_it(station: Station, tmp_path: Path) -> None:
    done = anxin(station, "backup", tmp_path / "b", "--json")
    told = json.loads(done.stdout)
    assert told["bytes"] == (tmp_path / "b").stat().st_size
    assert told["stations"] == [station.id]
    assert told["rows"]["event"] == station.one("select count(*) from event")
    assert told["migrations"][0] == "0001.registry"
    assert told["home"] == {}
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [tmp_path / "b"]


def test_secrets_are_in_it_only_when_asked_for(station: Station, tmp_path: Path) -> None:
    plain, with_secrets = tmp_path / "plain", tmp_path / "with"
    assert "not in it" in anxin(station, "backup", plain).stdout
    assert b"hush" not in plain.read_bytes()
    assert anxin(station, "backup", with_secrets, "--with-secrets").returncode == 0
    home = tmp_path / "home"
    done = anxin(station, "restore", with_secrets, "--into", "secret", "--yes", "--with-secrets", ANXIN_HOME=str(home))
    assert done.returncode == 0, done.stderr
    assert json.loads((home / "secrets.json").read_text()) == {"gateway": "hush"}
    assert stat.S_IMODE((home / "secrets.json").stat().st_mode) == 0o600
    nothing = anxin(station, "backup", plain, "--with-secrets", ANXIN_HOME=str(tmp_path / "empty"))
    assert nothing.returncode == 2
    assert "ANXIN_HOME" in nothing.stderr


def test_restore_asks_first(station: Station, backup: Path) -> None:
    done = anxin(station, "restore", backup, "--into", "unasked")
    assert done.returncode != 0
    assert "events" in done.stdout
    assert not is_there(station, "unasked")


def test_no_password_is_on_a_command_line(station: Station, backup: Path, tmp_path: Path) -> None:
    """Both programs are wrapped by ones that note how they were called."""
    for name in ("pg_dump", "pg_restore"):
        wrapper = tmp_path / name
        told = tmp_path / f"{name}.told"
        wrapper.write_text(f'#!/bin/sh\necho "$@" >> {told}\nexec {station.postgres.bin / name} "$@"\n')
        wrapper.chmod(0o755)
    programs = {"ANXIN_POSTGRES_BIN": str(tmp_path)}
    assert anxin(station, "backup", tmp_path / "b", **programs).returncode == 0
    assert anxin(station, "restore", backup, "--into", "quiet", "--yes", **programs).returncode == 0
    password = station.postgres.url.split(":")[2].partition("@")[0]
    for name in ("pg_dump", "pg_restore"):
        told_text = (tmp_path / f"{name}.told").read_text()
        assert "dbname=" in told_text
        assert password not in told_text


def test_an_older_schema_is_brought_up_to_date(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = tmp_path / "migrations"
    older.mkdir()
    for migration in sorted(migrate.MIGRATIONS.glob("*.sql"))[:2]:
        (older / migration.name).write_text(migration.read_text())
    with database(station, "anxin") as connection:
        connection.execute("create database older")
    with monkeypatch.context() as patched:
        patched.setattr(migrate, "MIGRATIONS", older)
        assert len(migrate.migrate(url_of(station, "older"))) == 2
    assert anxin(station, "backup", tmp_path / "b", ANXIN_DATABASE_URL=url_of(station, "older")).returncode == 0
    done = anxin(station, "restore", tmp_path / "b", "--into", "newer", "--yes")
    assert done.returncode == 0, done.stderr
    assert "0003.alerts" in done.stdout
    with connect(url_of(station, "newer"), "test") as connection:
        assert migrate.applied(connection) == migrate.known()


def test_an_account_that_owns_its_database_and_no_more(station: Station, tmp_path: Path) -> None:
    with database(station, "anxin") as connection:
        connection.execute("create role plain login password 'pass word@1'")
        connection.execute("create database of_plain owner plain")
        connection.execute("create database for_plain owner plain")
    url = f"postgresql://plain:pass%20word%401@127.0.0.1:{station.postgres.port}/of_plain"
    assert anxin(station, "migrate", ANXIN_DATABASE_URL=url).returncode == 0
    assert anxin(station, "backup", tmp_path / "b", ANXIN_DATABASE_URL=url).returncode == 0
    if station.postgres.has_timescaledb:
        refused(station, tmp_path / "b", "a superuser can", into="for_plain", ANXIN_DATABASE_URL=url)
        with database(station, "for_plain") as left:
            assert left.execute("select count(*) from pg_extension where extname = 'timescaledb'").fetchone() == (0,)
    else:
        done = anxin(station, "restore", tmp_path / "b", "--into", "for_plain", "--yes", ANXIN_DATABASE_URL=url)
        assert done.returncode == 0, done.stderr
    refused(station, tmp_path / "b", "cannot be made", ANXIN_DATABASE_URL=url)


@pytest.mark.timescaledb
def test_compressed_chunks_come_back_compressed(station: Station, tmp_path: Path) -> None:
    if not station.postgres.has_timescaledb:
        pytest.skip("no TimescaleDB here: set ANXIN_TEST_POSTGRES_BIN (docs/timescaledb.md)")
    compressed = "select count(*) from timescaledb_information.chunks where is_compressed"
    station.execute("select compress_chunk(c, if_not_compressed => true) from show_chunks('event') c")
    assert station.one(compressed) > 0
    assert anxin(station, "backup", tmp_path / "b").returncode == 0
    done = anxin(station, "restore", tmp_path / "b", "--into", "compressed", "--yes")
    assert done.returncode == 0, done.stderr
    with database(station, "compressed") as copy:
        assert copy.execute(compressed).fetchone() == (station.one(compressed),)
        assert copy.execute("select count(*) from event").fetchone() == (station.one("select count(*) from event"),)
        # It is a hypertable that works, not only a table that was filled.
        copy.execute("insert into event select * from event order by ts limit 1 on conflict do nothing")
        copy.execute("select compress_chunk(c, if_not_compressed => true) from show_chunks('event') c")


# ── files that are no good ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.99])
def test_a_torn_file(station: Station, backup: Path, tmp_path: Path, kept: float) -> None:
    torn = tmp_path / "torn"
    torn.write_bytes(backup.read_bytes()[: int(backup.stat().st_size * kept)])
    refused(station, torn, "no whole backup", "another copy")


def test_a_flipped_byte(station: Station, backup: Path, tmp_path: Path) -> None:
    flipped = tmp_path / "flipped"
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    flipped.write_bytes(content)
    refused(station, flipped, "damaged", "another copy")


def test_a_wrong_hash(station: Station, backup: Path, tmp_path: Path) -> None:
    refused(station, rewritten(backup, tmp_path / "b", dump=b"something else"), "damaged", "database.dump")


def test_something_else_altogether(station: Station, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a backup")
    refused(station, tmp_path / "text", "no whole backup")
    with zipfile.ZipFile(tmp_path / "zip", "w") as other:
        other.writestr("photo.jpg", b"x")
    refused(station, tmp_path / "zip", "damaged")


def test_of_a_newer_version(station: Station, backup: Path, tmp_path: Path) -> None:
    refused(station, rewritten(backup, tmp_path / "f", format=2), "newer Anxin")
    with zipfile.ZipFile(backup) as whole:
        known = json.loads(whole.read("manifest.json"))["migrations"]
    refused(station, rewritten(backup, tmp_path / "m", migrations=[*known, "0999.later"]), "newer Anxin", "0999.later")
    refused(station, rewritten(backup, tmp_path / "p", postgresql=990001), "PostgreSQL 99")
    refused(station, rewritten(backup, tmp_path / "x", rows="many"), "manifest")


def test_of_a_timescaledb_this_server_has_not(station: Station, backup: Path, tmp_path: Path) -> None:
    refused(station, rewritten(backup, tmp_path / "b", timescaledb="1.2.3"), "TimescaleDB 1.2.3", "install exactly")


def test_a_dump_that_pg_restore_refuses_leaves_nothing(station: Station, backup: Path, tmp_path: Path) -> None:
    """The hash is right and half the dump is missing: as if pg_restore had died in the middle."""
    with zipfile.ZipFile(backup) as whole:
        dump = whole.read("database.dump")
    half = dump[: len(dump) * 3 // 5]
    broken = rewritten(backup, tmp_path / "b", dump=half, size=len(half), sha256=hashlib.sha256(half).hexdigest())
    refused(station, broken, "rolled back")
    with database(station, "anxin") as connection:
        connection.execute("create database fallow")
    refused(station, broken, "rolled back", into="fallow")
    with database(station, "fallow") as connection:
        left = connection.execute("select count(*) from pg_class where relnamespace = 'public'::regnamespace")
        assert left.fetchone() == (0,)
    assert anxin(station, "restore", backup, "--into", "fallow", "--yes").returncode == 0, "and it can be filled later"


def test_a_count_that_differs_is_said(station: Station, backup: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(backup) as whole:
        rows = json.loads(whole.read("manifest.json"))["rows"]
    refused(station, rewritten(backup, tmp_path / "b", rows={**rows, "event": rows["event"] + 1}), "event", "drop")


# ── places that are no good ─────────────────────────────────────────────────────────────────────────────


def test_a_database_that_is_not_empty(station: Station, backup: Path) -> None:
    before = station.rows("select * from road")
    refused(station, backup, "not empty", "--into", into="anxin")
    assert station.rows("select * from road") == before


def test_a_database_that_a_gateway_drives(station: Station, backup: Path) -> None:
    with database(station, "anxin") as connection:
        connection.execute("create database driven")
    with connect(url_of(station, "driven"), "test", autocommit=True) as connection:
        assert road.try_hold(connection, station.id)
        refused(station, backup, "a gateway drives", "stop it", into="driven")


def test_a_server_that_does_not_answer(station: Station, backup: Path) -> None:
    refused(station, backup, "does not answer", into="postgresql://a:b@127.0.0.1:1/x")
    done = anxin(station, "backup", backup, ANXIN_DATABASE_URL="postgresql://a:b@127.0.0.1:1/x")
    assert done.returncode == 2
    assert backup.exists(), "the backup that was there is still there"


def test_no_pg_dump_or_one_too_old(station: Station, tmp_path: Path) -> None:
    file, programs = tmp_path / "b", tmp_path / "programs"
    programs.mkdir()
    file.write_text("yesterday's")
    missing = anxin(station, "backup", file, ANXIN_POSTGRES_BIN=str(programs))
    (programs / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 12.4'\n")
    (programs / "pg_dump").chmod(0o755)
    old = anxin(station, "backup", file, ANXIN_POSTGRES_BIN=str(programs))
    assert (missing.returncode, old.returncode) == (2, 2)
    assert "pg_dump is not there" in missing.stderr
    assert "12.4" in old.stderr
    for told in (missing.stderr, old.stderr):
        assert "ANXIN_POSTGRES_BIN" in told
    assert file.read_text() == "yesterday's"
    assert not file.with_name("b.part").exists()


@pytest.mark.skipif(
    not (DEBIAN_15 / "pg_dump").exists() or postgres_bin() == DEBIAN_15,
    reason="no pg_dump 15 here that is older than the server (Debian: postgresql-client-15)",
)
def test_a_real_pg_dump_older_than_the_server(station: Station, tmp_path: Path) -> None:
    done = anxin(station, "backup", tmp_path / "b", ANXIN_POSTGRES_BIN=str(DEBIAN_15))
    assert done.returncode == 2
    assert "too old" in done.stderr
    # In PATH it is passed over for the one that fits.
    found = anxin(station, "backup", tmp_path / "b", PATH=f"{DEBIAN_15}{os.pathsep}{os.environ['PATH']}")
    assert found.returncode == 0, found.stderr


def test_pg_dump_that_fails_leaves_no_file(station: Station, tmp_path: Path) -> None:
    wrapper = tmp_path / "pg_dump"
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {station.postgres.bin}/pg_dump --version\n'
        "echo half of it; echo 'pg_dump: error: the disk is on fire' >&2; exit 1\n"
    )
    wrapper.chmod(0o755)
    done = anxin(station, "backup", tmp_path / "b", ANXIN_POSTGRES_BIN=str(tmp_path))
    assert done.returncode == 2
    assert "the disk is on fire" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pg_dump"]


def test_a_backup_that_is_killed_leaves_the_old_file_and_does_not_stop_the_next(
    station: Station, tmp_path: Path
) -> None:
    file, wrapper = tmp_path / "b", tmp_path / "pg_dump"
    file.write_text("yesterday's")
    wrapper.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && exec {station.postgres.bin}/pg_dump --version\n'
        "head -c 3000000 /dev/zero; exec sleep 60\n"
    )
    wrapper.chmod(0o755)
    command = [sys.executable, "-m", "gateway.cli", "backup", str(file)]
    environment = {**station.environment(), "ANXIN_POSTGRES_BIN": str(tmp_path)}
    child = subprocess.Popen(command, env=environment, start_new_session=True)
    part = tmp_path / "b.part"
    try:
        wait_for(lambda: part.exists() and part.stat().st_size > 0, "half a file")
        second = anxin(station, "backup", file)
        assert second.returncode == 2
        assert "another backup" in second.stderr
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    assert file.read_text() == "yesterday's"
    assert anxin(station, "backup", file).returncode == 0
    assert zipfile.is_zipfile(file)
    assert not part.exists()


def test_places_that_cannot_be_written(station: Station, tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing" / "b"):
        done = anxin(station, "backup", place)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert str(place) in done.stderr
    os.mkfifo(pipe := tmp_path / "pipe")
    assert "pipe" in anxin(station, "backup", pipe).stderr
    assert pipe.is_fifo()


def test_a_database_without_a_schema_has_nothing_to_back_up(station: Station, tmp_path: Path) -> None:
    done = anxin(station, "backup", tmp_path / "b", ANXIN_DATABASE_URL=url_of(station, "postgres"))
    assert done.returncode == 2
    assert "no schema" in done.stderr
    assert list(tmp_path.iterdir()) == []
