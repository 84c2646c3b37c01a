"""Versions of rules: what was published, what runs, and what is asked to run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.store.sql import queries

SQL = queries("rule_versions")


class Asked(msgspec.Struct, frozen=True):
    """A version that is asked to run; None: the rule is to run no more."""

    id: int
    rule: str
    version: int | None
    asked_by: str
    asked_at: datetime
    reason: str


def digest(definition: dict[str, Any]) -> str:
    """Return what a definition (JSON-able) is known by: the same words are the same version."""
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def publish(
    connection: Connection[TupleRow], rule: str, definition: dict[str, Any], now: datetime, tests: str | None = None
) -> tuple[int, bool]:
    """Write a definition down, with the tests it stood (YAML); returns its version and whether that is what runs."""
    told = {"rule": rule, "digest": digest(definition), "definition": Jsonb(definition), "tests": tests, "now": now}
    row = connection.execute(SQL["publish"], told).fetchone()
    return (int(row[0]), bool(row[1])) if row is not None else (0, False)


def running(connection: Connection[TupleRow]) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return what runs: version and definition by rule id."""
    rows = connection.execute(SQL["running"]).fetchall()
    return {rule: (version, definition) for rule, version, definition, _ in rows}


def resting(connection: Connection[TupleRow]) -> dict[str, tuple[int, dict[str, Any]]]:
    """Return the rules of which no version runs: their newest version and its definition by rule id."""
    rows = connection.execute(SQL["resting"]).fetchall()
    return {rule: (version, definition) for rule, version, definition in rows}


def versions(connection: Connection[TupleRow], rule: str) -> list[dict[str, Any]]:
    """Return all versions of a rule, the newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["versions"], {"rule": rule}).fetchall()


def version_of(connection: Connection[TupleRow], rule: str, version: int) -> dict[str, Any] | None:
    """Return one version of a rule, a row as `versions` returns; None when there is none."""
    return next((row for row in versions(connection, rule) if row["version"] == version), None)


def retired(connection: Connection[TupleRow], station: str) -> set[str]:
    """Return the rules that were retired and not asked back: their files alone do not bring them back."""
    rows = connection.execute(SQL["retired"], {"station": station}).fetchall()
    return {rule for (rule,) in rows}


def activate(connection: Connection[TupleRow], rules: Collection[tuple[str, int | None]]) -> None:
    """Let these versions run from the commit on; None retires the rule."""
    connection.execute(SQL["retire"], {"rules": [rule for rule, _ in rules]})
    for rule, version in rules:
        if version is not None:
            connection.execute(SQL["activate"], {"rule": rule, "version": version})


def was_tried(connection: Connection[TupleRow], station: str, backtest: int, rule: str, known_by: str) -> bool:
    """Say whether a backtest of this very definition (by its digest) is done."""
    told = {"station": station, "backtest": backtest, "rule": rule, "digest": known_by}
    return connection.execute(SQL["was_tried"], told).fetchone() is not None


def ask(  # one keyword per thing that is kept
    connection: Connection[TupleRow],
    station: str,
    rule: str,
    version: int | None,
    *,
    by: str,
    at: datetime,
    reason: str,
    backtest: int | None = None,
) -> int | None:
    """Ask for a version to run and return the request's id; None when that is asked for already."""
    told = {"station": station, "rule": rule, "version": version, "by": by, "at": at, "reason": reason}
    row = connection.execute(SQL["ask"], {**told, "backtest": backtest}).fetchone()
    connection.execute("notify anxin_rules")
    return int(row[0]) if row is not None else None


def asked(connection: Connection[TupleRow], station: str) -> list[Asked]:
    """Return what is asked for and has not come about, in order."""
    with connection.cursor(row_factory=class_row(Asked)) as cursor:
        return cursor.execute(SQL["asked"], {"station": station}).fetchall()


def note(
    connection: Connection[TupleRow],
    ids: Collection[int],
    state: str,
    detail: dict[str, Any],
    ended_at: datetime | None = None,
) -> None:
    """Note how far activations have come: learning, done, failed."""
    told = {"ids": list(ids), "state": state, "detail": Jsonb(detail), "ended_at": ended_at}
    connection.execute(SQL["note_activation"], told)


def activations(connection: Connection[TupleRow], station: str, rule: str, limit: int = 20) -> list[dict[str, Any]]:
    """Return what was asked for of a rule, the latest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(SQL["activations"], {"station": station, "rule": rule, "limit": limit}).fetchall()
