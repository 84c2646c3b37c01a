"""Incidents, their timeline, and the rungs of their ladders."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.model.incident import Incident
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("incidents")


def insert(connection: Connection[TupleRow], incident: Incident) -> Incident:
    """Store a new incident and return it with its id."""
    row = connection.execute(SQL["insert"], _columns(incident)).fetchone()
    return msgspec.structs.replace(incident, id=int(row[0]) if row is not None else 0)


def link(connection: Connection[TupleRow], incident: int, alert: int) -> None:
    """Let an alert belong to an incident."""
    connection.execute(SQL["link"], {"incident": incident, "alert": alert})


def relink(connection: Connection[TupleRow], source: int, target: int) -> list[int]:
    """Let the alerts of one incident belong to another and return their ids."""
    return [row[0] for row in connection.execute(SQL["relink"], {"source": source, "target": target}).fetchall()]


def open_of_alert(connection: Connection[TupleRow], alert: int) -> Incident | None:
    """Return the incident of an alert that is not over, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Incident)) as cursor:
        return cursor.execute(SQL["open_of_alert"], {"alert": alert}).fetchone()


def to_join(  # what makes it the same thing
    connection: Connection[TupleRow],
    station: str,
    *,
    category: str,
    place: str | None,
    person: str | None,
    drill: bool,
    since: datetime,
) -> Incident | None:
    """Return the newest open incident of a category at a place or about a person, opened since then, held."""
    with connection.cursor(row_factory=class_row(Incident)) as cursor:
        return cursor.execute(
            SQL["to_join"],
            {
                "station": station, "category": category, "place": place, "person": person, "drill": drill,
                "since": since,
            },
        ).fetchone()  # fmt: skip


def reported(connection: Connection[TupleRow], incident: int) -> bool:
    """Say whether people reported an incident, or one that was merged into it."""
    row = connection.execute(SQL["reported"], {"incident": incident}).fetchone()
    return bool(row is not None and row[0])


def others_stand(connection: Connection[TupleRow], incident: int, alert: int) -> bool:
    """Say whether an incident has other alerts than this one that were not taken back."""
    row = connection.execute(SQL["others_stand"], {"incident": incident, "alert": alert}).fetchone()
    return bool(row is not None and row[0])


def get(connection: Connection[TupleRow], scope: Scope, incident_id: int, *, hold: bool = False) -> Incident | None:
    """Return one incident within a scope; with `hold`, nobody else changes it until the transaction ends."""
    with connection.cursor(row_factory=class_row(Incident)) as cursor:
        return cursor.execute(SQL["get_held" if hold else "get"], {**scope.parameters(), "id": incident_id}).fetchone()


def list_incidents(
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    state: str = "all",
    before: int | None = None,
    limit: int = 100,
    **filters: str | bool | datetime | None,
) -> list[Incident]:
    """Return incidents within a scope, newest first, with ids below `before`.

    `filters`: category, priority, area, place, assignee (a user name), overdue, follow_up_by (a moment), since, until
    (of the opening).
    """
    known = ("category", "priority", "area", "place", "assignee", "overdue", "follow_up_by", "since", "until")
    with connection.cursor(row_factory=class_row(Incident)) as cursor:
        return cursor.execute(
            SQL["list"],
            {**dict.fromkeys(known), **filters, **scope.parameters(), "state": state, "before": before, "limit": limit},
        ).fetchall()


def move(connection: Connection[TupleRow], incident: Incident) -> Incident:
    """Store an incident as it is now and return it with its new version."""
    connection.execute(SQL["move"], _columns(incident))
    return msgspec.structs.replace(incident, version=incident.version + 1)


def _columns(incident: Incident) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(incident),
        "title": Jsonb(incident.title),
        "ladder": Jsonb(incident.ladder),
        "proposed": Jsonb(incident.proposed) if incident.proposed is not None else None,
        "detail": Jsonb(incident.detail),
    }


def add_step(  # one keyword per column of the timeline
    connection: Connection[TupleRow],
    incident: int,
    *,
    at: datetime,
    actor: str,
    act: str,
    from_state: str | None = None,
    to_state: str | None = None,
    reason: str | None = None,
    client_at: datetime | None = None,
    detail: dict[str, Any] | None = None,
    client_id: str | None = None,
) -> int:
    """Append one line to an incident's timeline and return its id."""
    row = connection.execute(
        SQL["step"],
        {
            "incident": incident, "at": at, "client_at": client_at, "actor": actor, "act": act,
            "from_state": from_state, "to_state": to_state, "reason": reason, "detail": Jsonb(detail or {}),
            "client_id": client_id,
        },
    ).fetchone()  # fmt: skip
    return int(row[0]) if row is not None else 0


def timeline(connection: Connection[TupleRow], incident: int) -> list[dict[str, Any]]:
    """Return everything that happened to an incident, oldest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["timeline"], {"incident": incident}).fetchall()


def receipts(connection: Connection[TupleRow], incident: int) -> list[dict[str, Any]]:
    """Return who was told of an incident and what became of it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["receipts"], {"incident": incident}).fetchall()


def alerts_of(connection: Connection[TupleRow], incident: int) -> list[int]:
    """Return the ids of an incident's alerts."""
    return [row[0] for row in connection.execute(SQL["alerts_of"], {"incident": incident}).fetchall()]


def alerts_of_each(connection: Connection[TupleRow], incidents: list[int]) -> dict[int, list[int]]:
    """Return the ids of the alerts of each of many incidents."""
    rows = connection.execute(SQL["alerts_of_each"], {"incidents": incidents}).fetchall()
    found: dict[int, list[int]] = dict(rows)
    return {incident: found.get(incident, []) for incident in incidents}


def of_alerts(connection: Connection[TupleRow], alerts: list[int]) -> list[int]:
    """Return the ids of the incidents these alerts belong to."""
    return [row[0] for row in connection.execute(SQL["of_alert"], {"alerts": alerts}).fetchall()]
