"""Forward-only migrations in plain SQL, applied by yoyo under a lock of ours.

yoyo marks a migration in progress with a row in its own table, and a process killed half-way leaves that row
behind. We hold a PostgreSQL advisory lock around the run: whoever has it may break a leftover row, because its
owner cannot be alive any more.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import yoyo
from psycopg import Connection
from psycopg import sql as compose
from psycopg.rows import TupleRow

from gateway.model.errors import Misconfigured, StoreUnavailable
from gateway.store.pool import UNAVAILABLE

MIGRATIONS = Path(__file__).parent / "migrations"
#: Any constant of ours: «anxin migrate».
_LOCK = 0x616E78_6D67


def migrate(database_url: str) -> list[str]:
    """Bring the schema up to date and return the ids of the migrations applied, oldest first.

    Raises `StoreUnavailable` when the database does not answer and `Misconfigured` when a migration cannot be
    applied.
    """
    try:
        with psycopg.connect(database_url, autocommit=True, connect_timeout=10) as guard:
            guard.execute("select pg_advisory_lock(%s)", (_LOCK,))
            return _apply(database_url)
    except UNAVAILABLE as error:
        raise StoreUnavailable(f"the database does not answer: {error}") from error


def _apply(database_url: str) -> list[str]:
    backend = yoyo.get_backend(_yoyo_url(database_url))
    try:
        backend.break_lock()
        pending = backend.to_apply(yoyo.read_migrations(str(MIGRATIONS)))
        done: list[str] = []
        for migration in pending:
            try:
                backend.apply_one(migration)
            except psycopg.Error as error:
                raise Misconfigured(f"migration {migration.id} cannot be applied: {error}") from error
            done.append(migration.id)
        return done
    finally:
        backend.connection.close()


def known() -> list[str]:
    """Return the ids of the migrations this version brings, oldest first."""
    return sorted(path.stem for path in MIGRATIONS.glob("*.sql"))


def applied(connection: Connection[TupleRow]) -> list[str]:
    """Return the ids of the migrations a database has had, oldest first; none when it has no schema."""
    there = connection.execute("select to_regclass('_yoyo_migration') is not null").fetchone()
    if there is None or not there[0]:
        return []
    rows = connection.execute("select migration_id from _yoyo_migration order by migration_id").fetchall()
    return [migration for (migration,) in rows]


def _yoyo_url(database_url: str) -> str:
    scheme, _, rest = database_url.partition("://")
    if scheme not in {"postgresql", "postgres"}:
        raise Misconfigured(f"ANXIN_DATABASE_URL must start with postgresql://, not {scheme}://")
    return f"postgresql+psycopg://{rest}"


def create_database(maintenance_url: str, name: str) -> None:
    """Make a database unless it is there. The name is a constant of ours."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        if connection.execute("select from pg_database where datname = %s", (name,)).fetchone() is None:
            connection.execute(compose.SQL("create database {}").format(compose.Identifier(name)))


def drop_database(maintenance_url: str, name: str) -> None:
    """Drop a database that was made for an occasion, with whoever still uses it."""
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(compose.SQL("drop database if exists {} with (force)").format(compose.Identifier(name)))
