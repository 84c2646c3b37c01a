"""Alerts: one open row per (rule, subject), held with FOR UPDATE by whoever changes it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row
from psycopg.types.json import Jsonb

from gateway.model.alert import Alert
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("alerts")


def open_of(
    connection: Connection[TupleRow], station: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Alert]:
    """Return the open alerts of these (rule, subject) pairs, held until the transaction ends."""
    ordered = sorted(set(keys))
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        found = cursor.execute(
            SQL["open_of"],
            {
                "station": station,
                "rules": [rule for rule, _ in ordered],
                "subjects": [subject for _, subject in ordered],
            },
        ).fetchall()
    return {(alert.rule, alert.subject): alert for alert in found}


def insert(connection: Connection[TupleRow], alert: Alert) -> Alert:
    """Store a new alert, linked to the last one of its identity, and return it with its id."""
    row = connection.execute(
        SQL["last_of"], {"station": alert.station, "rule": alert.rule, "subject": alert.subject}
    ).fetchone()
    linked = msgspec.structs.replace(alert, previous=row[0] if row is not None else None)
    row = connection.execute(SQL["insert"], _columns(linked)).fetchone()
    return msgspec.structs.replace(linked, id=int(row[0]) if row is not None else 0)


def update(connection: Connection[TupleRow], alert: Alert) -> Alert:
    """Store a changed alert and return it with its new version."""
    connection.execute(SQL["update"], _columns(alert))
    return msgspec.structs.replace(alert, version=alert.version + 1)


def _columns(alert: Alert) -> dict[str, Any]:
    columns = msgspec.structs.asdict(alert)
    for name in ("title", "explanation", "first_action", "events"):
        columns[name] = Jsonb(columns[name])
    return columns


def get(connection: Connection[TupleRow], scope: Scope, alert_id: int, *, hold: bool = False) -> Alert | None:
    """Return one alert within a scope; with `hold`, nobody else changes it until the transaction ends."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["get_held" if hold else "get"], {**scope.parameters(), "id": alert_id}).fetchone()


def list_alerts(
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    stream: str = "alert",
    state: str = "all",
    limit: int = 100,
    **filters: str | int | None,
) -> list[Alert]:
    """Return alerts within a scope, newest first.

    `filters`: rule, priority, device, place, person, area, suppressed_by, and `before` (ids below it).
    """
    named = dict.fromkeys(("rule", "priority", "device", "place", "person", "area", "suppressed_by", "before"))
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(
            SQL["list"],
            {**named, **filters, **scope.parameters(), "stream": stream, "state": state, "limit": limit},
        ).fetchall()


def standing_of(
    connection: Connection[TupleRow], station: str, rules: Collection[str]
) -> list[tuple[str, str | None, str]]:
    """Return rule, area and subject of each open, active alert of these rules."""
    return connection.execute(SQL["standing_of"], {"station": station, "rules": sorted(rules)}).fetchall()


def all_open(connection: Connection[TupleRow], station: str) -> list[Alert]:
    """Return every open alert of a station, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["all_open"], {"station": station}).fetchall()


def open_one(connection: Connection[TupleRow], station: str, rule: str, subject: str) -> Alert | None:
    """Return the open alert of an identity, held by nobody."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["open_one"], {"station": station, "rule": rule, "subject": subject}).fetchone()


def open_of_rules(connection: Connection[TupleRow], station: str, rules: Collection[str]) -> list[Alert]:
    """Return every open alert of these rules, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["open_of_rules"], {"station": station, "rules": list(rules)}).fetchall()


def of_incident(connection: Connection[TupleRow], incident: int) -> list[Alert]:
    """Return the alerts of one incident, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["of_incident"], {"incident": incident}).fetchall()


def look_at_incident(connection: Connection[TupleRow], incident: int) -> list[Alert]:
    """Return the alerts of one incident, held by nobody."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["look_at_incident"], {"incident": incident}).fetchall()


def kept_quiet(connection: Connection[TupleRow], station: str, *, after: int, limit: int) -> list[Alert]:
    """Return open alerts kept quiet for a reason that may be over, by id, after one; held by nobody."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["kept_quiet"], {"station": station, "after": after, "limit": limit}).fetchall()


def held(connection: Connection[TupleRow], station: str, ids: Collection[int]) -> list[Alert]:
    """Return these alerts, held until the transaction ends."""
    with connection.cursor(row_factory=class_row(Alert)) as cursor:
        return cursor.execute(SQL["held"], {"station": station, "ids": list(ids)}).fetchall()
