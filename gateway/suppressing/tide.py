"""tide: whether there is a flood, in a row, and what of it is folded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.alert import Alert
from gateway.model.policy import Flood
from gateway.model.quiet import FloodSpan
from gateway.model.registry import Registry
from gateway.store import soundings
from gateway.store.changes import Change
from gateway.suppressing.flood import after, course, most_needed

if TYPE_CHECKING:
    from gateway.batch import AlertTurn, Batch
    from gateway.road import Road

#: What folds. The others never do, and are never late for it.
FOLDED = frozenset({"P3", "P4"})


def rise(turns: Sequence[AlertTurn], batch: Batch, road: Road) -> None:
    """Let a flood begin, go on or end with what is about to sound, and mark what folds.

    `turns` are those that nothing else keeps quiet. The first of a rule and building is heard and opens its incident;
    more of them join it silently, with `fold` and `fold_into` set, and are counted for the digest.
    """
    if not turns:
        return
    policy, connection, station = road.registry.policy.flood, batch.connection, road.station
    flood = soundings.flood(connection, station)
    first = min(turn.at for turn in turns)
    known = soundings.latest(connection, station, first - _window(policy), most_needed(policy))
    told = course(flood.since if flood is not None else None, known, [turn.at for turn in turns], policy)
    folding: list[tuple[AlertTurn, FloodSpan]] = []
    for turn in sorted(turns, key=lambda turn: turn.at):
        since = told[turn.at]
        if flood is not None and since != flood.since:
            ended = soundings.end_flood(connection, station, flood, flood.since - _window(policy), turn.at)
            batch.news.append(flood_change(ended))
            flood = None
        if flood is None and since is not None:
            flood = soundings.begin_flood(connection, station, since)
            batch.news.append(flood_change(flood))
        if flood is not None and turn.alert.priority in FOLDED:
            folding.append((turn, flood))
    if folding:
        _fold(folding, batch, road)


def _fold(folding: list[tuple[AlertTurn, FloodSpan]], batch: Batch, road: Road) -> None:
    policy = road.registry.policy.flood
    spots = {turn.alert.id: (turn.alert.rule, spot_of(turn.alert, road.registry)) for turn, _ in folding}
    since = min(flood.since for _, flood in folding) - _window(policy)
    heads = soundings.heads(batch.connection, road.station, set(spots.values()), since)
    counts: Counter[tuple[int, tuple[str, str]]] = Counter()
    for turn, flood in folding:
        key = spots[turn.alert.id]
        head = heads.get(key)
        if head is None:
            heads[key] = turn.alert.id  # the first of its sort: it is heard
            continue
        turn.fold, turn.fold_into = True, head
        counts[flood.id, key] += 1
    due_at = batch.now + timedelta(seconds=policy.digest_every_s)
    for (flood_id, key), count in counts.items():
        soundings.fold(
            batch.connection, road.station, flood_id, key,
            alert=heads[key], count=count, now=batch.now, due_at=due_at,
        )  # fmt: skip


def ebb(connection: Connection[TupleRow], station: str, policy: Flood, now: datetime) -> FloodSpan | None:
    """End the flood that stands when it has been calm enough by now; returns it with its report, else None."""
    flood = soundings.flood(connection, station)
    if flood is None:
        return None
    known = sorted(soundings.latest(connection, station, now - _window(policy), most_needed(policy)))
    if after(flood.since, known, now, policy) is not None:
        return None
    return soundings.end_flood(connection, station, flood, flood.since - _window(policy), now)


def spot_of(alert: Alert, registry: Registry) -> str:
    """What a flood folds by: the building an alert is about, else its area, else the whole station."""
    return registry.building_of(alert.place) or alert.area or ""


def flood_change(flood: FloodSpan) -> Change:
    """Return a flood as a change: the whole station's."""
    return Change("flood", None, flood.public(), flood.ended_at or flood.since)


def _window(policy: Flood) -> timedelta:
    return timedelta(seconds=policy.window_s)
