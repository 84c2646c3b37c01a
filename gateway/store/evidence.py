"""The chain of evidence in its tables: append-only records, what they speak for, and signed heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("evidence")


class Tail(NamedTuple):
    """The last record: its number, link and time; (0, "", None) before the first."""

    seq: int
    link: str
    at: datetime | None


class Kept(NamedTuple):
    """A record as it is kept, with its link."""

    seq: int
    record: str
    link: str


class KeptContent(NamedTuple):
    """What a record speaks for: sealed here, hanging on an incident, or a camera's; none once it has been let go."""

    seq: int
    name: str
    sealed: bytes | None
    attachment_id: int | None
    attached: bytes | None
    sha256: str | None
    incident_id: int | None
    media_id: int | None
    gone_at: datetime | None
    gone_seq: int | None


class Attached(NamedTuple):
    """What hangs on a line of a timeline, sealed."""

    id: int
    content_type: str
    sha256: str
    content: bytes


def lock(connection: Connection[TupleRow], station: str) -> Tail:
    """Let nobody else append until the transaction ends; return the end of the chain."""
    connection.execute(SQL["lock"], {"station": station})
    return tail(connection, station)


def tail(connection: Connection[TupleRow], station: str) -> Tail:
    """Return the end of the chain."""
    row = connection.execute(SQL["tail"], {"station": station}).fetchone()
    return Tail(*row) if row is not None else Tail(0, "", None)


def append(  # one keyword per column
    connection: Connection[TupleRow], station: str, seq: int, *, record: bytes, link: str, at: datetime
) -> None:
    """Append a record; the chain is locked."""
    told = {"station": station, "seq": seq, "record": record.decode(), "link": link, "at": at}
    connection.execute(SQL["append"], told)


def keep(
    connection: Connection[TupleRow],
    station: str,
    seq: int,
    name: str,
    *,
    sealed: bytes | None = None,
    attachment: int | None = None,
    media: int | None = None,
    gone_at: datetime | None = None,
) -> None:
    """Keep what a record speaks for, or that it had gone before it could be kept."""
    told = {"sealed": sealed, "attachment": attachment, "media": media, "gone_at": gone_at}
    connection.execute(SQL["keep"], {"station": station, "seq": seq, "name": name, **told})


def cursor(connection: Connection[TupleRow], station: str) -> int:
    """Return up to which change everything is frozen; 0: nothing is."""
    row = connection.execute(SQL["cursor"], {"station": station}).fetchone()
    return int(row[0]) if row is not None else 0


def move_cursor(connection: Connection[TupleRow], station: str, change: int, now: datetime) -> None:
    """Everything up to this change is frozen."""
    connection.execute(SQL["move_cursor"], {"station": station, "change": change, "now": now})


def note_events(connection: Connection[TupleRow], alert: int, references: Sequence[str]) -> list[str]:
    """Return which of an alert's events (`device/id`) no record speaks for yet; one does from now on."""
    told = {"alert": alert, "references": list(references)}
    return sorted(row[0] for row in connection.execute(SQL["note_events"], told))


def steps_to_freeze(connection: Connection[TupleRow], incident: int) -> list[dict[str, Any]]:
    """Return the lines of a timeline that no record speaks for yet, oldest first."""
    with connection.cursor(row_factory=dict_row) as lines:
        return lines.execute(SQL["steps_to_freeze"], {"incident": incident}).fetchall()


def attached_to(connection: Connection[TupleRow], incident: int, step: int) -> list[Attached]:
    """Return what hangs on a line of a timeline."""
    with connection.cursor(row_factory=class_row(Attached)) as rows:
        return rows.execute(SQL["attached"], {"incident": incident, "step": step}).fetchall()


def newly_gone(connection: Connection[TupleRow], station: str, limit: int) -> list[dict[str, Any]]:
    """Return what was let go of and no record says so yet: `seq`, `name`, `gone_at`."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(SQL["newly_gone"], {"station": station, "limit": limit}).fetchall()


def say_gone(connection: Connection[TupleRow], station: str, gone: Sequence[Mapping[str, Any]], gone_seq: int) -> None:
    """A record says of these contents (`seq`, `name`) that they went."""
    told = {"seqs": [one["seq"] for one in gone], "names": [one["name"] for one in gone]}
    connection.execute(SQL["say_gone"], {"station": station, "gone_seq": gone_seq, **told})


def of_incident(connection: Connection[TupleRow], scope: Scope, incident: int) -> list[Kept]:
    """Return the records of an incident, of what was merged into it within a scope, and of their alerts, in order."""
    with connection.cursor(row_factory=class_row(Kept)) as rows:
        return rows.execute(SQL["of_incident"], {**scope.parameters(), "incident": incident}).fetchall()


def contents(
    connection: Connection[TupleRow], station: str, seqs: Sequence[int], name: str | None = None
) -> list[KeptContent]:
    """Return what these records speak for, under one name or any."""
    told = {"station": station, "seqs": list(seqs), "name": name}
    with connection.cursor(row_factory=class_row(KeptContent)) as rows:
        return rows.execute(SQL["contents"], told).fetchall()


def gone(connection: Connection[TupleRow], station: str, seqs: Sequence[int]) -> set[tuple[int, str]]:
    """Return what of these records was let go of: number and name."""
    rows = connection.execute(SQL["gone"], {"station": station, "seqs": list(seqs)})
    return {(seq, name) for seq, name in rows}


def alert_stands(connection: Connection[TupleRow], alert: int) -> bool:
    """Say whether an alert is still kept; it is until the transaction ends."""
    return connection.execute(SQL["alert_stands"], {"alert": alert}).fetchone() is not None


def span(connection: Connection[TupleRow], station: str, first: int, last: int) -> list[Kept]:
    """Return the records from one number to another."""
    with connection.cursor(row_factory=class_row(Kept)) as rows:
        return rows.execute(SQL["span"], {"station": station, "first": first, "last": last}).fetchall()


def link_at(connection: Connection[TupleRow], station: str, seq: int) -> str | None:
    """Return the link of a record; None when there is none of this number."""
    row = connection.execute(SQL["link_at"], {"station": station, "seq": seq}).fetchone()
    return row[0] if row is not None else None


def put_head(connection: Connection[TupleRow], head: Mapping[str, Any]) -> None:
    """Keep a signed head; one that stands for this record already stays."""
    connection.execute(SQL["put_head"], head)


def heads(connection: Connection[TupleRow], station: str, first: int, last: int) -> list[dict[str, Any]]:
    """Return the signed heads from one record to another, in their order."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(SQL["heads"], {"station": station, "first": first, "last": last}).fetchall()


def next_head(connection: Connection[TupleRow], station: str, seq: int, signer: str) -> dict[str, Any] | None:
    """Return the first head of a signer's that holds a record; None when there is none yet."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(SQL["next_head"], {"station": station, "seq": seq, "signer": signer}).fetchone()


def last_head(connection: Connection[TupleRow], station: str, signer: str | None = None) -> dict[str, Any] | None:
    """Return the last signed head, of one signer or of any; None before the first."""
    with connection.cursor(row_factory=dict_row) as rows:
        return rows.execute(SQL["last_head"], {"station": station, "signer": signer}).fetchone()


def hold(connection: Connection[TupleRow], incident: int, *, at: datetime, username: str, reason_sealed: bytes) -> bool:
    """Hold an incident; False when it was held already."""
    told = {"incident": incident, "at": at, "username": username, "reason_sealed": reason_sealed}
    return connection.execute(SQL["hold"], told).rowcount == 1


def release(connection: Connection[TupleRow], incident: int) -> bool:
    """Release an incident; False when it was not held."""
    return connection.execute(SQL["release"], {"incident": incident}).rowcount == 1


def is_held(connection: Connection[TupleRow], incident: int) -> bool:
    """Say whether an incident is held."""
    return connection.execute(SQL["held"], {"incident": incident}).fetchone() is not None


def waiting(connection: Connection[TupleRow], station: str) -> tuple[int, datetime | None]:
    """Return how many changes wait to be frozen, and when the oldest of them was made."""
    row = connection.execute(SQL["waiting"], {"station": station}).fetchone()
    return (row[0], row[1]) if row is not None else (0, None)


def made_at(connection: Connection[TupleRow], station: str, seq: int) -> datetime | None:
    """Return when a record was made; None when there is none of this number."""
    row = connection.execute(SQL["made_at"], {"station": station, "seq": seq}).fetchone()
    return row[0] if row is not None else None


def passed_over(connection: Connection[TupleRow], station: str, since: datetime) -> int:
    """Return how many records since a moment say that something could not be frozen."""
    row = connection.execute(SQL["passed_over"], {"station": station, "since": since}).fetchone()
    return int(row[0]) if row is not None else 0
