"""Events, dead letters and the inbox: what came in, stored once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, args_row, dict_row

from gateway.model.event import DeadLetter, Event
from gateway.model.ports import Delivery
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("events")
_encode = msgspec.json.Encoder().encode
#: Rows the server hands over at once when the past is read.
READ_AT_ONCE = 5_000


class StoredEvent(NamedTuple):
    """An event as the store has it. `data` is JSON text; None where nobody asked for it."""

    device: str
    id: str
    ts: datetime
    device_ts: datetime
    received_at: datetime
    kind: str
    skewed: bool
    data: str | None


def received(  # one keyword per bound
    connection: Connection[TupleRow],
    station: str,
    since: datetime,
    until: datetime,
    late: timedelta,
    *,
    kinds: Collection[str] | None = None,
    committed_after: datetime | None = None,
) -> Iterator[StoredEvent]:
    """Yield the events received within `[since, until)`, in that order, in a transaction of the caller's.

    With `kinds` only those come with their data: of the others it is known that the device spoke.
    """
    told = {"kinds": list(kinds) if kinds is not None else None, "committed_after": committed_after}
    with connection.cursor("past", row_factory=args_row(StoredEvent)) as cursor:
        cursor.execute(SQL["received"], {**_bounds(station, since, until, late), **told}, binary=True)
        while rows := cursor.fetchmany(READ_AT_ONCE):
            yield from rows


def count_received(
    connection: Connection[TupleRow], station: str, since: datetime, until: datetime, late: timedelta
) -> int:
    """Return how many events were received within `[since, until)`."""
    row = connection.execute(SQL["count_received"], _bounds(station, since, until, late)).fetchone()
    return int(row[0]) if row is not None else 0


def oldest(connection: Connection[TupleRow], station: str) -> datetime | None:
    """Return when the oldest event that is stored happened."""
    row = connection.execute(SQL["oldest"], {"station": station}).fetchone()
    return row[0] if row is not None else None


class Heard(NamedTuple):
    """What a device's events up to a moment say of it: when it was heard, what was the last it told, its statuses."""

    device: str
    heard: datetime | None
    spoke: datetime | None
    online_at: datetime | None
    offline_at: datetime | None


def health_before(connection: Connection[TupleRow], station: str, moment: datetime, late: timedelta) -> list[Heard]:
    """Return what was received before a moment of each device's health."""
    with connection.cursor(row_factory=args_row(Heard)) as cursor:
        return cursor.execute(SQL["health_before"], _bounds(station, moment, moment, late)).fetchall()


def newest_commit(connection: Connection[TupleRow], station: str, since: datetime) -> datetime | None:
    """Return when the last event was committed among those that happened since a moment."""
    row = connection.execute(SQL["newest_commit"], {"station": station, "since": since}).fetchone()
    return row[0] if row is not None else None


def first_received(
    connection: Connection[TupleRow], station: str, since: datetime, committed_after: datetime
) -> datetime | None:
    """Return when the first was received of those that happened since a moment and were committed after another."""
    told = {"station": station, "since": since, "committed_after": committed_after}
    row = connection.execute(SQL["first_received"], told).fetchone()
    return row[0] if row is not None else None


def _bounds(station: str, since: datetime, until: datetime, late: timedelta) -> dict[str, Any]:
    # The table is parted by the events' own time, which is at most so long before their receipt, and hardly after it.
    return {
        "station": station,
        "since": since,
        "until": until,
        "ts_from": since - late,
        "ts_to": until + timedelta(hours=1),
    }


def prepare(connection: Connection[TupleRow]) -> None:
    """Make the staging table of this connection. Call once, outside a transaction."""
    connection.execute(SQL["create_staging"])


def insert_new(connection: Connection[TupleRow], station: str, events: Sequence[Event]) -> dict[int, bool]:
    """Store the events never seen before.

    Returns, by position in `events`, those that were known already: True when the known one said the same (a
    redelivery), False when it said something else under the same id. Ids within `events` must be unique.
    """
    with connection.cursor() as cursor:
        with cursor.copy(SQL["copy_staging"]) as copy:
            copy.write("".join(map(_copy_line, range(len(events)), events)).encode())
        cursor.execute(SQL["note_seen"], {"station": station})
        known: dict[int, bool] = {}
        if cursor.rowcount < len(events):
            known = dict(cursor.execute(SQL["drop_known"], {"station": station}).fetchall())
        cursor.execute(SQL["insert_staged"], {"station": station})
        return known


def _copy_line(ordinal: int, event: Event) -> str:
    """One line of COPY's text format. Built by hand: half the cost of writing row by row (docs/benchmarks.md)."""
    place = _escaped(event.place) if event.place is not None else "\\N"
    return (
        f"{ordinal}\t{event.device}\t{_escaped(event.id)}\t{event.digest}\t{event.ts.isoformat()}\t"
        f"{event.device_ts.isoformat()}\t{event.received_at.isoformat()}\t{_escaped(event.kind)}\t{place}\t"
        f"{'t' if event.skewed else 'f'}\t{_escaped(_encode(event.data).decode())}\n"
    )


def _escaped(text: str) -> str:
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def list_events(  # one keyword per filter
    connection: Connection[TupleRow],
    scope: Scope,
    *,
    since: datetime,
    until: datetime,
    device: str | None = None,
    place: str | None = None,
    kind: str | None = None,
    after: tuple[datetime, str, str] | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return events within `[since, until)`, newest first, starting after a (ts, device, id)."""
    after_ts, after_device, after_id = after or (None, None, None)
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            SQL["list"],
            {
                **scope.parameters(), "since": since, "until": until, "device": device, "place": place,
                "kind": kind, "after_ts": after_ts, "after_device": after_device, "after_id": after_id,
                "limit": limit,
            },
        ).fetchall()  # fmt: skip


def by_reference(connection: Connection[TupleRow], station: str, references: Sequence[str]) -> list[dict[str, Any]]:
    """Return the events with these references (`device/id`), oldest first."""
    pairs = [reference.partition("/") for reference in references]
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            SQL["by_reference"],
            {
                "station": station,
                "references": list(references),
                "devices": [device for device, _, _ in pairs],
                "ids": [event_id for _, _, event_id in pairs],
            },
        ).fetchall()


def bury(connection: Connection[TupleRow], station: str, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters."""
    if letters:
        with connection.cursor() as cursor:
            cursor.executemany(
                SQL["bury"], [{"station": station, **msgspec.structs.asdict(letter)} for letter in letters]
            )


def dead_letters(
    connection: Connection[TupleRow],
    station: str,
    *,
    reason: str | None = None,
    device: str | None = None,
    standing: bool | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Return dead letters, newest first, with ids below `before`; `device` as the topic names it.

    `standing`: only those that were not sent on their way again (True), or that were (False).
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            SQL["dead_letters"],
            {
                "station": station, "reason": reason, "device": device, "standing": standing, "before": before,
                "limit": limit,
            },
        ).fetchall()  # fmt: skip


def dead_letter_counts(connection: Connection[TupleRow], station: str) -> dict[str, int]:
    """Return how many dead letters there are by reason."""
    return dict(connection.execute(SQL["dead_letter_counts"], {"station": station}).fetchall())


def inbox_put(connection: Connection[TupleRow], station: str, topic: str, payload: bytes, received_at: datetime) -> int:
    """Append one message that came over HTTP and return its inbox id."""
    row = connection.execute(
        SQL["inbox_put"], {"station": station, "topic": topic, "payload": payload, "received_at": received_at}
    ).fetchone()
    connection.execute("notify anxin_inbox")
    return int(row[0]) if row is not None else 0


def inbox_take(connection: Connection[TupleRow], station: str, limit: int) -> list[Delivery]:
    """Return waiting inbox rows, oldest first. They stay until `inbox_remove`."""
    rows = connection.execute(SQL["inbox_take"], {"station": station, "limit": limit}).fetchall()
    return [
        Delivery("inbox", topic, bytes(payload), received_at, row_id) for row_id, topic, payload, received_at in rows
    ]


def inbox_remove(connection: Connection[TupleRow], ids: Sequence[int]) -> None:
    """Take rows out of the inbox; in the transaction that stored what they said."""
    if ids:
        connection.execute(SQL["inbox_remove"], {"ids": list(ids)})
