"""Who is called about an incident beside its ladder: the assigned, their commanders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.model.contact import Contact
from gateway.store.sql import queries

SQL = queries("incident_calls")


class Reached(msgspec.Struct, frozen=True):
    """A user and the ways to reach them."""

    username: str
    role: str
    contacts: list[Contact]


def where_it_is(connection: Connection[TupleRow], station: str, area: str | None) -> str:
    """Return the name of an area, without one the station's: what a push may say of a place."""
    row = connection.execute(SQL["where_it_is"], {"station": station, "area": area}).fetchone()
    return str(row[0]) if row is not None else station


def responders(connection: Connection[TupleRow], station: str, usernames: Sequence[str]) -> dict[str, Reached]:
    """Return those of these users who are the station's."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["responders"], {"station": station, "usernames": list(usernames)}).fetchall()
    return {row["username"]: msgspec.convert(row, Reached) for row in rows}


def supervisors(connection: Connection[TupleRow], station: str, area: str | None) -> list[str]:
    """Return the commanders who can be reached: those of the area, when there is none all of the station's."""
    rows = connection.execute(SQL["supervisors"], {"station": station, "area": area}).fetchall()
    return [name for name, near in rows if near] or [name for name, _ in rows]


def busy(connection: Connection[TupleRow], station: str) -> dict[str, int]:
    """Return on how many open incidents each user is who is on any."""
    return dict(connection.execute(SQL["busy"], {"station": station}).fetchall())


def climb_next(connection: Connection[TupleRow], incident: int, now: datetime) -> bool:
    """Let the next waiting call of a ladder be due now; returns False when none waits for later."""
    return connection.execute(SQL["climb_next"], {"incident": incident, "now": now}).rowcount == 1


def overdue(connection: Connection[TupleRow], station: str, now: datetime, limit: int) -> list[int]:
    """Return the ids of incidents whose moment has passed, the most urgent first, held until the transaction ends."""
    found = connection.execute(SQL["overdue"], {"station": station, "now": now, "limit": limit}).fetchall()
    return [row[0] for row in found]
