"""What a backup's manifest tells people and scripts."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from gateway.backup.file import Manifest
from gateway.backup.progress import megabytes
from gateway.settings import Settings

_SERVER = ("host", "port", "user")


def report(manifest: Manifest, file: Path, *, as_json: bool) -> str:
    """Say what was backed up; as JSON it is the manifest with the file's name and whole size."""
    size = file.stat().st_size
    if as_json:
        told = {"file": str(file), "bytes": size, **msgspec.to_builtins(manifest)}
        return msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
    secrets = (
        f"with {', '.join(sorted(manifest.home))}: keep it where secrets are kept"
        if manifest.home
        else "the secrets of ANXIN_HOME are not in it (--with-secrets)"
    )
    return f"{file}: {megabytes(size)}, {_what(manifest)}; {secrets}"


def about(manifest: Manifest, database_url: str) -> str:
    """Say what is about to be restored, and into which database (without its password)."""
    parts = conninfo_to_dict(database_url)
    place = f"{parts.get('dbname', '')} on {parts.get('host', 'this machine')}:{parts.get('port', 5432)}"
    made = f"{manifest.made_at:%Y-%m-%d %H:%M:%S} UTC by Anxin {manifest.anxin}"
    return f"backup of {made}: {_what(manifest)}\ninto the database {place}"


def swapping(settings: Settings, restored_url: str) -> str:
    """Say how the restored database takes the place of ANXIN_DATABASE_URL's; empty when it is not beside that one."""
    if not settings.database:
        return ""
    now, restored = conninfo_to_dict(settings.database), conninfo_to_dict(restored_url)
    name, other = str(now.get("dbname") or ""), str(restored.get("dbname") or "")
    if not name or name == other or any(now.get(part) != restored.get(part) for part in _SERVER):
        return ""
    options = [f"--{'username' if part == 'user' else part}={now[part]}" for part in _SERVER if now.get(part)]
    for old, new in ((name, f"{name}_old"), (other, name)):
        rename = sql.SQL("alter database {} rename to {}").format(sql.Identifier(old), sql.Identifier(new))
        options += ["-c", rename.as_string()]
    return (
        f"to put it in the place of {name}: stop gateway and API, then (psql asks for the password; the role must own "
        f"both and be allowed to create databases)\n  {shlex.join(['psql', '-d', 'postgres', *options])}"
    )


def _what(manifest: Manifest) -> str:
    counted = sum(manifest.rows.values())
    kind = f"TimescaleDB {manifest.timescaledb}" if manifest.timescaledb else "native partitions"
    stations = ", ".join(manifest.stations) or "no station"
    events = manifest.rows.get("event", 0)
    return f"{stations}, {events:,} events, {counted:,} rows, PostgreSQL {_version(manifest)}, {kind}"


def _version(manifest: Manifest) -> str:
    return f"{manifest.postgresql // 10_000}.{manifest.postgresql % 10_000}"
