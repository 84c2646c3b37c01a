"""What sounded and what was kept quiet; floods, their digests; who comes and goes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row
from psycopg.types.json import Jsonb

from gateway.model.quiet import Flapping, FloodSpan
from gateway.model.scope import Scope
from gateway.store.sql import queries

SQL = queries("soundings")


class Sounding(msgspec.Struct, frozen=True):
    """One time an alert sounded, or would have: then `reason` says why it did not. `at` is aware, UTC."""

    at: datetime
    alert: int
    rule: str
    priority: str
    place: str | None
    area: str | None
    spot: str
    reason: str | None


class DueDigest(msgspec.Struct, frozen=True):
    """What a flood folded of one rule at one spot; `over` when the flood is."""

    id: int
    rule: str
    spot: str
    alert: int
    count: int
    told_count: int
    due_at: datetime
    over: bool


def add(connection: Connection[TupleRow], station: str, soundings: Sequence[Sounding]) -> None:
    """Note what sounded or was kept quiet."""
    if not soundings:
        return
    columns = {
        f"{name}s" if name != "priority" else "priorities": [getattr(one, name) for one in soundings]
        for name in Sounding.__struct_fields__
    }
    connection.execute(SQL["add"], {"station": station, **columns})


def quiet_counts(
    connection: Connection[TupleRow], scope: Scope, since: datetime, limit: int
) -> tuple[dict[str, int], list[dict[str, Any]]]:
    """Return what was kept quiet within a scope since a moment: by reason, and by reason, rule and place."""
    told = {**scope.parameters(), "since": since, "limit": limit}
    by_reason: dict[str, int] = dict(connection.execute(SQL["quiet_by_reason"], told).fetchall())
    with connection.cursor(row_factory=dict_row) as cursor:
        return by_reason, cursor.execute(SQL["quiet_counts"], told).fetchall()


def forget(connection: Connection[TupleRow], station: str, before: datetime) -> int:
    """Drop who came and went long ago, and what work items would have said; returns how many of these."""
    connection.execute(SQL["forget_flapping"], {"station": station, "before": before})
    return connection.execute(SQL["forget"], {"station": station, "before": before}).rowcount


# ── floods ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def flood(connection: Connection[TupleRow], station: str) -> FloodSpan | None:
    """Return the flood that stands, None when there is none."""
    with connection.cursor(row_factory=class_row(FloodSpan)) as cursor:
        return cursor.execute(SQL["flood"], {"station": station}).fetchone()


def floods(connection: Connection[TupleRow], station: str, limit: int) -> list[FloodSpan]:
    """Return the latest floods, newest first."""
    with connection.cursor(row_factory=class_row(FloodSpan)) as cursor:
        return cursor.execute(SQL["floods"], {"station": station, "limit": limit}).fetchall()


def latest(connection: Connection[TupleRow], station: str, since: datetime, limit: int) -> list[datetime]:
    """Return when the latest alerts sounded or were folded after a moment, newest first, at most so many."""
    rows = connection.execute(SQL["latest"], {"station": station, "since": since, "limit": limit}).fetchall()
    return [row[0] for row in rows]


def begin_flood(connection: Connection[TupleRow], station: str, since: datetime) -> FloodSpan:
    """Note that a flood has begun."""
    row = connection.execute(SQL["begin_flood"], {"station": station, "since": since}).fetchone()
    return FloodSpan(int(row[0]) if row is not None else 0, since)


def end_flood(
    connection: Connection[TupleRow], station: str, flood: FloodSpan, counted_from: datetime, at: datetime
) -> FloodSpan:
    """Note that a flood is over, with its report: what there was after `counted_from`."""
    told = {"station": station, "since": counted_from, "until": at}
    with connection.cursor(row_factory=dict_row) as cursor:
        totals = cursor.execute(SQL["flood_totals"], told).fetchone() or {}
        by_rule = cursor.execute(SQL["flood_by_rule"], told).fetchall()
        longest = cursor.execute(SQL["flood_longest"], told).fetchone()
    lasted = (at - flood.since).total_seconds()
    report = {**totals, "lasted_s": lasted, "by_rule_and_place": by_rule, "longest": longest}
    connection.execute(SQL["end_flood"], {"id": flood.id, "ended_at": at, "report": Jsonb(report)})
    return msgspec.structs.replace(flood, ended_at=at, report=report)


def heads(
    connection: Connection[TupleRow], station: str, keys: Collection[tuple[str, str]], since: datetime
) -> dict[tuple[str, str], int]:
    """Return, by (rule, spot), the alert heard last since a moment whose incident is not over."""
    told = {"rules": sorted({rule for rule, _ in keys}), "spots": sorted({spot for _, spot in keys})}
    rows = connection.execute(SQL["heads"], {"station": station, "since": since, **told}).fetchall()
    return {(rule, spot): alert for rule, spot, alert in rows}


def fold(  # one argument per column
    connection: Connection[TupleRow],
    station: str,
    flood: int,
    key: tuple[str, str],
    *,
    alert: int,
    count: int,
    now: datetime,
    due_at: datetime,
) -> None:
    """Note that so many more of a rule and spot were folded into the incident of an alert."""
    told = {"rule": key[0], "spot": key[1], "alert": alert, "count": count, "now": now, "due_at": due_at}
    connection.execute(SQL["fold"], {"station": station, "flood": flood, **told})


def due_digests(connection: Connection[TupleRow], station: str, now: datetime, limit: int) -> list[DueDigest]:
    """Return the digests whose moment has come."""
    with connection.cursor(row_factory=class_row(DueDigest)) as cursor:
        return cursor.execute(SQL["due_digests"], {"station": station, "now": now, "limit": limit}).fetchall()


def told_of(connection: Connection[TupleRow], station: str, alerts: Collection[int], now: datetime) -> None:
    """Let what a flood folded into the incidents of these alerts count as heard."""
    connection.execute(SQL["told_of"], {"station": station, "alerts": list(alerts), "now": now})


def digest_told(
    connection: Connection[TupleRow], digest: DueDigest, *, due_at: datetime, closed_at: datetime | None
) -> None:
    """Note that a digest was told, when the next is due at the soonest, and whether it was the last."""
    told = {"id": digest.id, "count": digest.count, "due_at": due_at, "closed_at": closed_at}
    connection.execute(SQL["digest_told"], told)


# ── who comes and goes ───────────────────────────────────────────────────────────────────────────────────────────────


def flapping_of(
    connection: Connection[TupleRow], station: str, keys: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Flapping]:
    """Return how these (rule, subject) pairs come and go."""
    told = {"station": station, "rules": [rule for rule, _ in keys], "subjects": [subject for _, subject in keys]}
    with connection.cursor(row_factory=class_row(Flapping)) as cursor:
        found = cursor.execute(SQL["flapping_of"], told).fetchall()
    return {(one.rule, one.subject): one for one in found}


def keep_flapping(connection: Connection[TupleRow], station: str, flapping: Iterable[Flapping]) -> None:
    """Keep how identities come and go."""
    rows = [{"station": station, **msgspec.structs.asdict(one), "turns": list(one.turns)} for one in flapping]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(SQL["keep_flapping"], rows)


def chattering(connection: Connection[TupleRow], station: str) -> list[Flapping]:
    """Return what chatters, or did when it was last seen."""
    with connection.cursor(row_factory=class_row(Flapping)) as cursor:
        return cursor.execute(SQL["chattering"], {"station": station}).fetchall()
