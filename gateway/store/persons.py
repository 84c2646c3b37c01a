"""Persons and the consent register. What is personal comes and goes sealed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.model.judgement import Priority, Stream
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("persons")


class Row(msgspec.Struct, frozen=True):
    """A person as the database keeps them. `consent` is what holds for watching over them, None: nothing was said."""

    id: str
    place: str
    area: str
    care: dict[str, Any]
    sealed: bytes | None
    erased: bool
    consent: str | None


def list_persons(  # one keyword per filter
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    area: str | None,
    place: str | None,
    care: str | None,
    name_index: bytes | None,
    phone_index: bytes | None,
    after: str | None,
    limit: int,
) -> list[Row]:
    """Return persons within a scope, by id, after one."""
    asked = {
        "area": area, "place": place, "care": care, "name_index": name_index, "phone_index": phone_index,
        "after": after, "limit": limit,
    }  # fmt: skip
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(SQL["list"], {**scope.parameters(), **asked}).fetchall()


def get(connection: Connection[TupleRow], scope: Scope, person: str, *, hold: bool = False) -> Row | None:
    """Return a person within a scope; `hold` keeps others from changing them until the transaction ends."""
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        named = SQL["get_held"] if hold else SQL["get"]
        return cursor.execute(named, {**scope.parameters(), "person": person}).fetchone()


def insert(connection: Connection[TupleRow], scope: Scope, person: str, **columns: Any) -> bool:
    """Write a new person (`place`, `care`, `sealed`, `name_index`, `phone_index`); False when that is not possible."""
    return connection.execute(SQL["insert"], {**scope.parameters(), "person": person, **_json(columns)}).rowcount == 1


def update(connection: Connection[TupleRow], scope: Scope, person: str, **columns: Any) -> bool:
    """Change a person (columns as in `insert`); False when the place is not within the scope."""
    return connection.execute(SQL["update"], {**scope.parameters(), "person": person, **_json(columns)}).rowcount == 1


def erase(connection: Connection[TupleRow], scope: Scope, person: str, now: datetime) -> bool:
    """Let nothing personal be left of a person within a scope; False when there is nobody to erase."""
    gone = connection.execute(SQL["erase"], {**scope.parameters(), "person": person, "now": now}).rowcount == 1
    if gone:
        connection.execute(SQL["forget_notes"], {"station": scope.station, "person": person})
    return gone


def import_all(connection: Connection[TupleRow], station: str, rows: list[dict[str, Any]]) -> None:
    """Make or change persons (`person` and the columns of `insert`) as a site file says."""
    with connection.cursor() as cursor:
        cursor.executemany(SQL["import"], [{"station": station, **_json(row)} for row in rows])


def of_station(connection: Connection[TupleRow], station: str) -> list[tuple[str, str, dict[str, Any], bytes | None]]:
    """Return every person's (id, place, care without the consent, sealed data), by id: for the registry's own file."""
    return connection.execute(SQL["of_station"], {"station": station}).fetchall()


def in_the_clear(connection: Connection[TupleRow]) -> list[tuple[str, str, str]]:
    """Return `(station, person, name)` of those whose name is readable, held."""
    return connection.execute(SQL["in_the_clear"]).fetchall()


def put_sealed(  # one argument per column
    connection: Connection[TupleRow], station: str, person: str, sealed: bytes, name_index: bytes | None
) -> None:
    """Put a sealed name in the place of the readable one."""
    told = {"station": station, "person": person, "sealed": sealed, "name_index": name_index}
    connection.execute(SQL["seal"], told)


def consents(connection: Connection[TupleRow], scope: Scope, person: str) -> list[dict[str, Any]]:
    """Return a person's register within a scope, newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["consents"], {**scope.parameters(), "person": person}).fetchall()


def last_consent(
    connection: Connection[TupleRow], station: str, person: str, purpose: str
) -> tuple[str, datetime] | None:
    """Return what holds, `given` or `withdrawn`, and since when."""
    return connection.execute(
        SQL["last_consent"], {"station": station, "person": person, "purpose": purpose}
    ).fetchone()


def last_consents(connection: Connection[TupleRow], station: str, purpose: str) -> dict[str, tuple[str, datetime]]:
    """Return what holds of each person the register knows for a purpose, and since when."""
    rows = connection.execute(SQL["last_consents"], {"station": station, "purpose": purpose}).fetchall()
    return {person: (state, since) for person, state, since in rows}


def add_consent(  # one argument per column
    connection: Connection[TupleRow],
    station: str,
    person: str,
    *,
    purpose: str,
    state: str,
    said_by: str,
    by: str,
    since: datetime | None = None,
    at: datetime | None = None,
    note_sealed: bytes | None = None,
) -> None:
    """Append to the register; `since` and `at` None mean now."""
    told = {"purpose": purpose, "state": state, "said_by": said_by, "since": since, "at": at, "by": by}
    connection.execute(SQL["add_consent"], {"station": station, "person": person, **told, "note_sealed": note_sealed})


def set_monitored(connection: Connection[TupleRow], station: str, may: dict[str, bool]) -> None:
    """Say of persons whether rules may watch over them."""
    with connection.cursor() as cursor:
        told = [{"station": station, "person": person, "may": yes} for person, yes in may.items()]
        cursor.executemany(SQL["set_monitored"], told)


def unrecorded(connection: Connection[TupleRow]) -> list[tuple[str, str]]:
    """Return `(station, person)` of those who are watched over and whose consent nobody has written down."""
    return connection.execute(SQL["unrecorded"]).fetchall()


def presumed(connection: Connection[TupleRow], station: str) -> int:
    """Return how many are watched over on the site file's word alone."""
    row = connection.execute(SQL["presumed"], {"station": station}).fetchone()
    return int(row[0]) if row is not None else 0


def standing(
    connection: Connection[TupleRow], station: str, rules: Collection[str]
) -> list[tuple[str, str, Priority, Stream]]:
    """Return `(rule, subject, priority, stream)` of what these rules hold up of people who may not be watched over."""
    return connection.execute(SQL["standing"], {"station": station, "rules": list(rules)}).fetchall()


def _json(columns: dict[str, Any]) -> dict[str, Any]:
    return {**columns, "care": Jsonb(columns["care"])}
