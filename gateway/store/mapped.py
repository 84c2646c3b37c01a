"""What the road remembers for mappings: the last state of each device, and the topics of its session."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.store.sql import queries

SQL = queries("mapped")

#: (device, name of the state)
Key = tuple[str, str]


class Remembered(NamedTuple):
    """`value`: the state told last. `marks`: the newest messages, oldest first: hash, seconds since 1970 of receipt."""

    value: str | None
    marks: tuple[tuple[int, float], ...]


def load(connection: Connection[TupleRow], station: str, keys: Collection[Key]) -> dict[Key, Remembered]:
    """Return what is remembered under these keys."""
    told = {"station": station, "devices": [device for device, _ in keys], "names": [name for _, name in keys]}
    return {
        (device, name): Remembered(value, tuple((int(mark), float(at)) for mark, at in marks))
        for device, name, value, marks in connection.execute(SQL["load"], told)
    }


def save(connection: Connection[TupleRow], station: str, known: Mapping[Key, Remembered]) -> None:
    """Remember these."""
    connection.execute(
        SQL["save"],
        {
            "station": station,
            "devices": [device for device, _ in known],
            "names": [name for _, name in known],
            "values": [one.value for one in known.values()],
            "marks": [msgspec.json.encode(one.marks).decode() for one in known.values()],
        },
    )


def note_topics(connection: Connection[TupleRow], station: str, topics: Sequence[str]) -> list[str]:
    """Note what is about to be subscribed to; returns all that ever was, these included."""
    row = connection.execute(SQL["note_topics"], {"station": station, "topics": list(topics)}).fetchone()
    return list(row[0]) if row is not None else []
