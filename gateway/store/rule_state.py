"""What rules keep between events: state and timers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.judgement import Timer
from gateway.store.sql import queries

SQL = queries("rules")

#: (rule, subject)
Key = tuple[str, str]


def load_states(
    connection: Connection[TupleRow], station: str, keys: Sequence[Key]
) -> dict[Key, tuple[str, str | None]]:
    """Return the stored state and learnt profile (JSON text) of these keys; keys without a state are absent."""
    rows = connection.execute(
        SQL["load_states"],
        {
            "station": station,
            "rules": [rule for rule, _ in keys],
            "subjects": [subject for _, subject in keys],
        },
    ).fetchall()
    return {(rule, subject): (state, profile) for rule, subject, state, profile in rows}


def save_states(connection: Connection[TupleRow], station: str, states: Mapping[Key, tuple[str, str | None]]) -> None:
    """Keep states and profiles, given as JSON text; None leaves the profile as it is.

    Keys in order, so that two writers never deadlock.
    """
    if states:
        keys = sorted(states)
        connection.execute(
            SQL["save_states"],
            {
                "station": station,
                "rules": [rule for rule, _ in keys],
                "subjects": [subject for _, subject in keys],
                "states": [states[key][0] for key in keys],
                "profiles": [states[key][1] for key in keys],
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


def timers_of(connection: Connection[TupleRow], station: str, rule: str, subject: str) -> dict[str, datetime]:
    """Return when each timer of one subject is due, by name."""
    told = {"station": station, "rule": rule, "subject": subject}
    rows = connection.execute(SQL["timers_of"], told).fetchall()
    return dict(rows)


def forget_rules(connection: Connection[TupleRow], station: str, rules: Collection[str]) -> None:
    """Let go of every state and timer of these rules."""
    told = {"station": station, "rules": list(rules)}
    connection.execute(SQL["forget_states"], told)
    connection.execute(SQL["forget_timers"], told)


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
