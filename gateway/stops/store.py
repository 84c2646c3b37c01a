"""store: keep each event once.

What was stored before is taken out of the batch: a redelivery silently, a reused id as a dead letter. Keeps the
dead letters too, and folds into device health what the new events say of their devices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.batch import Mode
from gateway.inbox import INBOX
from gateway.model.device_health import ONLINE
from gateway.stops.admit import bury, dead_letter
from gateway.store import events as event_store
from gateway.store import road as road_store

if TYPE_CHECKING:
    from gateway.batch import Batch
    from gateway.road import Road


def store(batch: Batch, road: Road) -> None:
    """Leave in `batch.events` only what was never seen before."""
    if batch.events:
        road.failpoints.pass_by("before_store")
        known = event_store.insert_new(batch.connection, road.station, batch.events)
        if known:
            _take_out_known(batch, known, road)
    if batch.mode is Mode.LIVE:  # by a virtual clock judge learns it event by event, between timers
        road_store.keep_health(batch.connection, road.station, road.health.learn([*batch.unchanged, *batch.events]))
    event_store.bury(batch.connection, road.station, batch.dead)
    event_store.inbox_remove(batch.connection, [d.token for d in batch.deliveries if d.source == INBOX])


def _take_out_known(batch: Batch, known: dict[int, bool], road: Road) -> None:
    for position, same in known.items():
        event = batch.events[position]
        if same:
            batch.duplicates += 1
            if event.kind == ONLINE and batch.mode is Mode.LIVE:  # the same status again is a sign of life all the same
                road_store.keep_health(batch.connection, road.station, road.health.learn([event]))
            continue
        detail = f"event {event.reference} was stored before with another content"
        origin = batch.origins[position]
        bury(batch, road, origin, dead_letter(origin, "id_reused", detail), event)
    batch.events = [event for position, event in enumerate(batch.events) if position not in known]
