"""Rules' state per subject: read when first touched, written back with the batch, forgotten on rollback."""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog
from psycopg import Connection
from psycopg.rows import TupleRow

from gateway.model.judgement import Judgement, Timer
from gateway.store import rule_state
from gateway.store.rule_state import Key
from rules.load import RuleBook

log = structlog.get_logger()

#: Subjects kept in memory; the least recently touched make room.
MOST_KEPT = 200_000


class KeyedState:
    """The state and timers of the subjects in sight of one station's road.

    States are values: they are replaced, never changed in place, so forgetting the touched ones undoes a batch.
    """

    def __init__(self, station: str, book: RuleBook) -> None:
        self._station = station
        self._book = book
        self._known: OrderedDict[Key, Any] = OrderedDict()
        self._changed: set[Key] = set()
        self._timers: dict[tuple[str, str, str], datetime | None] = {}
        self._touched: set[Key] = set()
        #: What was armed since somebody last asked, as a heap's entries.
        self._newly_armed: list[tuple[datetime, str, str, str]] = []

    def load(self, connection: Connection[TupleRow], keys: Iterable[Key]) -> None:
        """Make sure that these keys are in memory."""
        wanted = set(keys)
        self._touched |= wanted
        missing = [key for key in wanted if key not in self._known]
        if not missing:
            return
        stored = rule_state.load_states(connection, self._station, missing)
        for key in missing:
            self._known[key] = self._decode(key, stored.get(key))

    def _decode(self, key: Key, text: str | None) -> Any:
        kind = self._book.rules[key[0]].State
        if text is None or kind is None:
            return None
        try:
            return msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            # The rule's kind changed under its id, say. Better to begin anew than to fall silent.
            log.error("a state cannot be read; the rule begins anew", rule=key[0], subject=key[1], error=str(error))  # noqa: TRY400
            return None

    def get(self, key: Key) -> Any:
        """The state of a loaded key, None when it has none."""
        self._known.move_to_end(key)
        return self._known[key]

    def keep(self, key: Key, judgement: Judgement) -> None:
        """Take what a rule wants kept."""
        if judgement.state is not None:
            self._known[key] = judgement.state
            self._changed.add(key)
        for name, due in judgement.timers.items():
            self._timers[(*key, name)] = due
            if due is not None:
                self._newly_armed.append((due, *key, name))

    def disarm(self, rule: str, subject: str, name: str) -> None:
        """A timer fired; unless its rule arms it again it is gone."""
        self._timers[rule, subject, name] = None

    def due_of(self, key: tuple[str, str, str], stored: datetime | None) -> datetime | None:
        """When a timer is due as things stand in this batch; `stored` is what the store says."""
        return self._timers.get(key, stored)

    def take_newly_armed(self) -> list[tuple[datetime, str, str, str]]:
        """Return what was armed since the last call: (due, rule, subject, name)."""
        taken, self._newly_armed = self._newly_armed, []
        return taken

    def flush(self, connection: Connection[TupleRow]) -> datetime | None:
        """Write what changed; returns the earliest moment among the timers armed."""
        states = {key: msgspec.json.encode(self._known[key]).decode() for key in self._changed}
        rule_state.save_states(connection, self._station, states)
        rule_state.save_timers(connection, self._station, self._timers)
        return min((due for due in self._timers.values() if due is not None), default=None)

    def committed(self) -> None:
        """The batch is stored."""
        self._changed.clear()
        self._timers.clear()
        self._touched.clear()
        self._newly_armed.clear()
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)

    def rolled_back(self) -> None:
        """The batch is undone: what it touched is read anew next time."""
        for key in self._touched | self._changed:
            self._known.pop(key, None)
        self.committed()

    @property
    def subjects(self) -> int:
        """How many subjects are in memory."""
        return len(self._known)


class TimersOnTheWay:
    """The timers of a stretch of virtual time in due order: those the store knows and those armed on the way."""

    def __init__(self, states: KeyedState, known: Sequence[Timer]) -> None:
        self.known = known
        self._states = states
        self._stored = {(timer.rule, timer.subject, timer.name): timer.due_at for timer in known}
        self._agenda = [(timer.due_at, timer.rule, timer.subject, timer.name) for timer in known]
        heapq.heapify(self._agenda)

    def next_before(self, moment: datetime) -> Timer | None:
        """Take the earliest timer due before a moment; None when there is none."""
        for armed in self._states.take_newly_armed():
            heapq.heappush(self._agenda, armed)
        while self._agenda and self._agenda[0][0] < moment:
            due, *key = heapq.heappop(self._agenda)
            rule, subject, name = key
            # What was armed anew meanwhile, taken back or fired already has another due time by now.
            if self._states.due_of((rule, subject, name), self._stored.get((rule, subject, name))) == due:
                return Timer(rule, subject, name, due)
        return None
