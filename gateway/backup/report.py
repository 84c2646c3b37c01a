"""What a backup's manifest tells people and scripts."""

from __future__ import annotations

from pathlib import Path

import msgspec
from psycopg.conninfo import conninfo_to_dict

from gateway.backup.file import Manifest
from gateway.backup.progress import megabytes


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


def _what(manifest: Manifest) -> str:
    counted = sum(manifest.rows.values())
    kind = f"TimescaleDB {manifest.timescaledb}" if manifest.timescaledb else "native partitions"
    stations = ", ".join(manifest.stations) or "no station"
    events = manifest.rows.get("event", 0)
    return f"{stations}, {events:,} events, {counted:,} rows, PostgreSQL {_version(manifest)}, {kind}"


def _version(manifest: Manifest) -> str:
    return f"{manifest.postgresql // 10_000}.{manifest.postgresql % 10_000}"
