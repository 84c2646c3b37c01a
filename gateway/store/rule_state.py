"""What rules keep between events: state, timers, and which version of each rule runs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from gateway.model.judgement import Timer
from gateway.store.sql import queries

SQL = queries("rules")

#: (rule, subject)
Key = tuple[str, str]


def load_states(connection: Connection[TupleRow], station: str, keys: Sequence[Key]) -> dict[Key, str]:
    """Return the stored state (JSON text) of these keys; keys without one are absent."""
    rows = connection.execute(
        SQL["load_states"],
        {
            "station": station,
            "rules": [rule for rule, _ in keys],
            "subjects": [subject for _, subject in keys],
        },
    ).fetchall()
    return {(rule, subject): state for rule, subject, state in rows}


def save_states(connection: Connection[TupleRow], station: str, states: Mapping[Key, str]) -> None:
    """Keep states, given as JSON text. Keys in order, so that two writers never deadlock."""
    if states:
        keys = sorted(states)
        connection.execute(
            SQL["save_states"],
            {
                "station": station,
                "rules": [rule for rule, _ in keys],
                "subjects": [subject for _, subject in keys],
                "states": [states[key] for key in keys],
            },
        )


def known_subjects(connection: Connection[TupleRow], station: str, rule: str) -> set[str]:
    """Return the subjects that have met a rule."""
    rows = connection.execute(SQL["known_subjects"], {"station": station, "rule": rule}).fetchall()
    return {subject for (subject,) in rows}


def save_timers(
    connection: Connection[TupleRow], station: str, timers: Mapping[tuple[str, str, str], datetime | None]
) -> None:
    """Arm timers by (rule, subject, name); None takes one back."""
    armed = {key: due for key, due in timers.items() if due is not None}
    if armed:
        connection.execute(SQL["save_timers"], {**_timer_columns(station, armed), "due": list(armed.values())})
    dropped = [key for key, due in timers.items() if due is None]
    if dropped:
        connection.execute(SQL["drop_timers"], _timer_columns(station, dropped))


def _timer_columns(station: str, keys: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    rules, subjects, names = zip(*keys, strict=True)
    return {"station": station, "rules": list(rules), "subjects": list(subjects), "names": list(names)}


def due_timers(
    connection: Connection[TupleRow], station: str, until: datetime, rules: Sequence[str], limit: int
) -> list[Timer]:
    """Return timers of these rules due at or before `until`, in due order."""
    rows = connection.execute(
        SQL["due_timers"], {"station": station, "until": until, "rules": list(rules), "limit": limit}
    ).fetchall()
    return [Timer(*row) for row in rows]


def next_due(connection: Connection[TupleRow], station: str, rules: Sequence[str]) -> datetime | None:
    """Return when the next timer of these rules is due."""
    row = connection.execute(SQL["next_due"], {"station": station, "rules": list(rules)}).fetchone()
    return row[0] if row is not None else None


def publish(
    connection: Connection[TupleRow], definitions: Mapping[str, dict[str, Any]], now: datetime
) -> dict[str, int]:
    """Make these definitions (by rule id, JSON-able) the ones that run and return their versions.

    A definition that was published before keeps its version; a changed one gets the next.
    """
    versions: dict[str, int] = {}
    for rule, definition in definitions.items():
        text = json.dumps(definition, sort_keys=True, ensure_ascii=False)
        digest = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(SQL["retire"], {"rule": rule, "digest": digest})
        row = connection.execute(
            SQL["publish"], {"rule": rule, "digest": digest, "definition": Jsonb(definition), "now": now}
        ).fetchone()
        versions[rule] = int(row[0]) if row is not None else 1
    connection.execute(SQL["retire_absent"], {"rules": list(definitions)})
    return versions


def active(connection: Connection[TupleRow]) -> list[dict[str, Any]]:
    """Return what runs: rule, version and definition, by rule id."""
    rows = connection.execute(SQL["active_versions"]).fetchall()
    return [
        {"id": rule, "version": version, "definition": definition}
        for rule, version, _digest, definition in sorted(rows, key=lambda row: str(row[0]))
    ]
