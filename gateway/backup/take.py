"""`anxin backup`: the whole database as one consistent snapshot in one file, taken while everything runs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from gateway.backup import programs
from gateway.backup.file import FORMAT, PIECE, Manifest, Writer, whole_or_not_at_all
from gateway.backup.progress import Progress, megabytes
from gateway.clock import SystemClock
from gateway.model.errors import Misconfigured
from gateway.settings import CONFIG_NAME, Settings
from gateway.store import backup as store
from gateway.store.pool import connect, reaching_store

#: What an installation keeps beside its database, and what somebody who has it can log in as.
HOME_FILES = ("secrets.json", "devices.json", CONFIG_NAME)


def take(settings: Settings, target: Path, say: Callable[[str], None], *, with_secrets: bool = False) -> Manifest:
    """Write a backup of the database to `target`; returns its manifest.

    Everybody may go on writing meanwhile. Raises `Misconfigured` (no pg_dump, an unwritable place) and
    `StoreUnavailable`; then there is no file, or still the one that was there.
    """
    if target.is_dir():
        raise Misconfigured(f"{target} is a directory; give a file's name, e.g. {target / 'anxin.backup'}")
    if target.exists() and not target.is_file():  # it would be replaced by a file when the backup is whole
        raise Misconfigured(f"{target} is a device or a pipe; give a file's name")
    secrets = _secrets(settings.home) if with_secrets else {}
    progress = Progress(say)
    made_at = SystemClock().now()
    with (
        whole_or_not_at_all(target) as file,
        reaching_store(),
        connect(settings.database, "backup") as connection,
        store.snapshot(connection) as contents,
    ):
        if not contents.migrations:
            raise Misconfigured("there is nothing to back up: the database has no schema; see ANXIN_DATABASE_URL")
        program = programs.find("pg_dump", contents.server // 10_000)
        rows: dict[str, int] = {}
        for table in contents.tables:
            progress(f"counting: {table}")
            rows[table] = store.count(connection, table)
        writer = Writer(file)
        writer.add_dump(_dump(program, settings.database, contents.snapshot, progress))
        home = {name: writer.add_home(name, content) for name, content in secrets.items()}
        manifest = Manifest(
            format=FORMAT,
            anxin=version("anxin"),
            made_at=made_at,
            stations=contents.stations,
            migrations=contents.migrations,
            postgresql=contents.server,
            pg_dump=program.version,
            timescaledb=contents.timescaledb,
            rows=rows,
            size=writer.size,
            sha256=writer.sha256,
            home=home,
        )
        writer.finish(manifest)
    return manifest


def _secrets(home: Path) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for name in HOME_FILES:
        try:
            found[name] = (home / name).read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Misconfigured(f"{home / name} cannot be read: {error.strerror}") from error
    if not found:
        raise Misconfigured(f"{home} has none of {', '.join(HOME_FILES)}; set ANXIN_HOME or leave out --with-secrets")
    return found


def _dump(program: programs.Program, database_url: str, snapshot: str, progress: Progress) -> Iterator[bytes]:
    """Run pg_dump on a snapshot and return what it writes."""
    reach = programs.reach(database_url, "backup")
    command = [
        str(program.path), "--format=custom", "--compress=1", "--no-owner", "--no-privileges", "--verbose",
        "--no-unlogged-table-data", "--no-password", f"--snapshot={snapshot}", "--lock-wait-timeout=60000",
        f"--dbname={reach.conninfo}",
    ]  # fmt: skip
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=reach.environment,
        bufsize=0,
    ) as child:
        if child.stdout is None or child.stderr is None:
            raise AssertionError("pipes were asked for")
        chatter = programs.Chatter(child.stderr)
        chatter.start()
        written = 0
        try:
            while piece := os.read(child.stdout.fileno(), PIECE):
                yield piece
                written += len(piece)
                progress(f"writing: {megabytes(written)}, {chatter.table}")
        except BaseException:
            child.kill()
            raise
        if child.wait() != 0:
            raise Misconfigured(f"pg_dump failed: {chatter.last_words()}")
