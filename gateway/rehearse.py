"""Rehearse: a scenario through the same road by a virtual clock, with the ladder and everything that would be told.

The warm-up travels as history; from `begin` on people are told, by rows in the outbox that nobody delivers. What
happened comes back as lines `{"at", "kind", "body"}`: alerts, work items, incidents, notifications, rungs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec
from psycopg import Connection
from psycopg.rows import TupleRow

from connectors.native.decode import decode
from gateway import history
from gateway.backfill import AT_ONCE, NO_LIMIT
from gateway.batch import Mode
from gateway.clock import VirtualClock
from gateway.model.errors import BadInput
from gateway.model.ports import Delivery
from gateway.model.registry import Drill
from gateway.model.scope import Scope
from gateway.road import Road
from gateway.rule_book import definitions_of, open_book
from gateway.settings import Settings
from gateway.store import changes, rehearsal, upkeep
from gateway.store import registry as registry_store
from gateway.store.pool import reaching_store
from gateway.suppressing.digest import digest
from gateway.telling.escalate import escalate
from gateway.telling.tell import Announcer

#: From `begin` on, a transaction spans no more than this: no longer than the shortest step of a ladder. So often it is
#: looked whether what is quiet is to be heard, where a live gateway looks once a second.
STRETCH = timedelta(seconds=20)
#: The changes that a scenario's statement speaks of; a flood or a shelf shows on the alerts it keeps quiet.
JUDGED = frozenset({"alert", "incident", "work_item"})
_encode = msgspec.json.Encoder().encode


def rehearse(settings: Settings, connection: Connection[TupleRow], lines: Iterable[bytes]) -> Iterator[bytes]:
    """Play lines (see `gateway.history`; the first must be the span) and yield what happened, as lines of JSON.

    The station must be imported and its road at rest. Raises `BadInput` for a line that cannot be read.
    """
    with reaching_store():
        yield from _Rehearsal(settings, connection, history.read(lines)).run()


class _Rehearsal:
    def __init__(
        self,
        settings: Settings,
        connection: Connection[TupleRow],
        things: Iterator[history.Span | Delivery | history.Control],
    ) -> None:
        span = next(things, None)
        if not isinstance(span, history.Span) or span.begin is None:
            raise BadInput("the first line of a rehearsal is {since, begin, until}", reason="history_line")
        self._span, self._begin, self._things = span, span.begin, things
        self._settings, self._connection, self.station = settings, connection, settings.station
        self._clock = VirtualClock(span.since)
        self._announcer = Announcer(settings.station, command_room=False)
        self._seen = {"change": 0, "notification": 0, "climb": 0}
        #: When the next rung is due, as far as known; asked for anew when rules have said something.
        self._rung: datetime | None = None
        self._verdicts = 0
        #: Whether anything is quiet, or stands, that ends as time passes: a shelf, chatter, a flood with its digests.
        self._quiet = True

    def run(self) -> Iterator[bytes]:
        self._connection.execute("set synchronous_commit = off")  # a database for the occasion
        upkeep.make_partitions(self._connection, self._span.since - timedelta(days=1), self._span.until)
        book = open_book(self._connection, self._settings, definitions_of(self._settings), self._span.since)
        self._connection.commit()
        self._road = Road(
            self._settings, self._clock, self._connection, book, decode, self._announcer, mode=Mode.HISTORY
        )
        self._road.start_subjects()
        first = self._warm_up()
        self._road.mode = Mode.REHEARSAL
        rest = chain([first], self._things) if first is not None else self._things
        for bundle in history.stretches(_no_span(rest), AT_ONCE, STRETCH):
            at = bundle.at if isinstance(bundle, history.Control) else bundle[-1].received_at
            start = at if isinstance(bundle, history.Control) else bundle[0].received_at
            yield from self._run_on(start)
            self._clock.moment = at
            if isinstance(bundle, history.Control):
                self._act(bundle)
            else:
                self._road.travel(bundle)
            yield from self._climb(at)
        yield from self._run_on(self._span.until)

    def _warm_up(self) -> history.Control | Delivery | None:
        """Let the time before `begin` pass; returns the first thing after it."""
        bundle: list[Delivery] = []
        after: history.Control | Delivery | None = None
        for thing in _no_span(self._things):
            if isinstance(thing, history.Control) or thing.received_at >= self._begin:
                after = thing
                break
            bundle.append(thing)
        for part in history.stretches(bundle, AT_ONCE, NO_LIMIT):
            if not isinstance(part, history.Control):
                self._clock.moment = part[-1].received_at
                self._road.travel(part)
        self._clock.moment = self._begin
        self._road.let_time_pass()
        return after

    def _run_on(self, until: datetime) -> Iterator[bytes]:
        """Let time pass: timers in their own minutes, rungs at theirs, what is quiet as it ends."""
        while (now := self._clock.moment) < until:
            self._clock.moment = min(now + STRETCH if self._rung is not None or self._quiet else until, until)
            self._road.let_time_pass()
            yield from self._climb(self._clock.moment)

    def _climb(self, now: datetime) -> Iterator[bytes]:
        """Let what is quiet end and the ladder climb up to now, and tell what happened.

        By what the loops of a live gateway call beside the road. Nothing to ask while no rule has said anything.
        """
        said = self._road.counts["verdicts"] != self._verdicts
        if not (said or self._quiet or (self._rung is not None and self._rung <= now)):
            return
        self._road.end_quiet()
        self._verdicts = self._road.counts["verdicts"]
        with self._connection.transaction():
            digest(self._connection, self.station, self._announcer, now)
            self._quiet = rehearsal.anything_quiet(self._connection, self.station, now)
            while (due := rehearsal.next_rung(self._connection, self.station)) is not None and due <= now:
                escalate(self._connection, self.station, self._announcer, due)
            self._rung = due
        yield from self._happened()

    def _act(self, control: history.Control) -> None:
        with self._connection.transaction():
            if control.person is not None:
                known = registry_store.patch_care(
                    self._connection, Scope(self.station), control.person.id, control.person.care
                )
                if not known:
                    raise BadInput(f"there is no person {control.person.id!r}", reason="history_line")
            if control.drill is not None:
                ends = control.at + timedelta(minutes=control.drill.minutes)
                drill = Drill(control.drill.device, control.at, ends, control.drill.note)
                if not registry_store.announce_drill(self._connection, Scope(self.station), drill, by="rehearsal"):
                    raise BadInput(f"there is no device {control.drill.device!r}", reason="history_line")
        self._road.reload_registry()

    def _happened(self) -> Iterator[bytes]:
        with self._connection.transaction():
            told = changes.after(self._connection, self.station, self._seen["change"], 100_000)
            messages = rehearsal.notifications_after(self._connection, self.station, self._seen["notification"])
            climbs = rehearsal.climbs_after(self._connection, self.station, self._seen["climb"])
        for name, rows in (("notification", messages), ("climb", climbs)):
            self._seen[name] = max((row["id"] for row in rows), default=self._seen[name])
        self._seen["change"] = told[-1].id if told else self._seen["change"]
        for change in told:
            if change.kind in JUDGED:
                yield _line(change.at, change.kind, change.body)
        for kind, rows in (("notification", messages), ("rung", climbs)):
            for row in rows:
                yield _line(row.pop("at"), kind, row)


def _line(at: datetime, kind: str, body: dict[str, Any]) -> bytes:
    return _encode({"at": at, "kind": kind, "body": body}) + b"\n"


def _no_span(things: Iterable[history.Span | Delivery | history.Control]) -> Iterator[Delivery | history.Control]:
    for thing in things:
        if isinstance(thing, history.Span):
            raise BadInput("a second span stands in the middle of the lines", reason="history_line")
        yield thing
