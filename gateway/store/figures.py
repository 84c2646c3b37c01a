"""What statistics are counted from. Every question takes a scope and a period `[since, until)`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.errors import Misconfigured
from gateway.model.policy import Policy
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("figures")
MOST_OPEN_ITEMS = 200
MOST_PLACES = 200


class Ground(msgspec.Struct, frozen=True):
    """What figures need of a station: its time zone (IANA), its policy, when its first incident opened."""

    time_zone: str
    policy: Policy
    first_opened_at: datetime | None


class Gathered(msgspec.Struct, frozen=True):
    """A unit's incidents and the seconds each clock took, one for each incident that has it."""

    unit: str | None
    incidents: int
    sign: list[float]
    depart: list[float]
    arrive: list[float]
    feedback: list[float]


def ground(connection: Connection[TupleRow], station: str) -> Ground:
    """Return what figures need of a station. Raises `Misconfigured` when there is none."""
    row = connection.execute(SQL["station"], {"station": station}).fetchone()
    if row is None:
        raise Misconfigured(f"there is no station {station!r} in the database; run `anxin import SITE.yaml`")
    return Ground(row[0], msgspec.convert(row[1], Policy), row[2])


def clocks(connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime, by: str) -> list[Gathered]:
    """Return the clocks of the incidents opened in a period, by `area`, `beat` or `officer`."""
    told = {**_period(scope, since, until), "by": by}
    with connection.cursor(row_factory=class_row(Gathered), binary=True) as cursor:
        return cursor.execute(SQL["clocks"], told).fetchall()


def names(connection: Connection[TupleRow], scope: Scope, by: str) -> dict[str, str]:
    """Return what units are called, by id."""
    query = SQL["officers_called"] if by == "officer" else SQL["areas_called"]
    return {row[0]: row[1] for row in connection.execute(query, scope.parameters()).fetchall()}


def open_of(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime
) -> tuple[dict[str, int], int, list[dict[str, Any]]]:
    """Return what is not closed: of the period by state, how many from before it, and the oldest of all of them."""
    told = {**_period(scope, since, until), "limit": MOST_OPEN_ITEMS}
    counts = connection.execute(SQL["open_counts"], told).fetchall()
    return (
        {state: within for state, within, _ in counts if within},
        sum(earlier for _, _, earlier in counts),
        _rows(connection, "open_items", told),
    )


def left_out(connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime) -> dict[str, int]:
    """Return how many incidents no statistic counts: `drill`, `merged`, `cancelled`."""
    return dict(connection.execute(SQL["left_out"], _period(scope, since, until)).fetchall())


def mix(connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return incidents by category and priority."""
    return _rows(connection, "mix", _period(scope, since, until))


def heat(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime, zone: str
) -> list[dict[str, Any]]:
    """Return incidents by area, day of the week (1 Monday) and hour of the day in a time zone (IANA)."""
    return _rows(connection, "heat", {**_period(scope, since, until), "zone": zone})


def repeat_places(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime, least: int
) -> list[dict[str, Any]]:
    """Return the places with at least so many incidents, most first; a home is called by its building or not at all."""
    return _rows(connection, "repeat_places", {**_period(scope, since, until), "least": least, "limit": MOST_PLACES})


def outcomes(connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return by rule how its incidents came out: a disposition, `open`, `merged`, `cancelled`, `none`."""
    return _rows(connection, "outcomes", _period(scope, since, until))


def heard(connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Return how many alerts were heard, by rule and priority."""
    return _rows(connection, "heard", _period(scope, since, until))


def kept_quiet(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime
) -> list[dict[str, Any]]:
    """Return how many alerts were kept quiet, by reason and priority."""
    return _rows(connection, "kept_quiet", _period(scope, since, until))


def moments(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime
) -> list[tuple[datetime, str]]:
    """Return each time an alert was heard (UTC) and its priority then, in order."""
    with connection.cursor(binary=True) as cursor:
        row = cursor.execute(SQL["moments"], _period(scope, since, until)).fetchone()
    return list(zip(row[0], row[1], strict=True)) if row is not None and row[0] else []


def sources(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime, limit: int
) -> list[dict[str, Any]]:
    """Return what was heard most often: rule, subject, where, how often."""
    return _rows(connection, "sources", {**_period(scope, since, until), "limit": limit})


def chattering(
    connection: Connection[TupleRow],
    scope: Scope,
    since: datetime,
    until: datetime,
    *,
    turns: int,
    within: timedelta,
) -> list[dict[str, Any]]:
    """Return what was raised `turns` times `within` so long, and how many times it was."""
    return _rows(connection, "chattering", {**_period(scope, since, until), "turns": turns, "within": within})


def fleeting(
    connection: Connection[TupleRow], scope: Scope, since: datetime, until: datetime, within: timedelta
) -> int:
    """Return how many alerts were over `within` so short a time."""
    return _count(connection, "fleeting", {**_period(scope, since, until), "within": within})


def stale(connection: Connection[TupleRow], scope: Scope, moment: datetime, after: timedelta) -> int:
    """Return how many alerts had stood longer than `after` at a moment."""
    return _count(connection, "stale", {**scope.parameters(), "moment": moment, "after": after})


def _period(scope: Scope, since: datetime, until: datetime) -> dict[str, object]:
    return {**scope.parameters(), "since": since, "until": until}


def _rows(connection: Connection[TupleRow], query: str, told: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL[query], told).fetchall()


def _count(connection: Connection[TupleRow], query: str, told: dict[str, Any]) -> int:
    row = connection.execute(SQL[query], told).fetchone()
    return int(row[0]) if row is not None else 0
