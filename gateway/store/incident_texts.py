"""What people wrote about incidents and what they attached: sealed, it is opened elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from gateway.store.sql import queries

SQL = queries("incident_texts")


def put(connection: Connection[TupleRow], station: str, incident: int, step: int, what: str, sealed: bytes) -> None:
    """Keep a sealed text with a line of a timeline."""
    connection.execute(
        SQL["put"], {"station": station, "incident": incident, "step": step, "what": what, "sealed": sealed}
    )


def of_incident(connection: Connection[TupleRow], incident: int) -> list[tuple[int, str, bytes]]:
    """Return (step, what, sealed text) of an incident, in the order written."""
    rows = connection.execute(SQL["of_incident"], {"incident": incident}).fetchall()
    return [(step, what, bytes(sealed)) for step, what, sealed in rows]


def incident_of_client(connection: Connection[TupleRow], username: str, client: str) -> tuple[int, str] | None:
    """Return the incident and the act a phone's own id stands for already; nobody else uses it until the commit."""
    named = {"username": username, "client": client}
    connection.execute(SQL["hold_client"], named)
    row = connection.execute(SQL["incident_of_client"], named).fetchone()
    return (row[0], row[1]) if row is not None else None


def attach(  # one keyword per column
    connection: Connection[TupleRow],
    incident: int,
    *,
    step: int,
    at: datetime,
    username: str,
    content_type: str,
    sha256: str,
    size: int,
    sealed: bytes,
) -> int:
    """Keep a sealed attachment and return its id."""
    row = connection.execute(
        SQL["attach"],
        {
            "incident": incident, "step": step, "at": at, "username": username, "content_type": content_type,
            "sha256": sha256, "size": size, "content": sealed,
        },
    ).fetchone()  # fmt: skip
    return int(row[0]) if row is not None else 0


def attachments(connection: Connection[TupleRow], incident: int) -> list[dict[str, Any]]:
    """Return what hangs on an incident, oldest first: everything but the content."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["attachments"], {"incident": incident}).fetchall()


def attachment(connection: Connection[TupleRow], incident: int, attachment_id: int) -> tuple[str, str, bytes] | None:
    """Return (content type, SHA-256, sealed content) of one attachment of an incident."""
    row = connection.execute(SQL["attachment"], {"incident": incident, "id": attachment_id}).fetchone()
    return (row[0], row[1], bytes(row[2])) if row is not None else None
