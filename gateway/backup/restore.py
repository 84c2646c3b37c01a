"""`anxin restore`: fill an empty database from a backup file, all of it or nothing, and prove that it is all."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from gateway.backup import programs
from gateway.backup.file import Manifest, Reader
from gateway.backup.progress import Progress, megabytes
from gateway.model.errors import AnxinError, BadInput, Conflict, Misconfigured, StoreUnavailable
from gateway.settings import Settings
from gateway.store import backup as store
from gateway.store import migrate
from gateway.store import road as road_store
from gateway.store.pool import connect, reaching_store

#: pg_restore from 17 on tells the server of a setting that older ones do not know, and stops.
_SETS_TRANSACTION_TIMEOUT = 17
_EMPTY = "restore into an empty database: name one that is not there yet (--into NAME) and it will be made"


def where(settings: Settings, into: str | None) -> str:
    """Return the URL to restore into: `into` is a URL, or the name of another database on the same server."""
    if into is not None and "://" in into:
        return into
    if not settings.database:
        raise Misconfigured("say where to: --into postgresql://user:password@host:port/name, or ANXIN_DATABASE_URL")
    if into is None:
        return settings.database
    return urlunsplit(urlsplit(settings.database)._replace(path="/" + quote(into, safe="")))


def open_backup(path: Path, say: Callable[[str], None]) -> Reader:
    """Read a backup file and compare it with its hashes.

    Raises `BadInput` when it is damaged or made by a newer version.
    """
    backup = Reader(path)
    unknown = sorted(set(backup.manifest.migrations) - set(migrate.known()))
    if unknown:
        raise BadInput(
            f"{path} was made by a newer Anxin ({backup.manifest.anxin}, this one is {version('anxin')}): it has had "
            f"{', '.join(unknown)}, unknown here; install that version and restore with it"
        )
    progress = Progress(say)
    backup.check(lambda done: progress(f"checking: {megabytes(done)} of {megabytes(backup.manifest.size)}"))
    return backup


def restore(backup: Reader, database_url: str, say: Callable[[str], None]) -> list[str]:
    """Fill the database; returns the migrations applied afterwards.

    Raises `Conflict` when the database is not empty or a gateway drives a station of the backup in it, `Misconfigured`
    when it cannot take this backup. Then nothing was changed.
    """
    manifest = backup.manifest
    with _database(database_url), reaching_store(), connect(database_url, "restore", autocommit=True) as connection:
        store.be_patient(connection)
        program = _fit(connection, manifest)
        for station in manifest.stations:  # held to the end: no gateway starts on half a database
            if not road_store.hold(connection, station):
                raise Conflict(f"a gateway drives the road of {station} in this database; stop it first")
        if there := store.strangers(connection):
            raise Conflict(f"the database is not empty (it has {', '.join(there)} …); {_EMPTY}")
        with _timescaledb(connection, manifest):
            _run(program, backup, database_url, say)
        say("comparing with the manifest")
        _compare(connection, manifest)
        applied = migrate.migrate(database_url)
        store.renumber(connection)
        return applied


def put_home(backup: Reader, home: Path) -> list[str]:
    """Write the backup's files of ANXIN_HOME where they are not there yet; returns their names.

    Raises `Conflict` when one is there with other content.
    """
    home.mkdir(parents=True, exist_ok=True)
    contents = {name: backup.home(name) for name in backup.manifest.home}
    for name, content in contents.items():
        if (home / name).exists() and (home / name).read_bytes() != content:
            raise Conflict(f"{home / name} is there already and says something else; move it away first")
    for name, content in contents.items():
        descriptor = os.open(home / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    return list(contents)


@contextmanager
def _database(database_url: str) -> Iterator[None]:
    """Make the database if it is not there, and drop it again if it was made in vain."""
    name = str(conninfo_to_dict(database_url).get("dbname") or "")
    maintenance = make_conninfo(database_url, dbname="postgres")
    made = False
    try:
        connect(database_url, "restore").close()
    except StoreUnavailable as error:
        if "does not exist" not in str(error) or not name:
            raise
        try:
            migrate.create_database(maintenance, name)
        except psycopg.Error as refused:
            raise Misconfigured(f"the database {name} is not there and cannot be made: {refused}; make it") from refused
        made = True
    try:
        yield
    except BaseException:
        if made:
            with suppress(psycopg.Error):
                store.drop_database(maintenance, name)
        raise


def _fit(connection: Connection[TupleRow], manifest: Manifest) -> programs.Program:
    """Return the pg_restore to use, if this server can take this backup. Raises `Misconfigured`."""
    number, extension = store.server(connection)
    major, was = number // 10_000, manifest.postgresql // 10_000
    if major < was:
        raise Misconfigured(f"the backup is of PostgreSQL {was} and this server is {major}; use {was} or newer")
    if manifest.timescaledb is not None:
        offers = store.timescaledb_offers(connection)
        if manifest.timescaledb not in offers or extension not in {None, manifest.timescaledb}:
            offered = extension or ", ".join(offers) or "no TimescaleDB"
            raise Misconfigured(
                f"the backup has TimescaleDB {manifest.timescaledb} and this server has {offered}; install exactly "
                f"{manifest.timescaledb} there, restore, and update the extension afterwards"
            )
    program = programs.find("pg_restore", max(major, int(manifest.pg_dump.split(".")[0])))
    if program.major >= _SETS_TRANSACTION_TIMEOUT > major:
        raise Misconfigured(
            f"pg_restore {program.version} cannot write to PostgreSQL {major}, and the backup was made with pg_dump "
            f"{manifest.pg_dump}; restore into PostgreSQL {_SETS_TRANSACTION_TIMEOUT} or newer"
        )
    return program


@contextmanager
def _timescaledb(connection: Connection[TupleRow], manifest: Manifest) -> Iterator[None]:
    """Open TimescaleDB's catalogue around the restore, where the backup has one."""
    if manifest.timescaledb is None:
        yield
        return
    try:
        made = store.admit_timescaledb(connection, manifest.timescaledb)
    except psycopg.Error as error:
        said = str(error).partition("\n")[0]
        raise Misconfigured(f"TimescaleDB cannot be made ready in this database: {said}; a superuser can") from error
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            store.close_timescaledb(connection, drop=made)
        raise
    store.close_timescaledb(connection, drop=False)


def _run(program: programs.Program, backup: Reader, database_url: str, say: Callable[[str], None]) -> None:
    """Feed the dump to pg_restore, in one transaction."""
    reach = programs.reach(database_url, "restore")
    command = [
        str(program.path), "--format=custom", "--single-transaction", "--exit-on-error", "--no-owner",
        "--no-privileges", "--verbose", "--no-password", f"--dbname={reach.conninfo}",
    ]  # fmt: skip
    progress = Progress(say)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=reach.environment
    ) as child:
        if child.stdin is None or child.stderr is None:
            raise AssertionError("pipes were asked for")
        chatter = programs.Chatter(child.stderr)
        chatter.start()
        fed = 0
        try:
            with suppress(BrokenPipeError):  # it ended early: it says why
                for piece in backup.dump():
                    child.stdin.write(piece)
                    fed += len(piece)
                    progress(f"restoring: {megabytes(fed)} of {megabytes(backup.manifest.size)}, {chatter.table}")
                child.stdin.close()
            while child.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(1)
                progress("restoring: indexes and constraints")
        except BaseException:
            child.kill()
            raise
        if child.returncode != 0:
            raise Misconfigured(f"pg_restore failed and everything was rolled back: {chatter.last_words()}")


def _compare(connection: Connection[TupleRow], manifest: Manifest) -> None:
    """Count every table. Raises an error that says to start again when one is not what the manifest says."""
    wrong = {}
    for table, expected in manifest.rows.items():
        counted = store.count(connection, table)
        if counted != expected:
            wrong[table] = f"{counted} of {expected}"
    if wrong:
        told = ", ".join(f"{table} {counts}" for table, counts in wrong.items())
        raise AnxinError(f"not everything came back ({told}); drop this database and restore again, do not use it")
