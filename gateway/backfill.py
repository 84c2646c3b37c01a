"""Backfill: a station's past, through the road by a virtual clock, ringing nobody; then handed over to the present.

Facts are those of the registry now. What was stored before is skipped, so a backfill that was interrupted goes on, and
a gap (the machine was off) is filled with what a buffer elsewhere still has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.decoders import Decoders, load_mappings
from gateway import history
from gateway.batch import Mode
from gateway.clock import Clock, VirtualClock, monotonic
from gateway.handover import hand_over
from gateway.model.errors import BadInput, Misconfigured
from gateway.model.ports import Delivery
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book
from gateway.schedule import AHEAD
from gateway.settings import Settings
from gateway.store import road as road_store
from gateway.store import upkeep
from gateway.store.pool import connect, reaching_store
from gateway.telling.tell import Announcer
from rules.load import RuleBook

#: Deliveries per transaction. Timers fire between them in due order, so that the size changes nothing but the speed.
AT_ONCE = 5_000
NO_LIMIT = timedelta.max
#: Deliveries this far before the newest one known are looked at again: the last moments may not have been stored.
OVERLAP = timedelta(minutes=2)
TELL_EVERY_S = 1.0


class Summary(msgspec.Struct):
    """What a backfill did. `handed_over` counts the alerts that still stood at its end and were told."""

    since: datetime | None = None
    until: datetime | None = None
    deliveries: int = 0
    skipped: int = 0
    events: int = 0
    dead: int = 0
    seconds: float = 0.0
    handed_over: int = 0


def backfill(settings: Settings, clock: Clock, lines: Iterable[bytes], say: Callable[[str], None]) -> Summary:
    """Bring a station's past into the store and return what was done.

    `lines` as `gateway.history` describes them. Raises `BadInput` for a line that cannot be read (what came before it
    is kept: mend it and start again), `Misconfigured` when a gateway drives the road, `StoreUnavailable`.
    """
    with reaching_store(), connect(settings.database, "backfill") as connection:
        if not road_store.hold(connection, settings.station):
            raise Misconfigured(
                f"a gateway drives the road of {settings.station}; stop it, then start the backfill again"
            )
        connection.commit()
        return _Backfill(settings, clock, connection, say).run(history.read(lines))


class _Backfill:
    def __init__(
        self, settings: Settings, clock: Clock, connection: Connection[TupleRow], say: Callable[[str], None]
    ) -> None:
        self._settings, self._clock, self._connection, self._say = settings, clock, connection, say
        self._decoders = Decoders(settings.station, load_mappings(settings.mappings))
        self._summary = Summary()
        self._span: history.Span | None = None
        self._told_at = self._began = monotonic()

    def run(self, things: Iterator[history.Span | Delivery | history.Control]) -> Summary:
        book = open_book(self._connection, self._settings, definitions_of(self._settings), self._clock.now())
        self._connection.commit()
        virtual = VirtualClock(self._clock.now())
        deliveries = self._deliveries(things)
        first = next(deliveries, None)
        if first is None:
            self._say("nothing to fill in")
            return self._summary
        virtual.moment = self._summary.since = first.received_at
        upkeep.make_partitions(self._connection, first.received_at - timedelta(days=1), self._clock.now() + AHEAD)
        self._connection.commit()
        road = self._road(virtual, book, Mode.HISTORY)
        lived_until = max(road.health.last_heard.values(), default=None)
        if lived_until is not None:
            lived_until -= OVERLAP
        road.start_subjects()
        rest = (thing for thing in self._chained(first, deliveries) if not self._lived(thing, lived_until))
        for bundle in history.stretches(rest, AT_ONCE, NO_LIMIT):
            if isinstance(bundle, history.Control):
                continue  # refused while reading
            virtual.moment = bundle[-1].received_at
            road.travel(bundle)
            self._count(bundle, road)
        self._meet_the_present(road, book, virtual)
        return self._summary

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def _deliveries(self, things: Iterator[history.Span | Delivery | history.Control]) -> Iterator[Delivery]:
        for thing in things:
            if isinstance(thing, history.Span):
                self._span = thing
            elif isinstance(thing, history.Control):
                raise BadInput(
                    "a person or a drill stands in a history; those are for rehearsals", reason="history_line"
                )
            elif thing.received_at > self._clock.now():
                raise BadInput(f"{thing.received_at} is in the future: that is no history", reason="history_order")
            else:
                yield thing

    def _chained(self, first: Delivery, rest: Iterator[Delivery]) -> Iterator[Delivery]:
        yield first
        yield from rest

    def _lived(self, delivery: Delivery, until: datetime | None) -> bool:
        if until is None or delivery.received_at >= until:
            return False
        self._summary.skipped += 1
        return True

    # ── telling ──────────────────────────────────────────────────────────────────────────────────────

    def _count(self, bundle: Sequence[Delivery], road: Road) -> None:
        told = self._summary
        told.deliveries += len(bundle)
        told.until = bundle[-1].received_at
        told.events = road.counts["events"]
        told.dead = sum(count for name, count in road.counts.items() if name.startswith("dead_"))
        told.seconds = monotonic() - self._began
        if monotonic() - self._told_at >= TELL_EVERY_S:
            self._told_at = monotonic()
            self._say(self._progress())

    def _progress(self) -> str:
        told = self._summary
        share = ""
        if self._span is not None and told.until is not None:
            whole = (self._span.until - self._span.since).total_seconds()
            share = f"{100 * (told.until - self._span.since).total_seconds() / max(whole, 1):3.0f} % · "
        return f"{share}{told.until:%Y-%m-%d %H:%M} UTC · {told.events:,} events · {told.events / told.seconds:,.0f}/s"

    # ── the present ──────────────────────────────────────────────────────────────────────────────────

    def _road(self, clock: Clock, book: RuleBook, mode: Mode) -> Road:
        announcer = Announcer(self._settings.station, command_room=bool(self._settings.command_room_url))
        return Road(self._settings, clock, self._connection, book, self._decoders, announcer, mode=mode)

    def _meet_the_present(self, road: Road, book: RuleBook, virtual: VirtualClock) -> None:
        """Let time run up to now, then tell people what still stands."""
        now = self._clock.now()
        virtual.moment = min(now, self._span.until) if self._span is not None else now
        road.let_time_pass()
        live = self._road(self._clock, book, Mode.LIVE)
        self._summary.handed_over = hand_over(live, now)
        self._summary.seconds = monotonic() - self._began
